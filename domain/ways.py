"""By what way a patient is asked: first by SMS, then by the other ways that a clinic has set up, and at last by a
person. A way that turns out to lead nowhere is remembered for the phone."""

from collections.abc import Collection, Sequence
from enum import StrEnum


class Way(StrEnum):
    """The ways to a patient. The values are stored for ever."""

    SMS = "sms"
    WHATSAPP = "whatsapp"
    EMAIL = "email"


def first_way(ways: Sequence[Way], closed: Collection[str], failed: Way | None = None) -> Way | None:
    """The first of a clinic's ways that is not closed, or, where one has just failed, the first behind it; None where
    only a person is left."""
    left = ways[ways.index(failed) + 1 :] if failed in ways else ways
    return next((way for way in left if way not in closed), None)
