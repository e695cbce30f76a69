"""Is the outside set up as we need it? What a check finds.

good      it is as it should be
unsure    it could not be told, or it may be meant so
fault     it keeps the service from working, or from being safe
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What a finding comes to."""

    GOOD = "good"
    UNSURE = "unsure"
    FAULT = "fault"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `cure` says what to do about it, "" where there is nothing to do; `part` is what it
    belongs to, "" where who asked knows that."""

    verdict: Verdict
    told: str
    cure: str = ""
    part: str = ""


def good(told: str, part: str = "") -> Finding:
    return Finding(Verdict.GOOD, told, part=part)


def unsure(told: str, cure: str = "", part: str = "") -> Finding:
    return Finding(Verdict.UNSURE, told, cure, part)


def fault(told: str, cure: str, part: str = "") -> Finding:
    return Finding(Verdict.FAULT, told, cure, part)


def faults(sentences: Sequence[str], otherwise: str = "") -> list[Finding]:
    """The faults of Misconfigured, whose sentences end with their cure, behind a semicolon; `otherwise` is the cure of
    one that has none."""
    parts = [sentence.rpartition("; ") for sentence in sentences]
    return [fault(told, cure) if told else fault(cure, otherwise) for told, _, cure in parts]


@dataclass(frozen=True)
class Wanted:
    """What the outside has to be set to, for one clinic: the addresses to which bookings, texts and delivery reports
    may be sent (the first is the one to recommend), and the clinic's languages."""

    bookings: tuple[str, ...]
    texts: tuple[str, ...]
    reports: tuple[str, ...]
    languages: tuple[str, ...] = ("en",)
