"""What the gateway's answers and errors mean. An error is {"message": words}; there are no codes.

Statuses of the server: 202 queued, 400 refused, 409 the id is taken, 503 with "queue limits exceeded" not queued.
"""

from dataclasses import replace
from datetime import UTC, datetime

import httpx

from adapters.common.answers import Codes, document_of, refused, retry_after
from adapters.common.values import as_object, masked, moment
from domain.inbound import Blame
from domain.ports import Accepted, CallOutcome, FoundText, InDoubt, Rejected, Retry

# The gateway's words for a refusal, and whose fault it is.
WORDS = {"device": Blame.CONFIGURATION, "phone number": Blame.NO_WAY}

# Of the reasons that the phone gives for a failure (constants of Android's SmsManager, and NO_SIM) most pass, and are
# nobody's fault.
CODES = Codes(
    "the phone",
    "https://developer.android.com/reference/android/telephony/SmsManager",
    blames={
        **dict.fromkeys(("NO_SIM", "RESULT_ERROR_FDN_CHECK_FAILURE"), Blame.CONFIGURATION),
        "RESULT_RIL_INVALID_SMSC_ADDRESS": Blame.CONFIGURATION,  # the network's message centre, in the phone's settings
    },
)


def outcome_of(response: httpx.Response, key: str) -> CallOutcome:
    """What an answer to a send means."""
    if response.is_success:
        return about(response, key)
    detail = problem(response)
    if response.status_code == httpx.codes.SERVICE_UNAVAILABLE and "queue limit" in detail:
        return Retry(detail, retry_after(response))
    outcome = refused(response, "", detail, CODES)
    if isinstance(outcome, Rejected) and outcome.blame is Blame.PERMANENT:
        told = [blame for words, blame in WORDS.items() if words in detail]
        return replace(outcome, blame=next(iter(told), Blame.PERMANENT))
    return outcome


def about(response: httpx.Response, key: str) -> Accepted | InDoubt:
    """A 2xx to a send, or to a look at what we sent: it must be about our own id, else it is a doubt."""
    if document_of(response).get("id") == key:
        return Accepted(key)
    return InDoubt(f"HTTP {response.status_code} without our id")


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
