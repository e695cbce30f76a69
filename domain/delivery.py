"""DELIVER: a due errand meets the world, and its outcome is a fact. Never a lock or a transaction across a call."""

import logging
import random
from collections.abc import Callable
from datetime import datetime, timedelta

from domain.channels import LONGEST_PAUSE
from domain.errands import Claimed
from domain.ledger import GivenUp, Ledger, Outbox
from domain.patience import GIVE_UP_AFTER, backoff
from domain.ports import Retry

log = logging.getLogger("replyes.delivery")

MOST_STUMBLES = 20


class Delivery:
    """What texts and calendar calls share: `carry_out`, giving an errand back, giving one up after a day."""

    def __init__(self, ledger: Ledger, outbox: Outbox, clock: Callable[[], datetime]) -> None:
        self.ledger = ledger
        self.outbox = outbox
        self.clock = clock

    async def carry_out(self, claimed: Claimed) -> None:
        """Carry out one errand. After an exception the errand comes back when its lease is over."""
        raise NotImplementedError

    async def stumbled(self, claimed: Claimed, error: Exception) -> None:
        """Carrying it out failed in a way that nobody foresaw. Its mark stays as it is; after many tries it is kept
        for people to see."""
        why = f"{type(error).__name__}, see the log"
        if claimed.attempts >= MOST_STUMBLES:
            log.error("%s %s: given up after %s tries", claimed.errand.kind, claimed.errand.key, claimed.attempts)
            await self.outbox.give_up(GivenUp(claimed, why))
        else:
            await self._later(claimed, why, doubt=True)

    async def _works(self, claimed: Claimed) -> None:
        """The other side has dealt with an errand: it does not refuse our account any more."""
        if claimed.probes:
            log.warning("%s of clinic %s works again", claimed.errand.kind.channel, claimed.errand.clinic)
            await self.outbox.reopen(claimed)

    async def _asked_to_wait(self, claimed: Claimed, outcome: Retry) -> None:
        """Nobody else shall ask either, until the time that the other side has named is over."""
        if outcome.after is not None:
            until = self.clock() + min(outcome.after, LONGEST_PAUSE)
            await self.outbox.pause(claimed, until, outcome.detail)

    def _is_too_old(self, claimed: Claimed) -> bool:
        return self.clock() - claimed.errand.queued_at > GIVE_UP_AFTER

    async def _later(self, claimed: Claimed, why: str, after: timedelta | None = None, *, doubt: bool = False) -> None:
        wait = backoff(claimed.attempts, random.random(), after or timedelta())  # noqa: S311
        log.warning("%s %s: %s; again in %.0f s", claimed.errand.kind, claimed.errand.key, why, wait.total_seconds())
        await self.outbox.put_back(claimed, self.clock() + wait, why, attempted=doubt)
