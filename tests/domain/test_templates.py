"""A clinic's own texts: every fault is told before a patient could meet it, and how to mend it."""

import pytest

from domain.languages import codes, language
from domain.saying.templates import faults

QUESTION = "{clinic}: {greeting} Coming {when}? YES or NO."


def fault(name: str, text: object, code: str = "en") -> str:
    (told,) = faults({code: {name: text}})
    return told


@pytest.mark.parametrize("code", codes())
def test_our_own_texts_have_no_fault(code: str) -> None:
    assert faults({code: dict((language(code) or {})["texts"])}) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("question", QUESTION),
        ("question", "{clinic}: {greeting}\nComing {when}? YES or NO."),
        ("question_many", "{clinic}: which of {count}? {list} YES or NO?"),
        ("confirmed", "Great! See you {day} at the practice."),
        ("confirmed", "Great {{really}}!"),
        ("confirmed_many", "Great: {list}"),
        ("with_practitioner", ""),
        ("with_practitioner", " at our practice"),
        ("greeting", "Hello,"),
        ("when", "'on' d.M. 'at' HH:mm"),
        ("day", "EEE"),
        ("locale", "en_US"),
        ("stop", " Send STOP to stop."),
    ],
)
def test_what_can_be_said_has_no_fault(name: str, text: str) -> None:
    assert faults({"en": {name: text}}) == []


@pytest.mark.parametrize(
    ("name", "text", "cure"),
    [
        ("qestion", QUESTION, "write question"),
        ("texts", {"question": QUESTION}, "`replyes preview` shows them all"),
        ("replies", {"yes": ["sure"]}, "docs/languages.md"),
        ("confirmed", 5, "between quotation marks"),
        ("confirmed", ["See you!"], "between quotation marks"),
        ("confirmed", "", "leave the line out"),
        ("confirmed", "  ", "leave the line out"),
        ("stop", "", "leave the line out"),
        ("confirmed", "See\u200b you\x07!", "type it again"),
        ("confirmed", "See you {dya}!", "write {day}"),
        ("confirmed", "See you {0}!", "choose one of {book_again}, {call}, {clinic}"),
        ("confirmed", "See you {}!", "choose one of {book_again}, {call}, {clinic}"),
        ("confirmed", "See you {day!r}!", "write {day}"),
        ("confirmed", "See you {day:>99}!", "write {day}"),
        ("confirmed", "See you {day.__class__}!", "write {day}"),
        ("confirmed", "See you: {list}", "choose one of"),
        ("help", "{clinic}, {when}. STOP stops.", "choose one of {book_again}, {call}, {clinic}"),
        ("greeting_nameless", "Hi {name}!", "leave it out"),
        ("confirmed", "See you {day!", "{{ or }}"),
        ("confirmed", "See you day}!", "{{ or }}"),
        ("question", "{greeting} Coming {when}?", "has no {clinic}"),
        ("question", "{clinic}: coming?", "has no {when}"),
        ("reminder", "{clinic}: coming?", "has no {when}"),
        ("question_many", "{clinic}: all {count}?", "has no {list}"),
        ("question_series", "{clinic}: all {count} from {date}?", "has no {last}"),
        ("question_item", "{number}) soon", "has no {date}"),
        ("clarify_many", "YES or NO?", "has no {list}"),
        ("call", " Please call.", "has no {phone}"),
        ("stop", " Reply no more.", "write STOP"),
        ("help", "{clinic} confirms appointments.", "write STOP"),
        ("question", "{clinic}: {when}? YES or CANCEL.", "offer NO"),
        ("question", "{clinic}: confirm {when}? Reply 1 or 2.", "take for YES or NO"),
        ("clarify", "YES or nothing?", "take for NO"),
        ("call", "Call {phone}.", "a space in front"),
        ("locale", "klingon", "write it like en_GB"),
        ("date", "EEE d MMM at HH:mm", "write it as 'at'"),
        ("date", "EEE d MMM 'at HH:mm", "stays open"),
        ("date", "EEE d MMM 'at' h:mm", "half of the day"),
        ("date", "EEE d MMM", "hour"),
        ("when", "'at' HH:mm", "does not tell the day"),
        ("when", "EEEEEEEE HH:mm", "no pattern"),
        ("when_today", "'today'", "hour"),
        ("day", "'soon'", "does not tell the day"),
    ],
)
def test_a_fault_is_told_with_its_place_and_its_cure(name: str, text: object, cure: str) -> None:
    told = fault(name, text)
    assert told.startswith(f"[en] {name} ")
    assert cure in told


@pytest.mark.parametrize(
    ("code", "cure"),
    [
        ("en-GB", "write [en]"),
        ("PT_br", "write [pt]"),
        ("sp", "choose one of ar, az, "),
        ("../en", "choose one of ar, "),
    ],
)
def test_a_language_that_we_do_not_have_is_told(code: str, cure: str) -> None:
    told = fault("confirmed", "See you!", code)
    assert told.startswith(f"[{code}] is no language that we have; ")
    assert cure in told


def test_a_text_outside_of_a_language_is_told() -> None:
    assert faults({"confirmed": "See you!"}) == [
        "confirmed stands outside of a language; put it under a line like [en]"
    ]
    assert "docs/languages.md" in faults({"replies": {"yes": ["sure"]}})[0]


def test_all_faults_are_told_at_once() -> None:
    told = faults({"en": {"qestion": "?", "confirmed": "{dya} {"}, "es": {"question": "¿?"}, "xx": {}})
    assert [one.split()[0] for one in told] == ["[en]", "[en]", "[es]", "[es]", "[xx]"]
