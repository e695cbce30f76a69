"""Errands: what is still to be done outside, and what people do about one that is stuck."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from starlette.responses import Response
from starlette.routing import BaseRoute

from adapters.storage.desk import ENOUGH, errand_mark
from adapters.storage.views import BookingRow, ErrandRow
from domain.channels import Channel
from domain.errors import NotPossible
from entrypoints.desk.guard import Guard, Page
from entrypoints.desk.links import as_mark, local_path, mark_in
from entrypoints.desk.render import go_to, render
from entrypoints.desk.visit import Visit
from entrypoints.errands import status
from entrypoints.wiring import Service

PAGE = 50
HERE = "/errands"
TABS = ("", "retried", "in_doubt", "dead")


class Act(StrEnum):
    """The last part of the address to which the form is sent."""

    RETRY = "retry"
    SENT = "sent"
    UNSENT = "unsent"


SAID = {Act.RETRY: "errand_retried", Act.SENT: "errand_sent", Act.UNSENT: "errand_unsent"}


@dataclass(frozen=True)
class Task:
    """An errand as it is shown: how it stands (a key of `errands.status`), whose it is, and what may be done."""

    errand: ErrandRow
    status: str
    bookings: list[BookingRow]
    acts: list[Act]


class Errands:
    """The queue, oldest first."""

    def __init__(self, service: Service) -> None:
        self._store = service.store
        self._do = {
            Act.RETRY: service.handling.retry,
            Act.SENT: service.handling.sent,
            Act.UNSENT: service.handling.unsent,
        }

    def routes(self, guard: Guard) -> list[BaseRoute]:
        acts = [guard.post(f"{HERE}/{{key}}/{act}", self._doing(act)) for act in Act]
        return [guard.get(HERE, self._show), *acts]

    async def _show(self, visit: Visit) -> Response:
        clinic, asked, views = visit.clinic.key, visit.request.query_params, self._store.desk_views
        which = asked.get("which", "") if asked.get("which") in TABS else ""
        after = mark_in(asked.get("after", ""))
        errands = await views.errands(clinic, which=which, after=after, limit=PAGE + 1)
        counts, shut = await views.errand_counts(clinic), await self._store.views.shut_channels(visit.now)
        return render(
            visit,
            "errands.html",
            which=which,
            counts={tab: counts[tab] for tab in TABS},
            enough=ENOUGH,
            shut=[channel for channel in shut if channel.clinic == clinic],
            tasks=await self._tasks(errands[:PAGE], visit.now),
            next_mark=as_mark(errand_mark(errands[PAGE - 1])) if len(errands) > PAGE else "",
        )

    async def _tasks(self, errands: Sequence[ErrandRow], now: datetime) -> list[Task]:
        known = await self._store.desk_views.lines(stream for errand in errands for stream in errand.bookings)
        return [
            Task(
                errand=errand,
                status=status(errand, now).replace(",", "").replace(" ", "_"),
                bookings=[known[stream].booking for stream in errand.bookings if stream in known],
                acts=offers(errand, now),
            )
            for errand in errands
        ]

    def _doing(self, act: Act) -> Page:
        async def do(visit: Visit) -> Response:
            key, back = visit.request.path_params["key"], local_path(visit.form.get("back", ""), visit.base + HERE)
            claimed = await self._store.outbox.get(key)
            if claimed is None or claimed.errand.clinic != visit.clinic.key:
                return go_to(back, "refused_recorded")
            try:
                await self._do[act](key, visit.session.name, visit.now)
            except NotPossible as refusal:
                return go_to(back, f"refused_{refusal.code}")
            return go_to(back, SAID[act])

        return do


def offers(errand: ErrandRow, now: datetime) -> list[Act]:
    """What may be done with the errand as it stands; that somebody was faster is found out when it is done."""
    if errand.in_hand:
        return []
    waits = errand.due_at is not None and errand.due_at > now
    acts = [Act.RETRY] if waits or errand.status == "dead" else []
    is_text_in_doubt = errand.attempted_at is not None and errand.channel != Channel.CALENDAR
    return [*acts, Act.SENT, Act.UNSENT] if is_text_in_doubt else acts
