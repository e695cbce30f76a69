"""DECIDE, answers: what a patient is told who has decided, or who has written something else."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum

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
LONGEST = timedelta(minutes=2)  # for which a booking waits for another to speak for both
SAYS_STATE = {Says.CONFIRMED: State.CONFIRMED, Says.CANCELLED: State.CANCELLED}


class Turn(Enum):
    """Why a booking does not speak now."""

    NOT_YET = "not yet"
    COVERED = "covered"


class Telling(Speaking):
    """Turns the errand of an answer into the text that leaves."""

    async def tell(self, claimed: Claimed, moment: Moment) -> tuple[Claimed, OutgoingText] | NotNow | None:
        """NotNow where it is told together with something that is still on its way; None where it is told already, or
        not to be told any more."""
        errand = claimed.errand
        conversation = await self.conversation_of(errand)
        about = await self.bookings(errand.bookings)
        named = await self.bookings(conversation.question.bookings if conversation.question else ())
        if errand.says is Says.CLARIFY:
            about = [one for one in named if one.is_open] or about
        if reason := _why_not(errand, conversation, about, moment.at):
            await self._withhold(errand, conversation, about, reason, moment)
            return None
        if errand.says in SAYS_STATE and len(about[0].together) > 1:
            own, alike = about[0], await self.bookings(about[0].together)
            match _speaks_for(own, alike, moment.at):
                case Turn.NOT_YET:
                    return NotNow(moment.at + SETTLING)
                case Turn.COVERED:
                    await self._withhold(errand, conversation, about, Withheld.COVERED, moment)
                    return None
                case about:
                    named = alike
        words = claimed.text if claimed.resent else self._words(errand, about, named, moment.at)
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


def _speaks_for(own: Booking, decided: Sequence[Booking], now: datetime) -> list[Booking] | Turn:
    """One text may have decided several bookings in the same way. The first of those that the calendar takes in at once
    speaks for all of them; one that takes longer speaks for itself, and one that waits in vain for those before it
    speaks for those after it as well."""
    if own.decided_at is None or not _is_in_time(own):
        return [own]
    alike = [one for one in decided if one.answered_by == own.answered_by and one.state is own.state]
    waited = now - own.decided_at
    if any(one.unsettled is not None for one in alike) and waited < PATIENCE:
        return Turn.NOT_YET
    in_time = [one.id for one in alike if _is_in_time(one)]
    before = in_time[: in_time.index(own.id)]
    if any(one.acknowledged for one in alike if one.id in before):
        return Turn.COVERED
    if waited <= LONGEST and any(one.id in before and not one.has_started(now) for one in alike):
        return Turn.NOT_YET
    return [one for one in alike if one.id in in_time and one.id not in before and not one.has_started(now)]


def _is_in_time(booking: Booking) -> bool:
    if booking.decided_at is None or booking.settled_at is None or booking.calendar_failed:
        return False
    return booking.settled_at <= booking.decided_at + TOGETHER


def _why_silent(errand: Errand, conversation: Conversation) -> Withheld | None:
    """Why nothing at all may be sent to this phone."""
    if conversation.phone.text is None:
        return Withheld.ERASED
    if conversation.opted_out and errand.says is not Says.HELP:
        return Withheld.OPTED_OUT
    return Withheld.NO_WAY if conversation.heard_by in conversation.closed_ways else None


def _why_not(errand: Errand, conversation: Conversation, bookings: Sequence[Booking], now: datetime) -> Withheld | None:
    """Why this text must not be sent any more, None where it may."""
    if silent := _why_silent(errand, conversation):
        return silent
    asks_back = errand.kind is Kind.CLARIFY or errand.says is Says.CLARIFY
    if asks_back and not any(booking.is_open for booking in bookings):
        return Withheld.SETTLED
    if errand.kind is Kind.ACKNOWLEDGE and bookings[0].has_started(now):
        return Withheld.BEGUN
    if errand.says in SAYS_STATE and bookings[0].state is not SAYS_STATE[errand.says]:
        return Withheld.OVERTAKEN
    return None
