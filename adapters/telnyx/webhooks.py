"""What Telnyx posts to us: the patients' texts, and how far ours have come. Verified, then translated.

It waits for 2 seconds, tries each URL three times, and promises neither order nor a single delivery.
"""

import logging

from adapters.telnyx.payload import report_in, text_in
from adapters.telnyx.signature import Signatures
from adapters.telnyx.values import Json, as_object, cleaned, json_object, keys_in
from domain.errors import Conflict, NotAuthentic, NotUnderstood, StorageAway, TooLarge
from domain.inbound import DeliveryReport, InboundText
from domain.ports import Answer, RawRequest

TEXT = "message.received"
REPORTS = ("message.sent", "message.finalized")
REFUSALS: dict[type[Exception], int] = {
    NotAuthentic: 401,
    NotUnderstood: 400,
    TooLarge: 413,
    Conflict: 503,
    StorageAway: 503,
}

logger = logging.getLogger("replyes.telnyx")


class Webhooks:
    """The webhooks of one account. Each method raises NotAuthentic or NotUnderstood."""

    def __init__(self, signatures: Signatures) -> None:
        self._signatures = signatures

    def texts(self, request: RawRequest) -> list[InboundText]:
        """One patient's text, or [] for other events, and for what came over another channel."""
        event = self._event(request)
        if _kind(event) in REPORTS:
            raise NotUnderstood("a delivery report came to the address for texts")
        if _kind(event) != TEXT:
            logger.info("an event of another kind (%s) came where texts come", _kind(event))
            return []
        return text_in(_message(event))

    def reports(self, request: RawRequest, key: str | None) -> list[DeliveryReport]:
        """How far one text of ours has come, or [] for other events, and for a status that says nothing of that."""
        event = self._event(request)
        if _kind(event) == TEXT:
            raise NotUnderstood(
                "a patient's text came to the address for reports: set the profile to /api/webhooks/sms"
            )
        if _kind(event) not in REPORTS:
            logger.info("an event of another kind (%s) came where delivery reports come", _kind(event))
            return []
        return report_in(_message(event), _signed_key(event, key))

    def _event(self, request: RawRequest) -> Json:
        """The event in a signed POST. The signature is judged first: a stranger learns nothing else."""
        self._signatures.check(request)
        if request.method != "POST":
            raise NotUnderstood("an event comes by POST")
        event = json_object(request.body)
        if not as_object(event.get("data")):
            raise NotUnderstood("the body is no event of Telnyx's API v2: set the messaging profile to version 2")
        return event


def answer_to_texts(error: Exception | None) -> Answer:
    """200 without a body; Telnyx reads nothing but the status."""
    return Answer(200) if error is None else _refusal(error)


def answer_to_reports(error: Exception | None) -> Answer:
    """204."""
    return Answer(204) if error is None else _refusal(error)


def _refusal(error: Exception) -> Answer:
    """Without a body: a stranger learns nothing."""
    return Answer(next((status for kind, status in REFUSALS.items() if isinstance(error, kind)), 500))


def _kind(event: Json) -> str:
    return cleaned(as_object(event.get("data")).get("event_type"), 40)


def _message(event: Json) -> Json:
    return as_object(as_object(event.get("data")).get("payload"))


def _signed_key(event: Json, key: str | None) -> str | None:
    """The errand's key by the URLs in the signed body. The path is not signed, so it may only agree: else a report
    could be moved from one text to another."""
    signed = keys_in(_message(event).get("webhook_url"), as_object(event.get("meta")).get("delivered_to"))
    if key is not None and signed and key not in signed:
        raise NotAuthentic("the report was signed for another text")
    return key if key in signed else next(iter(sorted(signed)), None)
