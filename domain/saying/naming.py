"""Names as they stand in a text. Adapters hand them over as one line of bounded length, without control characters;
but whoever knows a phone number can book in any name, and we text it to that phone."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

ADDRESS = re.compile(r"[/@:\d]|\w[.。]\w\w")  # a stranger could have us text it to anybody
MOST_OF_A_NAME = 30
MOST_OF_A_PRACTITIONER = 40

# Pictures cost a text of short segments, and what nobody sees is no name.
_PICTURES = ("So", "Cn", "Co", "Me")
_UNSEEN = re.compile("[\u115f\u1160\u3164\uffa0\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")


def presentable(name: str, most: int = MOST_OF_A_NAME) -> str:
    """The name without pictures, cut at a word's end or at least between two letters; "" where no letter is left."""
    seen = "".join(" " if unicodedata.category(char) in _PICTURES else char for char in _UNSEEN.sub("", name))
    shown = " ".join(seen.split())
    if not any(char.isalpha() for char in shown):
        return ""
    return shown if len(shown) <= most else _cut(shown, most)


def patient(name: str) -> str:
    """The whole name of a patient; "" where it looks like an address."""
    return "" if ADDRESS.search(unicodedata.normalize("NFKC", name)) else presentable(name)


def first_name(name: str) -> str:
    """ "Sarah Miller" and "Miller, Sarah" are greeted as Sarah; with a title in front ("Mrs. Miller") the whole name
    stands."""
    before, _, after = patient(name).partition(",")
    shown = after.strip() if after.strip() and " " not in before else before
    first = shown.partition(" ")[0]
    return shown if first.endswith(".") else first


def told_apart(names: Sequence[str]) -> list[str]:
    """What each patient of one phone is called, where there are several: the first name, with an initial where two
    share it. All blank where there is only one patient."""
    people = {patient(name).casefold(): name for name in names if patient(name)}
    if len(people) < 2:  # noqa: PLR2004
        return [""] * len(names)
    shared = Counter(first_name(name).casefold() for name in people.values())
    return [_with_initial(name) if shared[first_name(name).casefold()] > 1 else first_name(name) for name in names]


def _with_initial(name: str) -> str:
    first, words = first_name(name), patient(name).replace(",", " ").split()
    others = [word for word in words if word not in first.split()]
    return f"{first} {others[-1][0]}." if others else first


def _cut(name: str, most: int) -> str:
    """Whole words where that keeps something; a letter is not parted from its marks."""
    words, _, _ = name[: most + 1].rpartition(" ")
    if words:
        return words
    while most > 1 and unicodedata.category(name[most]).startswith("M"):
        most -= 1
    return name[:most]
