"""The files of the languages, and how the words of a text are found in them."""

import pytest

from domain.languages import codes, language
from domain.replies import interpret
from domain.understanding import phrases
from domain.understanding.kinds import MARKS, Kind
from domain.understanding.phrases import expanded, lexicon_of, replies_table
from domain.understanding.reading import plain_words, understood
from domain.understanding.spelling import meant_word, spelled, with_synonyms

TABLES = {"alone", "first", "digit_words", "numbers", "shared", "lists", "spellings", "synonyms"}
WORDS = {"titles", "names_follow", "joins", "typos", "drawn_out", "courtesy"}
COURTEOUS = {Kind.YES, Kind.MERE_YES, Kind.FIRM_YES, Kind.WITH_YES, Kind.FILLER}


@pytest.mark.parametrize("code", codes())
def test_each_listed_phrase_is_of_one_kind(code: str) -> None:
    table = replies_table(code)
    listed: dict[str, Kind] = {}
    for kind in set(Kind) - set(MARKS):
        for phrase in {one.removesuffix(" …") for one in expanded({kind: table.get(kind, [])}, table)}:
            assert phrase not in listed, f"{phrase!r} is listed as {kind} and as {listed[phrase]}"
            listed[phrase] = kind


@pytest.mark.parametrize("code", codes())
def test_a_file_has_no_lists_but_those_that_are_read(code: str) -> None:
    assert set(replies_table(code)) <= {*Kind, *TABLES, *WORDS}


@pytest.mark.parametrize("code", codes())
def test_a_courtesy_is_listed_as_something_else_as_well(code: str) -> None:
    lexicon = lexicon_of(code)
    assert lexicon.courtesies
    assert {lexicon.phrases.entries.get(phrase) for phrase in lexicon.courtesies} <= COURTEOUS


def test_each_english_phrase_is_written_in_the_words_that_its_own_file_leads_to() -> None:
    lexicon, table = lexicon_of("en"), replies_table("en")
    for phrase in expanded({kind: table.get(kind, []) for kind in Kind}, table):
        words = phrase.removesuffix(" …").split()
        assert with_synonyms(spelled(words, lexicon), lexicon) == words, f"{phrase!r} can never be met"


def test_another_language_is_a_file_that_adds_words_and_can_veto_what_english_hears(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = {"yes": ["tak", "no"], "no": ["nie"], "filler": ["dzięki"]}
    monkeypatch.setattr(phrases, "codes", lambda: ("en", "x"))
    monkeypatch.setattr(phrases, "language", lambda code: {"replies": words} if code == "x" else language(code))
    lexicon_of.cache_clear()
    texts = ("tak 👍", "nie, dzięki", "yes", "no")
    assert [interpret(text, ("x",)).answer for text in texts] == ["YES", "NO", "YES", "UNCLEAR"]
    lexicon_of.cache_clear()


def test_a_language_has_one_lexicon_whatever_the_country() -> None:
    assert lexicon_of("pt-BR") is lexicon_of("pt_PT") is lexicon_of("PT")
    assert lexicon_of("tlh") is lexicon_of("x" * 300) is lexicon_of("") is lexicon_of("en")


@pytest.mark.parametrize(
    ("word", "slip"),
    [
        ("confirm", "conifrm"),
        ("confirm", "cnfirm"),
        ("cancel", "cancwl"),
        ("cancel", "caancel"),
        ("tomorrow", "tomorrwo"),
    ],
)
def test_one_slip_of_the_thumb_is_forgiven_in_the_listed_words(word: str, slip: str) -> None:
    assert meant_word(slip, lexicon_of("en")) == word


@pytest.mark.parametrize("word", ["cancer", "cancels", "onfirm", "confirmation", "yes", "morning"])
def test_what_is_another_word_is_no_slip(word: str) -> None:
    assert meant_word(word, lexicon_of("en")) == word


@pytest.mark.parametrize(
    ("text", "words", "size", "kind"),
    [
        ("Yeah, 1 and 2!", ["yeah", ".", "1", "and", "2"], 1, Kind.YES),
        ("I can't. 2 no", ["i", "cannot", ".", "2", "no"], 1, Kind.FILLER),
        ("can't make it", ["cannot", "make", "it"], 3, Kind.NO),
        ("can't", ["cannot"], 1, Kind.NO),
        ("zebra", ["zebra"], 1, None),
    ],
)
def test_what_else_a_text_says_can_be_read_from_its_plain_words(
    text: str, words: list[str], size: int, kind: Kind | None
) -> None:
    assert plain_words(text, "en") == words
    assert understood(words, "en") == (size, kind)
