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
from entrypoints.desk.passwords import Passwords
from entrypoints.desk.phones import Phones
from entrypoints.desk.sessions import Sessions
from entrypoints.desk.site import Site
from entrypoints.desk.today import Today
from entrypoints.desk.tries import Tries
from entrypoints.settings import DeskSettings
from entrypoints.web.files import Files
from entrypoints.wiring import Service, clock

HERE = Path(__file__).parent
SECRET = "desk sessions"  # noqa: S105 - its name in the store


class HasRoutes(Protocol):
    """A page, or several that belong together."""

    def routes(self, guard: Guard) -> list[BaseRoute]:
        """Its addresses."""


class Desk:
    """The staff's pages, of one clinic or of several. `stopping` ends their event streams; set it when the server
    begins to stop, or it waits for them."""

    def __init__(
        self, service: Service, site: Site, sessions: Sessions, access: Access, stopping: asyncio.Event
    ) -> None:
        self._guard = Guard(site, sessions, clock, service.store.desk_views.inbox_size)
        views = service.store.views
        self._live = Live(views.position, stopping, views.clinics_between if site.has_several else None)
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
        pages = [
            *(route for page in self._pages for route in page.routes(self._guard)),
            self._guard.get("/events", self._live.events),
        ]
        return [
            *self._access.routes(self._guard),
            *pages,
            *self._guard.short(pages),
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
        clinics=service.clinics,
        url=settings.public_url,
        is_open=settings.is_open or in_sandbox,
        in_sandbox=in_sandbox,
    )
    secret = await service.store.secrets.of(SECRET)
    apart = sorted(settings.of_clinics.items())
    passwords = "\n".join([settings.password, *(f"{key}={password}" for key, password in apart if password)])
    sessions = Sessions(secret, passwords, is_https=site.is_https)
    links = Links(clock) if in_sandbox else None
    access = Access(sessions, Passwords(settings.password, settings.of_clinics), Tries(), links)
    return Desk(service, site, sessions, access, stopping)
