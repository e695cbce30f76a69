"""What every carrier does alike: it sends by the ways that it has, and answers webhooks by their status alone."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Protocol

from domain.errors import Conflict, NotAuthentic, NotUnderstood, StorageAway, TooLarge
from domain.inbound import Blame, DeliveryReport, InboundText
from domain.ports import Answer, CallOutcome, Carrier, OutgoingText, RawRequest, Rejected
from domain.ways import Way

REFUSALS: Mapping[type[Exception], int] = {
    NotAuthentic: 401,
    NotUnderstood: 400,
    TooLarge: 413,
    Conflict: 503,
    StorageAway: 503,
}


class Webhooks(Protocol):
    """What a carrier posts to us. Each method raises NotAuthentic or NotUnderstood."""

    def texts(self, request: RawRequest) -> list[InboundText]:
        """One patient's text, or [] where there is nothing for us."""

    def reports(self, request: RawRequest, key: str | None) -> list[DeliveryReport]:
        """How far one text of ours has come, or [] for what says nothing of that."""


class HttpCarrier(Carrier):
    """A carrier that posts webhooks. `thanks` are its answers to a text and to a report; `refusals` are the statuses
    of errors, and any other error is 500. A refusal has no body: a stranger learns nothing, and a patient is texted
    nothing."""

    thanks: ClassVar[tuple[Answer, Answer]] = (Answer(200), Answer(204))
    refusals: ClassVar[Mapping[type[Exception], int]] = REFUSALS
    webhooks: Webhooks

    async def send(self, text: OutgoingText) -> CallOutcome:
        """POST once. What cannot leave by its way is rejected without a call."""
        if text.by is Way.SMS or (text.by is Way.WHATSAPP and self.speaks_whatsapp):
            return await self.post(text)
        return Rejected("no way", f"this carrier is not set up for {text.by}", Blame.NO_WAY)

    @abstractmethod
    async def post(self, text: OutgoingText) -> CallOutcome:
        """POST once, by a way that this carrier has."""

    def receive_texts(self, request: RawRequest) -> list[InboundText]:
        """One patient's text, or [] where there is nothing for us."""
        return self.webhooks.texts(request)

    def receive_reports(self, request: RawRequest, key: str | None) -> list[DeliveryReport]:
        """How far one text of ours has come, or [] for what says nothing of that."""
        return self.webhooks.reports(request, key)

    def answer_texts(self, error: Exception | None = None) -> Answer:
        """An answer that texts nothing to the patient."""
        return self.thanks[0] if error is None else Answer(self.status_of(error))

    def answer_reports(self, error: Exception | None = None) -> Answer:
        """An answer without a body."""
        return self.thanks[1] if error is None else Answer(self.status_of(error))

    def status_of(self, error: Exception) -> int:
        """The status that refuses a webhook."""
        return next((status for kind, status in self.refusals.items() if isinstance(error, kind)), 500)
