"""DECIDE, answers: what a patient is told who has decided, or who has written something else."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from domain import wording
from domain.booking import Booking
from domain.conversation import Conversation
from domain.correspondence import Withheld
from domain.errands import Claimed, Errand, Kind, Says
from domain.facts import Moment
from domain.ledger import Attempt, Work
from domain.lifecycle import State
from domain.ports import OutgoingText
from domain.speaking import NotNow, Speaking

VALID_FOR = timedelta(hours=1)
SETTLING = timedelta(seconds=2)  # until the calendar may have taken in what else was decided with it
TOGETHER = timedelta(seconds=25)  # what the calendar takes in later than this is told by itself
PATIENCE = TOGETHER + timedelta(seconds=5)  # so that nothing that belongs together is still on its way
SAYS_STATE = {Says.CONFIRMED: State.CONFIRMED, Says.CANCELLED: State.CANCELLED}


class Telling(Speaking):
    """Turns the errand of an answer into the text that leaves."""

    async def tell(self, claimed: Claimed, moment: Moment) -> tuple[Claimed, OutgoingText] | NotNow | None:
        """NotNow where it is told together with something that is still on its way; None where it is told already, or
        not to be told any more."""
        errand = claimed.errand
        conversation = await self.conversation_of(errand)
        about = await self.bookings(errand.bookings)
        if reason := _why_not(errand, conversation, about, moment.at):
            await self._withhold(errand, conversation, about, reason, moment)
            return None
        named = await self.bookings(conversation.question.bookings if conversation.question else ())
        if errand.says in SAYS_STATE and len(named) > 1:
            own = about[0]
            about = _told_together(own, named, moment.at)
            if not about:
                return NotNow(moment.at + SETTLING)
            if about[0].id != own.id:
                await self._withhold(errand, conversation, [own], Withheld.COVERED, moment)
                return None
        words = claimed.text or self._words(errand, about, named, moment.at)
        claimed = replace(claimed, text=words, attempted_at=moment.at)
        await self.append(Work(attempt=Attempt(claimed, moment.at, words)))
        until = moment.at + VALID_FOR
        if errand.kind is Kind.ACKNOWLEDGE and about[0].starts_at:
            until = about[0].starts_at
        return claimed, self.outgoing(claimed, conversation, until, moment.at)

    def _words(self, errand: Errand, about: Sequence[Booking], named: Sequence[Booking], now: datetime) -> str:
        says, clinic = errand.says or Says.HELP, self.clinic(errand.clinic)
        return wording.text(says, clinic, about, now, named=named)

    async def _withhold(
        self, errand: Errand, conversation: Conversation, about: Sequence[Booking], reason: Withheld, moment: Moment
    ) -> None:
        speaker = conversation if errand.stream == conversation.id else about[0]
        speaker.text_withheld(errand.kind, errand.key, moment, reason=reason, bookings=errand.bookings)
        await self.append(Work(changed=[speaker], finished=errand.key))


def _told_together(own: Booking, named: Sequence[Booking], now: datetime) -> list[Booking]:
    """The bookings that one text has decided in the same way, and that the calendar has taken in soon after: the first
    of them speaks for all. Only `own` where that took longer; [] while others are still on their way."""
    if own.decided_at is None or own.settled_at is None or own.settled_at > own.decided_at + TOGETHER:
        return [own]
    alike = [one for one in named if one.answered_by == own.answered_by and one.state is own.state]
    if any(one.unsettled is not None for one in alike) and now < own.decided_at + PATIENCE:
        return []
    until = own.decided_at + TOGETHER
    return [one for one in alike if one.settled_at and one.settled_at <= until and not one.calendar_failed]


def _why_not(errand: Errand, conversation: Conversation, bookings: Sequence[Booking], now: datetime) -> Withheld | None:
    """Why this text must not be sent any more, None where it may."""
    if conversation.phone.text is None:
        return Withheld.ERASED
    if conversation.opted_out and errand.says is not Says.HELP:
        return Withheld.OPTED_OUT
    if errand.kind is Kind.CLARIFY and not any(booking.is_open for booking in bookings):
        return Withheld.SETTLED
    if errand.kind is Kind.ACKNOWLEDGE and bookings[0].has_started(now):
        return Withheld.BEGUN
    if errand.says in SAYS_STATE and bookings[0].state is not SAYS_STATE[errand.says]:
        return Withheld.OVERTAKEN
    return None
