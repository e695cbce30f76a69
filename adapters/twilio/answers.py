"""What Twilio's answers and errors mean.

A send has no idempotency key: of what is neither an id nor a clear refusal, nobody knows whether it was sent.
"""

from datetime import timedelta
from typing import Any

import httpx

from adapters.twilio.values import MESSAGE_SID, digits, masked, moment
from domain.inbound import Blame
from domain.ports import Accepted, InDoubt, Rejected, Retry

LONGEST_WAIT = timedelta(days=1)

# https://www.twilio.com/docs/api/errors. A code that stands nowhere here is blamed on the phone: staff sees it.
FULL_FOR_NOW = {"21611", "63017", "63038"}
BLAMES = {
    "21610": Blame.OPTED_OUT,
    # credentials; an account that is unknown, closed or suspended
    **dict.fromkeys(("10001", "20003", "20005", "20404", "30002"), Blame.ACCOUNT),
    # a sender that may not send
    **dict.fromkeys(("21601", "21603", "21606", "21659", "21660", "21661", "21705", "30034"), Blame.CONFIGURATION),
    # a country not enabled, a trial account, a PUBLIC_URL that Twilio refuses
    **dict.fromkeys(("21408", "21608", "21609"), Blame.CONFIGURATION),
}
STATUSES_OF_A_REFUSED_ACCOUNT = {401, 403, 404, 405, 407}


def json_object(response: httpx.Response) -> dict[str, Any]:
    """The answer's JSON object; {} where it is anything else."""
    try:
        document = response.json()
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def accepted(response: httpx.Response) -> Accepted | InDoubt:
    """A 2xx to a send: the message's id, or a doubt."""
    sid = json_object(response).get("sid")
    if isinstance(sid, str) and MESSAGE_SID.fullmatch(sid):
        return Accepted(sid)
    return InDoubt(f"HTTP {response.status_code} without a message id")


def refused(response: httpx.Response) -> Rejected | Retry | InDoubt:
    """Only a 4xx says that nothing was sent; and not 408, which gateways also say when the far side is slow."""
    code, detail = problem(response)
    if not response.is_client_error or response.status_code == httpx.codes.REQUEST_TIMEOUT:
        return InDoubt(detail)
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS or code in FULL_FOR_NOW:
        return Retry(detail, retry_after(response))
    return Rejected(code, detail, _blame(code, response.status_code))


def _blame(code: str, status: int) -> Blame:
    """What the code says counts first. Without one that we know, these statuses are about us, not about the phone."""
    unknown = Blame.ACCOUNT if status in STATUSES_OF_A_REFUSED_ACCOUNT else Blame.PERMANENT
    return BLAMES.get(code, unknown)


def problem(response: httpx.Response) -> tuple[str, str]:
    """(code, detail) of an error in Twilio's own shape (code, message) or in RFC 9457's (code, title, detail)."""
    error = json_object(response)
    http = f"HTTP {response.status_code}"
    code = digits(str(error.get("code")), 6)
    words = [error[name] for name in ("message", "title", "detail") if isinstance(error.get(name), str)]
    return code or http, ": ".join([f"{http}, error {code}" if code else http, *map(masked, words)])


def retry_after(response: httpx.Response) -> timedelta | None:
    """Retry-After in seconds or as a date; a date is measured against the answer's own Date, so no clock is asked."""
    value = response.headers.get("Retry-After", "")
    if seconds := digits(value, 9):
        return min(timedelta(seconds=int(seconds)), LONGEST_WAIT)
    try:
        wait = moment(value) - moment(response.headers.get("Date"))
    except ValueError:
        return None
    return min(max(wait, timedelta(0)), LONGEST_WAIT)
