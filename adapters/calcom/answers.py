"""What Cal.com's answers and errors mean. No detail repeats the key, which a proxy might."""

import re
from collections.abc import Mapping
from datetime import timedelta

import httpx

from adapters.calcom.routes import Verbs
from adapters.calcom.values import DETAIL_CAP, Json, as_object, cleaned, read_json, uid_in
from domain.errors import NotUnderstood
from domain.inbound import Blame
from domain.ports import Accepted, CalendarStatus, InDoubt, Rejected, Retry

# Cal.com blocks a key for 60 s after its 120 calls a minute, and sends no Retry-After (throttler-guard.ts).
_RATE_LIMIT_PAUSE = timedelta(seconds=60)

# ---- What was asked for ----

_STATUSES: Mapping[str, CalendarStatus] = {
    status.value: status for status in CalendarStatus if status is not CalendarStatus.MISSING
}


def status_of(response: httpx.Response) -> CalendarStatus | Rejected | Retry:
    """The status of the booking in a 2xx."""
    data = _body(response).get("data")
    if isinstance(data, list):
        return Rejected("series", "the uid is that of a recurring series, not of one booking")
    return _status(data) or Retry(f"HTTP {response.status_code} without a booking's status that we know")


def series_named_in(response: httpx.Response) -> str:
    """The uid of the recurring booking that the booking in a 2xx belongs to; "" where it stands alone."""
    series = as_object(_body(response).get("data")).get("recurringBookingUid")
    return series if isinstance(series, str) else ""


def occurrences_in(response: httpx.Response) -> dict[str, CalendarStatus] | Retry:
    """The status of each occurrence in a 2xx, by uid."""
    data = _body(response).get("data")
    statuses = {uid_in(as_object(one).get("uid")): _status(one) for one in data} if isinstance(data, list) else {}
    known = {uid: status for uid, status in statuses.items() if uid and status}
    return known if known and len(known) == len(statuses) else Retry("a series without bookings that we can read")


def _status(booking: object) -> CalendarStatus | None:
    status = as_object(booking).get("status")
    return _STATUSES.get(status.lower()) if isinstance(status, str) else None


def bookings_in(response: httpx.Response) -> list[Json] | Retry:
    """The bookings on a page of the list, as they stand in a 2xx."""
    data = _body(response).get("data")
    if isinstance(data, list) and all(isinstance(booking, dict) for booking in data):
        return data
    return Retry(f"HTTP {response.status_code} without a list of bookings")


def done(response: httpx.Response) -> Accepted | InDoubt:
    """A 2xx that is no JSON object comes from something between us and Cal.com, which may not have passed it on."""
    if response.status_code == httpx.codes.NO_CONTENT or isinstance(_json(response), dict):
        return Accepted()
    return InDoubt(f"HTTP {response.status_code} with a body that is no JSON object")


_TELLS_NOTHING = (
    httpx.codes.UNAUTHORIZED,
    httpx.codes.FORBIDDEN,
    httpx.codes.REQUEST_TIMEOUT,
    httpx.codes.TOO_MANY_REQUESTS,
)


def verbs_told_by(response: httpx.Response) -> Verbs | None:
    """What the probe's answer tells. A live Cal.com knows the route and misses the booking."""
    status = response.status_code
    if status == httpx.codes.METHOD_NOT_ALLOWED or (status == httpx.codes.NOT_FOUND and _says_cannot(response)):
        return Verbs.CONCEPT
    if status in _TELLS_NOTHING or response.is_server_error or response.is_redirect:
        return None
    return Verbs.LIVE


# ---- Errors ----


def misses_the_booking(response: httpx.Response) -> bool:
    """Whether Cal.com knows the route and not the booking."""
    return response.status_code == httpx.codes.NOT_FOUND and not _lacks_route(response)


def refusal(response: httpx.Response, key: str) -> Rejected | Retry | None:
    """What a status other than 2xx surely says; None where it leaves open what became of the request."""
    status = response.status_code
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return Retry(told(response, key), retry_after(response) or _RATE_LIMIT_PAUSE)
    if response.is_server_error or status == httpx.codes.REQUEST_TIMEOUT:
        return None
    hint = _hint(response)
    if hint:
        return Rejected(str(status), _safe(f"{hint}: {_message(response)}", key), _blame(response))
    return Rejected(str(status), told(response, key))


def told(response: httpx.Response, key: str) -> str:
    """The error's own words."""
    return _safe(_message(response) or f"HTTP {response.status_code} without a message", key)


_SECONDS = re.compile(r"\d{1,5}", re.ASCII)


def retry_after(response: httpx.Response) -> timedelta | None:
    """Retry-After in seconds; None where it is missing or a date, which could not be read without a clock."""
    seconds = response.headers.get("retry-after", "").strip()
    return timedelta(seconds=int(seconds)) if _SECONDS.fullmatch(seconds) else None


_NOT_ALLOWED = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)


def _hint(response: httpx.Response) -> str:
    """Which settings to look at, where they stand in the way; else ""."""
    status = response.status_code
    if status in _NOT_ALLOWED:
        return "CAL_API_KEY may not do this"
    if status == httpx.codes.METHOD_NOT_ALLOWED or (status == httpx.codes.NOT_FOUND and _lacks_route(response)):
        return "there is no such route (CAL_API_URL, CAL_API_VERSION, CAL_API_VERBS)"
    if response.is_redirect:
        return "a redirect, which we do not follow (CAL_API_URL)"
    return ""


# What the guards throw that judge the key itself, before anybody looks at a booking.
_GUARDS = ("UnauthorizedException", "ForbiddenException")


def _blame(response: httpx.Response) -> Blame:
    """ACCOUNT where no other booking would fare better: a missing route, a redirect, a key that the guards turn away,
    and a refusal that is no JSON object, so not from Cal.com's API at all.

    A 401 in another shape is about this booking: the key's owner is not its host ("TRPCError", or bare).
    """
    if response.status_code not in _NOT_ALLOWED:
        return Blame.ACCOUNT
    code = as_object(_body(response).get("error")).get("code")
    is_of_the_account = code in _GUARDS or not isinstance(_json(response), dict)
    return Blame.ACCOUNT if is_of_the_account else Blame.CONFIGURATION


def _lacks_route(response: httpx.Response) -> bool:
    """Whether a 404 means that there is no such route, as opposed to no such booking: Nest says "Cannot GET /v2/…", and
    what is no JSON object is not from Cal.com's API at all."""
    return not isinstance(_json(response), dict) or _says_cannot(response)


def _says_cannot(response: httpx.Response) -> bool:
    """Whether the answer is "Cannot POST /…", as JSON (Nest) or as a page (Express alone)."""
    sentence = f"Cannot {response.request.method} "
    return _message(response).startswith(sentence) or (_json(response) is None and sentence in response.text)


# ---- Reading ----


def _json(response: httpx.Response) -> object:
    """The answer's JSON value; None where it has none."""
    try:
        return read_json(response.content)
    except NotUnderstood:
        return None


def _body(response: httpx.Response) -> Json:
    return as_object(_json(response))


def _message(response: httpx.Response) -> str:
    """The error's text from either shape: `{"error": {"message"}}` of the filters, or bare `{"message"}` of the rules
    about cancelling. A validation error has a list of texts."""
    body = _body(response)
    found = as_object(body.get("error")).get("message") or body.get("message")
    if isinstance(found, list):
        return "; ".join(text for text in found if isinstance(text, str))
    return found if isinstance(found, str) else ""


def _safe(detail: str, key: str) -> str:
    """A detail is stored and shown: one line, short, and without the key."""
    return cleaned(detail.replace(key, "…") if key else detail, DETAIL_CAP)
