"""`replyes serve`: web, worker and the regular rounds in one process; `replyes web` and `replyes worker` apart."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn
from starlette.routing import BaseRoute

from domain.errors import Misconfigured
from entrypoints import plan as planning
from entrypoints import rounds
from entrypoints.desk.app import open_desk
from entrypoints.plan import Plan
from entrypoints.settings import environment
from entrypoints.store import open_store
from entrypoints.web import app
from entrypoints.wiring import Service, open_service

if TYPE_CHECKING:
    from entrypoints.stage import Stage

log = logging.getLogger("replyes.serve")

SECONDS_FOR_REQUESTS = 5  # what a stopping server waits for requests under way


@dataclass(frozen=True)
class Options:
    """The command line. `works`: whether this process carries out errands, beside answering webhooks."""

    host: str
    port: int
    sandbox: bool = False
    works: bool = True


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
    if options.sandbox:
        from entrypoints.stage import Stage  # noqa: PLC0415 - a fifth of a second that a real service need not wait

        await _play(Stage(address, stopping), listening, stopping)
        return
    environ = environment()
    plan = planning.plan(environ, address)
    if "PUBLIC_URL" not in environ:
        log.warning("PUBLIC_URL is not set: Cal.com and the carrier are told %s", address)
    async with _service(plan, planning.SERVICE) as service:
        desk = await open_desk(service, plan.desk, stopping)
        log.info("Replyes listens on %s", address)
        if not plan.desk.is_open:
            log.info("the staff's pages are closed; DESK_PASSWORD opens them")
        await _run(service, _server(service, desk.routes()), listening, stopping, works=options.works)


async def _play(stage: "Stage", listening: socket.socket, stopping: asyncio.Event) -> None:
    plan = planning.plan(stage.environment(environment()), stage.address)
    stage.set_up(plan)
    async with _service(plan, planning.SANDBOX) as service:
        stage.service = service
        desk = stage.desk = await open_desk(service, plan.desk, stopping, in_sandbox=True)
        stage.announce(plan)
        pages = [*desk.routes(), *stage.sandbox.routes()]
        await _run(service, _server(service, pages), listening, stopping, works=True)
    await stage.sandbox.aclose()


async def work() -> None:
    """`replyes worker`: errands and the regular rounds, without answering webhooks, until SIGINT or SIGTERM. Raises
    Misconfigured."""
    stopping = asyncio.Event()
    async with _service(planning.plan(environment()), planning.SERVICE) as service:
        _stop_on_signals(stopping)
        log.info("a worker on %s", service.store.database.name)
        await _work(service, stopping)
        log.info("stopped; what is not done yet waits in the outbox")


@asynccontextmanager
async def _service(plan: Plan, kind: str) -> AsyncIterator[Service]:
    planning.prepare(plan.store.url, kind, plan.clinics)
    async with (
        open_store(plan.store, plan.clinics) as store,
        open_service(store, plan.services, plan.clinics, plan.desk.public_url) as service,
    ):
        await planning.tell_who_is_missing(store, plan.clinics)
        yield service


class Server(uvicorn.Server):
    """uvicorn without its own signal handlers: they would end the process before the worker has finished."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(service: Service, pages: Sequence[BaseRoute]) -> Server:
    web = app.build(service, pages)
    return Server(
        uvicorn.Config(
            web, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=SECONDS_FOR_REQUESTS
        )
    )


def _stop_on_signals(stopping: asyncio.Event, server: Server | None = None) -> None:
    def stop() -> None:
        if server is not None:
            server.force_exit = stopping.is_set()  # asked a second time
            server.should_exit = True
        stopping.set()

    for signal_number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop)


async def _run(
    service: Service, server: Server, listening: socket.socket, stopping: asyncio.Event, *, works: bool
) -> None:
    """Without its worker, a process that should have one stops serving too."""
    _stop_on_signals(stopping, server)
    working = asyncio.create_task(_work(service, stopping)) if works else None
    if working:
        working.add_done_callback(lambda _: setattr(server, "should_exit", True))
    await server.serve(sockets=[listening])
    stopping.set()
    if working:
        await working
    log.info("stopped; what is not done yet waits in the outbox")


async def _work(service: Service, stopping: asyncio.Event) -> None:
    """Errands and rounds, side by side, until `stopping` is set."""

    async def wake_at_the_end() -> None:
        await stopping.wait()
        service.store.bell.ring()

    probing = asyncio.create_task(_probe(service))
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(service.worker.run(stopping))
            group.create_task(rounds.walk(service, stopping))
            group.create_task(wake_at_the_end())
    finally:
        probing.cancel()


async def _probe(service: Service) -> None:
    """Find out Cal.com's verbs before the first patient needs them."""
    for calendar in service.calendars.values():
        await calendar.probe()


def _reachable(host: str) -> str:
    """Where this machine finds a server that listens on `host`."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
