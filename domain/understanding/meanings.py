"""What a text can mean, and what the kinds of its phrases together allow."""

from collections.abc import Set
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from domain.understanding.kinds import MORE_THAN_MERE, Kind, all_plainly


class Answer(StrEnum):
    """What a text says to the question."""

    YES = "YES"
    NO = "NO"
    UNCLEAR = "UNCLEAR"


class Keyword(StrEnum):
    """What a text says about texting itself."""

    STOP = "STOP"
    START = "START"
    HELP = "HELP"


class Topic(StrEnum):
    """What a text that decides nothing is about."""

    OTHER_TIME = "other_time"
    WRONG_NUMBER = "wrong_number"


@dataclass(frozen=True)
class Meaning:
    """`rule` names the rule that decided, for the audit log. It never quotes the patient. `says_more`: beside the
    answer there is something that a person should read. `said`: an answer to each of several bookings. `is_courtesy`:
    thanks, a farewell and their like, and nothing else. It may be a YES too ("ok, see you then"): whoever confirmed
    before needs no reply to it, but whoever has no booking any more must be told so."""

    answer: Answer
    keyword: Keyword | None
    rule: str
    topic: Topic | None = None
    says_more: bool = False
    said: str = ""
    is_courtesy: bool = False

    @property
    def label(self) -> str:
        """One word: YES or NO, else the keyword, else UNCLEAR; or what was said of each of several bookings."""
        return self.said or (self.keyword if self.keyword and self.answer is Answer.UNCLEAR else self.answer)


# What goes with an answer, whatever its firmness.
BESIDE = {
    Kind.YES: frozenset({Kind.WITH_YES, Kind.FILLER, Kind.ASIDE, Kind.BESIDE_FIRM, Kind.BESIDE_FIRM_YES}),
    Kind.NO: frozenset({Kind.WITH_NO, Kind.REASON, Kind.FILLER, Kind.ASIDE, Kind.BESIDE_FIRM}),
}

# The first line that fits decides: this was said, and beside it nothing but these.
VERDICTS: tuple[tuple[Kind, Set[Kind], Meaning], ...] = (
    (
        Kind.CANCEL,
        {Kind.NO, Kind.FILLER},
        Meaning(Answer.NO, Keyword.STOP, "a no that also stops texts at the carrier"),
    ),
    (Kind.STOP, set(Kind), Meaning(Answer.UNCLEAR, Keyword.STOP, "asks to stop texts")),
    (Kind.START, set(), Meaning(Answer.UNCLEAR, Keyword.START, "asks for texts again")),
    (Kind.HELP, set(), Meaning(Answer.UNCLEAR, Keyword.HELP, "asks for help")),
    (Kind.YES, BESIDE[Kind.YES], Meaning(Answer.YES, None, "understood as yes")),
    (Kind.NO, BESIDE[Kind.NO], Meaning(Answer.NO, None, "understood as no")),
    (Kind.YES, set(Kind), Meaning(Answer.UNCLEAR, None, "both yes and no")),
)
NEITHER = Meaning(Answer.UNCLEAR, None, "no clear yes or no")
NOT_UNDERSTOOD = Meaning(Answer.UNCLEAR, None, "not wholly understood")
TOO_LONG = Meaning(Answer.UNCLEAR, None, "too long for an answer")
CANCELLED = Meaning(Answer.NO, None, "a cancel after a yes")
CORRECTED = "the last answer, after a correction"


@lru_cache(maxsize=1024)
def judge(heard: frozenset[Kind]) -> Meaning:
    """What the kinds of phrases together allow."""
    plain = all_plainly(heard)
    if Kind.REASON in plain and not heard & MORE_THAN_MERE:
        return NEITHER
    for kind, company, meaning in VERDICTS:
        if kind in plain and plain <= {kind, *company}:
            return and_more(meaning) if Kind.ASIDE in heard and meaning.answer is not Answer.UNCLEAR else meaning
    return NEITHER if heard else NOT_UNDERSTOOD


def and_more(meaning: Meaning) -> Meaning:
    return meaning if meaning.says_more else replace(meaning, rule=f"{meaning.rule}, and more", says_more=True)
