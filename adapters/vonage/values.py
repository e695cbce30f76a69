"""Numbers, dates and words as Vonage writes them, and what is left of what a patient typed."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST_TEXT = 3200  # characters: twice what carriers join, so that what was cut still looks too long to decide
LONGEST_RECIPIENT = 64
LONGEST_WAIT = timedelta(days=1)

MESSAGE_UUID = re.compile(r"[0-9A-Za-z-]{8,64}")  # a UUID at Vonage; stand-ins are less strict
CLIENT_REF = re.compile(r"[0-9A-Za-z_-]{1,100}")
NUMBER = re.compile(r"\+?([1-9][0-9]{6,14})")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # newline and tab are text
PHONE_LIKE = re.compile(r"\d(?:[ .()-]{0,2}\d){6,}")
SECRET_LIKE = re.compile(r"[A-Za-z0-9+/=_-]{24,}")


def cleaned(value: str, at_most: int) -> str:
    """The value without control characters and lone surrogates, and no longer than so many characters."""
    return CONTROL.sub(" ", value)[:at_most]


def masked(value: str) -> str:
    """Foreign words that may be logged: no whole phone number, nothing that could be a secret."""
    hidden = PHONE_LIKE.sub(lambda number: f"…{number[0][-2:]}", SECRET_LIKE.sub("…", value))
    return cleaned(" ".join(hidden.split()), 200)


def e164(value: object) -> str | None:
    """Vonage's numbers have no plus, ours have; None for a name, a short code, or what is no number at all."""
    found = NUMBER.fullmatch(value) if isinstance(value, str) else None
    return f"+{found[1]}" if found else None


def without_plus(number: str) -> str:
    """A number of ours as Vonage wants it."""
    return number.removeprefix("+")


def matching(pattern: re.Pattern[str], value: object) -> str | None:
    """The value, if it is text of this form."""
    return value if isinstance(value, str) and pattern.fullmatch(value) else None


def moment(value: object) -> datetime | None:
    """An ISO date with its zone, in UTC; None where it is none."""
    try:
        found = datetime.fromisoformat(str(value))
        return found.astimezone(UTC) if found.tzinfo else None
    except (OverflowError, ValueError):
        return None


def wait_of(value: str, answered_at: str) -> timedelta | None:
    """A Retry-After in seconds or as a date; a date is measured against the answer's own Date, so no clock is asked."""
    if re.fullmatch(r"[0-9]{1,9}", value):
        return min(timedelta(seconds=int(value)), LONGEST_WAIT)
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(answered_at)
    except (IndexError, OverflowError, TypeError, ValueError):
        return None
    return min(max(wait, timedelta(0)), LONGEST_WAIT)
