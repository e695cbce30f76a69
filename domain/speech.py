"""DECIDE: what to say now that the time has come."""

from datetime import datetime

from domain.asking import Asking
from domain.conversation import Conversation
from domain.errands import Claimed
from domain.ports import OutgoingText
from domain.speaking import NotNow
from domain.telling import Telling


class Speech(Asking, Telling):
    """Turns a claimed errand into the text that leaves."""

    async def prepare(self, claimed: Claimed, now: datetime) -> tuple[Claimed, OutgoingText] | NotNow | None:
        """The errand with its attempt marked, and the text to send; NotNow where it has to wait; None where nothing is
        to be said any more (that is recorded, and the errand is gone)."""
        if claimed.errand.kind.asks:
            return await self.decide(now, lambda moment: self.ask(claimed, moment))
        return await self.decide(now, lambda moment: self.tell(claimed, moment))

    async def as_attempted(self, claimed: Claimed, conversation: Conversation, attempted_at: datetime) -> OutgoingText:
        """The text of an errand in doubt as it was handed to the carrier, to look for it."""
        text = self.outgoing(claimed, conversation, attempted_at, attempted_at)
        return await self.in_approved_words(claimed, conversation, text, attempted_at)
