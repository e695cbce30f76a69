"""Numbers: how well the texts do, as pictures, as tables and as files."""

import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo

from starlette.responses import Response
from starlette.routing import BaseRoute

from adapters.storage.counting import SLOT_MS
from entrypoints.desk import sheets
from entrypoints.desk.exhibits import Exhibits
from entrypoints.desk.figures import Figures, Span, figures, moments
from entrypoints.desk.guard import Guard, Refused
from entrypoints.desk.headers import PICTURE
from entrypoints.desk.plots import NARROW, WIDE, draw
from entrypoints.desk.render import render
from entrypoints.desk.tiles import Tiles
from entrypoints.desk.visit import Visit
from entrypoints.wiring import Service

SPANS = (4, 12, 52)  # weeks
USUAL = 12

Of = tuple[str, int]  # the clinic, and how many weeks
State = tuple[int, float, datetime]  # the position in the log, the half hour, and where the span begins


class Numbers:
    """`weeks` in the query: how many of them are looked at."""

    def __init__(self, service: Service) -> None:
        self._views = service.store.desk_views
        self._position = service.store.views.position
        self._one_at_a_time = asyncio.Lock()
        self._kept: dict[Of, tuple[State, Figures]] = {}

    def routes(self, guard: Guard) -> list[BaseRoute]:
        return [
            guard.get("/numbers", self._show),
            guard.get("/numbers.csv", self._sheet),
            guard.get("/numbers/{name}.svg", self._picture),
        ]

    async def _show(self, visit: Visit) -> Response:
        found = await self._figures(visit)
        return render(
            visit,
            "numbers.html",
            spans=SPANS,
            weeks=_weeks(visit),
            wide=WIDE,
            narrow=NARROW,
            tiles=Tiles(visit.words, found).all(),
            exhibits=Exhibits(visit.words, found).all() if any(found.total.counts.values()) else [],
        )

    async def _picture(self, visit: Visit) -> Response:
        exhibit = Exhibits(visit.words, await self._figures(visit)).one(visit.request.path_params["name"])
        if exhibit is None:
            raise Refused(404, "not_understood")
        size = NARROW if visit.request.query_params.get("size") == "narrow" else WIDE
        drawn = await asyncio.to_thread(draw, exhibit.plot, size)
        return Response(drawn, media_type="image/svg+xml", headers=PICTURE)

    async def _sheet(self, visit: Visit) -> Response:
        span = _span(visit)
        if visit.request.query_params.get("by") == "hour":
            rows = await self._views.numbers(visit.clinic.key, (span.since, span.until))
            by, sheet = "hour", await asyncio.to_thread(lambda: sheets.by_hour(moments(rows, span)))
        else:
            by, sheet = "week", sheets.by_week((await self._figures(visit)).weeks)
        named = {"Content-Disposition": f'attachment; filename="numbers-by-{by}-since-{span.mondays[0]}.csv"'}
        return Response(sheet, media_type="text/csv", headers=named)

    async def _figures(self, visit: Visit) -> Figures:
        """Reading a year takes longer than drawing it, and a page asks for it seven times: it is kept until the log has
        grown, or the half hour is over."""
        span = _span(visit)
        of = visit.clinic.key, span.weeks
        async with self._one_at_a_time:
            state = (await self._position(), visit.now.timestamp() * 1000 // SLOT_MS, span.since)
            if of not in self._kept or self._kept[of][0] != state:
                rows = await self._views.numbers(visit.clinic.key, (span.before[0], span.until))
                self._kept[of] = state, await asyncio.to_thread(figures, rows, span)
            return self._kept[of][1]


def _span(visit: Visit) -> Span:
    return Span(visit.now, ZoneInfo(visit.clinic.time_zone), _weeks(visit))


def _weeks(visit: Visit) -> int:
    asked = visit.request.query_params.get("weeks", "")
    return next((weeks for weeks in SPANS if str(weeks) == asked), USUAL)
