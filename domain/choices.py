"""Several bookings in one question, and which of them an answer means: "1 yes 2 no", "yes to the first", "both".

As conservative as `domain.replies`: every word has to be a number, an answer or a word between them; a number without
an answer, a number twice, or one that the question did not name decides nothing at all.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from domain.languages import DEFAULT, language
from domain.replies import Answer
from domain.understanding.days import all_names, weekdays_in, with_numbers
from domain.understanding.kinds import Kind
from domain.understanding.reading import plain_words, understood

LINK = "link"  # the list of the words between numbers and answers
MOST = 20  # bookings that anybody would number
_LIST_SIGN = re.compile(r"(?<=\d)\s*[.):#=\u20e3]|[#(]\s*(?=\d)")
_RANGE = re.compile(r"(?<!\d)(\d)\s*[-–]\s*(\d)(?!\d)")
_NUMERO = re.compile(r"\bno\.\s*\d")  # "No. 1" is a number to some, and a no to others
_JOINED = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")  # "Y1 N2", "1yes"


@dataclass(frozen=True)
class _Numbers:
    """What an item of the answer stands for: the numbers, from 1; none of them for "the rest"."""

    numbers: frozenset[int]


_Item = _Numbers | Answer
_NOTHING = _Numbers(frozenset({0}))


def choices(
    text: str, count: int, languages: Sequence[str], days: Mapping[int, int] | None = None
) -> dict[int, Answer]:
    """Which of `count` numbered bookings this text answers, and how; {} where it is not wholly clear. `days`: the day
    of the week, 0 for Monday, of those bookings that are alone on it -> their number."""
    if not 1 < count <= MOST or _NUMERO.search(text.casefold()):
        return {}
    text = _RANGE.sub(_spelled_out, text.replace("\ufe0f", ""))
    for code in dict.fromkeys((*languages, DEFAULT)):
        numbered = _LIST_SIGN.sub(" ", with_numbers(text, days or {}, code))
        for spelled in (numbered, _JOINED.sub(" ", numbered)):
            if found := _meant(plain_words(spelled, code), count, code):
                return found
    return {}


def names_a_day(text: str, languages: Sequence[str]) -> bool:
    """Whether a text speaks of a certain day, by its full name or in whatever form the languages' files know."""
    codes = list(dict.fromkeys((*languages, DEFAULT)))
    spelled = {code: f" {' '.join(plain_words(text, code))} " for code in codes}
    return bool(weekdays_in(text, codes)) or any(f" {day} " in spelled[code] for code in codes for day in _days(code))


def _spelled_out(found: re.Match[str]) -> str:
    """ "1-3" is 1 2 3."""
    first, last = int(found[1]), int(found[2])
    return " ".join(map(str, range(first, last + 1))) if first < last else found[0]


def _meant(words: Sequence[str], count: int, code: str) -> dict[int, Answer]:
    everything = frozenset(range(1, count + 1))
    items = _items(words, everything, code)
    if _NOTHING in items:
        return {}
    match items:
        case [_Numbers(numbers)] if numbers == everything and not any(map(str.isdecimal, words)):
            return dict.fromkeys(sorted(everything), Answer.YES)  # "both", to a question whether all are wanted
    return _paired(items, everything)


def _paired(items: Sequence[_Item], everything: frozenset[int]) -> dict[int, Answer]:
    """ "yes 1 no 2", "1 yes 2 no", "1 yes, no to the rest": each number has one answer, and each answer a number."""
    found: dict[int, Answer] = {}
    rest = Answer.UNCLEAR
    for part in _parts(items):
        answered = _answered(part)
        for numbers, answer in answered:
            if numbers & found.keys() or (not numbers and rest is not Answer.UNCLEAR):
                return {}
            found |= dict.fromkeys(numbers, answer)
            rest = rest if numbers else answer
        if not answered:
            return {}
    if rest is not Answer.UNCLEAR and found:
        found |= dict.fromkeys(everything - found.keys(), rest)
    return dict(sorted(found.items()))


def _parts(items: Sequence[_Item]) -> list[list[_Item]]:
    """Cut where one answer follows another: the first belongs to what is before it, the second to what comes."""
    parts: list[list[_Item]] = []
    for item in items:
        if not parts or (isinstance(item, Answer) and isinstance(parts[-1][-1], Answer)):
            parts.append([])
        parts[-1].append(item)
    return parts


def _answered(part: Sequence[_Item]) -> list[tuple[frozenset[int], Answer]]:
    """Answer first or number first, the same all the way; [] where it cannot be told which answer is whose."""
    is_answer = [isinstance(item, Answer) for item in part]
    if is_answer[0] == is_answer[-1]:
        return []
    answer = Answer.UNCLEAR
    found: list[tuple[frozenset[int], Answer]] = []
    for item in part if is_answer[0] else reversed(part):
        if isinstance(item, Answer):
            answer = item
        else:
            found.append((item.numbers, answer))
    return found


def _items(words: Sequence[str], everything: frozenset[int], code: str) -> list[_Item]:
    """The text as numbers and answers; [] where there is a word that is neither."""
    items: list[_Item] = []
    at = 0
    while at < len(words):
        size, found = _number(words, at, everything) or _named(words, at, everything, code) or (0, [])
        if not found:
            size, kind = understood(words[at:], code)
            found = _answered_by(words[at : at + size], kind, everything, code)
            if kind is Kind.FILLER and not (items and isinstance(items[-1], Answer)):
                found = []  # "thanks to all"
            if not found and kind is not Kind.FILLER and words[at] not in _links(code):
                return []
        if items[-1:] != [_Numbers(everything)] or found != [_Numbers(frozenset({len(everything)}))]:
            items += found  # but "all 3", of three, is all of them
        at += max(size, 1)
    return items


def _answered_by(phrase: Sequence[str], kind: Kind | None, everything: frozenset[int], code: str) -> list[_Item]:
    """A yes or a no, and "to all" beside it."""
    answer: list[_Item] = [Answer(kind.value.upper())] if kind in (Kind.YES, Kind.NO) else []
    names, _ = _names(code)
    is_for_all = any(names.get(" ".join(phrase[at:])) == "all" for at in range(1, len(phrase)))
    return [*answer, _Numbers(everything)] if is_for_all and (answer or kind is Kind.FILLER) else answer


def _number(words: Sequence[str], at: int, everything: frozenset[int]) -> tuple[int, list[_Item]] | None:
    """The number that stands here, if the question named it."""
    word = words[at]
    if not word.isdecimal() or len(word) > len(str(MOST)) or int(word) not in everything:
        return None
    return 1, [_Numbers(frozenset({int(word)}))]


def _named(words: Sequence[str], at: int, everything: frozenset[int], code: str) -> tuple[int, list[_Item]] | None:
    """What the longest phrase here stands for that the language's file lists among its numbers."""
    names, reach = _names(code)
    for size in range(min(reach, len(words) - at), 0, -1):
        name = names.get(" ".join(words[at : at + size]))
        if name == "all" and not {word for word in words[at : at + size] if word.isdecimal()} <= {str(len(everything))}:
            return size, [_NOTHING]  # "the 2", of three
        if name and (items := _meaning_of(name, everything)):
            return size, items
    return None


def _meaning_of(name: str, everything: frozenset[int]) -> list[_Item]:
    """[] where the question named no such number."""
    if name.isdecimal():
        return [_Numbers(frozenset({int(name)}))] if int(name) in everything else []
    items: dict[str, list[_Item]] = {
        "last": [_Numbers(frozenset({len(everything)}))],
        "rest": [_Numbers(frozenset())],
        "all": [_Numbers(everything)],
        "none": [Answer.NO, _Numbers(everything)],
        "unclear": [_NOTHING],
        "yes": [Answer.YES],
        "no": [Answer.NO],
    }
    return items[name]


@cache
def _names(code: str) -> tuple[dict[str, str], int]:
    """What the language's file calls the numbers, and the length of its longest such phrase."""
    table = _table(code)
    names = {
        " ".join(plain_words(phrase, code)): name
        for name, phrases in table.items()
        if name != LINK
        for phrase in phrases
    }
    return names, max((len(phrase.split()) for phrase in names), default=1)


@cache
def _links(code: str) -> frozenset[str]:
    """The words between."""
    return frozenset(word for phrase in _table(code).get(LINK, []) for word in plain_words(phrase, code))


def _table(code: str) -> Mapping[str, list[str]]:
    found: Mapping[str, list[str]] = (language(code) or {}).get("replies", {}).get("numbers", {})
    return found


@cache
def _days(code: str) -> frozenset[str]:
    return frozenset(" ".join(plain_words(name, code)) for name in all_names(code))
