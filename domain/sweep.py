"""DECIDE: texts whose webhook never reached us. Carriers keep a list of what they have taken in; it is read now and
then, and a text that we have not heard yet is heard as it would have been, unless something newer has overtaken it."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.answers import Answers
from domain.confirmations import Receipt
from domain.inbound import InboundText
from domain.ledger import Turns
from domain.ports import Carrier, Retry

log = logging.getLogger("replyes.sweep")

LISTS_LAG = timedelta(hours=6)  # a text may appear in the list that much later than it was sent


@dataclass
class Swept:
    """What one run did. `problems` are sentences; a run with one of them is repeated from where it began."""

    seen: int = 0
    heard: int = 0
    problems: list[str] = field(default_factory=list)


class Sweep:
    """Hears what was missed, through the same door as a webhook."""

    def __init__(self, answers: Answers, turns: Turns, carriers: Mapping[str, Carrier]) -> None:
        self.answers = answers
        self.turns = turns
        self.carriers = carriers

    async def run(self, clinic: str, clock: Callable[[], datetime]) -> Swept:
        """One clinic, since the last complete run; never what was sent before the installation. Nothing to do where
        the carrier has no list."""
        job, began_at, done = f"sweep of {clinic}", clock(), Swept()
        if not self.carriers[clinic].lists_texts:
            return done
        installed_at = await self.turns.installed_at(clinic) or began_at
        last = await self.turns.done_until(job)
        since = max(installed_at, last - LISTS_LAG) if last else installed_at
        texts = await self.carriers[clinic].received(since)
        if isinstance(texts, Retry):
            done.problems.append(f"the carrier does not show its list: {texts.detail}")
            return done
        for text in filter(self.carriers[clinic].is_for_us, texts):  # the account may be another clinic's too
            await self._hear(clinic, text, clock, done)
        if not done.problems:
            await self.turns.finish(job, began_at)
        return done

    async def _hear(self, clinic: str, text: InboundText, clock: Callable[[], datetime], done: Swept) -> None:
        """One failing text never stops the next."""
        done.seen += 1
        try:
            receipt = await self.answers.hear(clinic, text, clock())
        except Exception:
            log.exception("text %s could not be heard; the next run tries again", text.message_id)
            done.problems.append(f"text {text.message_id} could not be heard, see the log")
            return
        if receipt is Receipt.ACCEPTED:
            done.heard += 1
            log.warning("text %s: heard late, its webhook never came", text.message_id)
