"""What we say."""

from datetime import UTC, datetime

import pytest

from domain.errands import Says
from domain.wording import text
from tests.examples import a_booking, a_clinic


@pytest.mark.parametrize("says", Says)
@pytest.mark.parametrize("clinic", [a_clinic(), a_clinic(phone="", booking_link="")], ids=["known", "bare"])
def test_every_text_has_words_without_a_gap(says: Says, clinic: object) -> None:
    words = text(says, clinic, [a_booking()])  # type: ignore[arg-type]
    assert words
    assert "{" not in words
    assert "  " not in words
    assert not words.endswith(" ")


@pytest.mark.parametrize(
    ("name", "greeting"),
    [
        ("Sarah Miller", "Hi Sarah!"),
        ("Sarah", "Hi Sarah!"),
        ("", "Hi!"),
        ("Mrs. Miller", "Hi Mrs. Miller!"),
        ("{clinic}", "Hi {clinic}!"),
        ("https://evil.example/win", "Hi!"),
        ("win at evil.example", "Hi!"),
        ("Call 0900 123", "Hi!"),
    ],
)
def test_a_patient_is_greeted_by_the_first_name(name: str, greeting: str) -> None:
    assert f": {greeting} Confirm" in text(Says.QUESTION, a_clinic(), [a_booking(patient_name=name)])


def test_a_booking_without_a_practitioner_leaves_them_out() -> None:
    words = text(Says.QUESTION, a_clinic(), [a_booking(practitioner="")])
    assert "Confirm your appointment on Tue 12 May" in words


@pytest.mark.parametrize(
    ("zone", "when"),
    [
        ("America/New_York", "Tue 12 May at 10:30 am"),
        ("Europe/Berlin", "Tue 12 May at 4:30 pm"),
        ("Asia/Kolkata", "Tue 12 May at 8:00 pm"),
        ("Pacific/Auckland", "Wed 13 May at 2:30 am"),
    ],
)
def test_the_moment_is_the_patients_own(zone: str, when: str) -> None:
    assert when in text(Says.QUESTION, a_clinic(), [a_booking(time_zone=zone)])


@pytest.mark.parametrize(("hour", "said"), [(0, "12:00 am"), (12, "12:00 pm")])
def test_noon_and_midnight(hour: int, said: str) -> None:
    start = datetime(2026, 5, 12, hour, tzinfo=UTC)
    assert said in text(Says.QUESTION, a_clinic(), [a_booking(starts_at=start, time_zone="UTC")])


def test_the_first_text_to_a_phone_tells_how_to_stop() -> None:
    booking = a_booking()
    assert text(Says.QUESTION, a_clinic(), [booking], first=True).endswith(" Reply STOP to opt out.")
    assert "STOP" not in text(Says.QUESTION, a_clinic(), [booking])


@pytest.mark.parametrize("language", ["xx", "zz-ZZ", "../en", ""])
def test_a_language_that_we_do_not_have_is_english(language: str) -> None:
    assert "Reply YES to confirm" in text(Says.QUESTION, a_clinic(), [a_booking(language=language)])


def test_no_text_offers_a_word_that_carriers_take_for_an_opt_out() -> None:
    for says in Says:
        words = text(says, a_clinic(), [a_booking()]).upper()
        assert not any(f"REPLY {word}" in words for word in ("CANCEL", "END", "QUIT", "REVOKE"))
