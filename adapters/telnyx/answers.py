"""What Telnyx's answers and errors mean.

The HTTP status of an error varies by the stage that finds it (an opted-out phone has been seen with 400, 403 and 409),
so the code in the body counts first. Codes: Telnyx's pages "Messaging Error Codes" and "API error codes".
"""

import httpx

from adapters.common.answers import Codes, document_of, refused
from adapters.common.values import as_object, as_objects, digits, masked, matching
from adapters.telnyx.values import MESSAGE_ID
from domain.inbound import Blame
from domain.ports import Accepted, CallOutcome, InDoubt

CODES = Codes(
    "Telnyx",
    "https://developers.telnyx.com/docs/messaging/messages/error-codes",
    # Too many requests; the upstream's, T-Mobile's or AT&T's limit is reached; the sender's queue is full.
    full=frozenset(("10011", "40011", "40016", "40018", "40318")),
    blames={
        "40300": Blame.OPTED_OUT,
        # the key; an account that is inactive, blocked, unverified, without funds, or may not send texts
        **dict.fromkeys(("10009", "10010", "20002", "20006", "20012", "20013", "20014", "20015"), Blame.ACCOUNT),
        **dict.fromkeys(("20016", "20017", "20100", "40314"), Blame.ACCOUNT),
        # a PUBLIC_URL or an id that Telnyx refuses
        **dict.fromkeys(("10003", "10006"), Blame.CONFIGURATION),
        # a sender that may not send, is not registered or not verified
        **dict.fromkeys(("40010", "40013", "40100", "40150", "40151", "40305", "40306"), Blame.CONFIGURATION),
        **dict.fromkeys(("40308", "40315", "40320", "40321", "40329", "40330"), Blame.CONFIGURATION),
        # a messaging profile that is disabled, wants a secret, or does not allow the country
        **dict.fromkeys(("40309", "40311", "40312", "40313"), Blame.CONFIGURATION),
        # a landline or a number that is not routable, one that the network or Telnyx takes for none
        **dict.fromkeys(("40001", "40012", "40310"), Blame.NO_WAY),
        # filters against spam: the network's (40003 counts the sender as a spammer), Telnyx's own, AT&T's
        **dict.fromkeys(("40002", "40003", "40015", "40017", "40322"), Blame.FILTERED),
    },
)


def outcome_of(response: httpx.Response) -> CallOutcome:
    """What an answer to a send means."""
    if response.is_success:
        uid = matching(MESSAGE_ID, as_object(document_of(response).get("data")).get("id"))
        return Accepted(uid) if uid else InDoubt(f"HTTP {response.status_code} without a message id")
    code, detail = problem(response)
    if response.is_client_error and code not in CODES.known and _is_about_an_earlier_send(response, detail):
        return InDoubt(detail)
    return refused(response, code, detail, CODES)


def _is_about_an_earlier_send(response: httpx.Response, detail: str) -> bool:
    """Whether the key was used before: that request is under way (409), or said something else (422). It may well
    have sent a text."""
    return response.status_code == httpx.codes.CONFLICT or "idempoten" in detail.lower()


def problem(response: httpx.Response) -> tuple[str, str]:
    """(code, detail) of an error: {"errors": [{"code", "title", "detail"}]}. Of several the first that we know. The
    detail on an opted-out phone names both numbers."""
    errors = as_objects(document_of(response).get("errors"))
    errors.sort(key=lambda error: digits(error.get("code"), 6) not in CODES.known)
    error = errors[0] if errors else {}
    http, code = f"HTTP {response.status_code}", digits(error.get("code"), 6)
    words = [error[name] for name in ("title", "detail") if isinstance(error.get(name), str)]
    return code, ": ".join([f"{http}, error {code}" if code else http, *map(masked, words)])
