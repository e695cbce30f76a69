"""Booking: the conversation, the audit log with the cause of each fact, and the booking as it was at any moment."""

from starlette.responses import Response
from starlette.routing import BaseRoute

from adapters.storage.database import milliseconds
from domain.facts import booking_id
from entrypoints import audit
from entrypoints.desk.acts import offers
from entrypoints.desk.chat import chat
from entrypoints.desk.guard import Guard, Refused
from entrypoints.desk.phones import Phones
from entrypoints.desk.render import render
from entrypoints.desk.timeline import reason_in_words, timeline
from entrypoints.desk.visit import Visit
from entrypoints.wiring import Service

MOST_TEXTS, MOST_STEPS = 100, 200


class BookingPage:
    """One booking."""

    def __init__(self, service: Service, phones: Phones) -> None:
        self._store = service.store
        self._phones = phones

    def routes(self, guard: Guard) -> list[BaseRoute]:
        return [guard.get("/bookings/{uid}", self._show)]

    async def _show(self, visit: Visit) -> Response:
        views, ledger = self._store.desk_views, self._store.ledger
        line = await views.booking(booking_id(visit.clinic.key, visit.request.path_params["uid"]))
        if line is None:
            raise Refused(404, "no_booking")
        row = line.booking
        facts = await audit.facts_about(self._store, row)
        step = _step(visit, len(facts))
        shown = _around(step, len(facts))
        entries = await views.items_of(row.stream)
        now = audit.as_it_was(facts, row.stream)
        writes = now is not None and now.is_written_to(visit.clinic.ways)
        return render(
            visit,
            "booking.html",
            row=row,
            entries=[(entry, reason_in_words(visit, entry.item.reason, entry.item.detail)) for entry in entries],
            seen=max((milliseconds(entry.at) or 0 for entry in entries), default=0),
            chat=chat(await ledger.texts(row.conversation, MOST_TEXTS) if row.conversation else facts),
            steps=timeline(visit, facts, shown),
            shown=shown,
            last=len(facts),
            step=step,
            then=audit.as_it_was(facts[:step], row.stream),
            at=facts[step - 1].timestamp,
            offers=offers(row, await ledger.conversation(row.conversation or ""), visit, by_email=writes),
            shows_phone=self._phones.is_asked_for(visit, row.stream),
        )


def _step(visit: Visit, last: int) -> int:
    """After how many facts the booking is to be shown; after all of them where nothing sensible is asked for."""
    wanted = visit.request.query_params.get("step", "")
    return min(max(int(wanted), 1), last) if wanted.isdecimal() and len(wanted) < 9 else last  # noqa: PLR2004


def _around(step: int, last: int) -> range:
    """The facts that are told on one page: somebody may have written a thousand texts."""
    first = max(1, min(step - MOST_STEPS // 2, last - MOST_STEPS + 1))
    return range(first, min(last, first + MOST_STEPS - 1) + 1)
