"""Every language is understood as its speakers mean it."""

import pytest
from babel import Locale

from domain.languages import codes
from domain.replies import Answer, Keyword, Topic, interpret
from domain.understanding.phrases import replies_table
from tests.domain import labelled
from tests.domain.labelled import SAYS


@pytest.mark.parametrize("code", labelled.CODES)
def test_each_text_is_understood_as_its_label_says(code: str) -> None:
    wrong = [(text, label) for text, label in labelled.rows(code) if interpret(text, (code,)).answer != label]
    assert wrong == []


def test_every_language_that_understands_anything_is_tried_here() -> None:
    understanding = {code for code in codes() if replies_table(code)}
    assert understanding == set(SAYS) == set(labelled.CODES)


@pytest.mark.parametrize("code", SAYS)
def test_every_language_knows_what_everybody_must_be_able_to_say(code: str) -> None:
    yes, no, stop, stranger, other_time = (interpret(text, (code,)) for text in SAYS[code])
    assert (yes.answer, yes.keyword) == (Answer.YES, None)
    assert (no.answer, no.keyword) == (Answer.NO, None)
    assert (stop.answer, stop.keyword) == (Answer.UNCLEAR, Keyword.STOP)
    assert (stranger.answer, stranger.topic) == (Answer.UNCLEAR, Topic.WRONG_NUMBER)
    assert (other_time.answer, other_time.topic) == (Answer.UNCLEAR, Topic.OTHER_TIME)


@pytest.mark.parametrize("code", SAYS)
@pytest.mark.parametrize("keyword", ["STOP", "END", "QUIT", "UNSUBSCRIBE", "START", "HELP", "CANCEL", "Cancel!"])
def test_the_carriers_keywords_are_the_same_in_every_language(keyword: str, code: str) -> None:
    english, meaning = interpret(keyword), interpret(keyword, (code,))
    assert english.keyword is not None
    assert (meaning.answer, meaning.keyword) == (english.answer, english.keyword)


@pytest.mark.parametrize("code", SAYS)
def test_a_plain_answer_and_the_name_of_a_day_may_ask_for_another_day(code: str) -> None:
    yes, no, *_ = SAYS[code]
    days = Locale.parse("fil" if code == "tl" else code).days["stand-alone"]["wide"].values()
    texts = [f"{answer}{pause}{day}" for answer in (yes, no) for pause in (" ", ", ") for day in days]
    assert {text: interpret(text, (code,)).answer for text in texts} == dict.fromkeys(texts, Answer.UNCLEAR)
