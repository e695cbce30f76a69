"""The phrases of a language, each of one kind, as its file lists them: `languages/<code>.toml`, table `[replies]`."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain, product
from typing import Any, Generic, TypeVar

from domain.languages import DEFAULT, codes, language, short
from domain.understanding.kinds import FIRM, MARKS, Kind
from domain.understanding.plaintext import PAUSE, plain, spaced

T = TypeVar("T")


_OPEN = "…"  # at the end of a listed phrase: whatever follows it to the next pause belongs to it
_LIST = re.compile(r"\{([^}]*)\}")
_REPEATED = re.compile(r"(.+?)\1+")  # letters or syllables: "yaah", "nonono"


_NONE: Mapping[str, int] = {}


@dataclass(frozen=True)
class Glossary(Generic[T]):
    """Phrases and what they stand for. `reach`: first word -> second word -> the length in words of the longest such
    phrase."""

    entries: Mapping[str, T]
    reach: Mapping[str, Mapping[str, int]]

    def cut(self, words: Sequence[str]) -> Iterator[tuple[str, T | None]]:
        """Cut a text into its longest phrases from left to right; a word that begins none stands for None."""
        at = 0
        while at < len(words):
            size = self._size(words, at)
            phrase = words[at] if size == 1 else " ".join(words[at : at + size])
            yield phrase, self.entries.get(phrase)
            at += size

    def at(self, words: Sequence[str], at: int) -> Iterator[T]:
        """What all phrases stand for that begin at this word."""
        for end in range(at + 1, at + self._reach(words, at) + 1):
            if (phrase := " ".join(words[at:end])) in self.entries:
                yield self.entries[phrase]

    def _size(self, words: Sequence[str], at: int) -> int:
        """How many words the longest phrase has that begins here; 1 if there is none."""
        if words[at] not in self.reach:
            return 1
        sizes = range(self._reach(words, at), 1, -1)
        return next((size for size in sizes if " ".join(words[at : at + size]) in self.entries), 1)

    def _reach(self, words: Sequence[str], at: int) -> int:
        left = len(words) - at
        return 1 if left == 1 else min(left, self.reach.get(words[at], _NONE).get(words[at + 1], 1))


@dataclass(frozen=True, eq=False)
class Lexicon:
    """One language's file, ready to be looked up."""

    alone: Mapping[str, Kind]
    first: Mapping[str, str]
    drawn_out: Mapping[str, str]
    typos: Mapping[str, Sequence[str]]
    spellings: Mapping[str, Sequence[str]]
    digit_words: Mapping[str, str]
    titles: frozenset[str]
    names_follow: frozenset[str]
    joins: frozenset[str]
    synonyms: Glossary[str]
    phrases: Glossary[Kind]
    open_phrases: frozenset[str]
    closed_phrases: frozenset[str]
    courtesies: frozenset[str]
    marks: Glossary[Kind]
    words: frozenset[str]
    tells_firm: bool


@lru_cache(maxsize=64)  # codes come from outside
def lexicon_of(code: str) -> Lexicon:
    """The lexicon of this language, "pt-BR" as "pt"; the default language's where we have no file for it."""
    name = short(code)
    return _lexicon(name if name in codes() else DEFAULT)


@cache
def _lexicon(code: str) -> Lexicon:
    """What the default language's file lists as shared is part of each."""
    table, shared = replies_table(code), replies_table(DEFAULT).get("shared", {})
    spellings = {entry(word): entry(plain).split() for plain, words in _tables(table, "spellings") for word in words}
    synonyms = {phrase: entry(plain) for phrase, plain in expanded(table.get("synonyms", {}), table).items()}
    listed: dict[str, Kind] = {PAUSE: Kind.FILLER}
    for source in (shared, table):
        listed |= expanded({kind: source.get(kind, []) for kind in Kind if kind not in MARKS}, source)
    open_phrases = frozenset(phrase.removesuffix(f" {_OPEN}") for phrase in listed if phrase.endswith(_OPEN))
    phrases = {phrase.removesuffix(f" {_OPEN}"): kind for phrase, kind in listed.items()}
    marks = expanded({kind: table.get(kind, []) for kind in MARKS}, table)
    return Lexicon(
        alone={entry(text): Kind(kind) for kind, texts in _tables(table, "alone") for text in texts},
        first={entry(word): entry(plain) for plain, words in _tables(table, "first") for word in words},
        drawn_out={core(word): word for word in map(entry, table.get("drawn_out", []))},
        typos=_by_initial(_entries(table, "typos")),
        spellings=spellings,
        digit_words={digit: entry(word) for word, digits in _tables(table, "digit_words") for digit in digits},
        titles=_entries(table, "titles"),
        names_follow=_entries(table, "names_follow"),
        joins=_entries(table, "joins"),
        synonyms=_glossary(synonyms),
        phrases=_glossary(phrases),
        open_phrases=open_phrases,
        closed_phrases=open_phrases & listed.keys(),
        courtesies=frozenset({*_listed(shared, "courtesy"), *_listed(table, "courtesy")}),
        marks=_glossary(marks),
        words=frozenset(chain.from_iterable(map(str.split, chain(phrases, synonyms, spellings, marks)))),
        tells_firm=any(table.get(kind) for kind in FIRM),
    )


def replies_table(code: str) -> Mapping[str, Any]:
    """The table `[replies]` of a language's file, empty where there is none."""
    table: Mapping[str, Any] = (language(code) or {}).get("replies", {})
    return table


def entry(phrase: str) -> str:
    """A phrase of a file as it is looked up: in the words and signs into which a text is cut."""
    return _spaced(_plain(phrase))


def _plain(phrase: str) -> str:
    """In plain form, but for the ellipsis at its end."""
    if phrase.isascii():
        return phrase
    return plain(phrase.removesuffix(_OPEN)) + _OPEN * phrase.endswith(_OPEN)


def _spaced(phrase: str) -> str:
    return f"{spaced(phrase.removesuffix(_OPEN))} {_OPEN}" if phrase.endswith(_OPEN) else spaced(phrase)


def core(word: str) -> str:
    """A word with each letter or syllable once that is drawn out: "yaah", "nonono"."""
    return _REPEATED.sub(r"\1", word)


def expanded(templates: Mapping[T, Sequence[str]], table: Mapping[str, Any]) -> dict[str, T]:
    """Each phrase that the templates stand for, and what it is: "see you {then}" with each entry of the list `then`."""
    lists = table.get("lists", {})
    variants: dict[str, Sequence[str]] = {}

    def expand(template: str) -> Iterator[str]:
        parts = _LIST.split(template)  # every second one is the name of a list
        for number, part in enumerate(parts):
            if number % 2 and part not in variants:
                variants[part] = [phrase for one in lists[part] for phrase in expand(one)]
        choices = [variants[part] if number % 2 else (_plain(part),) for number, part in enumerate(parts)]
        return map("".join, product(*choices))

    return {_spaced(phrase): what for what, some in templates.items() for one in some for phrase in expand(one)}


def _tables(table: Mapping[str, Any], name: str) -> Iterable[tuple[str, Sequence[str]]]:
    inner: Mapping[str, Sequence[str]] = table.get(name, {})
    return inner.items()


def _listed(table: Mapping[str, Any], name: str) -> Iterable[str]:
    return expanded({name: table.get(name, [])}, table)


def _entries(table: Mapping[str, Any], name: str) -> frozenset[str]:
    return frozenset(map(entry, table.get(name, [])))


def _by_initial(words: Iterable[str]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for word in words:
        found.setdefault(word[0], []).append(word)
    return found


def _glossary(entries: Mapping[str, T]) -> Glossary[T]:
    reach: dict[str, dict[str, int]] = {}
    for phrase in entries:
        first, *others = phrase.split(" ")
        if others:
            seconds = reach.setdefault(first, {})
            seconds[others[0]] = max(seconds.get(others[0], 0), 1 + len(others))
    return Glossary(entries, reach)
