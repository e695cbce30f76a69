"""DELIVER, texts: at most one acceptance for each. An SMS whose fate is unknown is looked up, never simply sent
again."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from domain.channels import QUEUE_AHEAD, SHORTEST_PAUSE
from domain.clinics import Clinic, OnDoubt
from domain.delivery import Delivery, log
from domain.errands import Claimed, Kind
from domain.errors import StorageAway
from domain.inbound import Blame
from domain.inbox import Staff
from domain.ledger import Outbox
from domain.outcomes import TextOutcomes
from domain.ports import Accepted, CallOutcome, Carrier, InDoubt, OutgoingText, Rejected, Retry
from domain.reconcile import Reconcile
from domain.saying.segments import segments
from domain.speaking import NotNow
from domain.speech import Speech

CLOCK_SKEW = timedelta(minutes=1)  # between the carrier's clock and ours; ownership of ids keeps it harmless
FARTHEST_TURN = 2 * QUEUE_AHEAD  # a text that would have to wait longer goes back, so that its lease holds
MOST_LOOKED_AT = 5  # of the older bookings of one phone, so that a question is not held up
RECORD_AGAIN = timedelta(seconds=1)


class Texting(Delivery):
    """Sends texts, and finds out what became of those in doubt."""

    def __init__(
        self,
        speech: Speech,
        outcomes: TextOutcomes,
        outbox: Outbox,
        carriers: Mapping[str, Carrier],
        *,
        reconcile: Reconcile,
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__(speech.ledger, outbox, clock)
        self.speech = speech
        self.outcomes = outcomes
        self.carriers = carriers
        self.reconcile = reconcile
        self._senders: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def carry_out(self, claimed: Claimed) -> None:
        """Send the text, or find out what became of it."""
        if claimed.in_doubt:
            await self._look_up(claimed)
            return
        if claimed.errand.kind is Kind.ASK:
            await self._look_at_older_ones(claimed)
        match await self._in_turn(claimed):
            case NotNow(until):
                await self.outbox.put_back(claimed, until, "waits for its moment", attempted=False)
            case (marked, text):
                await self._note(marked, await self.carriers[claimed.errand.clinic].send(text))

    async def _look_at_older_ones(self, claimed: Claimed) -> None:
        """A question names everything that is open on a phone. What was asked before may be gone by now: a booking that
        the patient has rescheduled is asked anew, and the old one falls silent."""
        own = await self.speech.bookings(claimed.errand.bookings)
        if own and all(booking.question not in (None, claimed.errand.key) for booking in own):
            return  # another question has named it
        conversation = claimed.errand.conversation or ""
        older = set(await self.ledger.open_bookings(conversation)) - set(claimed.errand.bookings)
        await self.reconcile.look_again(claimed.errand.clinic, sorted(older)[:MOST_LOOKED_AT], self.clock)

    async def _in_turn(self, claimed: Claimed) -> tuple[Claimed, OutgoingText] | NotNow | None:
        """The text to send, when the clinic's sender is free for it. One at a time, since only a prepared text tells
        how many segments it has; the lease holds far longer than the few that may be taken together."""
        clinic = self.speech.clinic(claimed.errand.clinic)
        if not clinic.sms_per_second:
            return await self.speech.prepare(claimed, self.clock())
        segment = 1 / clinic.sms_per_second
        async with self._senders[clinic.key]:
            wait = await self.outbox.take_turn_to_send(clinic.key, segment)
            if wait > FARTHEST_TURN.total_seconds():
                until = self.clock() + timedelta(seconds=wait)
                await self.outbox.put_back(claimed, until, "behind other texts", attempted=False)
                return None
            await asyncio.sleep(wait)
            prepared = await self.speech.prepare(claimed, self.clock())
            if isinstance(prepared, tuple) and (further := segments(prepared[1].body) - 1):
                await self.outbox.take_turn_to_send(clinic.key, further * segment)
            return prepared

    async def _note(self, claimed: Claimed, outcome: CallOutcome) -> None:
        match outcome:
            case Accepted(message_id):
                await self._record(claimed, message_id)
                log.info("%s %s: sent as %s", claimed.errand.kind, claimed.errand.key, message_id)
                await self._works(claimed)
            case Rejected(blame=Blame.ACCOUNT):
                await self._refused_altogether(claimed, outcome)
            case Rejected(blame=Blame.CONFIGURATION):
                told = claimed.errand.clinic, outcome.code, outcome.detail
                log.error("the carrier refuses the settings of clinic %s (%s %s)", *told)
                await self._again_or_give_up(claimed, f"refused: {outcome.code}", SHORTEST_PAUSE)
                await self._works(claimed)
            case Rejected():
                await self.outcomes.rejected(claimed, outcome, self.clock())
                await self._works(claimed)
            case Retry(detail, after):
                await self._asked_to_wait(claimed, outcome)
                await self._again_or_give_up(claimed, detail, after)
            case InDoubt(detail):
                await self._later(claimed, f"in doubt: {detail}", doubt=True)

    async def _refused_altogether(self, claimed: Claimed, refusal: Rejected) -> None:
        """Not this text but our account: shut the channel, and tell staff once."""
        clinic, now, why = claimed.errand.clinic, self.clock(), f"{refusal.code} {refusal.detail}".strip()
        log.error("the carrier refuses the account of clinic %s (%s); texts wait until that is mended", clinic, why)
        if await self.outbox.trip(claimed, now, why):
            await self.outcomes.closed(claimed, Staff.CARRIER_CLOSED, refusal.code, now)
        await self._again_or_give_up(claimed, f"refused: {refusal.code}", None)

    async def _record(self, claimed: Claimed, message_id: str) -> None:
        """The one note that must not be lost: while the database is away, keep trying to write it."""
        while True:
            try:
                return await self.outcomes.accepted(claimed, message_id, "call", self.clock())
            except StorageAway:
                log.error("the database is away; message %s is not recorded yet", message_id)
                await asyncio.sleep(RECORD_AGAIN.total_seconds())

    async def _again_or_give_up(self, claimed: Claimed, why: str, after: timedelta | None) -> None:
        if not self._is_too_old(claimed):
            await self._later(claimed, why, after)
            return
        await self.outcomes.given_up(claimed, Staff.TEXT_GIVEN_UP, why, self.clock())

    async def _look_up(self, claimed: Claimed) -> None:
        """First whether it is proved already, then the carrier's list; an absence there proves nothing."""
        if await self.ledger.sent_for(claimed.errand.key):
            await self.outcomes.drop(claimed)
            return
        if message_id := await self._found(claimed):
            await self.outcomes.accepted(claimed, message_id, "look-up", self.clock())
            return
        await self._decide_doubt(claimed, self.speech.clinic(claimed.errand.clinic))

    async def _found(self, claimed: Claimed) -> str | None:
        conversation = await self.ledger.conversation(claimed.errand.conversation or "")
        carrier = self.carriers[claimed.errand.clinic]
        if conversation is None or claimed.attempted_at is None or not carrier.lists_texts:
            return None
        text = OutgoingText(claimed.errand.key, conversation.phone.readable, claimed.text, timedelta())
        found = await carrier.find(text, claimed.attempted_at - CLOCK_SKEW)
        if isinstance(found, Retry):
            return None
        for message in found:
            if await self.ledger.sent_text(message.message_id) is None:  # not another errand's
                return message.message_id
        return None

    async def _look_again(self, claimed: Claimed, decided_at: datetime) -> None:
        """Where there is no list, a report ends the doubt whenever it comes, and until then there is nothing to do."""
        if self.carriers[claimed.errand.clinic].lists_texts:
            await self._later(claimed, "not in the carrier's list yet", doubt=True)
        else:
            await self.outbox.put_back(claimed, decided_at, "waits for the carrier's report", attempted=True)

    async def _decide_doubt(self, claimed: Claimed, clinic: Clinic) -> None:
        now, attempted_at = self.clock(), claimed.attempted_at or self.clock()
        if now - attempted_at < clinic.doubt_after:
            await self._look_again(claimed, attempted_at + clinic.doubt_after)
        elif clinic.on_doubt is OnDoubt.RESEND and not claimed.resent:
            log.warning("%s %s: sent once more after a doubt", claimed.errand.kind, claimed.errand.key)
            await self.outbox.put_back(claimed, now, "sent once more", attempted=False, resent=True)
        else:
            await self.outcomes.given_up(claimed, Staff.TEXT_IN_DOUBT, "", self.clock())
