"""By what way a patient is asked: first by SMS, then by the other ways that a clinic has set up, and at last by a
person. A way that turns out to lead nowhere is remembered for the phone."""

from collections.abc import Collection, Sequence
from enum import StrEnum


class Way(StrEnum):
    """The ways to a patient. The values are stored for ever."""

    SMS = "sms"
    WHATSAPP = "whatsapp"
    EMAIL = "email"


def way_to(ways: Sequence[Way], closed: Collection[Way]) -> Way | None:
    """The first of a clinic's ways that is not closed; None where only a person is left."""
    return next((way for way in ways if way not in closed), None)
