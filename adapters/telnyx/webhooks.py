"""What Telnyx posts to us: the patients' texts, and how far ours have come. Verified, then translated.

It waits for 2 seconds, tries each URL three times, and promises neither order nor a single delivery.
"""

import logging

from adapters.common.answers import Reported
from adapters.common.values import Json, as_object, cleaned, read_json
from adapters.telnyx.answers import CODES
from adapters.telnyx.payload import report_in, text_in
from adapters.telnyx.signature import Signatures
from adapters.telnyx.values import keys_in
from domain.errors import NotAuthentic, NotUnderstood
from domain.inbound import DeliveryReport, InboundText
from domain.ports import RawRequest

TEXT = "message.received"
REPORTS = ("message.sent", "message.finalized")

logger = logging.getLogger("replyes.telnyx")


class Webhooks:
    """The webhooks of one account. Each method raises NotAuthentic or NotUnderstood."""

    def __init__(self, signatures: Signatures) -> None:
        self._signatures = signatures
        self._reported = Reported(CODES, logger)

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
        return report_in(_message(event), _signed_key(event, key), self._reported)

    def _event(self, request: RawRequest) -> Json:
        """The event in a signed POST. The signature is judged first: a stranger learns nothing else."""
        self._signatures.check(request)
        if request.method != "POST":
            raise NotUnderstood("an event comes by POST")
        event = as_object(read_json(request.body))
        if not as_object(event.get("data")):
            raise NotUnderstood("the body is no event of Telnyx's API v2: set the messaging profile to version 2")
        return event


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
