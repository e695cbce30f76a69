"""The fake Twilio's rules and the shape of its answers."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

import phonenumbers

from entrypoints.sandbox.keys import SENDER
from entrypoints.sandbox.world import Direction, Message, World

API_VERSION = "2010-04-01"
LONGEST_BODY = 1600
LONGEST_VALIDITY = 36_000
ONE_PLAIN, ONE_OF_MANY_PLAIN = 160, 153
ONE_UNICODE, ONE_OF_MANY_UNICODE = 70, 67

# Bare, in any case, these words act at the carrier before a product sees them.
BLOCKING = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
LIFTING = frozenset({"START", "YES", "UNSTOP"})

Fault = tuple[int, str]


def faults(form: Mapping[str, str], world: World) -> Iterator[Fault]:
    """What is wrong with a request to send, the gravest first: Twilio's code and a sentence."""
    yield from _recipient_faults(form.get("To", ""), world)
    yield from _sender_faults(form.get("From", ""))
    yield from _text_faults(form.get("Body", ""))
    validity = form.get("ValidityPeriod", "1")
    if not validity.isdecimal() or not 1 <= int(validity) <= LONGEST_VALIDITY:
        yield 20422, f"ValidityPeriod must be between 1 and {LONGEST_VALIDITY}."
    callback = form.get("StatusCallback")
    if callback is not None and not _is_callback(callback):
        yield 21609, "The StatusCallback URL is not a valid URL."


def _recipient_faults(to: str, world: World) -> Iterator[Fault]:
    if not to:
        yield 21604, "A 'To' phone number is required."
    elif not _is_phone(to):
        yield 21211, "The 'To' number is not a valid phone number."
    elif world.blocks(to):
        yield 21610, "Attempt to send to unsubscribed recipient."


def _sender_faults(sender: str) -> Iterator[Fault]:
    if not sender:
        yield 21603, "A 'From' phone number is required."
    elif sender != SENDER:
        yield 21606, "The 'From' phone number is not one of this account."


def _text_faults(body: str) -> Iterator[Fault]:
    if not body:
        yield 21602, "Message body is required."
    elif len(body) > LONGEST_BODY:
        yield 21617, f"The message body exceeds {LONGEST_BODY} characters."


def _is_phone(text: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text))
    except phonenumbers.NumberParseException:
        return False


def _is_callback(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "_" not in str(parts.hostname)


def error_json(status: int, code: int, message: str) -> dict[str, Any]:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return {"code": code, "message": message, "more_info": more, "status": status}


def message_json(message: Message, account: str) -> dict[str, Any]:
    """One message, as a send answers it and as a list shows it. Moments are in RFC 2822."""
    inbound = message.direction is Direction.IN
    uri = f"/{API_VERSION}/Accounts/{account}/Messages/{message.sid}"
    moment = format_datetime(message.at)
    return {
        "account_sid": account,
        "api_version": API_VERSION,
        "body": message.text,
        "date_created": moment,
        "date_sent": None if message.status == "queued" else moment,
        "date_updated": moment,
        "direction": "inbound" if inbound else "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": message.phone if inbound else SENDER,
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": str(segments(message.text)),
        "price": None,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": SENDER if inbound else message.phone,
        "uri": f"{uri}.json",
    }


def list_json(world: World, account: str, query: Mapping[str, str]) -> dict[str, Any]:
    """The account's messages, newest first, filtered by To, From and the day of sending. One page holds them all."""
    every = [message_json(message, account) for message in reversed(world.messages)]
    days = {message.sid: message.at.date() for message in world.messages}
    found = [entry for entry in every if _wanted(entry, days[entry["sid"]], query)]
    uri = f"/{API_VERSION}/Accounts/{account}/Messages.json"
    return {
        "messages": found,
        "page": 0,
        "page_size": max(50, len(found)),
        "start": 0,
        "end": max(0, len(found) - 1),
        "first_page_uri": f"{uri}?Page=0",
        "next_page_uri": None,
        "previous_page_uri": None,
        "uri": uri,
    }


def _wanted(entry: Mapping[str, Any], day: date, query: Mapping[str, str]) -> bool:
    """Twilio writes its comparisons into the parameter's name: "DateSent>=2026-03-01" is DateSent> and a day."""
    bounds = ((query.get(f"DateSent{sign}"), sign) for sign in ("", "<", ">"))
    return (
        query.get("To", entry["to"]) == entry["to"]
        and query.get("From", entry["from"]) == entry["from"]
        and all(_within(day, datetime.fromisoformat(bound).date(), sign) for bound, sign in bounds if bound)
    )


def _within(day: date, bound: date, sign: str) -> bool:
    return {"": day == bound, "<": day <= bound, ">": day >= bound}[sign]


def segments(text: str) -> int:
    """How many SMS a text takes. ASCII stands for the GSM alphabet here, which is close enough for a toy."""
    one, of_many = (ONE_PLAIN, ONE_OF_MANY_PLAIN) if text.isascii() else (ONE_UNICODE, ONE_OF_MANY_UNICODE)
    return 1 if len(text) <= one else -(-len(text) // of_many)
