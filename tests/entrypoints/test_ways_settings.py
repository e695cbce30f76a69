"""The ways to a patient in the settings: what they become, and every fault with its cure."""

import pytest

from adapters.smtp import SmtpSettings
from domain.clinics import LinkUse
from domain.errors import Misconfigured
from domain.ways import Way
from entrypoints.settings import Settings
from tests.entrypoints.test_senders_and_whatsapp_settings import ENGLISH, TWILIO
from tests.entrypoints.test_telnyx_and_android_settings import CALCOM

MAIL = {"SMTP_URL": "smtps://clinic:p%40ss@mail.example.org", "EMAIL_FROM": "appointments@clinic.example"}
WHATSAPP = {"TWILIO_WHATSAPP_FROM": "+12025550111", "TWILIO_WHATSAPP_TEMPLATE": ENGLISH}


def read(**environ: str) -> Settings:
    settings = Settings({**CALCOM, **TWILIO, **environ})
    settings.clinic()
    settings.service()
    return settings


def fault(**environ: str) -> str:
    with pytest.raises(Misconfigured) as raised:
        read(**environ).check()
    (found,) = raised.value.faults
    return found


def test_without_a_word_patients_are_asked_by_sms_alone() -> None:
    clinic, service = read().clinic(), read().service()
    assert (clinic.ways, clinic.confirm_link, clinic.no_replies_from) == ((Way.SMS,), LinkUse.AUTO, ())
    assert service.smtp is None


def test_the_ways_keep_their_order() -> None:
    settings = read(ASK_BY="WhatsApp, sms,email", **MAIL, **WHATSAPP)
    settings.check()
    assert settings.clinic().ways == (Way.WHATSAPP, Way.SMS, Way.EMAIL)
    assert settings.service().smtp == SmtpSettings(MAIL["SMTP_URL"], MAIL["EMAIL_FROM"])


def test_countries_become_the_beginnings_of_their_numbers() -> None:
    settings = read(LINK_COUNTRIES="ie, PL,+1868")
    settings.check()
    assert settings.clinic().no_replies_from == ("+353", "+48", "+1868")


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"ASK_BY": "sms,fax"}, "ASK_BY is no order of ways; write some of sms, whatsapp, email, each once"),
        ({"ASK_BY": "sms,sms"}, "ASK_BY is no order of ways"),
        ({"ASK_BY": ","}, "ASK_BY is no order of ways"),
        ({"ASK_BY": "sms,whatsapp"}, "ASK_BY has whatsapp, which is not set up; set TWILIO_WHATSAPP_FROM"),
        (
            {"ASK_BY": "email", "EMAIL_FROM": "a@b.example"},
            "SMTP_URL is not set; set it to the mail server",
        ),
        ({"ASK_BY": "email", "SMTP_URL": MAIL["SMTP_URL"]}, "EMAIL_FROM is not set; set it to the address"),
        ({"ASK_BY": "email", **MAIL, "SMTP_URL": "https://mail.example.org"}, "SMTP_URL is no mail server; write it"),
        ({"ASK_BY": "email", **MAIL, "SMTP_URL": "smtp://mail:port"}, "SMTP_URL is no mail server; write it"),
        ({"ASK_BY": "email", **MAIL, "EMAIL_FROM": "a@b.example,c@d.example"}, "EMAIL_FROM is no e-mail address"),
        ({"LINK_COUNTRIES": "IE,XX"}, "LINK_COUNTRIES has 'XX', which is no country; write codes like IE,PL,GB or"),
        ({"LINK_COUNTRIES": "US"}, "LINK_COUNTRIES has US, which shares +1 with others; write +1 for all of them"),
        ({"CONFIRM_LINK": "never", "LINK_COUNTRIES": "IE"}, "CONFIRM_LINK is never, but LINK_COUNTRIES names where"),
        ({"CONFIRM_LINK": "maybe"}, "CONFIRM_LINK is 'maybe'; choose one of auto, always, never"),
        ({"CONFIRM_LINK": "never", "TWILIO_FROM": "Dr Lee"}, "CONFIRM_LINK is never, but nobody can reply to a sender"),
    ],
)
def test_a_fault_tells_its_cure(environ: dict[str, str], told: str) -> None:
    assert fault(**environ).startswith(told)


def test_the_mail_servers_password_is_in_no_repr() -> None:
    settings = read(ASK_BY="sms,email", **MAIL)
    assert "p%40ss" not in repr(settings.service())


def test_a_mail_server_that_nobody_uses_is_warned_of() -> None:
    assert "SMTP_URL is set, but nobody is asked by e-mail: ASK_BY has no email" in read(**MAIL).warnings
