"""What Vonage's answers and errors mean.

A send has no idempotency key: of what is neither an id nor a clear refusal, nobody knows whether it was sent. Errors
come as RFC 7807 says (type, title, detail); the code stands at the end of `type`, behind a "#", or in `title`.
"""

import re

import httpx

from adapters.common.answers import Codes, document_of, refused
from adapters.common.values import Json, masked, matching
from adapters.vonage.values import MESSAGE_UUID
from domain.inbound import Blame
from domain.ports import Accepted, CallOutcome, InDoubt

CODE = re.compile(r"[0-9]{3,5}|[a-z][a-z-]{2,30}")

# https://developer.vonage.com/en/api-errors/messages, and …/api-errors for the words.
CODES = Codes(
    "Vonage",
    "https://developer.vonage.com/en/api-errors/messages",
    full=frozenset(("1000",)),
    doubts=frozenset(("1030", "1100")),  # internal error, communication failed: nobody promises that nothing left
    blames={
        "1240": Blame.OPTED_OUT,  # in a status; what the SMS API calls 9: the phone does not want us
        # credentials; an account that is barred, out of credit or not made for this
        **dict.fromkeys(("1060", "1070", "1080", "unauthorized", "forbidden", "low-balance"), Blame.ACCOUNT),
        **dict.fromkeys(("account-suspended", "invalid-api-key", "unprovisioned"), Blame.ACCOUNT),
        # words that were not approved so; a sender that may not send; a facility that is switched off; a trial
        # account's list of phones
        **dict.fromkeys(("1022", "1120", "1140", "1160"), Blame.CONFIGURATION),
        # a number that is none, that is out of use for good, or nobody's in the provider's network (no WhatsApp)
        **dict.fromkeys(("1170", "1190", "1300"), Blame.NO_WAY),
        "1210": Blame.FILTERED,  # a network's filter against spam
    },
)


def outcome_of(response: httpx.Response) -> CallOutcome:
    """What an answer to a send means."""
    if not response.is_success:
        return refused(response, *_problem(response), CODES)
    if uuid := matching(MESSAGE_UUID, document_of(response).get("message_uuid")):
        return Accepted(uuid)
    return InDoubt(f"HTTP {response.status_code} without a message id")


def error_code(error: object) -> str:
    """The code of an error as it stands in a status webhook or in an answer, at times one level deeper; "" for none."""
    if not isinstance(error, dict):
        return ""
    inner = error.get("error")
    return _code_in(inner if isinstance(inner, dict) else error)


def _code_in(error: Json) -> str:
    fragment = str(error.get("type")).rpartition("#")[2]
    numbers = [one for one in (str(error.get("title")), fragment) if one.isdecimal()]
    return matching(CODE, numbers[0] if numbers else fragment) or ""


def _problem(response: httpx.Response) -> tuple[str, str]:
    """(code, detail); the code is "" where there is none."""
    error = document_of(response)
    code, http = error_code(error), f"HTTP {response.status_code}"
    words = [error[name] for name in ("title", "detail") if isinstance(error.get(name), str)]
    return code, ": ".join([f"{http}, error {code}" if code else http, *map(masked, words)])
