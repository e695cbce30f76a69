"""The whole desk, wired: give its routes to the server."""

import asyncio
from pathlib import Path
from typing import Protocol

from starlette.routing import BaseRoute, Mount

from entrypoints.desk.access import Access
from entrypoints.desk.acts import Acts
from entrypoints.desk.booking import BookingPage
from entrypoints.desk.bookings import Bookings
from entrypoints.desk.errands import Errands
from entrypoints.desk.guard import Guard
from entrypoints.desk.inbox import Inbox
from entrypoints.desk.live import Live
from entrypoints.desk.numbers import Numbers
from entrypoints.desk.once import Links
from entrypoints.desk.passwords import Password
from entrypoints.desk.phones import Phones
from entrypoints.desk.sessions import Sessions
from entrypoints.desk.site import Site
from entrypoints.desk.today import Today
from entrypoints.desk.tries import Tries
from entrypoints.settings import MAIN_CLINIC, DeskSettings
from entrypoints.web.files import Files
from entrypoints.wiring import Service, clock

HERE = Path(__file__).parent
SECRET = "desk sessions"  # noqa: S105 - its name in the store


class HasRoutes(Protocol):
    """A page, or several that belong together."""

    def routes(self, guard: Guard) -> list[BaseRoute]:
        """Its addresses."""


class Desk:
    """The staff's pages of one clinic. `stopping` ends their event streams; set it when the server begins to stop, or
    it waits for them."""

    def __init__(
        self, service: Service, site: Site, sessions: Sessions, access: Access, stopping: asyncio.Event
    ) -> None:
        self._guard = Guard(site, sessions, clock, service.store.desk_views.inbox_size)
        self._live = Live(service.store.views.position, stopping)
        self._access = access
        phones = Phones(service, sessions)
        self._pages: list[HasRoutes] = [
            Today(service),
            Inbox(service, phones),
            Bookings(service),
            BookingPage(service, phones),
            Acts(service),
            Errands(service),
            Numbers(service),
            phones,
        ]

    def routes(self) -> list[BaseRoute]:
        return [
            *self._access.routes(self._guard),
            *(route for page in self._pages for route in page.routes(self._guard)),
            self._guard.get("/events", self._live.events),
            Mount("/desk/static", Files(directory=HERE / "static")),
        ]

    def one_time_link(self) -> str:
        """A path that opens the sandbox's desk once, within ten minutes."""
        return self._access.one_time_link()


async def open_desk(
    service: Service, settings: DeskSettings, stopping: asyncio.Event, *, in_sandbox: bool = False
) -> Desk:
    """The desk with the secret that all replicas share."""
    site = Site(
        clinic=service.clinics[MAIN_CLINIC],
        url=settings.public_url,
        is_open=bool(settings.password) or in_sandbox,
        in_sandbox=in_sandbox,
    )
    secret = await service.store.secrets.of(SECRET)
    sessions = Sessions(secret, settings.password, is_https=site.is_https)
    links = Links(clock) if in_sandbox else None
    return Desk(service, site, sessions, Access(sessions, Password(settings.password), Tries(), links), stopping)
