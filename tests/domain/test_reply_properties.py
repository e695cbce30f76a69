"""What holds for any text in any language."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.languages import codes
from domain.replies import Answer, interpret
from domain.understanding.meanings import CANCELLED, CORRECTED, NEITHER, NOT_UNDERSTOOD, TOO_LONG, VERDICTS
from domain.understanding.phrases import lexicon_of
from domain.understanding.plaintext import tokens
from domain.understanding.reading import read
from domain.understanding.spelling import is_unknown
from tests.domain import labelled
from tests.domain.labelled import SAYS

ALL_CODES = [*codes(), "pt-BR", "EN_us", "tlh", "", "../en", "x" * 300, "\ud800", "\x00"]
LANGUAGES = st.lists(st.sampled_from(ALL_CODES), max_size=4).map(tuple)
ANY_TEXT = st.text(st.characters(exclude_categories=()))  # with control characters and lone surrogates
LABELS = {"YES", "NO", "UNCLEAR", "STOP", "START", "HELP"}
FLIP = {Answer.YES, Answer.NO}

ENGLISH = {label: labelled.said("en", label) for label in Answer}
DECIDED = [*ENGLISH[Answer.YES], *ENGLISH[Answer.NO]]
WORDS = " ".join([*DECIDED, *ENGLISH[Answer.UNCLEAR]]).split()
ROWS = [(text, code) for code in labelled.CODES for text, _ in labelled.rows(code)]
PLAIN_WORDS = [(word, code) for code, (yes, no, *_) in SAYS.items() for word in (yes, no)]

DECIDING = {meaning.rule for _, _, meaning in VERDICTS} | {CANCELLED.rule}
RULES = {
    *DECIDING,
    *(f"{rule}, and more" for rule in DECIDING),
    *(meaning.rule for meaning in (NEITHER, NOT_UNDERSTOOD, TOO_LONG)),
    CORRECTED,
}

AROUND = st.text(alphabet=" \t\n.,!-*\"'“”…()¡。", max_size=6)
ODD_WORDS = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789?/%&", min_size=1)


@pytest.fixture(scope="module", autouse=True)
def _the_first_text_pays_for_reading_the_files() -> None:
    interpret("", codes())


@given(ANY_TEXT, LANGUAGES)
def test_any_text_at_all_gets_a_meaning(text: str, languages: tuple[str, ...]) -> None:
    meaning = interpret(text, languages)
    assert meaning == interpret(text, languages)
    assert meaning.label in LABELS
    assert meaning.rule in RULES
    assert meaning.answer is not Answer.YES or meaning.keyword is None
    assert not (meaning.is_courtesy and (meaning.answer is Answer.NO or meaning.keyword or meaning.says_more))


@given(st.text(st.characters(exclude_categories=()), min_size=1, max_size=20) | st.sampled_from(WORDS), LANGUAGES)
def test_a_very_long_text_gets_one_too(text: str, languages: tuple[str, ...]) -> None:
    assert interpret((text * 10_000)[:10_000], languages).label in LABELS


@given(st.lists(st.sampled_from(WORDS), max_size=8))
def test_the_rule_for_the_audit_log_is_one_of_a_few_fixed_sentences(words: list[str]) -> None:
    assert interpret(" ".join(words)).rule in RULES


@given(st.sampled_from(PLAIN_WORDS), AROUND, AROUND, st.integers(min_value=0))
def test_space_case_and_punctuation_around_a_plain_answer_change_nothing(
    plain: tuple[str, str], before: str, after: str, seed: int
) -> None:
    word, code = plain
    assert interpret(f"{before}{_cased(word, seed)}{after}", (code,)).answer is interpret(word, (code,)).answer


@given(st.sampled_from(ROWS), AROUND, AROUND, st.integers(min_value=0))
def test_space_case_and_punctuation_around_any_text_never_flip_it(
    row: tuple[str, str], before: str, after: str, seed: int
) -> None:
    text, code = row
    plain, wrapped = interpret(text, (code,)), interpret(f"{before}{_cased(text, seed)}{after}", (code,))
    assert {plain.answer, wrapped.answer} != FLIP


def _cased(text: str, seed: int) -> str:
    return "".join(c.upper() if seed >> i & 1 else c.lower() for i, c in enumerate(text))


@given(st.sampled_from(ROWS), LANGUAGES)
def test_no_other_language_flips_what_a_text_means(row: tuple[str, str], others: tuple[str, ...]) -> None:
    text, code = row
    assert {interpret(text, (code,)).answer, interpret(text, (code, *others)).answer} != FLIP


@pytest.mark.parametrize("code", SAYS)
def test_the_plain_answers_of_one_language_are_never_the_reverse_beside_another(code: str) -> None:
    yes, no, *_ = SAYS[code]
    for other in SAYS:
        for languages in ((code, other), (other, code)):
            assert interpret(yes, languages).answer is not Answer.NO
            assert interpret(no, languages).answer is not Answer.YES


@given(st.sampled_from([row for row in ROWS if len(row[0].split()) == 1]), ODD_WORDS, st.booleans())
def test_a_word_that_no_list_knows_never_makes_one_word_decide(row: tuple[str, str], odd: str, first: bool) -> None:
    text, code = row
    assume(_is_odd(odd, code) and _is_odd(odd, "en"))
    meaning = interpret(f"{odd} {text}" if first else f"{text} {odd}", (code,))
    assert meaning.answer in (interpret(text, (code,)).answer, Answer.UNCLEAR)


@given(st.sampled_from(DECIDED), ODD_WORDS, st.booleans())
def test_a_word_that_no_list_knows_never_flips_an_answer_and_a_person_reads_it(
    text: str, word: str, first: bool
) -> None:
    assume(_is_odd(word, "en"))
    whole = f"{word} {text}" if first else f"{text} {word}"
    names = [read(tokens(one), lexicon_of("en")).words.count("*") for one in (text, whole)]
    assume(names[0] == names[1])  # "sorry Sarah"
    meaning = interpret(whole)
    assert meaning.answer in (interpret(text).answer, Answer.UNCLEAR)
    assert meaning.answer is Answer.UNCLEAR or meaning.says_more or meaning.rule == CORRECTED


@given(st.sampled_from(ENGLISH[Answer.YES]), ODD_WORDS, st.sampled_from([". ", "! ", "\n", ", "]))
def test_a_yes_never_stands_beside_a_sentence_that_is_not_understood(text: str, word: str, pause: str) -> None:
    assume(_is_odd(word, "en") and interpret(word).rule == NOT_UNDERSTOOD.rule)
    whole = f"{text}{pause}{word}"
    assume("*" not in read(tokens(whole), lexicon_of("en")).words)  # "thanks, Sarah"
    assert interpret(whole).answer is Answer.UNCLEAR


def _is_odd(word: str, code: str) -> bool:
    lexicon = lexicon_of(code)
    odd = set(tokens(word)) - {"."}
    return all(is_unknown(one, lexicon) or not one.isalpha() for one in odd) and not odd & lexicon.words


@pytest.mark.parametrize("word", ["not", "don't", "can't", "won't", "never", "hardly", "if", "unless", "but", "maybe"])
def test_no_word_that_takes_back_or_doubts_leaves_a_yes_in_the_same_breath(word: str) -> None:
    for text in ENGLISH[Answer.YES]:
        words = text.split()
        pauses = any(part.endswith((".", "!", "?", ",")) for part in words[:-1])
        if pauses or interpret(text).rule == CORRECTED:
            continue
        for at in range(len(words)):
            assert interpret(" ".join([*words[:at], word, *words[at:]])).answer is not Answer.YES


YES_WORDS = ["yes", "y", "yep", "ok", "sure", "confirm", "confirmed", "I'll be there", "see you then", "perfect", "👍"]
NO_WORDS = ["no", "n", "nope", "can't", "can't make it", "not coming", "won't be there", "definitely not", "👎"]
CANCELS = ["cancel", "cancel it", "I need to cancel", "please cancel my appointment", "can you cancel?"]
BETWEEN = st.sampled_from([" ", ", ", ". ", "\n", "/", " and ", " please ", "! Sorry, ", " or ", " but ", ". Because "])
CORRECTING = st.sampled_from([" wait ", ". I mean ", " oops ", ", but actually, ", ". Sorry, I meant to say "])


@given(st.permutations([0, 1]), st.sampled_from(YES_WORDS), st.sampled_from(NO_WORDS), BETWEEN)
def test_nothing_that_contains_a_yes_and_a_no_decides(order: list[int], yes: str, no: str, between: str) -> None:
    pair = (yes, no)
    assert interpret(between.join(pair[i] for i in order)).answer is Answer.UNCLEAR


@given(st.booleans(), st.sampled_from(YES_WORDS), st.sampled_from(NO_WORDS), CORRECTING)
def test_of_a_yes_and_a_no_with_a_correction_between_the_first_never_decides(
    yes_first: bool, yes: str, no: str, between: str
) -> None:
    first, last = (yes, no) if yes_first else (no, yes)
    assert interpret(f"{first}{between}{last}").answer in (interpret(last).answer, Answer.UNCLEAR)


@given(st.booleans(), st.sampled_from(YES_WORDS), st.sampled_from(CANCELS), BETWEEN | CORRECTING)
def test_a_yes_and_a_cancel_are_never_a_yes_unless_the_cancel_is_corrected(
    yes_first: bool, yes: str, cancel: str, between: str
) -> None:
    text = f"{yes}{between}{cancel}" if yes_first else f"{cancel}{between}{yes}"
    assert interpret(text).answer is not Answer.YES
