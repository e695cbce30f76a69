"""Twilio, both directions: the Messages API that sends our texts, and the webhooks that bring the patients' answers.

Two of its habits shape this file. A send has no idempotency key, so a POST is made once and a doubt is told as a doubt.
And a webhook's answer is acted upon: a body of text/plain is texted to the patient, so a refusal has no body at all.
"""

import asyncio
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx
from twilio.request_validator import HMAC_SHA1, HMAC_SHA256, RequestValidator

from domain.errors import Conflict, Misconfigured, NotAuthentic, NotUnderstood, StorageAway, TooLarge
from domain.inbound import ConsentHint, Delivery, DeliveryReport, InboundText
from domain.ports import (
    Accepted,
    Answer,
    Blame,
    CallOutcome,
    Carrier,
    FoundText,
    InDoubt,
    OutgoingText,
    RawRequest,
    Rejected,
    Retry,
)

TIME_LIMIT = 10.0  # seconds for one call, all of it; a worker's lease is longer
LONGEST_VALIDITY = 36_000  # seconds: Twilio's own maximum
LONGEST_WAIT = timedelta(days=1)
PAGE_SIZE, PAGES = 100, 3  # how far back a look-up reads: far more texts than one phone gets in a quarter of an hour
MOST_FIELDS = 200  # Twilio sends about 25, and two more for each picture
LONGEST_TEXT = 3200  # characters: twice Twilio's maximum, so that what was cut still looks too long to decide

# Nothing of the request has left this machine.
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)

# https://www.twilio.com/docs/api/errors. A code that stands nowhere here is blamed on the phone: staff sees it.
FULL_FOR_NOW = {"21611", "63017", "63038"}
OPTED_OUT = {"21610"}
ACCOUNT_CANNOT = {
    *("10001", "20003", "20005", "20404", "30002"),  # credentials; an account that is unknown, closed or suspended
    *("21601", "21603", "21606", "21659", "21660", "21661", "21705", "30034"),  # a sender that may not send
    *("21408", "21608", "21609"),  # a country not enabled, a trial account, a PUBLIC_URL that Twilio refuses
}
STATUSES_OF_A_WRONG_SETTING = {401, 403, 404, 405, 407}

DELIVERIES = {
    **dict.fromkeys(("queued", "accepted", "scheduled", "sending"), Delivery.ACCEPTED),
    "sent": Delivery.SENT,
    **dict.fromkeys(("delivered", "read", "partially_delivered"), Delivery.DELIVERED),
    **dict.fromkeys(("undelivered", "failed", "canceled"), Delivery.UNDELIVERED),
}

REFUSALS: dict[type[Exception], int] = {
    NotAuthentic: 403,
    NotUnderstood: 400,
    TooLarge: 413,
    Conflict: 503,
    StorageAway: 503,
}
SAY_NOTHING = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'

MESSAGE_SID = re.compile(r"(SM|MM)[0-9A-Za-z_-]{1,62}")  # 32 hex digits at Twilio; stand-ins are less strict
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # newline and tab are text
PHONE_LIKE = re.compile(r"\d(?:[ .()-]{0,2}\d){6,}")
SECRET_LIKE = re.compile(r"[A-Za-z0-9+/=_-]{24,}")

logger = logging.getLogger("replyes.twilio")


@dataclass(frozen=True)
class TwilioSettings:
    """One Twilio account. `sender` is an E.164 number or a Messaging Service (MG…); `public_url` is what Twilio sees.

    The first of `auth_tokens` sends, all of them verify: an old and a new one while they are rotated, or the secret
    of a webhook SharedKey. With a blank one anybody could sign, so that raises Misconfigured.
    """

    account_sid: str
    auth_tokens: tuple[str, ...] = field(repr=False)
    sender: str
    public_url: str
    api_url: str = "https://api.twilio.com"

    def __post_init__(self) -> None:
        if not self.account_sid or not self.auth_tokens or not all(self.auth_tokens):
            raise Misconfigured(["TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN is blank: copy both from Twilio's console."])


def http_client(transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """The client that sends need: no redirects, no retries, and a new connection for each call.

    A kept connection that Twilio has closed meanwhile would look like a doubt; a TLS handshake per text costs less.
    Connecting gives up well before TIME_LIMIT, so that "could not connect" is told as such. httpx logs whole URLs at
    INFO, and a look-up's URL holds a phone number: its logger is turned down.
    """
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return httpx.AsyncClient(
        transport=transport,
        timeout=httpx.Timeout(TIME_LIMIT, connect=4.0, pool=1.0),
        limits=httpx.Limits(max_keepalive_connections=0),
        follow_redirects=False,
    )


class Twilio(Carrier):
    """One Twilio account as a carrier. `time_limit` is in seconds and bounds each call as a whole."""

    def __init__(self, settings: TwilioSettings, client: httpx.AsyncClient, *, time_limit: float = TIME_LIMIT) -> None:
        self._settings = settings
        self._client = client
        self._time_limit = time_limit
        self._auth = httpx.BasicAuth(settings.account_sid, settings.auth_tokens[0])
        self._public_url = settings.public_url.rstrip("/")
        self._api_url = settings.api_url.rstrip("/")
        self._messages = f"/2010-04-01/Accounts/{settings.account_sid}/Messages.json"
        self._validators = [RequestValidator(token) for token in settings.auth_tokens]

    async def send(self, text: OutgoingText) -> CallOutcome:
        """POST once. In doubt is everything between "it never left" and an answer that can be read."""
        try:
            async with asyncio.timeout(self._time_limit):
                response = await self._client.post(
                    self._api_url + self._messages, data=self._form(text), auth=self._auth, follow_redirects=False
                )
        except NEVER_SENT as error:
            return Retry(type(error).__name__)
        except (httpx.HTTPError, TimeoutError) as error:
            return InDoubt(type(error).__name__)
        return _accepted(response) if response.is_success else _refused(response)

    async def find(self, text: OutgoingText, since: datetime) -> list[FoundText] | Retry:
        """Copies of the text in Twilio's list. The list lags by minutes, at times hours: absence proves nothing.

        There is no DateSent filter, because a message that waits to be sent has no such date.
        """
        found: dict[str, FoundText] = {}  # by id: the list moves on while its pages are read
        url = self._api_url + self._messages
        query: dict[str, str] | None = {"To": text.to, "PageSize": str(PAGE_SIZE)}
        try:
            async with asyncio.timeout(self._time_limit):
                for _ in range(PAGES):
                    response = await self._client.get(url, params=query, auth=self._auth, follow_redirects=False)
                    if response.status_code != httpx.codes.OK:
                        return Retry(_problem(response)[1], _retry_after(response))
                    page = _json(response)
                    found.update({copy.message_id: copy for copy in _copies(page, text)})
                    url, query = self._next_page(page), None
                    if not url:
                        break
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
            return Retry(f"the message list: {type(error).__name__}")
        earliest = since.replace(microsecond=0)  # Twilio's dates have whole seconds
        recent = [copy for copy in found.values() if copy.created_at >= earliest]
        return sorted(recent, key=lambda copy: copy.created_at)

    def receive_texts(self, request: RawRequest) -> list[InboundText]:
        """One patient's text, or [] for what came over another channel: patients are asked by SMS."""
        form = self._verified(request)
        message_id, sender = form.message_sid(), form.one("From")
        if not E164.fullmatch(sender):
            logger.info("%s is from no phone number (…%r): nothing for us", message_id, sender[-2:])
            return []
        return [
            InboundText(
                message_id=message_id,
                sender=sender,
                recipient=_cleaned(form.one("To"), 64),
                text=_cleaned(form.one("Body"), LONGEST_TEXT),
                pictures=int(_digits(form.one("NumMedia"), 3) or 0),
                hint=ConsentHint.__members__.get(form.one("OptOutType").strip().upper()),
            )
        ]

    def receive_reports(self, request: RawRequest, key: str | None) -> list[DeliveryReport]:
        """How far one text of ours has come, or [] for a status that says nothing of that."""
        form = self._verified(request)
        message_id = form.message_sid()
        status = DELIVERIES.get(form.one("MessageStatus") or form.one("SmsStatus"))
        if status is None:
            logger.info("delivery report %s: a status that tells us nothing", message_id)
            return []
        return [DeliveryReport(message_id, status, key, _digits(form.one("ErrorCode"), 10))]

    def answer_texts(self, error: Exception | None = None) -> Answer:
        """TwiML that says nothing; our own words leave as texts whose message id we know."""
        return Answer(200, SAY_NOTHING, "text/xml") if error is None else _refusal(error)

    def answer_reports(self, error: Exception | None = None) -> Answer:
        """204, as Twilio's documentation has it for status callbacks."""
        return Answer(204) if error is None else _refusal(error)

    def _form(self, text: OutgoingText) -> dict[str, str]:
        seconds = int(text.valid_for.total_seconds())
        return {
            "To": text.to,
            "MessagingServiceSid" if self._settings.sender.startswith("MG") else "From": self._settings.sender,
            "Body": text.body,
            "StatusCallback": f"{self._public_url}/api/webhooks/sms/status/{text.key}",
            "ValidityPeriod": str(min(max(seconds, 1), LONGEST_VALIDITY)),
        }

    def _next_page(self, page: dict[str, Any]) -> str:
        """The URL of the next page; "" after the last one, or where it leads elsewhere (our credentials go along)."""
        path = page.get("next_page_uri")
        return self._api_url + path if isinstance(path, str) and path.startswith(self._messages + "?") else ""

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
        if form.one("AccountSid") != self._settings.account_sid:
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


def _accepted(response: httpx.Response) -> Accepted | InDoubt:
    sid = _json(response).get("sid")
    if isinstance(sid, str) and MESSAGE_SID.fullmatch(sid):
        return Accepted(sid)
    return InDoubt(f"HTTP {response.status_code} without a message id")


def _refused(response: httpx.Response) -> Rejected | Retry | InDoubt:
    """Only a 4xx says that nothing was sent; and not 408, which gateways also say when the far side is slow."""
    code, detail = _problem(response)
    if not response.is_client_error or response.status_code == httpx.codes.REQUEST_TIMEOUT:
        return InDoubt(detail)
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS or code in FULL_FOR_NOW:
        return Retry(detail, _retry_after(response))
    return Rejected(code, detail, _blame(code, response.status_code))


def _blame(code: str, status: int) -> Blame:
    if code in OPTED_OUT:
        return Blame.OPTED_OUT
    if code in ACCOUNT_CANNOT or status in STATUSES_OF_A_WRONG_SETTING:
        return Blame.CONFIGURATION
    return Blame.PERMANENT


def _problem(response: httpx.Response) -> tuple[str, str]:
    """(code, detail) of an error in Twilio's own shape (code, message) or in RFC 9457's (code, title, detail)."""
    error = _json(response)
    http = f"HTTP {response.status_code}"
    code = _digits(str(error.get("code")), 6)
    words = [error[name] for name in ("message", "title", "detail") if isinstance(error.get(name), str)]
    return code or http, ": ".join([f"{http}, error {code}" if code else http, *map(_masked, words)])


def _retry_after(response: httpx.Response) -> timedelta | None:
    """Retry-After in seconds or as a date; a date is measured against the answer's own Date, so no clock is asked."""
    value = response.headers.get("Retry-After", "")
    if seconds := _digits(value, 9):
        return min(timedelta(seconds=int(seconds)), LONGEST_WAIT)
    try:
        wait = _moment(value) - _moment(response.headers.get("Date"))
    except ValueError:
        return None
    return min(max(wait, timedelta(0)), LONGEST_WAIT)


def _copies(page: dict[str, Any], text: OutgoingText) -> list[FoundText]:
    """The page's messages that say the same to the same phone. ValueError where the page can't be read."""
    messages = page.get("messages")
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise ValueError("not a page of messages")
    copies = [
        FoundText(str(message.get("sid")), _moment(message.get("date_created")))
        for message in messages
        if message.get("to") == text.to
        and message.get("body") == text.body
        and str(message.get("direction")).startswith("outbound")
    ]
    if not all(MESSAGE_SID.fullmatch(copy.message_id) for copy in copies):
        raise ValueError("a message without an id")
    return copies


def _json(response: httpx.Response) -> dict[str, Any]:
    """The answer's JSON object; {} where it is anything else."""
    try:
        document = response.json()
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _moment(value: object) -> datetime:
    """An RFC 2822 date in UTC. ValueError where it is none."""
    try:
        moment = parsedate_to_datetime(str(value))
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (IndexError, OverflowError, TypeError) as error:
        raise ValueError("not a date") from error


def _digits(value: str, at_most: int) -> str:
    """The value if it is a whole number of so many digits, else ""."""
    return value if re.fullmatch(rf"[0-9]{{1,{at_most}}}", value) else ""


def _cleaned(value: str, at_most: int) -> str:
    return CONTROL.sub(" ", value)[:at_most]


def _masked(value: str) -> str:
    """Foreign words that may be logged: no whole phone number, nothing that could be a secret."""
    hidden = PHONE_LIKE.sub(lambda number: f"…{number[0][-2:]}", SECRET_LIKE.sub("…", value))
    return _cleaned(" ".join(hidden.split()), 200)


def _refusal(error: Exception) -> Answer:
    """No body and no content type: there is nothing that Twilio could text to the patient."""
    return Answer(next((status for kind, status in REFUSALS.items() if isinstance(error, kind)), 500))
