"""Numbers, dates and words as the phone writes them, and what is left of what a patient typed."""

import json
import re
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

LONGEST_TEXT = 3200  # characters; far more than an answer to a question has
LONGEST_RECIPIENT = 64

ERRAND_KEY = re.compile(r"[0-9a-f]{32}")
MESSAGE_ID = re.compile(r"[0-9A-Za-z_.:-]{1,64}")
LISTED_ID = re.compile(r"[a-z-]{1,12}:(-?[0-9]{1,10})")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # newline and tab are text
PHONE_LIKE = re.compile(r"\d(?:[ .()-]{0,2}\d){6,}")
SECRET_LIKE = re.compile(r"[A-Za-z0-9+/=_-]{24,}")


def cleaned(value: object, at_most: int) -> str:
    """The value without control characters and lone surrogates, and no longer than so many characters; "" where it is
    no string."""
    return CONTROL.sub(" ", value)[:at_most] if isinstance(value, str) else ""


def masked(value: str) -> str:
    """Foreign words that may be logged: no whole phone number, nothing that could be a secret."""
    hidden = PHONE_LIKE.sub(lambda number: f"…{number[0][-2:]}", SECRET_LIKE.sub("…", value))
    return cleaned(" ".join(hidden.split()), 200)


def moment(value: object) -> datetime:
    """An ISO 8601 date in UTC; the phone writes its own zone's offset. ValueError where it is none."""
    try:
        told = datetime.fromisoformat(str(value))
        return told.replace(tzinfo=told.tzinfo or UTC).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("not a date") from error


def inbound_id(told: object, at: datetime) -> str | None:
    """An id for a received text, the same from a webhook and from the list; None where there is none to make it of.

    The phone's own id is a hash of 32 bits over sender, date, SIM and words: hexadecimal in webhooks, `text:` and a
    signed decimal in the list. That is too few for years of texts, so the date stands in the id as well.
    """
    if not isinstance(told, str) or not MESSAGE_ID.fullmatch(told):
        return None
    listed = LISTED_ID.fullmatch(told)
    hashed = f"{int(listed[1]) & 0xFFFFFFFF:x}" if listed else told
    return f"{hashed}-{int(at.timestamp())}"


def read_json(body: bytes) -> object:
    """The JSON value in the body; None where it is none."""
    try:
        return json.loads(body.decode())
    except (ValueError, RecursionError):
        return None


def as_object(value: object) -> Json:
    """The value where it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_objects(value: object) -> list[Json]:
    """The JSON objects in a list; [] where it is none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
