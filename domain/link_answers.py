"""DECIDE, answers by link: what a patient says on the page behind the link of a question. To look at the page decides
nothing, since machines look at links as well; to press a button does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.booking import Booking
from domain.clinics import Clinic
from domain.decisions import Decisions
from domain.errands import Claimed, Kind
from domain.errors import NotPossible
from domain.facts import Moment
from domain.ledger import Outbox, Work
from domain.lifecycle import State
from domain.outcomes import TextOutcomes
from domain.replies import Answer


@dataclass(frozen=True)
class Asked:
    """The question behind a link. `kind` is that of the errand which asks it; `unproved` is that errand, while nothing
    has proved that the question left."""

    clinic: Clinic
    kind: Kind
    bookings: Sequence[Booking]
    unproved: Claimed | None = None

    def ahead(self, now: datetime) -> list[Booking]:
        """Those of its bookings that have not begun."""
        return [booking for booking in self.bookings if booking.starts_at and not booking.has_started(now)]


class LinkAnswers(Decisions):
    """What patients say on the page. Questions go by their errands' keys."""

    def __init__(self, outcomes: TextOutcomes, outbox: Outbox) -> None:
        super().__init__(outcomes.ledger, outcomes.clinics)
        self.outcomes = outcomes
        self.outbox = outbox

    async def look(self, errand: str, now: datetime) -> Asked:
        """Raises NotPossible ("over") where the link leads to nothing that is still to come."""
        asked = await self._asked(errand)
        if asked is None or not asked.ahead(now):
            raise NotPossible("this link is no longer valid", "over")
        return asked

    async def answer(self, errand: str, answer: Answer, shown: Mapping[str, str], now: datetime) -> None:
        """Decide the bookings that were `shown`: stream -> the start (ISO 8601) that stood beside it. What is settled
        already, or has begun, stays as it is; the same answer again changes nothing. Raises NotPossible where the link
        is over, or ("changed") where a booking is no longer what was shown."""
        await self.decide(now, lambda moment: self._answered(errand, answer, shown, moment))

    async def _asked(self, errand: str) -> Asked | None:
        """The question, once it has left or may have left."""
        claimed = await self.outbox.get(errand)  # first: what is accepted in this moment stands in the other place then
        if claimed is not None and claimed.in_doubt:
            speakers = await self.outcomes.speakers(claimed.errand)
            return self._about(claimed.errand.kind, [one for one in speakers if isinstance(one, Booking)], claimed)
        sent = await self.ledger.sent_for(errand)
        return self._about(sent.kind, await self.bookings(sent.bookings)) if sent else None

    def _about(self, kind: Kind, bookings: Sequence[Booking], unproved: Claimed | None = None) -> Asked | None:
        clinic = self.clinics.get(bookings[0].clinic) if bookings and kind.asks else None
        return Asked(clinic, kind, bookings, unproved) if clinic else None

    async def _answered(self, errand: str, answer: Answer, shown: Mapping[str, str], moment: Moment) -> None:
        asked, work = await self.look(errand, moment.at), Work()
        if asked.unproved:  # an answer proves that the question arrived
            work = await self.outcomes.acceptance(asked.unproved, "", "link", moment)
        changed = {one.id: one for one in work.changed if isinstance(one, Booking)}
        bookings = [changed.get(one.id, one) for one in asked.bookings if one.id in shown]
        if any(not one.starts_at or one.starts_at.isoformat() != shown[one.id] for one in bookings):
            raise NotPossible("this appointment has changed", "changed")
        decided = [one for one in bookings if _takes(answer, one) and not one.has_started(moment.at)]
        if not decided:
            return
        # A text that comes late by the sweep is measured by what was decided here as well.
        if conversation := await self.conversation_in(work, decided[0].conversation):
            conversation.answer_by_link(errand, answer, [one.id for one in decided], moment)
        for booking in decided:
            if booking.state is State.REQUESTED:  # moved since: what the patient sees is the new start
                booking.question_accepted(errand, "", "link", moment, asked.kind)
            booking.answer_by_link(answer, errand, [one.id for one in decided], moment)
        work.changed += [one for one in decided if one.id not in changed]
        await self.append(work)


def _takes(answer: Answer, booking: Booking) -> bool:
    return booking.is_open or (answer is Answer.NO and booking.state is State.CONFIRMED)
