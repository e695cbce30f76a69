"""A text as one language reads it: cut into the phrases that its file lists, and the kinds of these."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

from domain.understanding.kinds import FIRM, Kind, all_plainly, plainly
from domain.understanding.phrases import Lexicon, lexicon_of
from domain.understanding.plaintext import PAUSE, tokens, without_pauses
from domain.understanding.spelling import is_wordy, spelled, with_synonyms

_MERELY = {Kind.YES: Kind.MERE_YES, Kind.NO: Kind.MERE_NO}
_NEEDS = {Kind.BESIDE_FIRM: FIRM, Kind.BESIDE_FIRM_YES: frozenset({Kind.FIRM_YES})}
_RISKY_WITH_ANY = frozenset({Kind.RISKY, Kind.OTHER_TIME, Kind.WRONG_NUMBER})
_RISKY_WITH_NO = frozenset({*_RISKY_WITH_ANY, Kind.RISKY_FOR_NO})
_RISKY_WITH_YES = frozenset({*_RISKY_WITH_ANY, Kind.RISKY_FOR_YES})
_COURTEOUS = frozenset({Kind.WITH_YES, Kind.MERE_YES})


@dataclass(frozen=True)
class Reading:
    """What a text, or a part of it, is in the eyes of one language. `words` are in the spellings and synonyms that the
    phrases use, `spelled` without the synonyms. `phrases`: from left to right; a word that begins none is of no kind.
    `kinds`: what these are here, in their order, UNCLEAR for what is none. `alone`: what the text means if nothing else
    is said."""

    tokens: Sequence[str]
    lexicon: Lexicon
    spelled: Sequence[str]
    words: Sequence[str]
    phrases: Sequence[tuple[str, Kind | None]]
    kinds: Sequence[Kind]
    alone: Kind | None

    @property
    def heard(self) -> frozenset[Kind]:
        """The kinds of all phrases of a whole text; none at all if this language does not understand every one."""
        return self._merely(self.alone) if self.alone else self._understood()

    @property
    def heard_in_part(self) -> frozenset[Kind]:
        """The same for a part of a text: only a yes or a no may stand alone in it."""
        return self._merely(self.alone) if self.alone in _MERELY else self._understood()

    @property
    def mentioned(self) -> frozenset[Kind]:
        """The kinds of those phrases that are understood, among others that are not."""
        marks = self.lexicon.marks
        found = {kind for _, kind in self.phrases if kind}
        for words in [self.words] + [self.spelled] * (self.spelled != self.words):  # "Thursday is" may be a synonym
            found.update(kind for at in range(len(words)) for kind in marks.at(words, at))
        return all_plainly(found)

    @property
    def is_logistics(self) -> bool:
        """Whether this begins, but for fillers, with what is about how to come and what to bring."""
        at = 0
        for phrase, kind in self.phrases:
            if Kind.LOGISTICS in self.lexicon.marks.at(self.words, at):
                return True
            if kind is not Kind.FILLER:
                return False
            at += phrase.count(" ") + 1
        return False

    @property
    def is_courtesy(self) -> bool:
        """Whether nothing but thanks, farewells and their like is said, and at least one of these."""
        polite = self.lexicon.courtesies
        others = [kind for phrase, kind in self.phrases if phrase not in polite and kind not in _COURTEOUS]
        return len(others) < len(self.phrases) and all(kind is Kind.FILLER for kind in others)

    def _understood(self) -> frozenset[Kind]:
        if Kind.STOP_ANYWHERE in self.kinds:
            return frozenset({Kind.STOP})
        return frozenset() if Kind.UNCLEAR in self.kinds else frozenset(self.kinds)

    def _merely(self, kind: Kind) -> frozenset[Kind]:
        return frozenset({_MERELY.get(kind, kind) if self.lexicon.tells_firm else kind})


def read(some: Sequence[str], lexicon: Lexicon) -> Reading:
    in_letters = spelled(some, lexicon)
    words = with_synonyms(in_letters, lexicon)
    phrases = list(lexicon.phrases.cut(words))
    kinds = _kinds(phrases, words, lexicon)
    return Reading(some, lexicon, in_letters, words, phrases, kinds, meaning_alone(some, lexicon))


def meaning_alone(some: Sequence[str], lexicon: Lexicon) -> Kind | None:
    return lexicon.alone.get(without_pauses(some))


def _kinds(phrases: Sequence[tuple[str, Kind | None]], words: Sequence[str], lexicon: Lexicon) -> list[Kind]:
    found: list[Kind] = []
    at, start, after_unknown = 0, 0, False
    risky: Set[Kind] | None = None  # in what an open phrase has opened
    ahead = _marks_ahead(words, lexicon) if any(one in lexicon.open_phrases for one, _ in phrases) else ()
    for phrase, known in phrases:
        at += phrase.count(" ") + 1
        kind = known or Kind.UNCLEAR
        if risky and known is None and phrase not in lexicon.alone and is_wordy(words, at - 1, [lexicon]):
            kind = Kind.ASIDE
        elif risky is _RISKY_WITH_NO and after_unknown and plainly(kind) is Kind.NO:
            kind = Kind.ASIDE  # "I can't come, I have a friend who can't": who writes does not say that again
        if phrase in lexicon.open_phrases:
            risky = _RISKY_WITH_YES if plainly(kind) is Kind.YES else _RISKY_WITH_NO
            if not risky.isdisjoint(ahead[at]):
                risky, kind = None, kind if phrase in lexicon.closed_phrases else Kind.UNCLEAR
        after_unknown = known is None
        found.append(kind)
        if phrase.endswith(PAUSE):
            found[start:] = _agreeing(found[start:])
            start, risky = len(found), None
    return found


def _agreeing(clause: list[Kind]) -> list[Kind]:
    """A clause; what goes with a firm answer only is UNCLEAR without one."""
    if _NEEDS.keys().isdisjoint(clause):
        return clause
    lonely = {kind for kind, needed in _NEEDS.items() if needed.isdisjoint(clause)}
    return [Kind.UNCLEAR if kind in lonely else kind for kind in clause]


def _marks_ahead(words: Sequence[str], lexicon: Lexicon) -> Sequence[Set[Kind]]:
    """For each word, and for the end of the text, the marks from there to the next pause."""
    ahead: list[frozenset[Kind]] = [frozenset()]
    for at in reversed(range(len(words))):
        marks = lexicon.marks.at(words, at)
        ahead.append(frozenset() if words[at] == PAUSE else ahead[-1].union(marks))
    return ahead[::-1]


def plain_words(text: str, code: str) -> list[str]:
    """A text in the words that this language's phrases use, for whoever looks for more than an answer."""
    lexicon = lexicon_of(code)
    words = with_synonyms(spelled(tokens(text), lexicon, digits=True), lexicon)
    while words[-1:] == [PAUSE]:
        words.pop()
    return words


def understood(words: Sequence[str], code: str) -> tuple[int, Kind | None]:
    """How many of these plain words the first phrase has, and its kind; None where they begin none."""
    phrase, kind = next(lexicon_of(code).phrases.cut([*words, PAUSE]), ("", None))
    return min(phrase.count(" ") + 1, len(words)), kind and plainly(kind)
