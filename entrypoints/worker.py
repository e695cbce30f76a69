"""The worker: claim what is due, carry it out, rest until something happens."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from adapters.storage.outbox import StoredOutbox
from domain.calling import Calling
from domain.delivery import Delivery
from domain.errands import Claimed
from domain.errors import ClaimLost, StorageAway
from domain.expiry import Expiry
from domain.texting import Texting

log = logging.getLogger("replyes.worker")

AT_ONCE = 20  # errands that one worker carries out at the same time
LONGEST_REST = 1.0  # seconds; the net below every wake-up that is missed
EXPIRY_EVERY = timedelta(minutes=1)
STOP_WITHIN = 12.0  # seconds for the errands in hand: longer than any call may take


class Bell:
    """Wakes the worker after a commit that queued errands. A hint only: the poll each second is the net."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Until somebody rings, at most this long."""
        try:
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        except TimeoutError:
            pass
        self._rung.clear()


class Worker:
    """Carries out errands side by side, and runs the expiry job every minute."""

    def __init__(
        self,
        outbox: StoredOutbox,
        bell: Bell,
        expiry: Expiry,
        texting: Texting,
        calling: Calling,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self.outbox = outbox
        self.bell = bell
        self.expiry = expiry
        self.texting = texting
        self.calling = calling
        self.clock = clock
        self._in_hand: set[asyncio.Task[None]] = set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set; then finish the errands in hand and leave the rest for the next process."""
        expire_at = self.clock()
        while not stopping.is_set():
            try:
                if self.clock() >= expire_at:
                    expire_at = self.clock() + EXPIRY_EVERY
                    await self.expiry.run(self.clock())
                await self._take()
                await self.bell.wait(await self._rest())
            except StorageAway as error:
                log.error("%s; trying again", error)
                await asyncio.sleep(LONGEST_REST)
        if self._in_hand:
            await asyncio.wait(self._in_hand, timeout=STOP_WITHIN)

    async def _take(self) -> None:
        free = AT_ONCE - len(self._in_hand)
        for claimed in await self.outbox.claim(self.clock(), free) if free else []:
            task = asyncio.create_task(self._carried_out(claimed))
            self._in_hand.add(task)
            task.add_done_callback(self._in_hand.discard)

    async def _rest(self) -> float:
        """How long to rest when nobody rings: until the next errand becomes due, a second at most."""
        now = self.clock()
        due_at = await self.outbox.next_due(now)
        return LONGEST_REST if due_at is None else min(LONGEST_REST, (due_at - now).total_seconds())

    async def carry_out(self, claimed: Claimed) -> None:
        """One errand, whatever its kind. What it raises is unexpected."""
        await self._delivery(claimed).carry_out(claimed)

    def _delivery(self, claimed: Claimed) -> Delivery:
        return self.calling if claimed.errand.kind.is_calendar else self.texting

    async def _carried_out(self, claimed: Claimed) -> None:
        name = f"{claimed.errand.kind} {claimed.errand.key}"
        try:
            await self.carry_out(claimed)
        except ClaimLost as error:
            log.warning("%s: %s", name, error)
        except StorageAway as error:
            log.error("%s: %s; it comes back", name, error)
        except Exception as error:
            log.exception("%s failed", name)
            with suppress(StorageAway):
                await self._delivery(claimed).stumbled(claimed, error)
        self.bell.ring()
