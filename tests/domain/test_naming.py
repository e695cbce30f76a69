"""Names, as patients typed them."""

import pytest

from domain.saying.naming import MOST_OF_A_NAME, first_name, patient, presentable, told_apart


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Sarah Miller", "Sarah"),
        ("SARAH MILLER", "SARAH"),
        ("Miller, Sarah", "Sarah"),
        ("Sarah Miller, MD", "Sarah"),
        ("Mrs. Miller", "Mrs. Miller"),
        ("Prof. Dr. Anna Weber", "Prof. Dr. Anna Weber"),
        ("J.R. Smith", "J.R. Smith"),
        ("王小明", "王小明"),
        ("🌸 Sarah 🌸", "Sarah"),
        ("Sarah🎉", "Sarah"),
        ("👩🏽⚕️ Sarah", "Sarah"),
        ("", ""),
        ("🎉🎉", ""),
        ("...", ""),
        ("\u3164", ""),
    ],
)
def test_the_first_name_is_what_a_patient_is_greeted_by(name: str, first: str) -> None:
    assert first_name(name) == first


@pytest.mark.parametrize(
    "name",
    [
        "https://evil.example/win",
        "win at evil.example",
        "t.co",
        "evil。example",
        "ｅｖｉｌ．ｅｘａｍｐｌｅ",
        "me@evil",
        "call 0900 123",
        "call ٠٩٠٠",
        "Win: money",
    ],
)
def test_what_looks_like_an_address_is_no_name(name: str) -> None:
    assert patient(name) == first_name(name) == ""


def test_a_long_name_is_cut_at_a_words_end() -> None:
    assert presentable("Wolfeschlegelstein " * 20) == "Wolfeschlegelstein"


def test_a_long_word_is_not_cut_between_a_letter_and_its_mark() -> None:
    assert presentable("a" * 200) == "a" * MOST_OF_A_NAME
    assert presentable("a" * (MOST_OF_A_NAME - 1) + "q\u0323" * 5) == "a" * (MOST_OF_A_NAME - 1)


@pytest.mark.parametrize(
    ("names", "called"),
    [
        (["Tom Miller", "Ann Miller"], ["Tom", "Ann"]),
        (["Tom Miller", "tom miller"], ["", ""]),
        (["Tom Miller", ""], ["", ""]),
        (["Tom Miller", "https://evil.example"], ["", ""]),
        (["Tom Miller", "Tom Smith", "Ann"], ["Tom M.", "Tom S.", "Ann"]),
        (["Miller, Tom", "Tom Smith"], ["Tom M.", "Tom S."]),
        ([], []),
    ],
)
def test_patients_of_one_phone_are_told_apart(names: list[str], called: list[str]) -> None:
    assert told_apart(names) == called
