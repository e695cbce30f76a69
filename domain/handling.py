"""DECIDE: what a person does with an errand that is stuck. It is a fact of the errand's own stream, and the errand
changes in the same commit: of two people, or of a person and a worker, one wins."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.channels import Channel
from domain.correspondence import ByHand
from domain.decisions import Decisions
from domain.errands import Claimed
from domain.errors import ClaimLost, NotPossible
from domain.facts import Moment
from domain.ledger import Handled, Outbox, Work
from domain.outcomes import TextOutcomes, spoken_of
from domain.turning import Speaker


@dataclass(frozen=True)
class Standing:
    """How an errand stands: whether it is claimed no more, and whether a worker has it in hand right now."""

    is_dead: bool
    in_hand: bool


Seen = tuple[Claimed, Standing]


class Shelf(Protocol):
    """Where one can see how errands stand."""

    async def standing(self, key: str) -> Standing | None:
        """How this errand stands; None when its outcome is recorded."""


class Handling(Decisions):
    """What people do with errands; `who` stands in the log. Everything here raises NotPossible where it changes
    nothing, and says why."""

    def __init__(self, outcomes: TextOutcomes, outbox: Outbox, shelf: Shelf) -> None:
        super().__init__(outcomes.ledger, outcomes.clinics)
        self.outcomes = outcomes
        self.outbox = outbox
        self.shelf = shelf

    async def retry(self, key: str, who: str, now: datetime) -> None:
        """Let a worker take the errand now: one that is dead, or one that waits for its time. What is in doubt stays
        so: it is looked up again, and never simply sent."""
        await self._handle(now, lambda moment: self._retried(key, who, moment))

    async def sent(self, key: str, who: str, now: datetime) -> None:
        """Somebody knows that the text in doubt has left."""
        await self._handle(now, lambda moment: self._sent(key, who, moment))

    async def unsent(self, key: str, who: str, now: datetime) -> None:
        """Somebody knows that the text in doubt has not left: it is sent now."""
        await self._handle(now, lambda moment: self._unsent(key, who, moment))

    async def _handle(self, now: datetime, decision: Callable[[Moment], Awaitable[None]]) -> None:
        try:
            await self.decide(now, decision)
        except ClaimLost:
            raise NotPossible("the errand has changed in this moment; look at it again", "changed") from None

    async def _retried(self, key: str, who: str, moment: Moment) -> None:
        seen = claimed, standing = await self._look(key)
        due_at = claimed.errand.due_at
        if not standing.is_dead and (due_at is None or due_at <= moment.at):
            raise NotPossible(f"errand {key} is due already: a worker takes it next", "due_already")
        await self._put_back(seen, ByHand.RETRIED, who, moment)

    async def _unsent(self, key: str, who: str, moment: Moment) -> None:
        await self._put_back(await self._look_at_doubt(key), ByHand.UNSENT, who, moment)

    async def _put_back(self, seen: Seen, how: ByHand, who: str, moment: Moment) -> None:
        speakers = await self.outcomes.speakers(seen[0].errand)
        await self._note(Work(changed=speakers[:1]), speakers, seen, (how, who), moment)

    async def _sent(self, key: str, who: str, moment: Moment) -> None:
        seen = await self._look_at_doubt(key)
        work = await self.outcomes.acceptance(seen[0], "", "staff", moment)
        if not work.changed:
            raise NotPossible(f"errand {key} is known to be sent already", "recorded")
        work.finished = None  # the errand goes as it was looked at, or not at all
        await self._note(work, work.changed, seen, (ByHand.SENT, who), moment)

    async def _note(
        self, work: Work, speakers: list[Speaker], seen: Seen, act: tuple[ByHand, str], moment: Moment
    ) -> None:
        (claimed, standing), (how, who) = seen, act
        errand, about = claimed.errand, spoken_of(claimed.errand, speakers)
        speakers[0].errand_handled(errand.kind, errand.key, moment, how=how, who=who, bookings=about)
        work.handled = Handled(claimed, standing.is_dead, how, moment.at)
        await self.append(work)

    async def _look(self, key: str) -> Seen:
        claimed, standing = await self.outbox.get(key), await self.shelf.standing(key)
        if claimed is None or standing is None:
            raise NotPossible(f"errand {key} is no longer there: its outcome is recorded", "recorded")
        if standing.in_hand:
            raise NotPossible(f"errand {key} is in a worker's hands; look again in a minute", "in_hand")
        return claimed, standing

    async def _look_at_doubt(self, key: str) -> Seen:
        claimed, standing = await self._look(key)
        if not claimed.in_doubt:
            why = "it has not been tried, or surely came to nothing"
            raise NotPossible(f"errand {key} is not in doubt: {why}", "not_in_doubt")
        if claimed.errand.kind.channel is Channel.CALENDAR:
            why = "a call to the calendar looks there first, so retry it"
            raise NotPossible(f"errand {key} is no text: {why}", "no_text")
        return claimed, standing
