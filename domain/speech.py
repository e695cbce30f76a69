"""DECIDE: what to say now that the time has come. A text is put into words when a worker holds its errand, from the
bookings as they stand; the claim is the moment that counts, so a text that has become wrong is withheld here."""

from dataclasses import replace
from datetime import datetime, timedelta

from domain import wording
from domain.booking import Booking
from domain.clinics import Clinic
from domain.conversation import Conversation
from domain.correspondence import Withheld
from domain.decisions import Decisions
from domain.errands import Claimed, Errand, Kind, Says
from domain.facts import Moment
from domain.ledger import Attempt, Work
from domain.lifecycle import State
from domain.ports import OutgoingText

ANSWER_VALID_FOR = timedelta(hours=1)


class Speech(Decisions):
    """Turns a claimed errand into the text that leaves."""

    async def prepare(self, claimed: Claimed, now: datetime) -> tuple[Claimed, OutgoingText] | None:
        """The errand with its attempt marked, and the text to send; None where nothing is to be said any more (that
        is recorded, and the errand is gone)."""
        if claimed.errand.kind is Kind.ASK:
            return await self.decide(now, lambda moment: self._ask(claimed, moment))
        return await self.decide(now, lambda moment: self._tell(claimed, moment))

    def outgoing(self, claimed: Claimed, conversation: Conversation, until: datetime, now: datetime) -> OutgoingText:
        """The text in the carrier's terms."""
        valid_for = max(until - now, timedelta(seconds=1))
        return OutgoingText(claimed.errand.key, conversation.phone.readable, claimed.text, valid_for)

    async def _ask(self, claimed: Claimed, moment: Moment) -> tuple[Claimed, OutgoingText] | None:
        """One question for everything that is open on this phone, fixed before the carrier is called."""
        errand = claimed.errand
        conversation = await self._conversation(errand)
        bookings = await self._to_ask(errand, conversation, moment.at)
        work = Work(changed=[conversation, *bookings])
        if not bookings:
            await self.append(Work(finished=errand.key))
            return None
        streams = tuple(booking.id for booking in bookings)
        if conversation.opted_out or conversation.phone.text is None:
            conversation.text_withheld(Kind.ASK, errand.key, moment, reason=Withheld.OPTED_OUT, bookings=streams)
            work.finished = errand.key
            await self.append(work)
            return None
        claimed = self._fix_question(claimed, conversation, bookings, moment)
        work.attempt = Attempt(claimed, moment.at, claimed.text)
        await self.append(work)
        until = min(booking.expire_at for booking in bookings if booking.expire_at)
        return claimed, self.outgoing(claimed, conversation, until, moment.at)

    def _fix_question(
        self, claimed: Claimed, conversation: Conversation, bookings: list[Booking], moment: Moment
    ) -> Claimed:
        """Asked again after a failure that surely sent nothing, about the same bookings, it is the same question."""
        key, last = claimed.errand.key, conversation.asking
        streams = tuple(booking.id for booking in bookings)
        words = claimed.text
        if last is None or last.errand != key or last.bookings != streams:
            first = conversation.question is None
            words = wording.text(Says.QUESTION, self.clinic(conversation.clinic), bookings, first=first)
            conversation.ask(key, streams, words, moment)
            for booking in bookings:
                booking.put_question(key, moment)
        return replace(claimed, text=words, attempted_at=moment.at)

    async def _to_ask(self, errand: Errand, conversation: Conversation, now: datetime) -> list[Booking]:
        """Every open booking of the phone, if one of them has not been asked about yet."""
        bookings = await self.bookings(await self.ledger.open_bookings(conversation.id))
        live = [booking for booking in bookings if booking.is_open and not _is_over(booking, now)]
        unasked = [booking for booking in live if booking.question in (None, errand.key)]
        return live if unasked else []

    async def _tell(self, claimed: Claimed, moment: Moment) -> tuple[Claimed, OutgoingText] | None:
        errand = claimed.errand
        conversation = await self._conversation(errand)
        bookings = await self.bookings(errand.bookings)
        if reason := _why_not(errand, conversation, bookings, moment.at):
            await self._withhold(errand, conversation, bookings, reason, moment)
            return None
        words = claimed.text or self._words(errand, bookings)
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

    def _words(self, errand: Errand, bookings: list[Booking]) -> str:
        clinic: Clinic = self.clinic(errand.clinic)
        return wording.text(errand.says or Says.HELP, clinic, bookings)

    async def _conversation(self, errand: Errand) -> Conversation:
        conversation = await self.ledger.conversation(errand.conversation or "")
        if conversation is None:
            raise LookupError(f"errand {errand.key} belongs to no conversation")
        return conversation


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
