"""What a patient's text means: YES, NO or UNCLEAR, and beside it STOP, START or HELP.

A wrong decision costs a patient an appointment, an UNCLEAR costs one more SMS. So a text decides only if it is
understood to its last word: it is cut into the phrases that a language's file lists, each phrase is of one kind, and
the kinds together must allow one answer only. An unknown word, a digit or a question mark is enough for UNCLEAR.

All words are in `languages/<code>.toml`, table `[replies]`; nothing here knows a language.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Generic, TypeVar
from unicodedata import normalize

from domain.languages import DEFAULT, language

T = TypeVar("T")


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


@dataclass(frozen=True)
class Meaning:
    """`rule` names the rule that decided, for the audit log. It never quotes the patient."""

    answer: Answer
    keyword: Keyword | None
    rule: str

    @property
    def label(self) -> str:
        """One word: YES or NO, else the keyword, else UNCLEAR."""
        return self.keyword if self.keyword and self.answer is Answer.UNCLEAR else self.answer


class Kind(StrEnum):
    """What a phrase can be. The values are the names of the lists in a language's file."""

    YES = "yes"
    NO = "no"
    WITH_YES = "with_yes"  # goes with a YES, is none: "no problem"
    WITH_NO = "with_no"  # goes with a NO, is none: "I am ill"
    FILLER = "filler"  # goes with everything: "please"
    UNCLEAR = "unclear"  # may mean either: "no need to cancel"
    STOP = "stop"
    STOP_ANYWHERE = "stop_anywhere"  # counts even if the rest is not understood: "stop texting me"
    START = "start"
    HELP = "help"
    CANCEL = "cancel"  # NO to us, STOP to the carrier


# The first line that fits decides: this was said, and beside it nothing but these.
_VERDICTS: tuple[tuple[Kind, set[Kind], Meaning], ...] = (
    (Kind.CANCEL, {Kind.NO}, Meaning(Answer.NO, Keyword.STOP, "a no that also stops texts at the carrier")),
    (Kind.STOP, set(Kind), Meaning(Answer.UNCLEAR, Keyword.STOP, "asks to stop texts")),
    (Kind.START, set(), Meaning(Answer.UNCLEAR, Keyword.START, "asks for texts again")),
    (Kind.HELP, set(), Meaning(Answer.UNCLEAR, Keyword.HELP, "asks for help")),
    (Kind.YES, {Kind.WITH_YES, Kind.FILLER}, Meaning(Answer.YES, None, "understood as yes")),
    (Kind.NO, {Kind.WITH_NO, Kind.FILLER}, Meaning(Answer.NO, None, "understood as no")),
    (Kind.YES, set(Kind), Meaning(Answer.UNCLEAR, None, "both yes and no")),
)
_NEITHER = Meaning(Answer.UNCLEAR, None, "no clear yes or no")
_NOT_UNDERSTOOD = Meaning(Answer.UNCLEAR, None, "not wholly understood")
_TOO_LONG = Meaning(Answer.UNCLEAR, None, "too long for an answer")

_LONGEST_TEXT = 1600  # characters; carriers join no more
_PAUSE = "."  # what all punctuation becomes
_NAME = "*"  # what an unknown word after a title becomes
_PAUSES = frozenset('.,!:()[]"*~-–—¡«»„“”。、·\n\r\u2028')  # no "?", no "/", and no ";", which is the Greek "?"
_APOSTROPHES = str.maketrans("’‘ʼ´`′", "''''''")
_INVISIBLE = re.compile("\u200d[♀♂]|[\u00ad\u200b-\u200f\u2060-\u2064\ufe0e\ufe0f\ufeff\U0001f3fb-\U0001f3ff]")
_EMOTICON = re.compile(r"(?<!\w)(?:[:;=]['-]?[dpo3()]+|<3)(?!\w)")  # not ":/" or ":|", which doubt
_DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,}")  # "yesss", "nooo"
_HYPHEN = re.compile(r"\b-\b")
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[^\w\s']|[\n\r\u2028]")


def interpret(text: str, languages: Sequence[str] = (DEFAULT,)) -> Meaning:
    """What `text` means in any of these languages. English is always among them; unknown codes are passed over."""
    text = text.strip()
    tokens = _tokens(text[:_LONGEST_TEXT])
    heard: frozenset[Kind] = frozenset()
    for code in dict.fromkeys((DEFAULT, *languages)):
        heard |= _hear(tokens, _lexicon(code))
    too_long = len(text) > _LONGEST_TEXT and Kind.STOP not in heard
    return _TOO_LONG if too_long else _judge(heard)


def _judge(heard: frozenset[Kind]) -> Meaning:
    for kind, company, meaning in _VERDICTS:
        if kind in heard and heard <= {kind, *company}:
            return meaning
    return _NEITHER if heard else _NOT_UNDERSTOOD


def _tokens(text: str) -> list[str]:
    """Words and signs in one plain form, punctuation as pauses; the last token is a pause."""
    plain = normalize("NFKC", text.translate(_APOSTROPHES)).casefold()
    plain = _EMOTICON.sub(" ", _HYPHEN.sub(" ", _INVISIBLE.sub("", plain)))
    tokens = _TOKEN.findall(_DRAWN_OUT.sub(r"\1", plain))
    return [_PAUSE if token in _PAUSES else token for token in tokens] + [_PAUSE]


@dataclass(frozen=True)
class _Glossary(Generic[T]):
    """Phrases and what they stand for. `reach`: first word -> the length in words of the longest such phrase."""

    entries: Mapping[str, T]
    reach: Mapping[str, int]

    def cut(self, words: Sequence[str]) -> Iterator[tuple[str, T | None]]:
        """Cut a text into its longest phrases from left to right; a word that begins none stands for None."""
        at = 0
        while at < len(words):
            size = min(self.reach.get(words[at], 1), len(words) - at)
            while size > 1 and " ".join(words[at : at + size]) not in self.entries:
                size -= 1
            phrase = " ".join(words[at : at + size])
            yield phrase, self.entries.get(phrase)
            at += size


@dataclass(frozen=True)
class _Lexicon:
    """One language's file, ready to be looked up."""

    alone: Mapping[str, Kind]
    spellings: Mapping[str, Sequence[str]]
    titles: frozenset[str]
    synonyms: _Glossary[str]
    phrases: _Glossary[Kind]
    words: frozenset[str]


def _hear(tokens: Sequence[str], lexicon: _Lexicon) -> frozenset[Kind]:
    """The kinds of all phrases; none at all if this language does not understand every one of them."""
    alone = lexicon.alone.get(" ".join(token for token in tokens if token != _PAUSE))
    if alone:
        return frozenset({alone})
    heard = frozenset(kind or Kind.UNCLEAR for _, kind in lexicon.phrases.cut(_words(tokens, lexicon)))
    if Kind.STOP_ANYWHERE in heard:
        return frozenset({Kind.STOP})
    return frozenset() if Kind.UNCLEAR in heard else heard


def _words(tokens: Sequence[str], lexicon: _Lexicon) -> list[str]:
    """The tokens in the spellings and synonyms that the file's phrases use; "dr . lee" is "dr *"."""
    words: list[str] = []
    titled = False
    for token in tokens:
        if titled and token == _PAUSE:
            continue
        is_name = titled and token.isalpha() and token not in lexicon.words
        words += (_NAME,) if is_name else lexicon.spellings.get(token, (token,))
        titled = token in lexicon.titles
    return " ".join(plain or phrase for phrase, plain in lexicon.synonyms.cut(words)).split()


@lru_cache(maxsize=64)  # codes come from outside
def _lexicon(code: str) -> _Lexicon:
    """The lexicon of one language. What the default language's file lists as shared is part of each."""
    table = _replies(code)
    spellings = {word: plain.split() for plain, words in table.get("spellings", {}).items() for word in words}
    synonyms = _expanded(table.get("synonyms", {}), table)
    phrases = {_PAUSE: Kind.FILLER}
    for source in (_replies(DEFAULT).get("shared", {}), table):
        phrases |= _expanded({kind: source.get(kind, []) for kind in Kind}, source)
    return _Lexicon(
        alone={text: Kind(kind) for kind, texts in table.get("alone", {}).items() for text in texts},
        spellings=spellings,
        titles=frozenset(table.get("titles", [])),
        synonyms=_glossary(synonyms),
        phrases=_glossary(phrases),
        words=frozenset(word for phrase in (*phrases, *synonyms, *spellings) for word in phrase.split()),
    )


def _replies(code: str) -> Mapping[str, Any]:
    """The table `[replies]` of a language's file, empty where there is none."""
    table: Mapping[str, Any] = (language(code) or {}).get("replies", {})
    return table


def _expanded(templates: Mapping[T, Sequence[str]], table: Mapping[str, Any]) -> dict[str, T]:
    """Each phrase that the templates stand for, and what it is."""
    lists = table.get("lists", {})
    return {phrase: what for what, some in templates.items() for one in some for phrase in _expand(one, lists)}


def _expand(template: str, lists: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Every phrase that a template stands for: "see you {then}" with each entry of the list `then`."""
    before, brace, rest = template.partition("{")
    if not brace:
        yield " ".join(template.split())
        return
    name, _, after = rest.partition("}")
    for words in lists[name]:
        yield from _expand(f"{before}{words}{after}", lists)


def _glossary(entries: Mapping[str, T]) -> _Glossary[T]:
    reach: dict[str, int] = {}
    for phrase in entries:
        words = phrase.split()
        reach[words[0]] = max(len(words), reach.get(words[0], 1))
    return _Glossary(entries, reach)
