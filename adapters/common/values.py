"""Numbers, dates and words from outside, and what is left of what a patient typed."""

import json
import re
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

LONGEST_TEXT = 3200  # characters: twice what carriers join, so that what was cut still looks too long to decide
LONGEST_RECIPIENT = 64

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
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


def digits(value: object, at_most: int) -> str:
    """The value if it is a whole number of so many digits, as a string or as a number; else ""."""
    told = str(value) if isinstance(value, str | int) else ""
    return told if re.fullmatch(rf"[0-9]{{1,{at_most}}}", told) else ""


def matching(pattern: re.Pattern[str], value: object) -> str | None:
    """The value, if it is text of this form."""
    return value if isinstance(value, str) and pattern.fullmatch(value) else None


def moment(value: object) -> datetime:
    """An ISO 8601 date in UTC, which it is in where it names no zone. ValueError where it is none."""
    try:
        told = datetime.fromisoformat(str(value))
        return told.replace(tzinfo=told.tzinfo or UTC).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("not a date") from error


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
