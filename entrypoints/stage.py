"""What `serve --sandbox` sets up around the service: a phone and a Cal.com that are not real."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from adapters.storage import opening
from entrypoints.clinics_file import NAME as CLINICS_FILE
from entrypoints.desk.app import Desk
from entrypoints.plan import Plan
from entrypoints.sandbox import Sandbox
from entrypoints.settings import MAIN_CLINIC, SANDBOX_DEFAULTS
from entrypoints.wiring import Service

FILE = "replyes-sandbox.db"
DATABASE_URL = f"{opening.SQLITE}{FILE}"


class Stage:
    """The sandbox, and what its page asks of the service. It is there before the service is."""

    def __init__(self, address: str, stopping: asyncio.Event) -> None:
        self.address = address
        self.sandbox = Sandbox(address, stopping, self._states, self._speak, self._desk_link)
        self.desk: Desk | None = None
        self.service: Service | None = None

    def environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The settings of a service that speaks with the sandbox and with nobody else; it has one clinic."""
        own = {"DATABASE_URL": DATABASE_URL, **SANDBOX_DEFAULTS}
        usual = {name: value for name, value in environ.items() if name != CLINICS_FILE}
        return {**own, **usual, **self.sandbox.settings()}

    def set_up(self, plan: Plan) -> None:
        """Before the database is opened. A proxy of this network has no business with calls from this process to
        itself; and the fake Cal.com forgets its bookings when it stops, so the sandbox's own database begins anew."""
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost,::1"
        if plan.store.url == DATABASE_URL:
            for ending in ("", "-wal", "-shm"):
                Path(FILE + ending).unlink(missing_ok=True)

    def announce(self, plan: Plan) -> None:
        """The one thing that a newcomer has to read."""
        program = os.path.relpath(sys.argv[0]) if Path(sys.argv[0]).name == "replyes" else "replyes"
        print(  # noqa: T201
            "\n  Replyes is running with a sandbox phone and a sandbox Cal.com. Open\n\n"
            f"      {self.address}/sandbox\n\n"
            "  book a slot, and answer the SMS. What the clinic's staff sees of it (the link works once):\n\n"
            f"      {self.address}{self._desk_link()}\n\n"
            "  What happened is told in another terminal by\n\n"
            f"      export DATABASE_URL={plan.store.url}\n"
            f"      {program} bookings\n      {program} audit UID\n\n  Ctrl-C stops.\n",
            flush=True,
        )

    def _desk_link(self) -> str:
        """The path that opens the staff's pages, once."""
        return self.desk.one_time_link() if self.desk else "/"

    async def _states(self) -> dict[str, str]:
        if self.service is None:
            return {}
        return {row.uid: row.state for row in await self.service.store.views.bookings()}

    def _speak(self, verbs: str) -> None:
        """The fake Cal.com has been switched to other verbs."""
        if self.service is not None:
            self.service.calendars[MAIN_CLINIC].speak(verbs)
