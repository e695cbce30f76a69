"""Ids, numbers and dates as Vonage writes them."""

import re
from datetime import UTC, datetime

MESSAGE_UUID = re.compile(r"[0-9A-Za-z-]{8,64}")  # a UUID at Vonage; stand-ins are less strict
CLIENT_REF = re.compile(r"[0-9A-Za-z_-]{1,100}")
NUMBER = re.compile(r"\+?([1-9][0-9]{6,14})")


def e164(value: object) -> str | None:
    """Vonage's numbers have no plus, ours have; None for a name, a short code, or what is no number at all."""
    found = NUMBER.fullmatch(value) if isinstance(value, str) else None
    return f"+{found[1]}" if found else None


def without_plus(number: str) -> str:
    """A number of ours as Vonage wants it."""
    return number.removeprefix("+")


def moment(value: object) -> datetime | None:
    """An ISO date with its zone, in UTC; None where it is none."""
    try:
        found = datetime.fromisoformat(str(value))
        return found.astimezone(UTC) if found.tzinfo else None
    except (OverflowError, ValueError):
        return None
