"""A clinic's own texts, checked before any patient gets one. Pure: texts go in, faults come out, each with its cure."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from string import Formatter
from typing import Any

from domain.languages import codes, language, short
from domain.replies import Answer, interpret
from domain.saying.dates import fault_of, is_locale

_CLINIC = frozenset({"clinic", "call", "book_again"})
_BOOKING = _CLINIC | {"greeting", "with_practitioner", "whose", "date", "when", "day"}
_PARTS = {
    "greeting": {"name"},
    "greeting_nameless": set[str](),
    "with_practitioner": {"practitioner"},
    "whose": {"name"},
    "call": {"phone"},
    "book_again": {"link"},
    "stop": {"clinic"},
    "or_link": {"clinic", "confirm_link"},
    "mail_subject": {"clinic"},
    "question_item": {"number", "whose", "date", "when", "day", "with_practitioner"},
    "stranger": _CLINIC,
    "help": _CLINIC,
}
_NEEDED = {
    **dict.fromkeys(("or_link", "by_link", "by_link_many"), ("confirm_link",)),
    **dict.fromkeys(("question", "reminder"), ("clinic", "when")),
    **dict.fromkeys(("question_many", "reminder_many"), ("clinic", "list")),
    **dict.fromkeys(("question_series", "reminder_series"), ("clinic", "date", "last")),
    "question_item": ("number", "date"),
    "clarify_many": ("list",),
    "whose": ("name",),
    "call": ("phone",),
    "book_again": ("link",),
    "stranger": ("clinic",),
    "help": ("clinic",),
}
_MAY_BE_EMPTY = ("greeting", "greeting_nameless", "with_practitioner", "whose", "call", "book_again")
_HOURS = ("hour", "half of the day")
_DATES = {
    **dict.fromkeys(("date", "when"), ("day", *_HOURS)),
    **dict.fromkeys(("when_today", "when_tomorrow"), _HOURS),
    "day": ("day",),
    **dict.fromkeys(("day_today", "day_tomorrow"), ()),
}
_ASKS = ("question", "reminder", "clarify")
_OPTS_OUT = re.compile(r"\b(CANCEL|END|QUIT|UNSUBSCRIBE|REVOKE|OPTOUT|STOPALL)\b")
_WORD = re.compile(r"[^\W\d_]+")
_PLACEHOLDER = re.compile(r"\{\w*\}")
_TELLS_STOP = re.compile(r"(?<![a-z])STOP(?![a-z])", re.IGNORECASE)
_JOINERS = str.maketrans("", "", "\n\u200c\u200d")  # Persian and Hindi are not written without them


def faults(wording: Mapping[str, Any]) -> list[str]:
    """What is wrong with these texts (language -> name -> text); [] where they may be used."""
    return [fault for code, table in wording.items() for fault in _of_language(code, table)]


def _of_language(code: str, table: Any) -> Iterator[str]:
    if code == "replies":
        yield _replies(code)
    elif not isinstance(table, Mapping):
        yield f"{code} stands outside of a language; put it under a line like [en]"
    elif code not in codes():
        cure = f"write [{short(code)}]" if short(code) in codes() else f"choose one of {', '.join(codes())}"
        yield f"[{code}] is no language that we have; {cure}"
    else:
        ours = (language(code) or {})["texts"]
        for name, text in table.items():
            yield from (f"[{code}] {fault}" for fault in _of_text(code, name, text, {**ours, **table}, ours))


def _of_text(code: str, name: str, text: Any, texts: Mapping[str, Any], ours: Mapping[str, str]) -> Iterator[str]:
    if unusable := _unusable(name, text, ours):
        yield unusable
    elif name == "locale":
        if not is_locale(text):
            yield f"locale is {text!r}, which nobody knows; write it like {ours['locale']}"
    elif name in _DATES:
        locale = texts["locale"] if is_locale(str(texts["locale"])) else ours["locale"]
        if fault := fault_of(text, locale, tells=_DATES[name]):
            yield f"{name} {fault}"
    else:
        found = list(_of_template(name, text, ours[name])) or list(_lacks(name, text, code, ours[name]))
        yield from (f"{name} {fault}" for fault in found)


def _lacks(name: str, text: str, code: str, original: str) -> Iterator[str]:
    """What ours offers and this does not: patients answer in the words that they are given."""
    if name.startswith(_ASKS) and (lacking := _offered(original, code) - _offered(text, code)):
        told = " or ".join(sorted(lacking, reverse=True))
        yield f"offers no word in capitals that we take for {told}; write it as in: {original.strip()}"


def _offered(text: str, code: str) -> set[Answer]:
    """The answers that a text offers, in capitals; none where the script has no capitals."""
    words = _WORD.findall(_PLACEHOLDER.sub(" ", text))
    return {interpret(word, (code,)).answer for word in words if word.isupper()} - {Answer.UNCLEAR}


def _unusable(name: str, text: Any, ours: Mapping[str, str]) -> str:
    if name == "replies":
        return _replies(name)
    if name not in ours:
        nearest = get_close_matches(name, ours, 1)
        return f"{name} is no text of ours; {f'write {nearest[0]}' if nearest else '`replyes preview` shows them all'}"
    if not isinstance(text, str):
        return f"{name} is no text; write it between quotation marks"
    if not text.strip() and not (name in _MAY_BE_EMPTY and not text):
        return f"{name} is empty; write a text, or leave the line out"
    if not text.translate(_JOINERS).isprintable():
        return f"{name} holds characters that cannot be printed; type it again"
    return ""


def _of_template(name: str, text: str, original: str) -> Iterator[str]:
    try:
        fields = [piece[1:] for piece in Formatter().parse(text) if piece[1] is not None]
    except ValueError:
        yield "has a brace without its partner; write a placeholder like {clinic}, and {{ or }} for a brace itself"
        return
    allowed = _allowed(name)
    for field, shape, conversion in fields:
        if field not in allowed or shape or conversion:
            yield _unknown(str(field), allowed)
    missing = [needed for needed in _NEEDED.get(name, ()) if text and needed not in [field[0] for field in fields]]
    for needed in missing:
        yield f"has no {{{needed}}}; it belongs there, as in: {original.strip()}"
    if name in ("stop", "help") and not _TELLS_STOP.search(text):
        yield "does not tell how to stop; write STOP, the word that every carrier knows"
    if name.startswith(_ASKS) and (found := _OPTS_OUT.search(text)):
        yield f"offers {found[0]}, by which carriers stop all texts to a phone; offer NO"
    if text and original.startswith(" ") and not text[0].isspace():
        yield "follows another text; write a space in front of it"


def _allowed(name: str) -> frozenset[str]:
    if name in _PARTS:
        return frozenset(_PARTS[name])
    of_many = {"_many": {"count", "last", "list"}, "_series": {"count", "last"}}.get(_ending(name), set[str]())
    return _BOOKING | of_many | ({"confirm_link"} if name.startswith("by_link") else set[str]())


def _ending(name: str) -> str:
    return f"_{name.rpartition('_')[2]}"


def _unknown(field: str, allowed: frozenset[str]) -> str:
    nearest = get_close_matches(re.split(r"\W", field)[0], sorted(allowed), 1)
    if nearest:
        return f"has the placeholder {{{field}}}, which has no meaning there; write {{{nearest[0]}}}"
    known = ", ".join(f"{{{one}}}" for one in sorted(allowed))
    return f"has the placeholder {{{field}}}, which has no meaning there; " + (
        f"choose one of {known}" if known else "leave it out"
    )


def _replies(where: str) -> str:
    return f"{where} cannot be set here, for these are the texts that we send; docs/languages.md tells how to add words"
