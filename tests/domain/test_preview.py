"""Every text with an example's data, and what a clinic's own words cost."""

import pytest

from domain.errands import Says
from domain.languages import codes
from domain.saying.preview import shown, too_long, warnings
from tests.examples import a_clinic


@pytest.mark.parametrize("code", codes())
def test_every_text_is_shown_in_each_of_its_forms(code: str) -> None:
    names = [one.name for one in shown(a_clinic(), code)]
    assert names[0] == "question, the first"
    assert set(Says) <= set(names)
    assert {"question_many", "question_series", "clarify_one", "confirmed_many", "cancelled_one"} <= set(names)
    assert not any(one.own for one in shown(a_clinic(), code))


def test_a_text_is_shown_as_it_leaves() -> None:
    found = {one.name: one for one in shown(a_clinic(), "en")}
    assert (found["confirmed"].text, found["confirmed"].segments, found["confirmed"].encoding) == (
        "Confirmed. See you Wednesday!",
        1,
        "GSM",
    )
    assert found["clarify"].encoding == "UCS-2"
    assert "1) Sarah: Wed 23 Sept" in found["question_many, two patients"].text


def test_what_the_clinics_words_change_is_marked() -> None:
    found = {one.name: one for one in shown(a_clinic(wording={"en": {"call": " Ring {phone}."}}), "en")}
    assert "Ring +12025550199" in found["help"].text
    assert found["help"].own
    assert not found["confirmed"].own


def test_a_text_that_no_carrier_takes_is_told() -> None:
    clinic = a_clinic(wording={"en": {"confirmed": "See you {day}! " + "x" * 1600}})
    assert too_long(clinic, "en") == [
        "[en] confirmed has 1619 characters with an example's data, and carriers take 1600; shorten it"
    ]
    assert too_long(a_clinic(), "en") == []


def test_a_text_that_costs_many_segments_is_worth_a_warning() -> None:
    clinic = a_clinic(wording={"en": {"confirmed": "x" * 460, "cancelled": "x" * 459}})
    assert warnings(clinic, "en") == ["[en] confirmed takes 4 segments; ours takes 1"]


def test_a_letter_that_doubles_the_price_is_worth_a_warning() -> None:
    clinic = a_clinic(wording={"en": {"help": "{clinic} confirms appointments ✓ STOP ends that ✓ ł" + "." * 70}})
    assert warnings(clinic, "en") == ["[en] help takes 2 segments and not 1, because of: ✓ł"]


def test_our_own_words_are_worth_no_warning() -> None:
    assert warnings(a_clinic(), "en") == too_long(a_clinic(), "en") == []
