"""Reading Cal.com's JSON: what it may hold, and what is left of what a patient typed."""

import json
import re
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from domain.errors import NotUnderstood

Json = Mapping[str, object]

DETAIL_CAP = 200

# A uid stands in URLs and in stream ids. Cal.com's own are 22 letters and digits (short-uuid).
_UID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class PayloadHints:
    """What a clinic knows that its payloads do not say.

    `phone_field` is the slug of the booking question that asks for the phone, "" where there is none of its own.
    `fallback_region` is the ISO region ("GB") of numbers without a plus, None to refuse them.
    `time_zone` stands in where neither patient nor host has a zone that exists.
    """

    phone_field: str = ""
    fallback_region: str | None = None
    time_zone: str = "UTC"


def read_json(body: bytes) -> object:
    """The JSON value that `body` holds, without any `oneTimePassword`. Raises NotUnderstood.

    That password confirms the booking without a login (Cal.com's /api/verify-booking-token), so it is dropped while it
    is parsed: what never exists cannot be logged. For the same reason the error is raised outside of `suppress`:
    json's own error carries the whole document and would hang on ours as its context.
    """
    with suppress(ValueError, RecursionError):
        return json.loads(body.decode("utf-8"), object_hook=_without_password, parse_constant=_refuse_constant)
    raise NotUnderstood("the body is not JSON in UTF-8: the webhook in Cal.com must not have a custom payload template")


def _without_password(found: dict[str, object]) -> dict[str, object]:
    found.pop("oneTimePassword", None)
    return found


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def as_object(value: object) -> Json:
    """`value` where it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def uid_in(value: object) -> str | None:
    """`value` where it has the shape of a booking's uid."""
    return value if isinstance(value, str) and _UID.fullmatch(value) else None


def cleaned(value: object, cap: int) -> str:
    """`value` as one line of at most `cap` characters, without control and format characters and lone surrogates;
    "" where it is not a string.

    Composed (NFC), because a decomposed "é" is not in the SMS alphabet and makes the text cost twice. It is cut before
    as well, because composing takes quadratic time on a long run of combining marks.
    """
    if not isinstance(value, str):
        return ""
    spaced = "".join(" " if unicodedata.category(char) == "Cc" else char for char in value[: 10 * cap])
    visible = "".join(char for char in spaced if unicodedata.category(char) not in ("Cf", "Cs"))
    return " ".join(unicodedata.normalize("NFC", visible).split())[:cap].rstrip()
