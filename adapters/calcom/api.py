"""Cal.com, both directions: its webhooks in, its API v2 out.

Facts are from Cal.com's source (calcom/cal.com of October 2025, Cal.diy 6.2) and from cal.com/docs. What matters most:

- Confirm checks next to nothing and revives a cancelled booking, so the caller looks first. Nothing here is sent twice.
- Confirm and cancel return only after our own webhook endpoint has answered: never hold a lock across them.
- A missing or unknown `cal-api-version` silently selects an older API, so every call carries it.
"""

import asyncio
import hashlib
import hmac
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Literal
from urllib.parse import quote

import httpx

from adapters.calcom.payload import translate
from adapters.calcom.values import PayloadHints, as_object, cleaned, read_json
from domain.errors import NotAuthentic, NotUnderstood
from domain.inbound import CalendarNotice
from domain.ports import (
    Accepted,
    Blame,
    Calendar,
    CalendarStatus,
    CallOutcome,
    InDoubt,
    RawRequest,
    Rejected,
    Retry,
)

log = logging.getLogger("replyes.calcom")

DETAIL_CAP = 200

# Cal.com blocks a key for 60 s after its 120 calls a minute, and sends no Retry-After (throttler-guard.ts).
_RATE_LIMIT_PAUSE = timedelta(seconds=60)


class Verbs(StrEnum):
    """The two ways in which Cal.com's API is known to spell confirm and cancel."""

    CONCEPT = "concept"
    LIVE = "live"


@dataclass(frozen=True)
class Route:
    """An HTTP method and a path with a place for the uid."""

    method: str
    path: str

    def of(self, uid: str) -> str:
        return self.path.format(uid=quote(uid, safe=""))


@dataclass(frozen=True)
class Spelling:
    """How confirm and cancel are spelled."""

    confirm: Route
    cancel: Route


LOOK = Route("GET", "/v2/bookings/{uid}")
SPELLINGS: Mapping[Verbs, Spelling] = {
    Verbs.CONCEPT: Spelling(Route("PATCH", "/v2/bookings/{uid}/confirm"), Route("DELETE", "/v2/bookings/{uid}")),
    Verbs.LIVE: Spelling(Route("POST", "/v2/bookings/{uid}/confirm"), Route("POST", "/v2/bookings/{uid}/cancel")),
}
# No booking has this uid, so asking for it changes nothing whatever the server makes of it.
PROBE_UID = "replyes-probe"


@dataclass(frozen=True)
class CalComSettings:
    """One clinic's account at Cal.com.

    `api_url` is without "/v2" ("https://api.cal.com"). `webhook_secrets` may be several: for rotation, and because one
    URL registered for a user and for a team has two. `fallback_region` is the upper-case ISO region of numbers without
    a plus. `time_zone` is the clinic's.
    """

    api_url: str
    api_key: str = field(repr=False)
    api_version: str = "2024-08-13"
    verbs: Literal["auto", "concept", "live"] = "auto"
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    phone_field: str = ""
    fallback_region: str | None = None
    time_zone: str = "UTC"


@dataclass(frozen=True)
class Patience:
    """How many seconds a call may take in all, and a probe.

    A first confirm with its probe (14 s) stays below a worker's lease of 15 s. httpx's own limits do not do that: they
    hold for each step apart, and a server that drips never reaches them.
    """

    call: float = 10.0
    probe: float = 4.0


# Waiting for the pool, TCP and TLS together take less than a call may, so one that ran out of time was probably sent.
_CONNECT_SECONDS = 3.0


def http_client() -> httpx.AsyncClient:
    """The client for all clinics. It repeats nothing and follows no redirect, which would turn a POST into a GET.

    A POST on a connection that the server is just closing ends in doubt, and a doubt costs a wait and a GET. The worker
    looks right before each act, so a connection kept for 2 s serves the pair with one handshake, and it is gone before
    the 5 s after which Node's HTTP server, on which Cal.com runs, closes it by default.
    """
    return httpx.AsyncClient(
        timeout=httpx.Timeout(Patience.call, connect=_CONNECT_SECONDS, pool=_CONNECT_SECONDS),
        limits=httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=2.0),
        follow_redirects=False,
    )


@dataclass(frozen=True)
class _Unanswered:
    """A call without an answer. `perhaps_sent` is False where the request surely never left us."""

    detail: str
    perhaps_sent: bool


_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.InvalidURL,
)


class CalCom(Calendar):
    """Cal.com as a `Calendar`. One instance per clinic, for one event loop."""

    def __init__(self, settings: CalComSettings, client: httpx.AsyncClient, patience: Patience | None = None) -> None:
        self._client = client
        self._patience = patience or Patience()
        self._base = settings.api_url.strip().rstrip("/")
        self._key = settings.api_key.strip()
        self._secrets = tuple(secret for secret in settings.webhook_secrets if secret.strip())
        self._hints = PayloadHints(settings.phone_field, settings.fallback_region, settings.time_zone)
        self._headers = {
            b"Authorization": _header(f"Bearer {self._key}"),
            b"cal-api-version": _header(settings.api_version),
            b"Content-Type": b"application/json",
            b"Accept": b"application/json",
        }
        self._verbs = None if settings.verbs == "auto" else Verbs(settings.verbs)
        self._probing = asyncio.Lock()

    # ---- Inbound ----

    def receive(self, request: RawRequest) -> CalendarNotice:
        """Verify the signature, then translate. The content type is not asked: custom templates make it lie."""
        verify_signature(request, self._secrets)
        return translate(read_json(request.body), self._hints)

    # ---- Outbound ----

    async def look(self, uid: str) -> CalendarStatus | Rejected | Retry:
        """GET the booking."""
        response = await self._call(LOOK, uid)
        if isinstance(response, _Unanswered):
            return Retry(response.detail)
        if response.is_success:
            return _status_of(response)
        if response.status_code == httpx.codes.NOT_FOUND and not _lacks_route(response):
            return CalendarStatus.MISSING
        return self._refusal(response) or Retry(self._told(response), _retry_after(response))

    async def confirm(self, uid: str) -> CallOutcome:
        """Confirm with the verb that this Cal.com knows."""
        verbs = await self.probe()
        if verbs is None:
            return _undecided()
        return await self._act(SPELLINGS[verbs].confirm, uid)

    async def cancel(self, uid: str, reason: str) -> CallOutcome:
        """Cancel with the verb that this Cal.com knows. A reason is required of a host, and any further property is
        refused (cancel-booking-input.pipe.ts)."""
        verbs = await self.probe()
        if verbs is None:
            return _undecided()
        return await self._act(SPELLINGS[verbs].cancel, uid, {"cancellationReason": cleaned(reason, DETAIL_CAP)})

    def speak(self, verbs: str) -> None:
        """Use these verbs from now on ("concept" or "live"), without asking."""
        self._verbs = Verbs(verbs)

    async def probe(self) -> Verbs | None:
        """Find out once how this Cal.com spells its verbs; None while it gives no answer that tells. Sends nothing that
        could change a booking, and nothing at all where the settings name the verbs."""
        try:
            async with asyncio.timeout(self._patience.probe), self._probing:
                if self._verbs is None:
                    self._verbs = await self._found_verbs()
                return self._verbs
        except TimeoutError:
            return None

    async def _found_verbs(self) -> Verbs | None:
        response = await self._call(SPELLINGS[Verbs.LIVE].confirm, PROBE_UID)
        verbs = None if isinstance(response, _Unanswered) else _verbs_told_by(response)
        if verbs is not None:
            log.info("Cal.com's verbs are those of %r, as a probe has found", verbs.value)
        return verbs

    async def _act(self, route: Route, uid: str, body: Mapping[str, str] | None = None) -> CallOutcome:
        """Send once. Nothing of an answer is read but that it is one: the caller looks again after each act."""
        response = await self._call(route, uid, body)
        if isinstance(response, _Unanswered):
            return InDoubt(response.detail) if response.perhaps_sent else Retry(response.detail)
        if response.is_success:
            return _accepted(response)
        return self._refusal(response) or InDoubt(self._told(response))

    async def _call(
        self, route: Route, uid: str, body: Mapping[str, str] | None = None
    ) -> httpx.Response | _Unanswered:
        url = self._base + route.of(uid)
        try:
            async with asyncio.timeout(self._patience.call):
                return await self._client.request(route.method, url, headers=self._headers, json=body)
        except _NEVER_SENT as error:
            return _Unanswered(_kind_of(error), perhaps_sent=False)
        except (httpx.RequestError, TimeoutError) as error:
            return _Unanswered(_kind_of(error), perhaps_sent=True)

    def _refusal(self, response: httpx.Response) -> Rejected | Retry | None:
        """What a status other than 2xx surely says; None where it leaves open what became of the request."""
        status = response.status_code
        if status == httpx.codes.TOO_MANY_REQUESTS:
            return Retry(self._told(response), _retry_after(response) or _RATE_LIMIT_PAUSE)
        if response.is_server_error or status == httpx.codes.REQUEST_TIMEOUT:
            return None
        hint = _configuration_hint(response)
        if hint:
            return Rejected(str(status), self._safe(f"{hint}: {_message(response)}"), Blame.CONFIGURATION)
        return Rejected(str(status), self._told(response))

    def _told(self, response: httpx.Response) -> str:
        return self._safe(_message(response) or f"HTTP {response.status_code} without a message")

    def _safe(self, detail: str) -> str:
        """A detail is stored and shown: one line, short, and without the key, which a proxy might repeat."""
        hidden = detail.replace(self._key, "…") if self._key else detail
        return cleaned(hidden, DETAIL_CAP)


# ---- The signature ----


def verify_signature(request: RawRequest, secrets: tuple[str, ...]) -> None:
    """Raises NotAuthentic unless X-Cal-Signature-256 is the hex HMAC-SHA256 of the raw body under one of `secrets`.

    Cal.com writes lower-case hex without a prefix (sendPayload.ts); a prefix and upper case are harmless. There is no
    timestamp in it, so a replay verifies: it is the stored uid, trigger and start that make it harmless.
    """
    header = request.headers.get("x-cal-signature-256", "").strip()
    if not header or header == "no-secret-provided":  # what Cal.com sends for a webhook without a secret
        raise NotAuthentic("the webhook is not signed: give it a secret in Cal.com", signed=False)
    if not secrets:
        raise NotAuthentic("there is no CAL_WEBHOOK_SECRET to check the signature with")
    given = header.encode("utf-8", "replace").lower().removeprefix(b"sha256=")
    # Every secret is tried, so the time taken does not tell which one fits.
    matches = [hmac.compare_digest(given, _signature(secret, request.body)) for secret in secrets]
    if not any(matches):
        raise NotAuthentic("the webhook's signature fits no CAL_WEBHOOK_SECRET")


def _signature(secret: str, body: bytes) -> bytes:
    return hmac.new(secret.encode("utf-8", "surrogateescape"), body, hashlib.sha256).hexdigest().encode("ascii")


# ---- Asking and reading answers ----


def _header(value: str) -> bytes:
    """A key with a typographic character in it is a wrong key, as Cal.com will say, and no reason to crash."""
    return value.encode("ascii", "replace")


def _undecided() -> Retry:
    return Retry("Cal.com has not told yet which verbs it knows; nothing was sent")


def _kind_of(error: Exception) -> str:
    """The error's class. Its text only where no connection came about: others may quote a header, and so the key."""
    name = type(error).__name__
    return cleaned(f"{name}: {error}", DETAIL_CAP) if isinstance(error, httpx.ConnectError) else name


def _json(response: httpx.Response) -> object:
    """The answer's JSON value; None where it has none."""
    try:
        return read_json(response.content)
    except NotUnderstood:
        return None


def _message(response: httpx.Response) -> str:
    """The error's text from either shape: `{"error": {"message"}}` of the filters, or bare `{"message"}` of the rules
    about cancelling. A validation error has a list of texts."""
    body = as_object(_json(response))
    found = as_object(body.get("error")).get("message") or body.get("message")
    if isinstance(found, list):
        return "; ".join(text for text in found if isinstance(text, str))
    return found if isinstance(found, str) else ""


def _accepted(response: httpx.Response) -> Accepted | InDoubt:
    """A 2xx that is no JSON object comes from something between us and Cal.com, which may not have passed it on."""
    if response.status_code == httpx.codes.NO_CONTENT or isinstance(_json(response), dict):
        return Accepted()
    return InDoubt(f"HTTP {response.status_code} with a body that is no JSON object")


_STATUSES: Mapping[str, CalendarStatus] = {
    status.value: status for status in CalendarStatus if status is not CalendarStatus.MISSING
}


def _status_of(response: httpx.Response) -> CalendarStatus | Rejected | Retry:
    data = as_object(_json(response)).get("data")
    if isinstance(data, list):
        return Rejected("series", "the uid is that of a recurring series, not of one booking")
    status = as_object(data).get("status")
    found = _STATUSES.get(status.lower()) if isinstance(status, str) else None
    return found or Retry(f"HTTP {response.status_code} without a booking's status that we know")


def _lacks_route(response: httpx.Response) -> bool:
    """Whether a 404 means that there is no such route, as opposed to no such booking: Nest says "Cannot GET /v2/…", and
    what is no JSON object is not from Cal.com's API at all."""
    return not isinstance(_json(response), dict) or _says_cannot(response)


def _says_cannot(response: httpx.Response) -> bool:
    """Whether the answer is "Cannot POST /…", as JSON (Nest) or as a page (Express alone)."""
    sentence = f"Cannot {response.request.method} "
    return _message(response).startswith(sentence) or (_json(response) is None and sentence in response.text)


def _verbs_told_by(response: httpx.Response) -> Verbs | None:
    """What the probe's answer tells. A live Cal.com knows the route and misses the booking."""
    status = response.status_code
    if status == httpx.codes.METHOD_NOT_ALLOWED or (status == httpx.codes.NOT_FOUND and _says_cannot(response)):
        return Verbs.CONCEPT
    if status in _TELLS_NOTHING or response.is_server_error or response.is_redirect:
        return None
    return Verbs.LIVE


_TELLS_NOTHING = (
    httpx.codes.UNAUTHORIZED,
    httpx.codes.FORBIDDEN,
    httpx.codes.REQUEST_TIMEOUT,
    httpx.codes.TOO_MANY_REQUESTS,
)


def _configuration_hint(response: httpx.Response) -> str:
    """Which settings to look at, where the answer says that no booking would fare better; else ""."""
    status = response.status_code
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return "CAL_API_KEY may not do this"
    if status == httpx.codes.METHOD_NOT_ALLOWED or (status == httpx.codes.NOT_FOUND and _lacks_route(response)):
        return "there is no such route (CAL_API_URL, CAL_API_VERSION, CAL_API_VERBS)"
    if response.is_redirect:
        return "a redirect, which we do not follow (CAL_API_URL)"
    return ""


_SECONDS = re.compile(r"\d{1,5}", re.ASCII)


def _retry_after(response: httpx.Response) -> timedelta | None:
    """Retry-After in seconds; None where it is missing or a date, which could not be read without a clock."""
    seconds = response.headers.get("retry-after", "").strip()
    return timedelta(seconds=int(seconds)) if _SECONDS.fullmatch(seconds) else None
