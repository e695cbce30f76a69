"""DELIVER, what texts and e-mails share: what becomes of an errand after each outcome of its one call."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from domain.channels import SHORTEST_PAUSE
from domain.clinics import Clinic, OnDoubt
from domain.delivery import Delivery, log
from domain.errands import Claimed
from domain.errors import StorageAway
from domain.inbound import Blame
from domain.inbox import Staff
from domain.ledger import Outbox
from domain.outcomes import TextOutcomes
from domain.ports import Accepted, CallOutcome, InDoubt, Rejected, Retry

RECORD_AGAIN = timedelta(seconds=1)


class Sending(Delivery):
    """`who` takes what is sent, for the log; `closed` is why staff is called when it refuses our account."""

    who = "the carrier"
    closed = Staff.CARRIER_CLOSED

    def __init__(self, outcomes: TextOutcomes, outbox: Outbox, clock: Callable[[], datetime]) -> None:
        super().__init__(outcomes.ledger, outbox, clock)
        self.outcomes = outcomes

    async def _note(self, claimed: Claimed, outcome: CallOutcome) -> None:
        match outcome:
            case Accepted(message_id):
                await self._record(claimed, message_id)
                log.info("%s %s: sent as %s", claimed.errand.kind, claimed.errand.key, message_id)
                await self._works(claimed)
            case Rejected(blame=Blame.ACCOUNT):
                await self._refused_altogether(claimed, outcome)
            case Rejected(blame=Blame.CONFIGURATION) if not claimed.errand.kind.is_turned:
                self._tell_settings(claimed, outcome)
                await self._again_or_give_up(claimed, f"refused: {outcome.code}", SHORTEST_PAUSE)
                await self._works(claimed)
            case Rejected():
                if outcome.blame is Blame.CONFIGURATION:
                    self._tell_settings(claimed, outcome)
                await self.outcomes.rejected(claimed, outcome, self.clock())
                await self._works(claimed)
            case Retry(detail, after):
                await self._asked_to_wait(claimed, outcome)
                await self._again_or_give_up(claimed, detail, after)
            case InDoubt(detail):
                await self._later(claimed, f"in doubt: {detail}", doubt=True)

    def _tell_settings(self, claimed: Claimed, refusal: Rejected) -> None:
        told = self.who, claimed.errand.clinic, refusal.code, refusal.detail
        log.error("%s refuses the settings of clinic %s (%s %s)", *told)

    async def _refused_altogether(self, claimed: Claimed, refusal: Rejected) -> None:
        """Not this one but our account: shut the channel, and tell staff once."""
        now, why = self.clock(), f"{refusal.code} {refusal.detail}".strip()
        told = self.who, claimed.errand.clinic, why
        log.error("%s refuses the account of clinic %s (%s); everything waits until that is mended", *told)
        if await self.outbox.trip(claimed, now, why):
            await self.outcomes.closed(claimed, self.closed, refusal.code, now)
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

    async def _look_again(self, claimed: Claimed, decided_at: datetime) -> None:
        """Nothing to look in: something else may end the doubt, and until then there is nothing to do."""
        await self.outbox.put_back(claimed, decided_at, "in doubt, and nothing tells", attempted=True)

    async def _decide_doubt(self, claimed: Claimed, clinic: Clinic) -> None:
        now, attempted_at = self.clock(), claimed.attempted_at or self.clock()
        if now - attempted_at < clinic.doubt_after:
            await self._look_again(claimed, attempted_at + clinic.doubt_after)
        elif clinic.on_doubt is OnDoubt.RESEND and not claimed.resent:
            log.warning("%s %s: sent once more after a doubt", claimed.errand.kind, claimed.errand.key)
            await self.outbox.put_back(claimed, now, "sent once more", attempted=False, resent=True)
        elif await self.outcomes.is_moot(claimed):
            await self.outcomes.drop(claimed)
        else:
            await self.outcomes.given_up(claimed, Staff.TEXT_IN_DOUBT, "", self.clock())
