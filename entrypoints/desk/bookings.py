"""Bookings: all of them, the latest start first, and the search."""

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from adapters.storage.desk import Line
from domain.facts import booking_id
from domain.lifecycle import State
from entrypoints.desk.guard import Guard
from entrypoints.desk.links import as_mark, booking_path, mark_in
from entrypoints.desk.render import render
from entrypoints.desk.visit import Visit
from entrypoints.wiring import Service

PAGE = 50
LONGEST = 100  # characters of what is searched for


class Bookings:
    """The list. Who types a whole booking ID is led straight to the booking."""

    def __init__(self, service: Service) -> None:
        self._views = service.store.desk_views

    def routes(self, guard: Guard) -> list[BaseRoute]:
        return [guard.get("/bookings", self._show)]

    async def _show(self, visit: Visit) -> Response:
        clinic, asked = visit.clinic.key, visit.request.query_params
        words = asked.get("q", "").replace("\0", " ").strip()[:LONGEST]
        state = asked.get("state", "") if asked.get("state") in set(State) else ""
        if words and await self._views.booking(booking_id(clinic, words)):
            return RedirectResponse(booking_path(visit.base, words), 303)
        lines = await self._lines(visit, words, state)
        return render(
            visit,
            "bookings.html",
            typed=words,
            state=state,
            states=list(State),
            lines=lines[:PAGE],
            too_many=bool(words) and await self._views.finds_too_many(clinic, words),
            next_mark=as_mark(lines[PAGE - 1].mark) if len(lines) > PAGE else "",
        )

    async def _lines(self, visit: Visit, words: str, state: str) -> list[Line]:
        clinic, after = visit.clinic.key, mark_in(visit.request.query_params.get("after", ""))
        if words:
            return await self._views.found(clinic, words, state=state, after=after, limit=PAGE + 1)
        return await self._views.latest(clinic, state=state, after=after, limit=PAGE + 1)
