"""DECIDE, what all texts have in common that are put into words when a worker holds their errand: from the bookings as
they stand then. The claim is the moment that counts, so a text that has become wrong is withheld."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.clinics import Clinic
from domain.conversation import Conversation
from domain.decisions import Decisions
from domain.errands import Claimed, Errand
from domain.ledger import Ledger
from domain.offering import Offering
from domain.ports import OutgoingText


@dataclass(frozen=True)
class NotNow:
    """The text may be sent from `until` on."""

    until: datetime


class Speaking(Decisions):
    """Base of what puts errands into words."""

    def __init__(self, ledger: Ledger, clinics: Mapping[str, Clinic], links: Offering) -> None:
        super().__init__(ledger, clinics)
        self.links = links

    async def conversation_of(self, errand: Errand) -> Conversation:
        """Raises LookupError where the errand belongs to none."""
        conversation = await self.ledger.conversation(errand.conversation or "")
        if conversation is None:
            raise LookupError(f"errand {errand.key} belongs to no conversation")
        return conversation

    def outgoing(self, claimed: Claimed, conversation: Conversation, until: datetime, now: datetime) -> OutgoingText:
        """The text in the carrier's terms. What is no question goes back by the way on which the patient wrote."""
        valid_for = max(until - now, timedelta(seconds=1))
        by = claimed.errand.kind.way or conversation.heard_by
        return OutgoingText(claimed.errand.key, conversation.phone.readable, claimed.text, valid_for, by)
