"""DECIDE, questions: one for everything that is open on a phone, fixed before the carrier is called."""

from dataclasses import replace
from datetime import datetime, timedelta
from operator import ge, gt

from domain import wording
from domain.booking import Booking
from domain.conversation import Conversation
from domain.correspondence import Withheld
from domain.deadlines import from_question
from domain.errands import Claimed, Errand, Kind, Says
from domain.facts import Moment
from domain.inbox import Staff
from domain.ledger import Attempt, Work
from domain.lifecycle import State
from domain.ports import OutgoingText
from domain.speaking import NotNow, Speaking
from domain.turning import Failed, Turning
from domain.ways import Way, first_way

NO_ADDRESS = "no_address"
LATE = timedelta(minutes=15)  # a question that leaves within this time is on time


class Asking(Speaking, Turning):
    """Turns the errand of a question or a reminder into the text that leaves."""

    async def ask(self, claimed: Claimed, moment: Moment) -> tuple[Claimed, OutgoingText] | NotNow | None:
        """NotNow in quiet hours; None where nothing is to be asked any more."""
        errand = claimed.errand
        conversation = await self.conversation_of(errand)
        bookings = await self._to_ask(errand, conversation, moment.at)
        if not bookings:
            await self.append(Work(finished=errand.key))
            return None
        if conversation.opted_out or conversation.phone.text is None:
            await self._withhold_question(errand, conversation, bookings, Withheld.OPTED_OUT, moment)
            return None
        if self._leads_nowhere(errand, conversation):
            await self._turn_away(errand, conversation, bookings, moment)
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
        text = self.outgoing(claimed, conversation, until, moment.at)
        return claimed, await self.in_approved_words(claimed, conversation, text, moment.at)

    def _leads_nowhere(self, errand: Errand, conversation: Conversation) -> bool:
        way, ways = errand.kind.way, self.clinic(errand.clinic).ways
        if errand.kind.is_turned:
            return way in conversation.closed_ways or way not in ways
        return way is not first_way(ways, conversation.closed_ways)

    async def _turn_away(
        self, errand: Errand, conversation: Conversation, bookings: list[Booking], moment: Moment
    ) -> None:
        """By another way; where there is none, staff has been told of it with the first question, and is not told with
        each reminder."""
        streams = tuple(booking.id for booking in bookings)
        work = Work(changed=[conversation], finished=errand.key)
        why = conversation.closed_ways.get(errand.kind.way or "", "")
        if why:  # otherwise SMS was never meant to be the way
            conversation.text_withheld(errand.kind, errand.key, moment, reason=Withheld.NO_WAY, bookings=streams)
        vain = errand.kind.way if errand.kind.is_turned else None
        is_left = first_way(self.clinic(errand.clinic).ways, conversation.closed_ways, vain) is not None
        if errand.kind is not Kind.REMIND or is_left:
            failed = Failed(vain, streams, None, "", Staff.NO_WAY, why or NO_ADDRESS)
            await self.turn(failed, conversation, work, moment)
        await self.append(work)

    async def in_approved_words(
        self, claimed: Claimed, conversation: Conversation, text: OutgoingText, now: datetime
    ) -> OutgoingText:
        """WhatsApp takes a question only in words that were approved; what is filled into them is ours."""
        if claimed.errand.kind is not Kind.ASK_BY_WHATSAPP:
            return text
        asking = conversation.asking
        bookings = await self.bookings(asking.bookings if asking else claimed.errand.bookings)
        blanks = wording.blanks(self.clinic(conversation.clinic), bookings, now)
        return replace(text, blanks=blanks, language=bookings[0].language)

    async def _withhold_question(
        self, errand: Errand, conversation: Conversation, bookings: list[Booking], reason: Withheld, moment: Moment
    ) -> None:
        streams = tuple(booking.id for booking in bookings)
        conversation.text_withheld(errand.kind, errand.key, moment, reason=reason, bookings=streams)
        never_asked = tuple(booking.id for booking in bookings if booking.question is None)
        in_vain = streams if errand.kind.is_turned else never_asked  # this way was the one for these
        work = Work(changed=[conversation], finished=errand.key)
        if reason is Withheld.QUIET and in_vain:
            failed = Failed(errand.kind.way, in_vain, None, "", Staff.NO_TIME_TO_ASK, "")
            await self.turn(failed, conversation, work, moment)
        await self.append(work)

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
        """Asked again after a failure that surely sent nothing, in the same words, it is the same question."""
        key, last = claimed.errand.key, conversation.asking
        streams = tuple(booking.id for booking in bookings)
        says, clinic = claimed.errand.says or Says.QUESTION, self.clinic(conversation.clinic)
        offer = wording.Offer()
        if claimed.errand.kind.way is Way.SMS:
            offer = self.links.offer(clinic, conversation.phone.readable, key)
        is_first = conversation.question is None
        words = wording.text(says, clinic, bookings, moment.at, first=is_first, offer=offer)
        if last is None or last.errand != key or last.bookings != streams or words != claimed.text:
            conversation.ask(key, streams, words, moment, claimed.errand.kind)
            for booking in bookings:
                booking.put_question(key, moment, claimed.errand.kind.way or Way.SMS)
        return replace(claimed, text=words, attempted_at=moment.at)

    async def _to_ask(self, errand: Errand, conversation: Conversation, now: datetime) -> list[Booking]:
        """Every open booking of the phone, if one of them has not been asked about yet, or is to be reminded of."""
        bookings = await self.bookings(await self.ledger.open_bookings(conversation.id))
        live = [booking for booking in bookings if booking.is_open and not booking.is_over(now)]
        if errand.kind is not Kind.ASK:
            wanted = [one for one in live if one.id in errand.bookings and not _is_covered(one, errand, conversation)]
        else:
            wanted = [one for one in live if one.question in (None, errand.key)]
        return live if wanted else []


def _is_covered(booking: Booking, errand: Errand, conversation: Conversation) -> bool:
    """Whether another question named this booking after its reminder became due, or after it was turned to this way."""
    is_later = ge if errand.kind is Kind.REMIND else gt  # what failed may have been put at the moment of turning
    questions = [one for one in (conversation.asking, conversation.question) if one and one.errand != errand.key]
    return any(booking.id in one.bookings and is_later(one.asked_at, errand.queued_at) for one in questions)
