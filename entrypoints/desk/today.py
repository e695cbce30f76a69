"""Today: the clinic's day, or another one, in the order of the starts."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from starlette.responses import Response
from starlette.routing import BaseRoute

from domain.lifecycle import State
from entrypoints.desk.guard import Guard
from entrypoints.desk.links import as_mark, mark_in
from entrypoints.desk.render import render
from entrypoints.desk.visit import Visit
from entrypoints.wiring import Service

PAGE = 50
YEARS = range(1970, 9000)
A_DAY = timedelta(days=1)
NEEDS_YOU = "needs_you"
TABS: Mapping[str, tuple[State, ...]] = {
    "": tuple(State),
    NEEDS_YOU: (),
    "waiting": (State.REQUESTED, State.SMS_SENT, State.INVALID_REPLY),
    "confirmed": (State.CONFIRMED,),
    "cancelled": (State.CANCELLED,),
    "expired": (State.EXPIRED,),
}


class Today:
    """The page with which a day begins."""

    def __init__(self, service: Service) -> None:
        self._views = service.store.desk_views

    def routes(self, guard: Guard) -> list[BaseRoute]:
        return [guard.get("/", self._show)]

    async def _show(self, visit: Visit) -> Response:
        clinic, asked = visit.clinic, visit.request.query_params
        zone = ZoneInfo(clinic.time_zone)
        today = visit.now.astimezone(zone).date()
        day = day_in(asked.get("day", "")) or today
        show = asked.get("show", "") if asked.get("show") in TABS else ""
        span = _midnight(day, zone), _midnight(day + A_DAY, zone)
        lines = await self._views.day(
            clinic.key,
            span,
            states=TABS[show] if show else (),
            needing=show == NEEDS_YOU,
            after=mark_in(asked.get("after", "")),
            limit=PAGE + 1,
        )
        counts = _counts(await self._views.day_counts(clinic.key, span))
        following = None if counts[""] else await self._views.next_start(clinic.key, span[1])
        return render(
            visit,
            "today.html",
            day=day,
            is_today=day == today,
            midnight=span[0],
            days={which: "" if one == today else f"{one}" for which, one in _beside(day, today).items()},
            show=show,
            counts=counts,
            next_start=following,
            next_day=following.astimezone(zone).date() if following else None,
            lines=lines[:PAGE],
            next_mark=as_mark(lines[PAGE - 1].mark) if len(lines) > PAGE else "",
        )


def day_in(text: str) -> date | None:
    """The day of a link, as 2026-05-12; None where that is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in YEARS else None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """When the day begins on the clinic's wall; some days have 23 hours, or 25."""
    return datetime.combine(day, time(), zone)


def _beside(day: date, today: date) -> dict[str, date]:
    return {"before": day - A_DAY, "today": today, "after": day + A_DAY}


def _counts(counts: Mapping[str, int]) -> dict[str, int]:
    """How many there are behind each tab."""
    found = {name: sum(counts.get(state, 0) for state in states) for name, states in TABS.items()}
    return found | {NEEDS_YOU: counts[NEEDS_YOU]}
