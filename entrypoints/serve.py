"""`replyes serve`: web, worker and the expiry job in one process."""

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from adapters.storage import migrations
from domain.clinics import Clinic
from domain.errors import Misconfigured
from entrypoints import logs
from entrypoints.settings import (
    MAIN_CLINIC,
    SANDBOX_DEFAULTS,
    ServiceSettings,
    Settings,
    StoreSettings,
    environment,
    not_used_yet,
)
from entrypoints.web import app
from entrypoints.wiring import Service, open_service, open_store

if TYPE_CHECKING:
    from entrypoints.sandbox import Sandbox

log = logging.getLogger("replyes.serve")

SANDBOX_DATABASE = "replyes-sandbox.db"
SECONDS_FOR_REQUESTS = 5  # what a stopping server waits for requests under way


@dataclass(frozen=True)
class Options:
    """The command line."""

    host: str
    port: int
    sandbox: bool


@dataclass(frozen=True)
class Plan:
    """Everything that the settings say, once they have no fault."""

    store: StoreSettings
    service: ServiceSettings
    clinics: Mapping[str, Clinic]


def bind(options: Options) -> socket.socket:
    """Take the port before anything else is done. Raises Misconfigured where it is taken."""
    try:
        family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
        return socket.create_server((options.host, options.port), family=family, backlog=2048)
    except OSError as error:
        why = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        problem = f"cannot listen on {options.host}:{options.port} ({why}); choose another --port or --host"
        raise Misconfigured([problem]) from error


async def serve(options: Options, listening: socket.socket) -> None:
    """Until SIGINT or SIGTERM: then the requests and errands in hand are finished, the rest stays in the outbox.
    Raises Misconfigured."""
    address = f"http://{_reachable(options.host)}:{listening.getsockname()[1]}"
    stopping = asyncio.Event()
    product = Product()
    sandbox = _sandbox(address, stopping, product) if options.sandbox else None
    plan = _plan(address, sandbox)
    migrations.migrate(plan.store.path)
    migrations.claim(plan.store.path, "sandbox" if sandbox else "service")
    async with (
        open_store(plan.store, plan.clinics) as store,
        open_service(store, plan.service, plan.clinics) as service,
    ):
        product.service = service
        _announce(address, sandbox, plan)
        await _run(service, sandbox, listening, stopping)
    if sandbox:
        await sandbox.aclose()


def _sandbox(address: str, stopping: asyncio.Event, product: "Product") -> "Sandbox":
    from entrypoints.sandbox import Sandbox  # noqa: PLC0415 - a fifth of a second that a real service need not wait

    return Sandbox(address, stopping, product.states, product.speak)


class Product:
    """What the sandbox's page asks of the product. It is there before the product is."""

    def __init__(self) -> None:
        self.service: Service | None = None

    async def states(self) -> dict[str, str]:
        """Every booking's uid with its state."""
        if self.service is None:
            return {}
        return {row.uid: row.state for row in await self.service.store.views.bookings()}

    def speak(self, verbs: str) -> None:
        """The fake Cal.com has been switched to other verbs."""
        if self.service is not None:
            self.service.calendars[MAIN_CLINIC].speak(verbs)


class Server(uvicorn.Server):
    """uvicorn without its own signal handlers: they would end the process before the worker has finished."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _run(service: Service, sandbox: "Sandbox | None", listening: socket.socket, stopping: asyncio.Event) -> None:
    web = app.build(service, sandbox.routes() if sandbox else (), home="/sandbox" if sandbox else None)
    config = uvicorn.Config(
        web, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=SECONDS_FOR_REQUESTS
    )
    server = Server(config)

    def stop() -> None:
        server.force_exit = stopping.is_set()  # asked a second time
        server.should_exit = True
        stopping.set()

    for signal_number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop)
    working = asyncio.create_task(service.worker.run(stopping))
    probing = asyncio.create_task(_probe(service))
    working.add_done_callback(lambda _: setattr(server, "should_exit", True))  # without a worker, stop serving too
    await server.serve(sockets=[listening])
    stopping.set()
    service.store.bell.ring()
    probing.cancel()
    await working
    log.info("stopped; what is not done yet waits in the outbox")


async def _probe(service: Service) -> None:
    """Find out Cal.com's verbs before the first patient needs them."""
    for calendar in service.calendars.values():
        await calendar.probe()


def _plan(address: str, sandbox: "Sandbox | None") -> Plan:
    environ = environment()
    if sandbox:
        environ = {"DATABASE_URL": f"sqlite:///{SANDBOX_DATABASE}", **SANDBOX_DEFAULTS, **environ, **sandbox.settings()}
    settings = Settings(environ)
    clinic = settings.clinic()
    plan = Plan(settings.store(), settings.service(address), {clinic.key: clinic})
    log_settings = settings.logs()
    settings.check()
    logs.set_up(log_settings)
    for name in not_used_yet(environ):
        log.warning("%s is set, but this version does not use it yet", name)
    if not sandbox and "PUBLIC_URL" not in environ:
        log.warning("PUBLIC_URL is not set: Cal.com and the carrier are told %s", address)
    if sandbox:
        _stay_at_home()
        if plan.store.path == SANDBOX_DATABASE:
            _start_afresh()
    return plan


def _stay_at_home() -> None:
    """A proxy of this network has no business with calls from this process to itself."""
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost,::1"


def _start_afresh() -> None:
    """The fake Cal.com forgets its bookings when it stops, so the sandbox's own database begins anew with it."""
    for ending in ("", "-wal", "-shm"):
        Path(SANDBOX_DATABASE + ending).unlink(missing_ok=True)


def _announce(address: str, sandbox: "Sandbox | None", plan: Plan) -> None:
    if not sandbox:
        log.info("Replyes listens on %s", address)
        return
    program = os.path.relpath(sys.argv[0]) if Path(sys.argv[0]).name == "replyes" else "replyes"
    print(  # noqa: T201 - the one thing that a newcomer has to read
        f"\n  Replyes is running with a sandbox phone and a sandbox Cal.com. Open\n\n      {address}/sandbox\n\n"
        "  book a slot, and answer the SMS. What happened is told in another terminal by\n\n"
        f"      export DATABASE_URL=sqlite:///{plan.store.path}\n"
        f"      {program} bookings\n      {program} audit UID\n\n  Ctrl-C stops.\n",
        flush=True,
    )


def _reachable(host: str) -> str:
    """Where this machine finds a server that listens on `host`."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
