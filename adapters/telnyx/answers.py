"""What Telnyx's answers and errors mean.

The HTTP status of an error varies by the stage that finds it (an opted-out phone has been seen with 400, 403 and 409),
so the code in the body counts first. Codes: Telnyx's pages "Messaging Error Codes" and "API error codes".
"""

from datetime import timedelta
from email.utils import parsedate_to_datetime

import httpx

from adapters.telnyx.values import MESSAGE_ID, Json, as_object, as_objects, digits, json_object, masked
from domain.inbound import Blame
from domain.ports import Accepted, InDoubt, Rejected, Retry

LONGEST_WAIT = timedelta(days=1)

# Too many requests; the upstream's, T-Mobile's or AT&T's limit is reached; the sender's queue is full.
FULL_FOR_NOW = {"10011", "40011", "40016", "40018", "40318"}
# A code that stands nowhere here is blamed on the phone: staff sees it.
BLAMES = {
    "40300": Blame.OPTED_OUT,
    # the key; an account that is inactive, blocked, unverified, without funds, or may not send texts
    **dict.fromkeys(("10009", "10010", "20002", "20006", "20012", "20013", "20014", "20015"), Blame.ACCOUNT),
    **dict.fromkeys(("20016", "20017", "20100", "40314"), Blame.ACCOUNT),
    # a PUBLIC_URL or an id that Telnyx refuses
    **dict.fromkeys(("10003", "10006"), Blame.CONFIGURATION),
    # a sender that may not send, is not registered or not verified, or counts as a spammer
    **dict.fromkeys(("40003", "40010", "40013", "40100", "40150", "40151", "40305", "40306"), Blame.CONFIGURATION),
    **dict.fromkeys(("40308", "40315", "40320", "40321", "40329"), Blame.CONFIGURATION),
    # a messaging profile that is disabled, wants a secret, or does not allow the country
    **dict.fromkeys(("40309", "40311", "40312", "40313"), Blame.CONFIGURATION),
}
STATUSES_OF_A_REFUSED_ACCOUNT = {401, 402, 403, 404, 405, 407}


def document_of(response: httpx.Response) -> Json:
    """The answer's JSON object; {} where it is anything else."""
    return json_object(response.content)


def accepted(response: httpx.Response) -> Accepted | InDoubt:
    """A 2xx to a send: the message's id, or a doubt."""
    message_id = as_object(document_of(response).get("data")).get("id")
    if isinstance(message_id, str) and MESSAGE_ID.fullmatch(message_id):
        return Accepted(message_id)
    return InDoubt(f"HTTP {response.status_code} without a message id")


def refused(response: httpx.Response) -> Rejected | Retry | InDoubt:
    """Only a 4xx says that nothing was sent; and not 408, which gateways also say when the far side is slow."""
    code, detail = problem(response)
    if not response.is_client_error or response.status_code == httpx.codes.REQUEST_TIMEOUT:
        return InDoubt(detail)
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS or code in FULL_FOR_NOW:
        return Retry(detail, retry_after(response))
    if code not in BLAMES and _is_about_an_earlier_send(response, detail):
        return InDoubt(detail)
    return Rejected(code, detail, _blame(code, response.status_code))


def _is_about_an_earlier_send(response: httpx.Response, detail: str) -> bool:
    """Whether the key was used before: that request is under way (409), or said something else (422). It may well
    have sent a text."""
    return response.status_code == httpx.codes.CONFLICT or "idempoten" in detail.lower()


def _blame(code: str, status: int) -> Blame:
    """What the code says counts first. Without one that we know, these statuses are about us, not about the phone."""
    unknown = Blame.ACCOUNT if status in STATUSES_OF_A_REFUSED_ACCOUNT else Blame.PERMANENT
    return BLAMES.get(code, unknown)


def problem(response: httpx.Response) -> tuple[str, str]:
    """(code, detail) of an error: {"errors": [{"code", "title", "detail"}]}. Of several the first that we know."""
    errors = as_objects(document_of(response).get("errors"))
    errors.sort(key=lambda error: digits(error.get("code"), 6) not in BLAMES.keys() | FULL_FOR_NOW)
    error = errors[0] if errors else {}
    http, code = f"HTTP {response.status_code}", digits(error.get("code"), 6)
    words = [error[name] for name in ("title", "detail") if isinstance(error.get(name), str)]
    return code or http, ": ".join([f"{http}, error {code}" if code else http, *map(masked, words)])


def retry_after(response: httpx.Response) -> timedelta | None:
    """Retry-After in seconds or as a date; a date is measured against the answer's own Date, so no clock is asked."""
    value = response.headers.get("Retry-After", "")
    if seconds := digits(value, 9):
        return min(timedelta(seconds=int(seconds)), LONGEST_WAIT)
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(response.headers.get("Date", ""))
    except (IndexError, OverflowError, TypeError, ValueError):
        return None
    return min(max(wait, timedelta(0)), LONGEST_WAIT)
