"""How a text is cut for the air, and what typographic signs cost."""

import pytest

from domain.saying.segments import is_gsm, segments, thrifty


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ł" * 70, 1),
        ("ł" * 71, 2),
        ("ł" * 134, 2),
        ("ł" * 135, 3),
        ("🎉" * 35, 1),
        ("🎉" * 36, 2),
    ],
)
def test_segments_are_counted_as_carriers_do(text: str, count: int) -> None:
    assert segments(text) == count


def test_a_character_is_never_cut_in_two() -> None:
    assert segments("ł" * 66 + "🎉" + "ł" * 66) == 3
    assert segments("a" * 152 + "€" + "a" * 152) == 3


@pytest.mark.parametrize("sign", ["’", "‘", "“", "”", "„", "«", "–", "—", "…", "\u00a0", "\u202f", "•", "`"])
def test_a_typographic_sign_is_made_plain_where_it_costs_a_segment(sign: str) -> None:
    words = f"a{sign}b" + "c" * 100
    assert segments(words) == 2
    assert is_gsm(thrifty(words))
    assert segments(thrifty(words)) == 1


def test_a_typographic_sign_stays_where_it_costs_nothing() -> None:
    assert thrifty("Sorry — please reply YES or NO.") == "Sorry — please reply YES or NO."
    assert thrifty("Żółć — " + "ł" * 50) == "Żółć — " + "ł" * 50


def test_letters_stay_as_they_are() -> None:
    words = "Łukasz’s " + "x" * 100
    assert "Łukasz" in thrifty(words)
