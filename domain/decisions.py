"""DECIDE, what every decision has in common: load, decide, append with its reactions, and when somebody else was
first, load and decide again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TypeVar
from uuid import uuid4

from domain.booking import Booking
from domain.clinics import Clinic
from domain.conversation import Conversation
from domain.correspondence import HandedToStaff
from domain.errands import Claimed
from domain.errors import Conflict, UnknownClinic
from domain.facts import Moment
from domain.inbox import sentence
from domain.ledger import Ledger, Work
from domain.reactions import react

Result = TypeVar("Result")
log = logging.getLogger("replyes.staff")
TRIES = 20  # each try loses to a different winner, in this process or in another, so this is never reached


class Decisions:
    """Base of the use cases. `decide` is the only way in which anything is stored."""

    def __init__(self, ledger: Ledger, clinics: Mapping[str, Clinic]) -> None:
        self.ledger = ledger
        self.clinics = clinics
        self._turns = asyncio.Lock()

    async def decide(self, now: datetime, decision: Callable[[Moment], Awaitable[Result]]) -> Result:
        """Run `decision` until its append is not overtaken. Those who were overtaken take turns, so that a crowd of
        requests for one phone is served one after the other. Raises Conflict when even that fails."""
        with suppress(Conflict):
            return await decision(_moment(now))
        async with self._turns:
            for _ in range(TRIES):
                with suppress(Conflict):
                    return await decision(_moment(now))
        return await decision(_moment(now))

    async def append(self, work: Work) -> None:
        """Store the new facts together with what they call for."""
        react(work)
        called = [fact for stream in work.changed for fact in stream.new_facts() if isinstance(fact, HandedToStaff)]
        await self.ledger.append(work)
        for fact in called:
            log.warning(
                "for staff: %s (%s)", sentence(fact.reason, fact.detail), ", ".join(fact.bookings) or "no booking"
            )

    async def drop(self, claimed: Claimed) -> None:
        """The errand has nothing left to do."""
        await self.append(Work(finished=claimed.errand.key))

    def clinic(self, key: str) -> Clinic:
        """Raises UnknownClinic."""
        try:
            return self.clinics[key]
        except KeyError:
            raise UnknownClinic(f"there is no clinic {key!r}") from None

    async def bookings(self, streams: tuple[str, ...] | list[str]) -> list[Booking]:
        """Those of the bookings that exist, in the given order."""
        found = [await self.ledger.booking(stream) for stream in streams]
        return [booking for booking in found if booking is not None]

    async def conversation_in(self, work: Work, stream: str | None) -> Conversation | None:
        """The conversation as `work` has it; otherwise as it is stored, and from now on `work` has it. What gets no new
        fact is not stored again."""
        found = next((one for one in work.changed if isinstance(one, Conversation)), None)
        if found is None and (found := await self.ledger.conversation(stream or "")):
            work.changed.append(found)
        return found

    async def bookings_in(self, work: Work, streams: Sequence[str]) -> list[Booking]:
        """The same for bookings, in the given order."""
        changed = {one.id: one for one in work.changed if isinstance(one, Booking)}
        stored = await self.bookings([stream for stream in streams if stream not in changed])
        work.changed += stored
        known = changed | {one.id: one for one in stored}
        return [known[stream] for stream in streams if stream in known]

    async def conversation_with(self, clinic: str, phone: str, moment: Moment) -> Conversation:
        """The conversation with this phone, begun now if there was none."""
        stream = self.ledger.conversation_id(clinic, phone)
        return await self.ledger.conversation(stream) or Conversation.start(stream, clinic, phone, moment)


def _moment(now: datetime) -> Moment:
    return Moment(now, uuid4().hex)
