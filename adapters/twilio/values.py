"""Numbers, dates and words as Twilio writes them, and what is left of what a patient typed."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_TEXT = 3200  # characters: twice Twilio's maximum, so that what was cut still looks too long to decide
LONGEST_RECIPIENT = 64

MESSAGE_SID = re.compile(r"(SM|MM)[0-9A-Za-z_-]{1,62}")  # 32 hex digits at Twilio; stand-ins are less strict
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
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


def digits(value: str, at_most: int) -> str:
    """The value if it is a whole number of so many digits, else ""."""
    return value if re.fullmatch(rf"[0-9]{{1,{at_most}}}", value) else ""


def pictures(value: str) -> int:
    """How many pictures came along; a count that is none is 0."""
    return int(digits(value, 3) or 0)


def moment(value: object) -> datetime:
    """An RFC 2822 date in UTC. ValueError where it is none."""
    try:
        moment = parsedate_to_datetime(str(value))
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (IndexError, OverflowError, TypeError) as error:
        raise ValueError("not a date") from error
