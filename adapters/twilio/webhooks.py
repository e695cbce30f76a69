"""What Twilio posts to us: the patients' texts, and how far ours have come. Verified, then translated.

A webhook's answer is acted upon: a body of text/plain is texted to the patient, so a refusal has no body at all.
"""

import logging
from collections.abc import Iterable
from urllib.parse import parse_qsl

from twilio.request_validator import HMAC_SHA1, HMAC_SHA256, RequestValidator

from adapters.common.answers import Reported
from adapters.common.values import LONGEST_RECIPIENT, LONGEST_TEXT, cleaned, digits
from adapters.twilio.answers import CODES
from adapters.twilio.settings import TwilioSettings
from adapters.twilio.values import MESSAGE_SID, WHATSAPP, phone_in, pictures
from domain.errors import NotAuthentic, NotUnderstood
from domain.inbound import ConsentHint, Delivery, DeliveryReport, InboundText
from domain.ports import RawRequest
from domain.ways import Way

MOST_FIELDS = 200  # Twilio sends about 25, and two more for each picture

DELIVERIES = {
    **dict.fromkeys(("queued", "accepted", "scheduled", "sending"), Delivery.ACCEPTED),
    "sent": Delivery.SENT,
    **dict.fromkeys(("delivered", "read", "partially_delivered"), Delivery.DELIVERED),
    **dict.fromkeys(("undelivered", "failed", "canceled"), Delivery.UNDELIVERED),
}

logger = logging.getLogger("replyes.twilio")


class Webhooks:
    """The webhooks of one account. Each method raises NotAuthentic or NotUnderstood."""

    def __init__(self, settings: TwilioSettings) -> None:
        self._account_sid = settings.account_sid
        self._public_url = settings.public_url.rstrip("/")
        self._validators = [RequestValidator(token) for token in settings.auth_tokens]
        self._ways = (Way.SMS, Way.WHATSAPP) if settings.whatsapp else (Way.SMS,)
        self._reported = Reported(CODES, logger)

    def texts(self, request: RawRequest) -> list[InboundText]:
        """One patient's text, or [] for what came over a channel by which nobody is asked. Who touches a button of
        WhatsApp says what is written on it."""
        form = self._verified(request)
        message_id, told = form.message_sid(), form.one("From")
        sender = phone_in(told)
        if sender is None or sender[1] not in self._ways:
            logger.info("%s is from no phone number that we ask (…%r): nothing for us", message_id, told[-2:])
            return []
        return [
            InboundText(
                message_id=message_id,
                sender=sender[0],
                recipient=cleaned(form.one("To").removeprefix(WHATSAPP), LONGEST_RECIPIENT),
                text=cleaned(form.one("Body") or form.one("ButtonText"), LONGEST_TEXT),
                pictures=pictures(form.one("NumMedia")),
                hint=ConsentHint.__members__.get(form.one("OptOutType").strip().upper()),
                by=sender[1],
                pool=cleaned(form.one("MessagingServiceSid"), LONGEST_RECIPIENT),
            )
        ]

    def reports(self, request: RawRequest, key: str | None) -> list[DeliveryReport]:
        """How far one text of ours has come, or [] for a status that says nothing of that."""
        form = self._verified(request)
        message_id = form.message_sid()
        status = DELIVERIES.get(form.one("MessageStatus") or form.one("SmsStatus"))
        if status is None:
            logger.info("delivery report %s: a status that tells us nothing", message_id)
            return []
        code = digits(form.one("ErrorCode"), 10)
        return [DeliveryReport(message_id, status, key, code, self._reported.blame(status, code))]

    def _verified(self, request: RawRequest) -> "_Form":
        """The form of a signed POST from our account. The signature is judged first: a stranger learns nothing else."""
        signature = request.headers.get("x-twilio-signature")
        if not signature:
            raise NotAuthentic("X-Twilio-Signature is missing", signed=False)
        try:
            form = _parsed(request.body)
        except ValueError:
            raise NotAuthentic("the body is not a form that Twilio could have signed") from None
        url = self._public_url + request.path + (f"?{request.query}" if request.query else "")
        if not _is_signed(url, form, signature, self._validators):
            raise NotAuthentic("the signature does not fit: check TWILIO_AUTH_TOKEN and PUBLIC_URL")
        if request.method != "POST":
            raise NotUnderstood("set the webhook to POST: a GET leaves the patient's words in access logs")
        if form.one("AccountSid") != self._account_sid:
            raise NotAuthentic("the message is for another account")
        return form


class _Form(dict[str, list[str]]):
    """A form's fields, each with every value that came for it, blank ones too: they are part of the signature."""

    def getlist(self, name: str) -> list[str]:
        """How RequestValidator asks for the values of a field."""
        return self[name]

    def one(self, name: str) -> str:
        """The field's value, "" where it is missing. Two different values raise NotUnderstood."""
        values = set(self.get(name, [""]))
        if len(values) > 1:
            raise NotUnderstood(f"{name} came with different values")
        return values.pop()

    def message_sid(self) -> str:
        """Twilio's id of the message, the same at every repetition."""
        sid = self.one("MessageSid")
        if not MESSAGE_SID.fullmatch(sid):
            raise NotUnderstood("MessageSid is missing or malformed")
        return sid


def _parsed(body: bytes) -> _Form:
    """The body as a form, whatever its content type says. ValueError where it is none.

    What Twilio signs is URL, names and values with nothing in between. A name that begins like a path could hold the
    end of another URL of ours, and move a signature from there to here; no field of Twilio's begins so.
    """
    form = _Form()
    fields = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    for name, value in fields:
        if not (name[:1].isascii() and name[:1].isalpha()):
            raise ValueError("a field's name begins with a letter")
        form.setdefault(name, []).append(value)
    return form


def _is_signed(url: str, params: _Form, signature: str, validators: Iterable[RequestValidator]) -> bool:
    """Whether one of the tokens made the signature. The digest is ours to try, never the request's to choose.

    RequestValidator raises on what it did not expect (a port out of range, a broken IPv6 host); that is a no as well.
    """
    try:
        return any(
            validator.validate(url, params, signature, algorithm)
            for validator in validators
            for algorithm in (HMAC_SHA1, HMAC_SHA256)
        )
    except Exception:
        return False
