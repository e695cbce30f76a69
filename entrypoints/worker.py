"""The worker: claim what is due, carry it out, rest until something happens."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime

from domain.channels import Channel
from domain.clinics import Clinic
from domain.delivery import Delivery
from domain.errands import Claimed
from domain.errors import ClaimLost, StorageAway
from entrypoints.store import Store

log = logging.getLogger("replyes.worker")

AT_ONCE = 20  # errands that one worker carries out at the same time through one channel
LONGEST_REST = 1.0  # seconds; the net below every wake-up that is missed
STOP_WITHIN = 12.0  # seconds for the errands in hand: longer than any call may take

Door = tuple[str, Channel]


class Worker:
    """Carries out errands side by side, as many as each channel takes."""

    def __init__(
        self,
        store: Store,
        clinics: Mapping[str, Clinic],
        deliveries: Mapping[Channel, Delivery],
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self.outbox = store.outbox
        self.database = store.database
        self.bell = store.bell
        self.clinics = clinics
        self.deliveries = deliveries
        self.clock = clock
        self.turned_at: datetime | None = None
        self._in_hand: dict[asyncio.Task[None], Door] = {}

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set; then finish the errands in hand and leave the rest for the next process."""
        watching = asyncio.create_task(self._watch())
        while not stopping.is_set():
            try:
                await self._take()
                self.turned_at = self.clock()
                await self.bell.wait(await self._rest())
            except StorageAway as error:
                log.error("%s; trying again", error)
                await asyncio.sleep(LONGEST_REST)
        watching.cancel()
        if self._in_hand:
            await asyncio.wait(self._in_hand, timeout=STOP_WITHIN)

    async def _watch(self) -> None:
        """Be woken by other processes; a hint only, so a failure is no more than that."""
        while True:
            try:
                await self.database.watch(self.bell.ring)
            except Exception as error:
                log.warning("not woken by other processes for now (%s)", type(error).__name__)
            await asyncio.sleep(LONGEST_REST)

    async def claim(self) -> list[Claimed]:
        """What is due now, as far as each channel takes it and this worker has hands free."""
        claimed: list[Claimed] = []
        now, in_hand = self.clock(), list(self._in_hand.values())
        for condition in await self.outbox.waiting(now):
            if (clinic := self.clinics.get(condition.clinic)) is None:
                continue  # no settings tell whom to ask: its errands wait, where people can see them
            allowed = condition.allowance(now, clinic.sms_per_second)
            free = AT_ONCE - in_hand.count((condition.clinic, condition.channel))
            if limit := free if allowed is None else min(free, allowed):
                claimed += await self.outbox.claim(now, limit, condition)
        return claimed

    async def _take(self) -> None:
        for claimed in await self.claim():
            task = asyncio.create_task(self._carried_out(claimed))
            self._in_hand[task] = claimed.errand.clinic, claimed.errand.kind.channel
            task.add_done_callback(self._in_hand.pop)

    async def _rest(self) -> float:
        """How long to rest when nobody rings: until the next errand becomes due, a second at most."""
        now = self.clock()
        due_at = await self.outbox.next_due(now)
        return LONGEST_REST if due_at is None else min(LONGEST_REST, (due_at - now).total_seconds())

    async def carry_out(self, claimed: Claimed) -> None:
        """One errand, whatever its kind. What it raises is unexpected."""
        await self._delivery(claimed).carry_out(claimed)

    def _delivery(self, claimed: Claimed) -> Delivery:
        return self.deliveries[claimed.errand.kind.channel]

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
