"""What the gateway's answers and errors mean. An error is {"message": words}; there are no codes.

Statuses of the server: 202 queued, 400 refused, 409 the id is taken, 503 with "queue limits exceeded" not queued.
"""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

from adapters.android.values import Json, as_object, masked, moment, read_json
from domain.inbound import Blame
from domain.ports import Accepted, FoundText, InDoubt, Rejected, Retry

LONGEST_WAIT = timedelta(days=1)
STATUSES_OF_A_REFUSED_ACCOUNT = {401, 403, 404, 405, 407}


def document_of(response: httpx.Response) -> Json:
    """The answer's JSON object; {} where it is anything else."""
    return as_object(read_json(response.content))


def accepted(response: httpx.Response, key: str) -> Accepted | InDoubt:
    """A 2xx to a send, or to a look at what we sent: it must be about our own id, else it is a doubt."""
    if document_of(response).get("id") == key:
        return Accepted(key)
    return InDoubt(f"HTTP {response.status_code} without our id")


def refused(response: httpx.Response) -> Rejected | Retry | InDoubt:
    """Only a 4xx says that nothing was queued, and not 408; and the server's word that its queue is full."""
    status, detail = response.status_code, problem(response)
    is_full = status == httpx.codes.SERVICE_UNAVAILABLE and "queue limit" in detail
    if is_full or status == httpx.codes.TOO_MANY_REQUESTS:
        return Retry(detail, retry_after(response))
    if not response.is_client_error or status == httpx.codes.REQUEST_TIMEOUT:
        return InDoubt(detail)
    return Rejected(f"HTTP {status}", detail, _blame(status, detail))


def _blame(status: int, detail: str) -> Blame:
    """Credentials or an address that is wrong; a phone that is not registered with the server; else this number."""
    if status in STATUSES_OF_A_REFUSED_ACCOUNT:
        return Blame.ACCOUNT
    return Blame.CONFIGURATION if "device" in detail else Blame.PERMANENT


def found(response: httpx.Response, key: str, since: datetime) -> list[FoundText]:
    """The message by our own id. Its date is the phone's, or `since` from an app that tells none. ValueError where
    the answer is about something else."""
    message = document_of(response)
    if message.get("id") != key:
        raise ValueError("not the message that was asked for")
    states = as_object(message.get("states"))
    for told in (message.get("createdAt"), states.get("Pending")):
        if told is not None:
            return [FoundText(key, moment(told))]
    return [FoundText(key, since.astimezone(UTC))]


def problem(response: httpx.Response) -> str:
    """The status and the gateway's words."""
    words = document_of(response).get("message")
    told = masked(words) if isinstance(words, str) else ""
    return ": ".join(filter(None, (f"HTTP {response.status_code}", told)))


def retry_after(response: httpx.Response) -> timedelta | None:
    """Retry-After in seconds or as a date; a date is measured against the answer's own Date, so no clock is asked."""
    value = response.headers.get("Retry-After", "")
    if re.fullmatch(r"[0-9]{1,9}", value):
        return min(timedelta(seconds=int(value)), LONGEST_WAIT)
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(response.headers.get("Date", ""))
    except (IndexError, OverflowError, TypeError, ValueError):
        return None
    return min(max(wait, timedelta(0)), LONGEST_WAIT)
