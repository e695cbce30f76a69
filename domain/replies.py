"""What a patient's text means: YES, NO or UNCLEAR, and beside it STOP, START or HELP.

A wrong decision costs a patient an appointment, an UNCLEAR costs one more SMS. So a text is cut into the phrases that a
language's file lists, each phrase is of one kind, and the kinds together must allow one answer only. An unknown word, a
digit or a question mark is enough for UNCLEAR, with few exceptions, each of them a rule with a name:

    understood            every word belongs to a phrase, and all phrases allow this answer
    the last answer       "no wait yes": a listed word of correction stands between two answers
    a cancel after a yes  "yes, please cancel"
    and more              "Yes. Do I need to bring anything?", "I can't come, the cat died": a clear sentence in front,
                          or a firm clause anywhere, and beside it nothing that might take it back; beside a yes
                          only what is understood, a name, or a listed question like this one

All words are in `languages/<code>.toml`, table `[replies]`; no rule knows a language. `plaintext` puts a text into a
plain form, `phrases` reads a language's file, `spelling` finds the words that are meant, `reading` the phrases and
their `kinds`, and `meanings` tells what these allow.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain, dropwhile, islice

from domain.languages import DEFAULT
from domain.understanding.kinds import ANSWERS, FIRM, MORE_THAN_MERE, Kind, all_plainly
from domain.understanding.meanings import (
    BESIDE,
    CANCELLED,
    CORRECTED,
    NEITHER,
    TOO_LONG,
    Answer,
    Keyword,
    Meaning,
    Topic,
    and_more,
    judge,
)
from domain.understanding.phrases import Lexicon, lexicon_of
from domain.understanding.plaintext import PAUSE, tokens
from domain.understanding.reading import Reading, meaning_alone, read
from domain.understanding.spelling import SHORTEST_NAME, is_unknown, is_wordy

__all__ = ["Answer", "Keyword", "Meaning", "Topic", "interpret"]

_NO_ANSWER = frozenset({Kind.FILLER, Kind.WITH_YES, Kind.WITH_NO, Kind.CORRECTION})
# What must not stand beside an answer in a part that is not understood.
_NEVER_IN = frozenset({Kind.UNCLEAR, Kind.CORRECTION, Kind.STOP_ANYWHERE, Kind.STOP})  # wherever the clauses end
_NEVER_BESIDE = {
    Kind.RISKY,
    Kind.OTHER_TIME,
    Kind.WRONG_NUMBER,
    Kind.UNCLEAR,
    Kind.CORRECTION,
    Kind.CANCEL,
    Kind.STOP_ANYWHERE,
}
_TAKES_BACK = {
    Answer.YES: frozenset({*_NEVER_BESIDE, Kind.RISKY_FOR_YES, Kind.NO, Kind.WITH_NO, Kind.STOP}),
    Answer.NO: frozenset({*_NEVER_BESIDE, Kind.RISKY_FOR_NO, Kind.YES, Kind.WITH_YES}),
}

_LONGEST_TEXT = 1600  # characters; carriers join no more
_MOST_CLAUSES = 12
_END = re.compile(r"[.!。！\n\r]+")
_ASKS = "?"
_SIGNS = (_ASKS, "&", "+", "£", "$", "€")
_QUOTE = re.compile('["“”„«»]')  # whoever quotes does not say it
_SIGNED = re.compile(r"[-–—,\n] *([^\W\d_]+(?: [^\W\d_]+)?)\W*$")  # "Yes. Disregard" is signed by nobody
_MONEY = re.compile(r"[$£€]\s?\d+(?:[.,]\d+)?")  # no time of day


def interpret(text: str, languages: Sequence[str] = (DEFAULT,)) -> Meaning:
    """What `text` means in any of these languages, the patient's own first. English is always among them; unknown codes
    are passed over."""
    text = text.strip()
    own, *others = dict.fromkeys(map(lexicon_of, (*languages, DEFAULT)))
    readings = _read(tokens(text[:_LONGEST_TEXT]), (own, *others))
    heard = frozenset().union(*(reading.heard for reading in readings))
    if len(text) > _LONGEST_TEXT and Kind.STOP not in heard:
        return TOO_LONG
    meaning = _decided(text, heard, readings)
    return replace(meaning, is_courtesy=True) if _is_courtesy(meaning, heard, readings) else meaning


def _decided(text: str, heard: frozenset[Kind], readings: Sequence[Reading]) -> Meaning:
    meaning = judge(heard)
    if meaning.keyword:
        return meaning
    if meaning.answer is Answer.UNCLEAR:
        meaning = _by_rule(text, readings) or meaning
    if meaning.answer is not Answer.UNCLEAR and _says_nothing(readings[0]):
        meaning = NEITHER
    return replace(meaning, topic=_topic(readings)) if meaning.answer is Answer.UNCLEAR else meaning


def _says_nothing(reading: Reading) -> bool:
    """Whether a patient's own language understands a text as no answer, so that it is no other language's: a Dane's
    "tak" thanks, and is a yes in Polish."""
    kinds = {reading.alone} if reading.alone else {kind for _, kind in reading.phrases}
    return kinds <= _NO_ANSWER or (Kind.UNCLEAR in kinds and None not in kinds)


def _read(some: Sequence[str], lexicons: Iterable[Lexicon]) -> list[Reading]:
    return [read(some, lexicon) for lexicon in lexicons]


def _is_courtesy(meaning: Meaning, heard: frozenset[Kind], readings: Sequence[Reading]) -> bool:
    """A courtesy in one language, and in no other anything that might want something from us."""
    if meaning.answer is Answer.NO or meaning.keyword or meaning.topic or meaning.says_more:
        return False
    return Kind.NO not in all_plainly(heard) and any(reading.is_courtesy for reading in readings)


def _by_rule(text: str, readings: Sequence[Reading]) -> Meaning | None:
    """What a text means that is not wholly understood, or says several things; None if no rule helps."""
    if ANSWERS.isdisjoint(chain.from_iterable(reading.kinds for reading in readings)):
        return None
    meaning = _corrected(readings) or _cancelled(readings)
    if meaning or _mentioned(readings) & _NEVER_IN:
        return meaning
    return _led(text, readings) or _stands(text, readings)


def _corrected(readings: Sequence[Reading]) -> Meaning | None:
    """ "No wait yes": the last of several answers, if each of them is clear by itself and a listed word of correction
    stands between. A cancel is too much to be corrected in passing, and "I can't come, wait, no" may mean either."""
    for kinds in [reading.kinds for reading in readings]:
        if Kind.CORRECTION not in kinds or Kind.UNCLEAR in kinds:
            continue
        *before, last = _split(kinds, Kind.CORRECTION)
        earlier = [judge(part) for part in before if part - {Kind.FILLER}]
        meaning = judge(last)
        unsure = any(one.answer is Answer.UNCLEAR for one in (meaning, *earlier))
        repeated = meaning in earlier and not last & MORE_THAN_MERE
        if not unsure and not repeated and not any(Kind.CANCELS in part for part in before):
            return replace(meaning, rule=CORRECTED)
    return None


def _split(kinds: Iterable[Kind], separator: Kind) -> list[frozenset[Kind]]:
    parts: list[set[Kind]] = [set()]
    for kind in kinds:
        if kind is separator:
            parts.append(set())
        else:
            parts[-1].add(kind)
    return [frozenset(part) for part in parts]


def _cancelled(readings: Sequence[Reading]) -> Meaning | None:
    """ "Yes, please cancel": whoever says so does not answer our question, but says what to do."""
    for reading in readings:
        after = set(dropwhile(lambda kind: kind in (Kind.YES, Kind.MERE_YES, Kind.FILLER), reading.kinds))
        if Kind.CANCELS in after and after <= {Kind.CANCELS, *BESIDE[Kind.NO]}:
            return and_more(CANCELLED) if Kind.ASIDE in after else CANCELLED
    return None


def _led(text: str, readings: Sequence[Reading]) -> Meaning | None:
    """A clear answer in sentences of its own, and after it something else that neither takes it back nor sets a
    condition: "Yes. Do I need to bring anything?" None where there is no such thing."""
    lexicons = [reading.lexicon for reading in readings]
    for end in reversed([found.end() for found in islice(_END.finditer(text), _MOST_CLAUSES)]):
        heard = _heard_in_part(tokens(text[:end]), lexicons)
        meaning = judge(heard)
        if meaning.answer is Answer.UNCLEAR:
            continue
        rest = tokens(_MONEY.sub(" ", text[end:]))
        if meaning.keyword or not heard & MORE_THAN_MERE or not _goes_with(meaning.answer, rest, text, lexicons):
            return None
        return and_more(meaning)
    return None


def _goes_with(answer: Answer, rest: Sequence[str], text: str, lexicons: Sequence[Lexicon]) -> bool:
    """Whether what is said beside an answer lets it stand. That may be anything harmless beside a no, but only what we
    know beside a yes: a condition has too many words to list them all."""
    if answer is Answer.NO:
        return _harmless(rest, answer, lexicons)
    clauses = _clauses(chain.from_iterable((one, PAUSE) if one == _ASKS else (one,) for one in rest), ())
    if clauses and _is_signed(text, clauses[-1], lexicons):
        clauses.pop()
    return all(_goes_with_yes(clause, lexicons) for clause in clauses)


def _goes_with_yes(clause: Sequence[str], lexicons: Sequence[Lexicon]) -> bool:
    """Whether this is wholly understood, or about how to come and what to bring, with nothing risky in it."""
    if heard := _heard_in_part(clause, lexicons):
        return all_plainly(heard) <= {Kind.YES, *BESIDE[Kind.YES]}
    is_known = any(reading.is_logistics for reading in _read(clause, lexicons))
    return is_known and _harmless(clause, Answer.YES, lexicons)


def _stands(text: str, readings: Sequence[Reading]) -> Meaning | None:
    """A firm answer in a clause of its own, and beside it something that does not touch it: "I'm on a train so I can't
    come", "I'll be there, where do I park?" Or a plain answer and a name: "Yes, Sarah". Only in languages that tell
    firm from mere."""
    lexicons = [reading.lexicon for reading in readings]
    telling = [lexicon for lexicon in lexicons if lexicon.tells_firm]
    clauses = _clauses(readings[0].tokens, telling)
    if not 1 < len(clauses) <= _MOST_CLAUSES or _QUOTE.search(text):
        return None
    said = [_heard_in_part(clause, telling) for clause in clauses]
    meanings = {meaning.answer: meaning for meaning in map(judge, said) if meaning.answer is not Answer.UNCLEAR}
    if len(meanings) != 1:
        return None
    ((answer, meaning),) = meanings.items()
    kind = Kind(answer.lower())
    is_firm = any(heard & FIRM for heard in said) or Kind.NO in said[0]
    if not is_firm and not (said[0] & MORE_THAN_MERE and _is_signed(text, clauses[-1], lexicons)):
        return None
    if not all(all_plainly(heard) <= {kind, *BESIDE[kind]} for heard in said):
        return None
    others = [clause for clause, heard in zip(clauses, said, strict=True) if not heard]
    return and_more(meaning) if all(_goes_with(answer, one, text, lexicons) for one in others) else None


def _heard_in_part(some: Sequence[str], lexicons: Sequence[Lexicon]) -> frozenset[Kind]:
    return frozenset().union(*(reading.heard_in_part for reading in _read(some, lexicons)))


def _clauses(some: Iterable[str], lexicons: Sequence[Lexicon]) -> list[list[str]]:
    """The tokens between pauses and the joining words of these languages, each part with a pause at its end."""
    clauses: list[list[str]] = [[]]
    for token in some:
        if token != PAUSE and not any(token in lexicon.joins for lexicon in lexicons):
            clauses[-1].append(token)
        elif clauses[-1]:
            clauses.append([])
    return [[*clause, PAUSE] for clause in clauses if clause]


def _is_signed(text: str, clause: Sequence[str], lexicons: Sequence[Lexicon]) -> bool:
    """Whether a text ends with this as a name: one or two words, with capitals, that mean nothing to us."""
    found = _SIGNED.search(text)
    if not found or not found[1].istitle() or tokens(found[1]) != clause:
        return False
    return len(clause[0]) >= SHORTEST_NAME and all(is_unknown(word, *lexicons) for word in clause[:-1])


def _harmless(some: Sequence[str], answer: Answer, lexicons: Sequence[Lexicon]) -> bool:
    """Whether this, which is not wholly understood, lets an answer beside it stand."""
    for at, token in enumerate(some):
        if token == PAUSE or is_wordy(some, at, lexicons):
            continue
        asks = _ASKS in token and answer is Answer.NO
        if asks or token.isdecimal() or not (token in _SIGNS or any(token in lexicon.words for lexicon in lexicons)):
            return False
    return not _mentioned(_read(some, lexicons)) & _TAKES_BACK[answer]


def _mentioned(readings: Sequence[Reading]) -> frozenset[Kind]:
    """The kinds of those phrases that are understood, among others that are not."""
    whole, lexicons = readings[0].tokens, [reading.lexicon for reading in readings]
    clauses = [*_clauses(whole, lexicons), whole]
    alone = {kind for clause in clauses for lexicon in lexicons if (kind := meaning_alone(clause, lexicon))}
    return all_plainly(alone).union(*(reading.mentioned for reading in readings))


def _topic(readings: Sequence[Reading]) -> Topic | None:
    mentioned = _mentioned(readings)
    return next((topic for topic in (Topic.WRONG_NUMBER, Topic.OTHER_TIME) if Kind(topic) in mentioned), None)
