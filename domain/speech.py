"""DECIDE: what to say now that the time has come. A text is put into words when a worker holds its errand, from the
bookings as they stand; the claim is the moment that counts, so a text that has become wrong is withheld here."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain import wording
from domain.booking import Booking
from domain.conversation import Conversation
from domain.correspondence import Withheld
from domain.deadlines import from_question
from domain.decisions import Decisions
from domain.errands import Claimed, Errand, Kind, Says
from domain.facts import Moment
from domain.inbox import Staff
from domain.ledger import Attempt, Work
from domain.lifecycle import State
from domain.ports import OutgoingText

ANSWER_VALID_FOR = timedelta(hours=1)
LATE = timedelta(minutes=15)  # a question that leaves within this time is on time


@dataclass(frozen=True)
class NotNow:
    """The text may be sent from `until` on."""

    until: datetime


class Speech(Decisions):
    """Turns a claimed errand into the text that leaves."""

    async def prepare(self, claimed: Claimed, now: datetime) -> tuple[Claimed, OutgoingText] | NotNow | None:
        """The errand with its attempt marked, and the text to send; NotNow in quiet hours; None where nothing is to be
        said any more (that is recorded, and the errand is gone)."""
        if claimed.errand.kind.asks:
            return await self.decide(now, lambda moment: self._ask(claimed, moment))
        return await self.decide(now, lambda moment: self._tell(claimed, moment))

    def outgoing(self, claimed: Claimed, conversation: Conversation, until: datetime, now: datetime) -> OutgoingText:
        """The text in the carrier's terms."""
        valid_for = max(until - now, timedelta(seconds=1))
        return OutgoingText(claimed.errand.key, conversation.phone.readable, claimed.text, valid_for)

    async def _ask(self, claimed: Claimed, moment: Moment) -> tuple[Claimed, OutgoingText] | NotNow | None:
        """One question for everything that is open on this phone, fixed before the carrier is called."""
        errand = claimed.errand
        conversation = await self._conversation(errand)
        bookings = await self._to_ask(errand, conversation, moment.at)
        if not bookings:
            await self.append(Work(finished=errand.key))
            return None
        if conversation.opted_out or conversation.phone.text is None:
            await self._withhold_question(errand, conversation, bookings, Withheld.OPTED_OUT, moment)
            return None
        self._set_late_deadlines(bookings, moment)
        quiet, zone = self.clinic(errand.clinic).quiet_hours, bookings[0].time_zone
        limits = [booking.expire_at for booking in bookings if booking.expire_at]
        if quiet and quiet.cover(moment.at, zone):
            if (until := quiet.over_at(moment.at, zone)) >= max(limits):
                await self._withhold_question(errand, conversation, bookings, Withheld.QUIET, moment)
                return None
            await self.append(Work(changed=[*bookings]))
            return NotNow(until)  # what ends in the night is over by then
        claimed = self._fix_question(claimed, conversation, bookings, moment)
        await self.append(Work(changed=[conversation, *bookings], attempt=Attempt(claimed, moment.at, claimed.text)))
        until = min(limits + ([quiet.next_at(moment.at, zone)] if quiet else []))
        return claimed, self.outgoing(claimed, conversation, until, moment.at)

    async def _withhold_question(
        self, errand: Errand, conversation: Conversation, bookings: list[Booking], reason: Withheld, moment: Moment
    ) -> None:
        streams = tuple(booking.id for booking in bookings)
        conversation.text_withheld(errand.kind, errand.key, moment, reason=reason, bookings=streams)
        never_asked = tuple(booking.id for booking in bookings if booking.question is None)
        if reason is Withheld.QUIET and never_asked:
            conversation.hand_to_staff(Staff.NO_TIME_TO_ASK, moment, bookings=never_asked)
        await self.append(Work(changed=[conversation], finished=errand.key))

    def _set_late_deadlines(self, bookings: list[Booking], moment: Moment) -> None:
        """A first question that leaves much later than planned (an outage, a queue), or waits for the morning, gives
        the patient the same time as any other."""
        for booking in bookings:
            if booking.state is not State.REQUESTED or booking.ask_at is None or booking.starts_at is None:
                continue
            fresh = from_question(moment.at, booking.starts_at, self.clinic(booking.clinic), booking.time_zone)
            if fresh.ask_at and fresh.ask_at - booking.ask_at > LATE:
                booking.set_deadlines(fresh, moment)

    def _fix_question(
        self, claimed: Claimed, conversation: Conversation, bookings: list[Booking], moment: Moment
    ) -> Claimed:
        """Asked again after a failure that surely sent nothing, about the same bookings, it is the same question."""
        key, last = claimed.errand.key, conversation.asking
        streams = tuple(booking.id for booking in bookings)
        words = claimed.text
        if last is None or last.errand != key or last.bookings != streams:
            first = conversation.question is None
            says, clinic = claimed.errand.says or Says.QUESTION, self.clinic(conversation.clinic)
            words = wording.text(says, clinic, bookings, moment.at, first=first)
            conversation.ask(key, streams, words, moment)
            for booking in bookings:
                booking.put_question(key, moment)
        return replace(claimed, text=words, attempted_at=moment.at)

    async def _to_ask(self, errand: Errand, conversation: Conversation, now: datetime) -> list[Booking]:
        """Every open booking of the phone, if one of them has not been asked about yet, or is to be reminded of."""
        bookings = await self.bookings(await self.ledger.open_bookings(conversation.id))
        live = [booking for booking in bookings if booking.is_open and not _is_over(booking, now)]
        if errand.kind is Kind.REMIND:
            wanted = [one for one in live if one.id in errand.bookings and not _is_covered(one, errand, conversation)]
        else:
            wanted = [one for one in live if one.question in (None, errand.key)]
        return live if wanted else []

    async def _tell(self, claimed: Claimed, moment: Moment) -> tuple[Claimed, OutgoingText] | None:
        errand = claimed.errand
        conversation = await self._conversation(errand)
        bookings = await self.bookings(errand.bookings)
        if reason := _why_not(errand, conversation, bookings, moment.at):
            await self._withhold(errand, conversation, bookings, reason, moment)
            return None
        words = claimed.text or self._words(errand, bookings, moment.at)
        claimed = replace(claimed, text=words, attempted_at=moment.at)
        await self.append(Work(attempt=Attempt(claimed, moment.at, words)))
        until = moment.at + ANSWER_VALID_FOR
        if errand.kind is Kind.ACKNOWLEDGE and bookings[0].starts_at:
            until = bookings[0].starts_at
        return claimed, self.outgoing(claimed, conversation, until, moment.at)

    async def _withhold(
        self, errand: Errand, conversation: Conversation, bookings: list[Booking], reason: Withheld, moment: Moment
    ) -> None:
        speaker = conversation if errand.stream == conversation.id else bookings[0]
        speaker.text_withheld(errand.kind, errand.key, moment, reason=reason, bookings=errand.bookings)
        await self.append(Work(changed=[speaker], finished=errand.key))

    def _words(self, errand: Errand, bookings: list[Booking], now: datetime) -> str:
        return wording.text(errand.says or Says.HELP, self.clinic(errand.clinic), bookings, now)

    async def _conversation(self, errand: Errand) -> Conversation:
        conversation = await self.ledger.conversation(errand.conversation or "")
        if conversation is None:
            raise LookupError(f"errand {errand.key} belongs to no conversation")
        return conversation


def _is_covered(booking: Booking, errand: Errand, conversation: Conversation) -> bool:
    """Whether another question named this booking after its reminder became due."""
    questions = (conversation.asking, conversation.question)
    return any(
        one is not None and one.errand != errand.key and booking.id in one.bookings and one.asked_at >= errand.queued_at
        for one in questions
    )


def _is_over(booking: Booking, now: datetime) -> bool:
    return booking.has_started(now) or booking.expire_at is None or booking.expire_at <= now


def _why_not(errand: Errand, conversation: Conversation, bookings: list[Booking], now: datetime) -> Withheld | None:
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


SAYS_STATE = {Says.CONFIRMED: State.CONFIRMED, Says.CANCELLED: State.CANCELLED}
