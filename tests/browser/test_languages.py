"""The same stories in other languages, on the sandbox's phone: asked, answered and told in the patient's own."""

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import fill_in_and_book, hears, question, reply, stands


@dataclass(frozen=True)
class Talk:
    """What is said in one language: how the question ends, an unclear text and its answer, then a yes or no."""

    language: str
    asks: str
    unclear: str
    clarified: str
    answer: str
    told: str
    state: str
    in_cal_com: str


YES, NO = ("confirmed", "accepted"), ("cancelled", "cancelled")
TALKS = [
    Talk("es", "Responda SI para confirmar", "mmm", "responda SI o NO", "sí, claro, gracias", "Confirmado", *YES),
    Talk("de", "JA zum Bestätigen", "mal sehen", "JA oder NEIN", "nein, leider nicht", "abgesagt", *NO),
    Talk("fr", "Répondez OUI", "peut-être", "OUI ou NON", "oui c'est bon", "C'est confirmé", *YES),
    Talk("pl", "odpisać TAK", "nie wiem", "TAK lub NIE", "nie mogę przyjść", "odwołana", *NO),
    Talk("zh", "确认请回复“是”", "再看看", "请回复“是”或“否”", "好的，谢谢", "已确认", *YES),
    Talk("ar", "أجب بـ نعم", "ربما", "نعم أو لا", "نعم إن شاء الله", "تم تأكيد موعدك", *YES),
]


@pytest.mark.parametrize("talk", TALKS, ids=lambda talk: talk.language)
def test_a_patient_is_spoken_to_and_understood_in_another_language(page: Page, talk: Talk) -> None:
    name = f"Ana {talk.language}"
    page.get_by_label("Language").select_option(talk.language)
    fill_in_and_book(page, name, f"+1 202 555 02{TALKS.index(talk):02}")
    expect(question(page)).to_contain_text(talk.asks)
    stands(page, name, "sms_sent", in_cal_com="pending")
    reply(page, talk.unclear)
    hears(page, re.compile(re.escape(talk.clarified)))
    reply(page, talk.answer)
    hears(page, re.compile(re.escape(talk.told)))
    stands(page, name, talk.state, in_cal_com=talk.in_cal_com)
