"""What a patient's text means, rule by rule, in English. A wrong decision costs an appointment, so most of these texts
must decide nothing. Many more texts are in `utterances/en.tsv`."""

from unittest.mock import patch

import pytest

from domain.replies import Answer, Keyword, Meaning, Topic, interpret
from domain.understanding.phrases import Glossary, lexicon_of
from domain.understanding.plaintext import tokens
from domain.understanding.reading import read

YES = [
    "YES", "y", "Yep!", "yeah", "yesss", "Yse", "ok", "k", "Okay thank you", "sure thing", "Of course!",
    "confirm", "Confirmed.", "confrim", "yes please, thank you Dr Lee", "Yes, thanks Dr. van", "Yes thanks!",
    "Yes :)", "yes xx", "*yes*", "“Yes”", "ＹＥＳ", "YES\n\nSent from my iPhone", "Yes. Get Outlook for iOS", "👍",
    "👍🏽👍🏽", "✅", "Hi, yes I will be there. Have a great day!", "yes I'll be there", "I’ll be there",
    "We can make it", "I'm coming", "see you on Tuesday!", "yes no problem", "No worries, I'll be there",
    "Sorry for the late reply. Yes", "That works for me", "sounds good", "I'd like to keep my appointment",
    "please don't cancel my appointment", "I'm not cancelling", "yes for both", "Confirm my appt for tomorrow",
    "looking forward to seeing you", "can't wait!", "Tuesday is good", "This is Sarah, yes", "Yes. Thanks, Sarah",
    "yaah", "yesyes", "YES to confirm", "Yes to confirm my appointment", "no need to confirm, I'll be there",
    "not gonna lie I'll be there", "I already said yes", "Please confirm me", "I don't want to miss it",
    "I would never cancel",
]  # fmt: skip
NO = [
    "NO", "n", "Nope", "nah", "nooo", "no thanks", "No. Thank you.", "Sorry, no", "can't make it",
    "I can’t come", "I won't be able to come tomorrow", "unable to attend", "not coming",
    "I'm not going to be able to make it", "We can no longer make it", "please cancel", "cancel please",
    "cancle it", "Please cancel my appointment with Dr Patel on Thursday", "I need to cancel",
    "im gonna have to cancel", "No, please cancel it", "Could you please cancel my appointment?",
    "I'm sick, can't come", "Something came up, please cancel", "I no longer need the appointment",
    "definitely not", "no way", "I'm afraid I can't", "no to all", "👎🏿", "❌", "🙅‍♀️",
    "Sorry I have to cancel, thank you", "I'm not available", "Sorry, unavailable on Tuesday", "NO to cancel",
    "yeah i can't make it", "That doesn't work for me", "No that won't work", "I already cancelled",
    "booked by mistake, please cancel", "I confirm I want to cancel", "confirm that I'm not coming", "no to both",
    "none of them", "neither",
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
    "Is it confirmed", "will you be there", "how do I cancel", "why not", "?", "do I have to cancel", "can I go",
    "did you cancel", "y not",
]  # fmt: skip
DOUBTS = [
    "not sure", "maybe", "I think so", "I don't think so", "probably", "hopefully", "I guess", "depends", "idk",
    "not yet", "will try to make it", "yeah right", "yes :/", "yes 🤔", "🤷‍♀️", "never mind",
]  # fmt: skip
COURTESIES = [
    "thanks", "Thank you so much!", "no problem", "No worries!", "it's ok", "hello", "🙏", "oh no", "This is Sarah",
    "Thanks, K", "thanks n bye", "", "...",
]  # fmt: skip
BOTH = [
    "yes no", "Y/N", "YESNO", "no yes", "ok no", "yes I can't come", "no I'm coming", "no that's ok",
    "no thanks I'm good", "👍👎", "I can't confirm", "no don't cancel", "cancel, wait, no", "can't come, wait, no",
    "Cancel. I mean confirm", "yeah no", "cancel no", "yes but no", "yes or cancel", "I'm coming, cancel it",
    "No, I don't want to cancel", "My babysitter cancelled, so I'm bringing my kids",
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
    "No hablo inglés", "it's not for me", "No, this is Peter", "no I'm Peter", "Sarah doesn't live here",
]  # fmt: skip
EITHER = ["No Dr Patel", "no cancel", "no need to cancel", "no, not cancelling"]
# A clear answer beside something that takes it back, narrows or doubts it.
TAKEN_BACK = [
    "Yes. Thursday works better", "Yes. Actually, I have a question", "Yes. What time is it?", "Ok. Let me check",
    "Ok. I finish work first", "Yes. With Dr Patel please", "No. Meanwhile she went home", "No, Thursday",
    "I can't come. Is there another slot?", "I can't make it, how about Friday", "I can't come, 2pm is better",
    "I won't be there until noon", "I can't come so early", "I can't come as early as that",
    "I can't come to the phone",
    "Yes. Actually",
    "I'll be there, weather permitting", "I'll be there. My wife can't", "I'll be there, hardly", "I'll be there not",
    "see you then, unless I call", "I'm coming down with the flu", "I'll be there in spirit",
    "need to confirm with my wife", "I'll confirm tomorrow", "sorry, I can't wait", "“I can't come”, he said",
]  # fmt: skip
# After a yes only what we know leaves it as it is.
YES_AND_UNKNOWN = [
    "Yes. Sike", "Yes. Pending insurance approval", "Yes. That was my toddler", "Yes. The patient is deceased",
    "Yes. Stuck in traffic", "Yes. What is this about?", "Yes. By zoom", "Yes, Zoom", "Yes. Make it virtual",
    "Yes. Where do I park? Subject to traffic", "Confirmed. My husband is driving me", "YES, PENDING", "Yes. Disregard",
    "I'll be there. Subject to approval", "I'll be there, in your dreams", "I'll be there pending childcare",
    "Sure, sounds fine! Parking is £4 there, right?", "Yes, one second", "2 thumbs up",
]  # fmt: skip
OTHERS_BRING = [
    "I can't make it, dad is taking her", "I can't come so my mother takes my slot", "I can't come. Grandma brings him",
    "I can't come, sending my brother in my place", "I'm not coming, my husband brings our daughter",
]  # fmt: skip
OTHER_FORMS = [
    "I won't be there, it's online", "I can't come so video please", "I can't come. Let's do zoom",
    "I can't come, telehealth please", "I can't come because I'm already there", "I can't come because you are closed",
    "I can't get in, the door is locked",
]  # fmt: skip
NO_IN_JEST = [
    "I can't come. Sike", "Definitely not. Psych!", "I can't come. Disregard", "Not coming. Sent accidentally",
    "I can't come. Wrong chat", "No way. Just kidding",
]  # fmt: skip
ANSWERING_MACHINES = [
    "I am not available. Please leave your name and number.", "I'm unavailable. Please contact my assistant Tom.",
    "Thanks for your message. I'm not available to respond.", "I'm on a plane so I'm not available.",
    "I'm not around. Text Jane.",
    "I am in a meeting so I am unavailable.", "I'm not available for work", "I can't. Leave it after the beep",
]  # fmt: skip
ELSEWHERE = [
    "I'm not going to work that day", "I can't go to work that day", "I cancelled work for this", "I can't go home",
    "I'm not coming home", "I can't make it to work", "I'm not going for surgery",
]  # fmt: skip
DESPAIR = ["I don't want to be here anymore", "I dont want to be here", "I can't do this anymore", "I can't anymore"]
NOT_ALL = [
    "not all", "not both", "I can't come to both", "I can't come to all of them", "I am not coming to both",
    "Both of us can't come", "I'm not going to both",
]  # fmt: skip
UNCLEAR = [
    *CONDITIONS, *QUESTIONS, *DOUBTS, *COURTESIES, *BOTH, *NUMBERED, *ECHOES, *MACHINES, *STRANGERS, *EITHER,
    *TAKEN_BACK, *YES_AND_UNKNOWN, *OTHERS_BRING, *OTHER_FORMS, *NO_IN_JEST, *ANSWERING_MACHINES, *ELSEWHERE, *DESPAIR,
    *NOT_ALL,
]  # fmt: skip

# A clear answer, and beside it something that leaves it as it is: a person reads that.
YES_AND_MORE = [
    "Yes. Do you take insurance?", "Yes. Do I need to bring anything?", "Good morning! Yes. Where do I park?",
    "Yes. And do I need to bring anything? Thanks!", "Yes. Thank you! How long will it take?",
    "I'll be there, where do I park?", "I'll be there with bells on", "Yes, Sarah", "Yes - Sarah Jones",
]  # fmt: skip
NO_AND_MORE = [
    "I'm not coming over, suit yourselves", "Am stuck in a lift so i'm afraid not!",
    "Tomorrow big inspection of our boiler so i cant.", "I can't come because the cat died",
    "I not free tmr i haf 2 fetch my aunt...", "can't make it, the roads are flooded",
    "Definitely not. The cat died", "please cancel, the tooth fell out",
]  # fmt: skip
CANCELLED_AFTER_A_YES = [
    "Yes please cancel", "Yes, cancel my appointment", "ok cancel it", "sure, cancel", "Yes. I need to cancel",
    "yes I'd like to cancel, thanks", "ok please call it off",
]  # fmt: skip
CORRECTED_TO_YES = [
    "no wait yes", "Nope I mean yes", "No. Sorry, I meant yes", "no, oops, I'll be there", "Sorry I meant yes",
    "not coming. Scratch that, I'm coming", "no hold on yes",
]  # fmt: skip
CORRECTED_TO_NO = [
    "yes wait no", "yes yes but actually, no", "Yes. Correction: no", "I'll be there. Oops, I can't",
    "yes sorry I meant no", "ok actually no", "confirm... I mean cancel",
]  # fmt: skip

STOP = [
    "stop please", "Please stop", "STOP 🛑", "stop texting me", "no more texts", "don't text me",
    "please don't message me again", "take me off your list", "I told you twice already, stop texting me!!",
    "Yes. Stop texting me", "No, stop", "Stop all messages", "stop sending messages", "STOP texting this number!",
    "stop this now", "remove me", "I don't want to receive any more messages", "I do not wish to receive texts",
    "stop with the texts",
]  # fmt: skip
BARE_STOP = [
    "STOP", "stop.", "StopAll", "stop all", "unsubscribe", "END", "Quit", "revoke", "OPTOUT", "opt out", "Opt-out!",
]  # fmt: skip
COURTESIES_AND_NO_MORE = [
    ("Thanks!", "en"), ("thank you so much 🙏", "en"), ("see you then", "en"), ("see you Tuesday", "en"),
    ("ok thanks", "en"), ("great, thank you", "en"), ("👍", "en"), ("No problem!", "en"), ("Cheers, bye", "en"),
    ("gracias", "es"), ("danke, bis dann", "de"), ("merci, à demain", "fr"), ("ok dziękuję", "pl"), ("Tak!", "da"),
    ("承知しました。ありがとうございます", "ja"), ("спасибо, до встречи", "ru"), ("谢谢", "zh"),
    ("شكرا جزيلا", "ar"),
]  # fmt: skip
MORE_THAN_COURTESY = [
    ("yes", "en"), ("I'll be there", "en"), ("no thanks", "en"), ("thanks but no", "en"), ("ok no", "en"),
    ("thanks, cancel it", "en"), ("thanks, stop", "en"), ("STOP", "en"), ("help", "en"), ("thanks?", "en"),
    ("thanks, wrong number", "en"), ("ok but later", "en"), ("see you at 3", "en"), ("thanks, can we do Friday", "en"),
    ("see you then, zebra", "en"), ("Yes. Do you take insurance?", "en"), ("hello", "en"), ("sorry", "en"),
    ("", "en"), ("...", "en"), ("no", "pl"), ("nein danke", "de"), ("tak", "pl"),
]  # fmt: skip


@pytest.mark.parametrize("text", YES)
def test_a_text_that_can_only_mean_yes_is_a_yes_without_a_keyword(text: str) -> None:
    meaning = interpret(text)
    assert (meaning.answer, meaning.keyword, meaning.rule) == (Answer.YES, None, "understood as yes")


@pytest.mark.parametrize("text", NO)
def test_a_text_that_can_only_mean_no_is_a_no_without_a_keyword(text: str) -> None:
    assert interpret(text) == Meaning(Answer.NO, None, "understood as no")


@pytest.mark.parametrize(
    ("text", "answer"), [*((text, Answer.YES) for text in YES_AND_MORE), *((text, Answer.NO) for text in NO_AND_MORE)]
)
def test_an_answer_stands_beside_what_leaves_it_as_it_is_and_a_person_reads_that(text: str, answer: Answer) -> None:
    meaning = interpret(text)
    assert (meaning.answer, meaning.says_more) == (answer, True)
    assert meaning.rule.endswith(", and more")


@pytest.mark.parametrize("text", CANCELLED_AFTER_A_YES)
def test_an_explicit_cancel_after_a_yes_is_a_no(text: str) -> None:
    assert interpret(text) == Meaning(Answer.NO, None, "a cancel after a yes")


@pytest.mark.parametrize(
    ("text", "answer"),
    [*((text, Answer.YES) for text in CORRECTED_TO_YES), *((text, Answer.NO) for text in CORRECTED_TO_NO)],
)
def test_after_a_word_of_correction_the_last_answer_counts(text: str, answer: Answer) -> None:
    assert interpret(text) == Meaning(answer, None, "the last answer, after a correction")


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
    [
        ("START", Keyword.START),
        ("START please", Keyword.START),
        ("unstop", Keyword.START),
        ("Help!", Keyword.HELP),
        ("help please", Keyword.HELP),
        ("Help me", Keyword.HELP),
        ("info", Keyword.HELP),
    ],
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


def test_what_is_longer_than_any_text_message_decides_nothing() -> None:
    assert interpret("yes " * 25_000).rule == "too long for an answer"
    assert interpret("yes" + "…" * 1_590 + " no").answer is Answer.UNCLEAR


def test_a_text_full_of_open_phrases_takes_no_longer_than_any_other() -> None:
    words = tokens("because " * 200)
    lexicon = lexicon_of("en")
    with patch.object(Glossary, "at", autospec=True, side_effect=Glossary.at) as looked_up:
        read(words, lexicon)
    assert looked_up.call_count == len(words)


@pytest.mark.parametrize(
    ("text", "language", "answer"),
    [
        ("Ja. Vielen Dank!", "de", Answer.YES),
        ("Ja. Das Zebra schläft", "de", Answer.UNCLEAR),
        ("Sí. La cebra duerme", "es", Answer.UNCLEAR),
    ],
)
def test_without_a_list_of_what_may_follow_a_yes_only_what_is_understood_does(
    text: str, language: str, answer: Answer
) -> None:
    assert interpret(text, (language,)).answer is answer


@pytest.mark.parametrize(
    ("text", "topic"),
    [("wrong number", Topic.WRONG_NUMBER), ("can we do another day?", Topic.OTHER_TIME), ("is it covered", None)],
)
def test_what_decides_nothing_may_have_a_topic(text: str, topic: Topic | None) -> None:
    assert (interpret(text).answer, interpret(text).topic) == (Answer.UNCLEAR, topic)


@pytest.mark.parametrize(("text", "language"), COURTESIES_AND_NO_MORE)
def test_thanks_and_farewells_are_courtesies_even_where_they_are_a_yes_to_an_open_question(
    text: str, language: str
) -> None:
    meaning = interpret(text, (language,))
    assert meaning.is_courtesy
    assert meaning.answer is not Answer.NO


@pytest.mark.parametrize(("text", "language"), MORE_THAN_COURTESY)
def test_a_text_that_may_want_something_is_no_courtesy(text: str, language: str) -> None:
    assert not interpret(text, (language,)).is_courtesy


@pytest.mark.parametrize(
    ("text", "languages", "label"),
    [
        ("no", ("pl",), "UNCLEAR"),  # a lazy yes in Polish, Czech and Slovak, and "well" in Hungarian
        ("no", ("cs",), "UNCLEAR"),
        ("no", ("sk",), "UNCLEAR"),
        ("no", ("hu",), "UNCLEAR"),
        ("no tak", ("pl",), "YES"),
        ("no thanks", ("pl",), "UNCLEAR"),
        ("no", ("es",), "NO"),
        ("tak", ("da", "pl"), "UNCLEAR"),  # thanks in Danish, and the question was in Danish
        ("tak", ("pl", "da"), "YES"),
        ("yo", ("es", "tr"), "UNCLEAR"),  # "I" in Spanish, a slipshod no in Turkish
        ("ναι", ("el",), "YES"),  # sounds like no
        ("ne", ("el", "cs"), "UNCLEAR"),  # yes in Greek, if written in Latin letters, and no in Czech
        ("y", ("es",), "YES"),  # "and" in Spanish, but nobody texts that alone
    ],
)
def test_a_word_that_another_language_means_otherwise_decides_nothing_against_the_patients_own(
    text: str, languages: tuple[str, ...], label: str
) -> None:
    assert interpret(text, languages).label == label


@pytest.mark.parametrize("answer", ["yes", "ok", "confirm", "no", "nope", "cancel it", "that works", "definitely not"])
@pytest.mark.parametrize("word", ["zebra", "7", "?", "10:30", "thursdayish", "%"])
def test_an_unknown_word_in_the_same_breath_is_enough_to_decide_nothing(answer: str, word: str) -> None:
    assert interpret(f"{answer} {word}").answer is Answer.UNCLEAR
    assert interpret(f"{word} {answer}").answer is Answer.UNCLEAR


def test_a_digit_between_words_stands_for_a_word_and_any_other_decides_nothing() -> None:
    assert interpret("cant come, have 2 work").answer is Answer.NO
    assert interpret("cant come, have work at 2").answer is Answer.UNCLEAR
    assert interpret("I will come 2").answer is Answer.UNCLEAR
