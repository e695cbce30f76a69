"""What a patient's text means. A wrong decision costs an appointment, so most of these texts must decide nothing."""

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import domain.languages
from domain import replies
from domain.replies import Answer, Keyword, Kind, Meaning, interpret

YES = [
    "YES", "y", "Yep!", "yeah", "yesss", "Yse", "ok", "k", "Okay thank you", "sure thing", "Of course!",
    "confirm", "Confirmed.", "confrim", "yes please, thank you Dr Lee", "Yes, thanks Dr. van", "Yes thanks!",
    "Yes :)", "yes xx", "*yes*", "“Yes”", "ＹＥＳ", "YES\n\nSent from my iPhone", "Yes. Get Outlook for iOS", "👍",
    "👍🏽👍🏽", "✅", "Hi, yes I will be there. Have a great day!", "yes I'll be there", "I’ll be there",
    "We can make it", "I'm coming", "see you on Tuesday!", "yes no problem", "No worries, I'll be there",
    "Sorry for the late reply. Yes", "That works for me", "sounds good", "I'd like to keep my appointment",
    "please don't cancel my appointment", "I'm not cancelling", "yes for both", "Confirm my appt for tomorrow",
    "looking forward to seeing you",
]  # fmt: skip
NO = [
    "NO", "n", "Nope", "nah", "nooo", "no thanks", "No. Thank you.", "Sorry, no", "can't make it",
    "I can’t come", "I won't be able to come tomorrow", "unable to attend", "not coming",
    "I'm not going to be able to make it", "We can no longer make it", "please cancel", "cancel please",
    "cancle it", "Please cancel my appointment with Dr Patel on Thursday", "I need to cancel",
    "im gonna have to cancel", "No, please cancel it", "Could you please cancel my appointment?",
    "I'm sick, can't come", "Something came up, please cancel", "I no longer need the appointment",
    "definitely not", "no way", "I'm afraid I can't", "no to all", "👎🏿", "❌", "🙅‍♀️",
    "Sorry I have to cancel, thank you",
]  # fmt: skip
CONDITIONS = [
    "yes but can we do 3pm", "Yes, but I'll be late", "yes if Dr Lee is in", "yes unless it snows", "yes at 3?",
    "yes 10:30", "yes Thursday", "yes only the first", "ok but what time", "no, another day please",
    "can't make it, need to reschedule", "not at that time", "I can come Thursday",
    "cancel unless you have something sooner", "cancel and rebook", "ok let me check",
    "Yes I know where it is but", "yes later",
]  # fmt: skip
QUESTIONS = [
    "Yes?", "no?", "cancel?", "yes or no?", "Can I cancel?", "can I come", "can you confirm", "do I reply yes",
    "Is it confirmed", "will you be there", "Yes. Do you take insurance?", "how do I cancel", "why not", "?",
    "did you cancel", "y not",
]  # fmt: skip
DOUBTS = [
    "not sure", "maybe", "I think so", "I don't think so", "probably", "hopefully", "I guess", "depends", "idk",
    "not yet", "will try to make it", "yeah right", "yes :/", "yes 🤔", "🤷‍♀️", "never mind",
]  # fmt: skip
COURTESIES = [
    "thanks", "Thank you so much!", "no problem", "No worries!", "can't wait!", "it's ok", "hello", "🙏",
    "Thanks, K", "thanks n bye", "", "...",
]  # fmt: skip
BOTH = [
    "yes no", "Y/N", "YESNO", "no yes", "yes please cancel", "ok cancel it", "sure, cancel", "ok no",
    "yes I can't come", "no I'm coming", "no that's ok", "no thanks I'm good", "Nope I mean yes", "yes wait no",
    "👍👎", "I can't confirm", "no don't cancel",
]  # fmt: skip
NUMBERED = ["1", "2", "YES 1 NO 2", "yes 1", "no to 2", "No. 1", "the first one"]
ECHOES = [
    "Reply YES to confirm, NO to cancel.", "“Reply YES to confirm, NO to cancel.”", "> Reply YES to confirm",
    "Liked “Reply YES to confirm, NO to cancel.”", 'Loved "See you then"', "Laughed at “No”",
    "Reacted 👍 to “Confirm your appointment? Reply YES”", "👍 to “ Yes ”", "Disliked an image",
    "Liked “… Reply STOP to opt out.”",
]  # fmt: skip
MACHINES = [
    "I'm driving right now. I'll see your message later.", "Sorry, I can't talk right now.",
    "Automatic reply: I am out of office, no access to mail",
    "I'm not receiving notifications. If this is urgent, reply “urgent”.", "I'm away until Monday",
]  # fmt: skip
STRANGERS = [
    "wrong number", "No, wrong number", "who is this", "I never booked this", "No appointment",
    "No hablo inglés", "it's not for me",
]  # fmt: skip
EITHER = ["No Dr Patel", "no cancel", "no need to cancel", "no, not cancelling"]
UNCLEAR = [
    *CONDITIONS, *QUESTIONS, *DOUBTS, *COURTESIES, *BOTH, *NUMBERED, *ECHOES, *MACHINES, *STRANGERS, *EITHER,
]  # fmt: skip

STOP = [
    "stop please", "Please stop", "STOP 🛑", "stop texting me", "no more texts", "don't text me",
    "please don't message me again", "take me off your list", "I told you twice already, stop texting me!!",
    "Yes. Stop texting me", "No, stop",
]  # fmt: skip
BARE_STOP = [
    "STOP",
    "stop.",
    "StopAll",
    "stop all",
    "unsubscribe",
    "END",
    "Quit",
    "revoke",
    "OPTOUT",
    "opt out",
    "Opt-out!",
]


@pytest.fixture(scope="module", autouse=True)
def _first_text_pays_for_reading_the_file() -> None:
    interpret("")


@pytest.mark.parametrize("text", YES)
def test_a_text_that_can_only_mean_yes_is_a_yes_without_a_keyword(text: str) -> None:
    assert interpret(text) == Meaning(Answer.YES, None, "understood as yes")


@pytest.mark.parametrize("text", NO)
def test_a_text_that_can_only_mean_no_is_a_no_without_a_keyword(text: str) -> None:
    assert interpret(text) == Meaning(Answer.NO, None, "understood as no")


@pytest.mark.parametrize("text", UNCLEAR)
def test_a_text_that_might_mean_something_else_decides_nothing(text: str) -> None:
    meaning = interpret(text)
    assert (meaning.answer, meaning.keyword) == (Answer.UNCLEAR, None)


@pytest.mark.parametrize("text", [*BARE_STOP, *STOP])
def test_whoever_wants_no_more_texts_is_heard_in_any_wording_and_has_answered_nothing(text: str) -> None:
    meaning = interpret(text)
    assert (meaning.answer, meaning.keyword) == (Answer.UNCLEAR, Keyword.STOP)


@pytest.mark.parametrize("text", ["CANCEL", "cancel", " Cancel! ", '"cancel"'])
def test_a_bare_cancel_is_a_no_and_an_opt_out_because_the_carrier_acts_on_it(text: str) -> None:
    meaning = interpret(text)
    assert (meaning.answer, meaning.keyword) == (Answer.NO, Keyword.STOP)


@pytest.mark.parametrize(
    ("text", "keyword"),
    [("START", Keyword.START), ("unstop", Keyword.START), ("Help!", Keyword.HELP), ("info", Keyword.HELP)],
)
def test_start_and_help_are_keywords_when_they_stand_alone(text: str, keyword: Keyword) -> None:
    meaning = interpret(text)
    assert (meaning.answer, meaning.keyword) == (Answer.UNCLEAR, keyword)


@pytest.mark.parametrize(
    "text", ["please start on time", "I need help finding you", "this is the end", "I'll stop by later"]
)
def test_a_keyword_inside_a_sentence_is_a_word_like_any_other(text: str) -> None:
    assert interpret(text).keyword is None


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("yes", "YES"),
        ("no", "NO"),
        ("cancel", "NO"),
        ("stop", "STOP"),
        ("start", "START"),
        ("help", "HELP"),
        ("hm", "UNCLEAR"),
    ],
)
def test_the_label_is_the_answer_if_there_is_one_and_else_the_keyword(text: str, label: str) -> None:
    assert interpret(text).label == label


@pytest.mark.parametrize(
    "negation",
    ["no", "don't", "won't", "can't", "not", "never", "no need to", "I'd rather not", "unable to", "no way I'm"],
)
@pytest.mark.parametrize(
    "undoing", ["cancel", "cancel it", "cancelling", "miss it", "decline", "canceling my appointment"]
)
def test_a_negated_cancel_is_never_a_no(negation: str, undoing: str) -> None:
    assert interpret(f"{negation} {undoing}").answer is not Answer.NO


@pytest.mark.parametrize(
    "negation", ["not", "can't", "won't", "don't", "no", "I'm not", "it's not", "never", "unable to"]
)
@pytest.mark.parametrize(
    "agreeing", ["confirm", "coming", "be there", "make it", "ok", "good", "sure", "see you then", "agree", "yes"]
)
def test_a_negated_agreement_is_never_a_yes(negation: str, agreeing: str) -> None:
    assert interpret(f"{negation} {agreeing}").answer is not Answer.YES


@pytest.mark.parametrize("languages", [(), ("en",), ("en-GB",), ("tlh",), ("../en",), ("",), ("tlh", "en_US")])
def test_english_is_always_understood_and_an_unknown_language_means_english(languages: tuple[str, ...]) -> None:
    assert interpret("yes please", languages).answer is Answer.YES
    assert interpret("nope", languages).answer is Answer.NO


def test_another_language_is_a_file_that_adds_words_and_can_veto_what_english_hears(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = domain.languages.language
    words = {"yes": ["tak", "no"], "no": ["nie"], "filler": ["dzięki"]}
    monkeypatch.setattr(replies, "language", lambda code: {"replies": words} if code == "x" else known(code))
    replies._lexicon.cache_clear()
    assert [interpret(text, ("x",)).answer for text in ("tak 👍", "nie, dzięki", "yes", "no")] == [
        "YES",
        "NO",
        "YES",
        "UNCLEAR",
    ]
    replies._lexicon.cache_clear()


def test_what_is_longer_than_any_text_message_decides_nothing() -> None:
    assert interpret("yes " * 25_000).rule == "too long for an answer"
    assert interpret("yes" + "…" * 1_590 + " no").answer is Answer.UNCLEAR


@given(st.text())
def test_any_text_at_all_gets_a_meaning(text: str) -> None:
    meaning = interpret(text)
    assert meaning == interpret(text)
    assert meaning.label in {"YES", "NO", "UNCLEAR", "STOP", "START", "HELP"}
    assert meaning.answer is not Answer.YES or meaning.keyword is None


RULES = {meaning.rule for _, _, meaning in replies._VERDICTS} | {
    meaning.rule for meaning in (replies._NEITHER, replies._NOT_UNDERSTOOD, replies._TOO_LONG)
}


@given(st.lists(st.sampled_from(" ".join([*YES, *NO, *UNCLEAR, *STOP]).split()), max_size=8))
def test_the_rule_for_the_audit_log_is_one_of_a_few_fixed_sentences(words: list[str]) -> None:
    assert interpret(" ".join(words)).rule in RULES


AROUND = st.text(alphabet=" \t\n.,!-*\"'“”…()", max_size=6)


@given(st.sampled_from([*YES, *NO, *BARE_STOP, "cancel"]), AROUND, AROUND, st.integers(min_value=0))
def test_space_case_and_punctuation_around_an_answer_change_nothing(
    text: str, before: str, after: str, seed: int
) -> None:
    cased = "".join(c.upper() if seed >> i & 1 else c.lower() for i, c in enumerate(text))
    assert interpret(f"{before}{cased}{after}") == interpret(text)


YES_WORDS = [
    "yes",
    "y",
    "yep",
    "ok",
    "sure",
    "confirm",
    "confirmed",
    "I'll be there",
    "see you then",
    "that works",
    "perfect",
    "👍",
]
NO_WORDS = [
    "no",
    "n",
    "nope",
    "cancel",
    "can't",
    "can't make it",
    "not coming",
    "I need to cancel",
    "won't be there",
    "definitely not",
    "👎",
    "no way",
]
BETWEEN = st.sampled_from(
    [" ", ", ", ". ", "\n", "/", " and ", " please ", "! Sorry, ", " or ", " actually ", " thanks. I meant "]
)


@given(st.permutations([0, 1]), st.sampled_from(YES_WORDS), st.sampled_from(NO_WORDS), BETWEEN)
def test_nothing_that_contains_a_yes_and_a_no_decides(order: list[int], yes: str, no: str, between: str) -> None:
    pair = (yes, no)
    assert interpret(between.join(pair[i] for i in order)).answer is Answer.UNCLEAR


@given(
    st.sampled_from([*YES, *NO]),
    st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789?/%&", min_size=1),
    st.booleans(),
)
def test_one_word_that_no_list_knows_is_enough_to_decide_nothing(text: str, word: str, first: bool) -> None:
    lexicon = replies._lexicon("en")
    assume(not (set(replies._tokens(word)) - {"."}) & (lexicon.words | set(lexicon.spellings)))
    assert interpret(f"{word} {text}" if first else f"{text} {word}").answer is Answer.UNCLEAR


CODES = sorted(file.stem for file in Path(domain.languages.__file__).parent.glob("*.toml"))


@pytest.mark.parametrize("code", CODES)
def test_each_listed_phrase_is_of_one_kind_and_is_written_in_the_words_that_its_own_file_leads_to(code: str) -> None:
    lexicon, table = replies._lexicon(code), replies._replies(code)
    for kind in Kind:
        for phrase in replies._expanded({kind: table.get(kind, [])}, table):
            assert lexicon.phrases.entries[phrase] is kind, f"{phrase!r} is listed as more than {kind}"
            assert replies._words(phrase.split(), lexicon) == phrase.split(), f"{phrase!r} can never be met"
    assert set(table) <= {*Kind, "titles", "alone", "shared", "lists", "spellings", "synonyms"}
