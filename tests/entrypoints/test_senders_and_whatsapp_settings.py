"""Who sends, and how WhatsApp is set up: what the settings become, and every fault with its cure."""

import pytest

from adapters.common.whatsapp import ANY_LANGUAGE, WhatsApp
from adapters.telnyx import TelnyxSettings
from adapters.twilio import TwilioSettings
from adapters.vonage import VonageSettings
from tests.entrypoints.test_settings import VONAGE
from tests.entrypoints.test_telnyx_and_android_settings import PROFILE, TELNYX, faults, read

NUMBER = "+12025550100"
SERVICE, ENGLISH, GERMAN = "MG" + "0a" * 16, "HX" + "1b" * 16, "HX" + "2c" * 16
TWILIO = {
    "SMS_PROVIDER": "twilio",
    "TWILIO_ACCOUNT_SID": "AC" + "0a" * 16,
    "TWILIO_AUTH_TOKEN": "7f" * 16,
    "TWILIO_FROM": NUMBER,
}


@pytest.mark.parametrize("sender", [NUMBER, "12345", "Clinic", "Dr Lee 24", "MG Dental", SERVICE])
def test_twilio_sends_from_a_number_a_short_code_a_name_or_a_service(sender: str) -> None:
    carrier = read(**{**TWILIO, "TWILIO_FROM": sender})
    assert isinstance(carrier, TwilioSettings)
    assert (carrier.sender, carrier.service) == (sender, SERVICE if sender == SERVICE else None)


@pytest.mark.parametrize("sender", [NUMBER, "12345", "Clinic"])
def test_vonage_sends_from_a_number_a_short_code_or_a_name(sender: str) -> None:
    carrier = read(**{**VONAGE, "VONAGE_FROM": sender})
    assert isinstance(carrier, VonageSettings)
    assert carrier.sender == sender


def test_a_name_at_telnyx_belongs_to_a_messaging_profile() -> None:
    carrier = read(**{**TELNYX, "TELNYX_FROM": "Clinic", "TELNYX_PROFILE": PROFILE})
    assert isinstance(carrier, TelnyxSettings)
    assert (carrier.sender, carrier.profile, carrier.profile_of_name) == ("Clinic", None, PROFILE)
    (fault,) = faults(**{**TELNYX, "TELNYX_FROM": "Clinic"})
    assert fault.startswith("TELNYX_PROFILE must be the id of the messaging profile")


@pytest.mark.parametrize(
    "sender",
    ["ab", "Twelve chars", "123456789012", "Clinic!", "MG0a0a0a", "whatsapp:" + NUMBER, "Zoë Clinic"],
)
@pytest.mark.parametrize(("environ", "name"), [(TWILIO, "TWILIO_FROM"), (VONAGE, "VONAGE_FROM")])
def test_what_no_carrier_takes_for_a_sender_is_a_fault(environ: dict[str, str], name: str, sender: str) -> None:
    (fault,) = faults(**{**environ, name: sender})
    assert fault.startswith(f"{name} must be a number like +12025550100, a short code, a name of 3 to 11")


def test_whatsapp_has_a_number_and_a_template_for_every_language_or_for_each() -> None:
    one = read(**TWILIO, TWILIO_WHATSAPP_FROM=NUMBER, TWILIO_WHATSAPP_TEMPLATE=ENGLISH)
    assert isinstance(one, TwilioSettings)
    assert one.whatsapp == WhatsApp(NUMBER, {ANY_LANGUAGE: ENGLISH})
    two = read(**TWILIO, TWILIO_WHATSAPP_FROM=NUMBER, TWILIO_WHATSAPP_TEMPLATE=f"en:{ENGLISH}, de:{GERMAN}")
    assert isinstance(two, TwilioSettings)
    assert two.whatsapp == WhatsApp(NUMBER, {"en": ENGLISH, "de": GERMAN})
    named = read(**VONAGE, VONAGE_WHATSAPP_FROM=NUMBER, VONAGE_WHATSAPP_TEMPLATE="en_GB:ask_visit,pt-BR:ns1_2:ask")
    assert isinstance(named, VonageSettings)
    assert named.whatsapp == WhatsApp(NUMBER, {"en_GB": "ask_visit", "pt-BR": "ns1_2:ask"})


def test_without_whatsapps_settings_there_is_no_whatsapp() -> None:
    carrier = read(**TWILIO)
    assert isinstance(carrier, TwilioSettings)
    assert carrier.whatsapp is None


@pytest.mark.parametrize(
    ("set_", "value", "name", "cure"),
    [
        ("FROM", NUMBER, "TEMPLATE", "must be the template's"),
        ("TEMPLATE", ENGLISH, "FROM", "like +12025550100"),
    ],
)
@pytest.mark.parametrize("environ", [TWILIO, VONAGE])
def test_half_of_whatsapp_is_a_fault(environ: dict[str, str], set_: str, value: str, name: str, cure: str) -> None:
    carrier = environ["SMS_PROVIDER"].upper()
    (fault,) = faults(**environ, **{f"{carrier}_WHATSAPP_{set_}": value})
    assert fault.startswith(f"{carrier}_WHATSAPP_{name} ")
    assert cure in fault


@pytest.mark.parametrize(
    ("number", "template"),
    [
        (NUMBER, "HX123"),
        (NUMBER, f"en:{ENGLISH},en:{GERMAN}"),
        (NUMBER, f"{ENGLISH},{GERMAN}"),
        ("Clinic", ENGLISH),
        ("12025550100", ENGLISH),
    ],
)
def test_what_whatsapp_cannot_use_is_a_fault_with_its_cure(number: str, template: str) -> None:
    (fault,) = faults(**TWILIO, TWILIO_WHATSAPP_FROM=number, TWILIO_WHATSAPP_TEMPLATE=template)
    assert "must be" in fault
    assert "like" in fault
