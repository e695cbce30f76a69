"""DECIDE, answers by link: what a patient says on the page behind the link of a question. To look at the page decides
nothing, since machines look at links as well; to press a button does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.booking import Booking
from domain.clinics import Clinic
from domain.conversation import Conversation
from domain.decisions import Decisions
from domain.errands import Kind
from domain.errors import NotPossible
from domain.facts import Moment
from domain.ledger import Outbox, Work
from domain.lifecycle import State
from domain.outcomes import TextOutcomes
from domain.replies import Answer


@dataclass(frozen=True)
class Asked:
    """The question behind a link. `kind` is that of the errand which asks it."""

    clinic: Clinic
    kind: Kind
    bookings: Sequence[Booking]

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
        if sent := await self.ledger.sent_for(errand):
            bookings, kind = await self.bookings(sent.bookings), sent.kind
        elif (claimed := await self.outbox.get(errand)) and claimed.in_doubt:
            speakers, kind = await self.outcomes.speakers(claimed.errand), claimed.errand.kind
            bookings = [one for one in speakers if isinstance(one, Booking)]
        else:
            return None
        clinic = self.clinics.get(bookings[0].clinic) if bookings and kind.asks else None
        return Asked(clinic, kind, bookings) if clinic else None

    async def _answered(self, errand: str, answer: Answer, shown: Mapping[str, str], moment: Moment) -> None:
        work = await self._proof(errand, moment)
        changed = {one.id: one for one in work.changed if isinstance(one, Booking)}
        asked = await self.look(errand, moment.at)
        bookings = [changed.get(one.id, one) for one in asked.bookings if one.id in shown]
        if any(not one.starts_at or one.starts_at.isoformat() != shown[one.id] for one in bookings):
            raise NotPossible("this appointment has changed", "changed")
        decided = [one for one in bookings if _takes(answer, one) and not one.has_started(moment.at)]
        if not decided:
            return
        await self._tell_conversation(errand, answer, decided, work, moment)
        for booking in decided:
            if booking.state is State.REQUESTED:  # moved since: what the patient sees is the new start
                booking.question_accepted(errand, "", "link", moment, asked.kind)
            booking.answer_by_link(answer, errand, [one.id for one in decided], moment)
        work.changed += [one for one in decided if one.id not in changed]
        await self.append(work)

    async def _proof(self, errand: str, moment: Moment) -> Work:
        """An answer proves that the question arrived, even where our own note of that is not written yet."""
        if await self.ledger.sent_for(errand):
            return Work()
        claimed = await self.outbox.get(errand)
        if claimed is None or not claimed.in_doubt:
            return Work()
        return await self.outcomes.acceptance(claimed, "", "link", moment)

    async def _tell_conversation(
        self, errand: str, answer: Answer, decided: Sequence[Booking], work: Work, moment: Moment
    ) -> None:
        """A text that comes late by the sweep is measured by what was decided on the page as well."""
        conversation = next((one for one in work.changed if isinstance(one, Conversation)), None)
        if conversation is None and (found := await self.ledger.conversation(decided[0].conversation or "")):
            work.changed.append(conversation := found)
        if conversation is not None:
            conversation.answer_by_link(errand, answer, [one.id for one in decided], moment)


def _takes(answer: Answer, booking: Booking) -> bool:
    return booking.is_open or (answer is Answer.NO and booking.state is State.CONFIRMED)
