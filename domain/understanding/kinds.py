"""The kinds of phrases: what a part of a text can be."""

from collections.abc import Set
from enum import StrEnum


class Kind(StrEnum):
    """What a phrase can be. The values are the names of the lists in a language's file."""

    YES = "yes"
    NO = "no"
    MERE_YES = "mere_yes"  # a yes that may be about something else if more is said than we understand: "ok"
    MERE_NO = "mere_no"
    FIRM_YES = "firm_yes"  # a yes that says what it is about, so that it stands beside other things: "I'll be there"
    FIRM_NO = "firm_no"
    CANCELS = "cancels"  # a firm no, even after a yes: "yes, please cancel"
    BESIDE_FIRM = "beside_firm"  # goes with a firm answer in the same clause: "tomorrow"
    BESIDE_FIRM_YES = "beside_firm_yes"
    WITH_YES = "with_yes"  # goes with a YES, is none: "no problem"
    WITH_NO = "with_no"  # goes with a NO, is none: "I am ill"
    REASON = "reason"  # goes with a NO that is more than a mere one: "because…"
    CORRECTION = "correction"  # what follows replaces what was said before: "I mean"
    FILLER = "filler"  # goes with everything: "please"
    ASIDE = "aside"  # no list, but the unknown words that an open phrase takes in: "because my cat…"
    UNCLEAR = "unclear"  # may mean either: "no need to cancel"
    STOP = "stop"
    STOP_ANYWHERE = "stop_anywhere"  # counts even if the rest is not understood: "stop texting me"
    START = "start"
    HELP = "help"
    CANCEL = "cancel"  # NO to us, STOP to the carrier
    RISKY = "risky"  # takes back, narrows or doubts what stands beside it: "but", "if", "later"
    RISKY_FOR_YES = "risky_for_yes"  # only what a yes must not have beside it: "not"
    RISKY_FOR_NO = "risky_for_no"  # only what a no must not have beside it: "my wife is bringing him"
    LOGISTICS = "logistics"  # begins a question that leaves a yes in front of it as it is: "where do I park"
    OTHER_TIME = "other_time"  # asks for another time, wherever it stands
    WRONG_NUMBER = "wrong_number"  # says that we text the wrong person, wherever it stands

    __hash__ = str.__hash__  # an enumeration's own is many times slower, and each text makes sets of kinds


# What a phrase says, however firmly.
_PLAIN = {
    Kind.MERE_YES: Kind.YES,
    Kind.FIRM_YES: Kind.YES,
    Kind.MERE_NO: Kind.NO,
    Kind.FIRM_NO: Kind.NO,
    Kind.CANCELS: Kind.NO,
}
FIRM = frozenset({Kind.FIRM_YES, Kind.FIRM_NO, Kind.CANCELS})
MORE_THAN_MERE = frozenset({*FIRM, Kind.YES, Kind.NO})
ANSWERS = frozenset({Kind.YES, Kind.NO, *_PLAIN})
# These are looked for wherever they stand, whatever else the words around them mean.
MARKS = (
    Kind.RISKY,
    Kind.RISKY_FOR_YES,
    Kind.RISKY_FOR_NO,
    Kind.LOGISTICS,
    Kind.OTHER_TIME,
    Kind.WRONG_NUMBER,
)


def plainly(kind: Kind) -> Kind:
    """What this kind says, however firmly: YES for a firm yes and for a mere one."""
    return _PLAIN.get(kind, kind)


def all_plainly(kinds: Set[Kind]) -> frozenset[Kind]:
    return frozenset(_PLAIN.get(kind, kind) for kind in kinds)
