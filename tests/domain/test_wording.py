"""What we say."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from domain.booking import Booking
from domain.clinics import Clinic
from domain.errands import Says
from domain.languages import codes, language
from domain.saying.segments import is_gsm, segments
from domain.wording import MOST_LISTED, text
from tests.examples import START, a_booking, a_clinic

ASKING = (Says.QUESTION, Says.REMINDER)
OF_BOOKINGS = [says for says in Says if says not in (Says.STRANGER, Says.HELP)]


def weekly(count: int, **changes: object) -> list[Booking]:
    """So many bookings, one a week."""
    return [a_booking(uid=f"week{n}", starts_at=START + timedelta(weeks=n), **changes) for n in range(count)]


def family(*names: str, **changes: object) -> list[Booking]:
    """A booking for each of these patients, an hour apart."""
    starts = [START + timedelta(hours=n) for n in range(len(names))]
    return [a_booking(uid=f"one{n}", starts_at=starts[n], patient_name=name, **changes) for n, name in enumerate(names)]


@pytest.mark.parametrize("says", Says)
@pytest.mark.parametrize("clinic", [a_clinic(), a_clinic(phone="", booking_link="")], ids=["known", "bare"])
def test_every_text_has_words_without_a_gap(says: Says, clinic: Clinic) -> None:
    words = text(says, clinic, [a_booking()])
    assert words
    assert "{" not in words
    assert "  " not in words
    assert not words.endswith(" ")


# -- Patients -------------------------------------------------------------------------------------------------


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
        ("🎉🎉", "Hi!"),
    ],
)
def test_a_patient_is_greeted_by_the_first_name(name: str, greeting: str) -> None:
    assert f": {greeting} Confirm" in text(Says.QUESTION, a_clinic(), [a_booking(patient_name=name)])


def test_several_bookings_of_one_patient_greet_that_patient() -> None:
    words = text(Says.QUESTION, a_clinic(), family("Sarah Miller", "sarah miller", ""))
    assert "Hi Sarah! You have 3 appointments to confirm: 1) Tue 12 May" in words


def test_patients_who_share_a_phone_are_told_apart_by_their_names() -> None:
    words = text(Says.QUESTION, a_clinic(), family("Tom Miller", "Ann Miller"))
    assert words.startswith("Cal.com Clinic: Hi! You have 2 appointments to confirm: 1) Tom: Tue 12 May at 10:30 am")
    assert " 2) Ann: Tue 12 May at 11:30 am with Dr. Lee." in words


def test_an_answer_to_one_of_several_patients_names_that_one() -> None:
    tom, ann = family("Tom Miller", "Ann Miller")
    words = text(Says.CONFIRMED, a_clinic(), [ann], named=[tom, ann])
    assert words == "Confirmed: Ann: Tue 12 May at 11:30 am. See you Tuesday!"


def test_a_booking_without_a_practitioner_leaves_them_out() -> None:
    words = text(Says.QUESTION, a_clinic(), [a_booking(practitioner="")])
    assert "Confirm your appointment on Tue 12 May" in words


def test_a_practitioner_who_is_called_very_long_is_cut() -> None:
    words = text(Says.QUESTION, a_clinic(), [a_booking(practitioner="🩺 Dr. " + "Lee " * 50)])
    assert "with Dr. Lee Lee Lee Lee Lee Lee Lee Lee Lee on" in words


# -- Several bookings -----------------------------------------------------------------------------------------


def test_who_has_several_open_bookings_is_asked_back_with_the_list() -> None:
    words = text(Says.CLARIFY, a_clinic(), pair := weekly(2), named=pair)
    assert words == (
        "Sorry - please reply YES for all, NO for none, or for example YES 1 NO 2: "
        "1) Tue 12 May at 10:30 am with Dr. Lee 2) Tue 19 May at 10:30 am with Dr. Lee"
    )


def test_what_is_listed_again_keeps_the_number_that_the_question_gave_it() -> None:
    first, second, third = weekly(3)
    words = text(Says.CLARIFY, a_clinic(), [second, third], named=[first, second, third])
    assert "2) Tue 19 May" in words
    assert "3) Tue 26 May" in words


def test_the_one_that_is_left_of_several_is_named() -> None:
    first, second = weekly(2)
    words = text(Says.CLARIFY, a_clinic(), [second], named=[first, second])
    assert words == "Sorry — please reply YES or NO: Tue 19 May at 10:30 am with Dr. Lee"


def test_very_many_are_asked_back_without_a_list() -> None:
    many = weekly(MOST_LISTED + 1)
    assert text(Says.CLARIFY, a_clinic(), many, named=many) == "Sorry — please reply YES for all, NO for none."


def test_a_list_of_very_many_ends_in_dots() -> None:
    clinic = a_clinic(wording={"en": {"confirmed_many": "All set: {list}"}})
    words = text(Says.CONFIRMED, clinic, weekly(MOST_LISTED + 1))
    assert words.endswith("6) Tue 16 Jun at 10:30 am with Dr. Lee ...")
    assert "7)" not in words


# -- Time -----------------------------------------------------------------------------------------------------


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


# -- The first text -------------------------------------------------------------------------------------------


def test_the_first_text_to_a_phone_tells_how_to_stop() -> None:
    booking = a_booking()
    assert text(Says.QUESTION, a_clinic(), [booking], first=True).endswith(" Reply STOP to opt out.")
    assert "STOP" not in text(Says.QUESTION, a_clinic(), [booking])


@pytest.mark.parametrize("code", codes())
@pytest.mark.parametrize("count", [1, 2, MOST_LISTED + 1])
@pytest.mark.parametrize("says", ASKING)
def test_the_first_text_names_the_clinic_and_tells_how_to_stop_in_every_language(
    says: Says, count: int, code: str
) -> None:
    words = text(says, a_clinic(name="Praxis Nord"), weekly(count, language=code), first=True)
    assert "Praxis Nord" in words
    assert "STOP" in words


def test_no_text_offers_a_word_that_carriers_take_for_an_opt_out() -> None:
    for says in Says:
        words = text(says, a_clinic(), [a_booking()]).upper()
        assert not any(f"REPLY {word}" in words for word in ("CANCEL", "END", "QUIT", "REVOKE"))


# -- Languages ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["xx", "zz-ZZ", "../en", ""])
def test_a_language_that_we_do_not_have_is_english(code: str) -> None:
    assert "Reply YES to confirm" in text(Says.QUESTION, a_clinic(), [a_booking(language=code)])


@pytest.mark.parametrize("code", codes())
def test_every_language_has_every_text(code: str) -> None:
    english, there = language("en"), language(code)
    assert english
    assert there
    assert list(there["texts"]) == list(english["texts"])


@pytest.mark.parametrize("code", codes())
@pytest.mark.parametrize("about", ["one", "two", "six", "seven", "family", "last of two"])
def test_every_text_of_every_language_can_be_said(about: str, code: str) -> None:
    bookings: Sequence[Booking] = {
        "one": weekly(1, language=code),
        "two": weekly(2, language=code),
        "six": weekly(6, language=code),
        "seven": weekly(7, language=code),
        "family": family("Tom", "Ann", language=code),
        "last of two": weekly(2, language=code),
    }[about]
    listed = bookings[-1:] if about == "last of two" else bookings
    for clinic in (a_clinic(), a_clinic(phone="", booking_link="")):
        for says in OF_BOOKINGS:
            said(text(says, clinic, listed, named=bookings))
        for says in (Says.STRANGER, Says.HELP):
            said(text(says, clinic, []))


@pytest.mark.parametrize("code", codes())
def test_a_patient_without_a_name_and_a_booking_without_a_practitioner_can_be_spoken_of(code: str) -> None:
    for says in OF_BOOKINGS:
        for now in (None, START, START - timedelta(days=1)):
            said(text(says, a_clinic(), [a_booking(patient_name="", practitioner="", language=code)], now))


def said(words: str) -> None:
    assert words == words.strip()
    assert not [flaw for flaw in ("{", "}", "  ", " .", "None") if flaw in words]


@pytest.mark.parametrize("code", codes())
def test_every_list_shows_every_booking(code: str) -> None:
    pair = weekly(2, language=code)
    for says in (*ASKING, Says.CLARIFY):
        words = text(says, a_clinic(), pair, named=pair)
        assert "1) " in words
        assert "2) " in words


def test_a_question_in_the_sms_alphabet_fits_two_segments() -> None:
    """The other languages need letters that this alphabet does not have: two to four segments of 67 characters."""
    for code in codes():
        words = text(Says.QUESTION, a_clinic(), [a_booking(language=code)], first=True)
        if is_gsm(words):
            assert segments(words) <= 2, code


@pytest.mark.parametrize("code", ["da", "de", "en", "es", "eu", "fr", "ht", "id", "it", "nl", "no", "sv", "tl"])
def test_the_question_of_a_language_that_can_is_in_the_sms_alphabet(code: str) -> None:
    for count in (1, 2, MOST_LISTED + 1):
        assert is_gsm(text(Says.QUESTION, a_clinic(), weekly(count, language=code), first=True))


# -- A clinic's own words -------------------------------------------------------------------------------------


def test_a_clinics_own_words_take_the_place_of_ours() -> None:
    clinic = a_clinic(wording={"en": {"confirmed": "Great! See you {day} at the practice."}})
    assert text(Says.CONFIRMED, clinic, [a_booking()]) == "Great! See you Tuesday at the practice."


@pytest.mark.parametrize("code", ["de", "de-AT", "DE_ch"])
def test_own_words_are_of_one_language(code: str) -> None:
    clinic = a_clinic(wording={"de": {"confirmed": "Alles klar!"}})
    assert text(Says.CONFIRMED, clinic, [a_booking(language=code)]) == "Alles klar!"
    assert text(Says.CONFIRMED, clinic, [a_booking()]) == "Confirmed. See you Tuesday!"


def test_a_practitioner_need_not_be_named() -> None:
    clinic = a_clinic(wording={"en": {"with_practitioner": ""}})
    assert "Dr. Lee" not in text(Says.QUESTION, clinic, [a_booking()])


# -- What a text costs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Sarah O’Brien", "D’Arcy", "“Sarah”", "O`Brien", "Jean–Luc"])
def test_a_typographic_sign_in_a_name_does_not_double_the_bill(name: str) -> None:
    words = text(Says.QUESTION, a_clinic(), [a_booking(patient_name=name)])
    assert (is_gsm(words), segments(words)) == (True, 1)


@pytest.mark.parametrize("name", ["Women’s Health", "“Smile” Dental", "Praxis Nord – Zahnärzte", "Cal.com\u00a0Clinic"])
def test_a_typographic_sign_in_a_clinics_name_does_not_double_the_bill(name: str) -> None:
    words = text(Says.QUESTION, a_clinic(name=name), [a_booking()])
    assert (is_gsm(words), segments(words)) == (True, 1)
