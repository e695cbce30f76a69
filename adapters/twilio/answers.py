"""What Twilio's answers and errors mean.

A send has no idempotency key: of what is neither an id nor a clear refusal, nobody knows whether it was sent.
"""

import httpx

from adapters.common.answers import Codes, document_of, refused
from adapters.common.values import digits, masked, matching
from adapters.twilio.values import MESSAGE_SID
from domain.inbound import Blame
from domain.ports import Accepted, CallOutcome, InDoubt

# https://www.twilio.com/docs/api/errors, read at each code. What is left out on purpose: 21612 depends on the sender as
# much as on the phone; 30003 and 30008 may be over in an hour, and what is over tomorrow is no reason for another way.
CODES = Codes(
    "Twilio",
    "https://www.twilio.com/docs/api/errors/{code}",
    full=frozenset(("21611", "63017", "63018", "63038")),
    blames={
        # at the call, and 30004 in a report: blocked, by the phone's STOP above all
        **dict.fromkeys(("21610", "30004"), Blame.OPTED_OUT),
        # credentials; an account that is unknown, closed or suspended
        **dict.fromkeys(("10001", "20003", "20005", "20404", "30002"), Blame.ACCOUNT),
        # a sender that may not send, or is not registered for it
        **dict.fromkeys(("21601", "21603", "21606", "21659", "21660", "21661", "21705"), Blame.CONFIGURATION),
        **dict.fromkeys(("30032", "30034", "63007"), Blame.CONFIGURATION),
        # a country not enabled, a trial account, a PUBLIC_URL that Twilio refuses
        **dict.fromkeys(("21408", "21608", "21609"), Blame.CONFIGURATION),
        # approved words that are unknown, have other blanks, or are rejected, paused or switched off by WhatsApp
        **dict.fromkeys(("21655", "21656", "63027", "63028", "63040", "63041", "63042"), Blame.CONFIGURATION),
        # a number that is none, is a landline, is out of use, or has no WhatsApp
        **dict.fromkeys(("21211", "21217", "21401", "21614", "21635", "30005", "30006"), Blame.NO_WAY),
        **dict.fromkeys(("63003", "63024"), Blame.NO_WAY),
        # the network's filter, Twilio's protection against pumping, WhatsApp's choice not to deliver
        **dict.fromkeys(("30007", "30450", "63049"), Blame.FILTERED),
    },
)


def outcome_of(response: httpx.Response) -> CallOutcome:
    """What an answer to a send means."""
    if not response.is_success:
        code, detail = problem(response)
        return refused(response, code, detail, CODES)
    if sid := matching(MESSAGE_SID, document_of(response).get("sid")):
        return Accepted(sid)
    return InDoubt(f"HTTP {response.status_code} without a message id")


def problem(response: httpx.Response) -> tuple[str, str]:
    """(code, detail) of an error in Twilio's own shape (code, message) or in RFC 9457's (code, title, detail)."""
    error = document_of(response)
    http = f"HTTP {response.status_code}"
    code = digits(error.get("code"), 6)
    words = [error[name] for name in ("message", "title", "detail") if isinstance(error.get(name), str)]
    return code, ": ".join([f"{http}, error {code}" if code else http, *map(masked, words)])
