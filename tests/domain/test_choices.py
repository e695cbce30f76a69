"""Rule: with several open bookings an answer never decides one that it could not mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.choices import choices, names_a_day
from domain.replies import Answer

YES, NO = Answer.YES, Answer.NO
TUESDAY, WEDNESDAY = 1, 2
DAYS = {TUESDAY: 1, WEDNESDAY: 2}
UNDERSTOOD = [
    ("YES 1 NO 2", {1: YES, 2: NO}),
    ("yes 1, no 2.", {1: YES, 2: NO}),
    ("1 yes 2 no", {1: YES, 2: NO}),
    ("1) Yes 2) No", {1: YES, 2: NO}),
    ("1. yes\n2. no", {1: YES, 2: NO}),
    ("1: yes, 2: no", {1: YES, 2: NO}),
    ("1=yes 2=no", {1: YES, 2: NO}),
    ("Y1 N2", {1: YES, 2: NO}),
    ("1yes 2no", {1: YES, 2: NO}),
    ("2 no 1 yes", {1: YES, 2: NO}),
    ("yes 1 not 2", {1: YES, 2: NO}),
    ("first yes, second no", {1: YES, 2: NO}),
    ("yes to the first but not the second", {1: YES, 2: NO}),
    ("yes please 1 and no thanks 2", {1: YES, 2: NO}),
    ("1 yes, no to the rest", {1: YES, 2: NO}),
    ("Yes for Tuesday, no for Wednesday", {1: YES, 2: NO}),
    ("yes to 1 and 2", {1: YES, 2: YES}),
    ("1 & 2 yes", {1: YES, 2: YES}),
    ("both", {1: YES, 2: YES}),
    ("all of them please", {1: YES, 2: YES}),
    ("neither", {1: NO, 2: NO}),
    ("yes 1", {1: YES}),
    ("no to the last one", {2: NO}),
    ("cancel the second", {2: NO}),
    ("tue yes", {1: YES}),
    ("1\ufe0f\u20e3 yes 2\ufe0f\u20e3 no", {1: YES, 2: NO}),
    ("yes 1-2", {1: YES, 2: YES}),
    ("yes to all 2", {1: YES, 2: YES}),
]
NOT_CLEAR = [
    *("1", "1 and 2", "only the first", "no to the rest", "yes no", "y n", "yes 1 no", "yes 1 2 no", "1 yes no 2 yes"),
    *(
        "yes 3",
        "yes 0",
        "yes 12",
        "yes 1 yes 1",
        "yes 1 no 1",
        "yes 1 if I can, no 2",
        "maybe 1",
        "yes 1?",
        "yes friday",
    ),
    *(
        "No. 1",
        "No. 1 yes",
        "Yes, one second",
        "YES 1 banana 2",
        "",
        "yes",
        "no",
        "the first or the second",
        "10:30 yes",
        "yes 1 at 2pm",
    ),
]


@pytest.mark.parametrize(("text", "meant"), UNDERSTOOD)
def test_each_sensible_form_of_a_numbered_answer_is_understood(text: str, meant: dict[int, Answer]) -> None:
    assert choices(text, 2, ("en",), DAYS) == meant


@pytest.mark.parametrize("text", NOT_CLEAR)
def test_what_may_mean_another_booking_decides_none(text: str) -> None:
    assert choices(text, 2, ("en",), DAYS) == {}


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("de", "das erste ja, das zweite nein"),
        ("es", "SÍ 1 NO 2"),
        ("fr", "le premier oui, le deuxième non"),
        ("pt", "sim 1 não 2"),
        ("it", "sì alla prima, no alla seconda"),
        ("pl", "tak 1, nie 2"),
        ("ru", "первая да, вторая нет"),
        ("ar", "١ نعم ٢ لا"),
        ("zh", "第一个是，第二个不是"),
        ("hi", "हाँ 1 नहीं 2"),
    ],
)
def test_numbered_answers_are_understood_in_other_languages(code: str, text: str) -> None:
    assert choices(text, 2, (code,), DAYS) == {1: YES, 2: NO}


def test_one_booking_has_no_number() -> None:
    assert choices("yes 1", 1, ("en",), {TUESDAY: 1}) == {}


@pytest.mark.parametrize(
    "text", ["see you Tuesday", "I can come on Friday", "Thursday is a yes", "до вторника", "回头见，周二"]
)
def test_a_text_that_names_a_day_is_known_as_such(text: str) -> None:
    assert names_a_day(text, ("en", "ru", "zh"))


@pytest.mark.parametrize("text", ["yes", "no thanks", "see you then", "да", "好的"])
def test_a_text_that_names_no_day_is_not_taken_for_one(text: str) -> None:
    assert not names_a_day(text, ("en", "ru", "zh"))


WORDS = {YES: ["yes", "YES", "y", "yes please", "ok", "confirm"], NO: ["no", "NO", "n", "no thanks", "cancel"]}
SEPARATORS = st.sampled_from([" ", ", ", ". ", "; ", " and ", "\n", " - "])


@st.composite
def answered(draw: st.DrawFn) -> tuple[str, int, dict[int, Answer]]:
    """A text, how many bookings it is about, and what whoever wrote it means."""
    count = draw(st.integers(2, 6))
    meant = draw(st.dictionaries(st.integers(1, count), st.sampled_from([YES, NO]), min_size=1))
    number_first = draw(st.booleans())
    said = []
    for number in draw(st.permutations(sorted(meant))):
        word = draw(st.sampled_from(WORDS[meant[number]]))
        said.append(f"{number} {word}" if number_first else f"{word} {number}")
    return draw(SEPARATORS).join(said), count, meant


@given(answered())
def test_a_numbered_answer_is_never_taken_for_another(case: tuple[str, int, dict[int, Answer]]) -> None:
    text, count, meant = case
    assert choices(text, count, ("en",)) in ({}, meant)


PIECES = [
    *WORDS[YES],
    *WORDS[NO],
    "1",
    "2",
    "3",
    "first",
    "the second",
    "both",
    "rest",
    "not",
    "only",
    "tuesday",
    "friday",
]


@given(st.lists(st.sampled_from(PIECES), max_size=6), st.integers(2, 4))
def test_no_number_is_decided_that_the_text_does_not_name(pieces: list[str], count: int) -> None:
    found = choices(" ".join(pieces), count, ("en",), {TUESDAY: 1})
    named = {"1": {1}, "first": {1}, "tuesday": {1}, "2": {2}, "the second": {2}, "3": {3}}
    all_named = {"both", "rest"} & set(pieces)
    reach = set(range(1, count + 1)) if all_named else set().union(*(named.get(piece, set()) for piece in pieces))
    assert found.keys() <= reach


@given(st.text(max_size=60), st.integers(2, 20))
def test_no_text_at_all_is_too_much(text: str, count: int) -> None:
    assert set(choices(text, count, ("en", "de", "zh")).values()) <= {YES, NO}
