"""What Vonage's answers and errors mean.

A send has no idempotency key: of what is neither an id nor a clear refusal, nobody knows whether it was sent. Errors
come as RFC 7807 says (type, title, detail); the code stands at the end of `type`, behind a "#", or in `title`.
"""

import re
from datetime import timedelta
from typing import Any

import httpx

from adapters.vonage.values import MESSAGE_UUID, masked, matching, wait_of
from domain.inbound import Blame
from domain.ports import Accepted, InDoubt, Rejected, Retry

CODE = re.compile(r"[0-9]{3,5}|[a-z][a-z-]{2,30}")

# https://developer.vonage.com/en/api-errors/messages, and …/api-errors for the words. A code that stands nowhere here
# is blamed on the phone: staff sees it. 1240 in a status is what the SMS API calls 9: the phone does not want us.
THROTTLED = {"1000"}
OUR_DOUBT = {"1030", "1100"}  # internal error, communication failed: nobody promises that nothing left
OPTED_OUT = {"1240"}
BLAMES = {
    **dict.fromkeys(OPTED_OUT, Blame.OPTED_OUT),
    # credentials; an account that is barred, out of credit or not made for this
    **dict.fromkeys(("1060", "1070", "1080", "unauthorized", "forbidden", "low-balance"), Blame.ACCOUNT),
    **dict.fromkeys(("account-suspended", "invalid-api-key", "unprovisioned"), Blame.ACCOUNT),
    # a sender that may not send; a facility that is switched off; a trial account's list of phones
    **dict.fromkeys(("1120", "1140", "1160"), Blame.CONFIGURATION),
}
STATUSES_OF_A_REFUSED_ACCOUNT = {401, 402, 403, 404, 405, 407}


def accepted(response: httpx.Response) -> Accepted | InDoubt:
    """A 2xx to a send: the message's id, or a doubt."""
    if uuid := matching(MESSAGE_UUID, _json_object(response).get("message_uuid")):
        return Accepted(uuid)
    return InDoubt(f"HTTP {response.status_code} without a message id")


def refused(response: httpx.Response) -> Rejected | Retry | InDoubt:
    """Only a 4xx says that nothing was sent; and not 408, which gateways also say when the far side is slow."""
    code, detail = _problem(response)
    if not response.is_client_error or response.status_code == httpx.codes.REQUEST_TIMEOUT or code in OUR_DOUBT:
        return InDoubt(detail)
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS or code in THROTTLED:
        return Retry(detail, _retry_after(response))
    return Rejected(code or f"HTTP {response.status_code}", detail, _blame(code, response.status_code))


def error_code(error: object) -> str:
    """The code of an error as it stands in a status webhook or in an answer, at times one level deeper; "" for none."""
    if not isinstance(error, dict):
        return ""
    inner = error.get("error")
    return _code_in(inner if isinstance(inner, dict) else error)


def _code_in(error: dict[str, Any]) -> str:
    fragment = str(error.get("type")).rpartition("#")[2]
    numbers = [one for one in (str(error.get("title")), fragment) if one.isdecimal()]
    return matching(CODE, numbers[0] if numbers else fragment) or ""


def _blame(code: str, status: int) -> Blame:
    """What the code says counts first. Without one that we know, these statuses are about us, not about the phone."""
    unknown = Blame.ACCOUNT if status in STATUSES_OF_A_REFUSED_ACCOUNT else Blame.PERMANENT
    return BLAMES.get(code, unknown)


def _problem(response: httpx.Response) -> tuple[str, str]:
    """(code, detail); the code is "" where there is none."""
    error = _json_object(response)
    code, http = error_code(error), f"HTTP {response.status_code}"
    words = [error[name] for name in ("title", "detail") if isinstance(error.get(name), str)]
    return code, ": ".join([f"{http}, error {code}" if code else http, *map(masked, words)])


def _json_object(response: httpx.Response) -> dict[str, Any]:
    """The answer's JSON object; {} where it is anything else."""
    try:
        document = response.json()
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _retry_after(response: httpx.Response) -> timedelta | None:
    return wait_of(response.headers.get("Retry-After", ""), response.headers.get("Date", ""))
