"""What the settings say of the ways to a patient: their order, the confirm link, the mail server."""

import re

import phonenumbers

from adapters.android import AndroidSettings
from adapters.common.senders import is_name
from adapters.smtp import SCHEMES, SmtpSettings
from adapters.twilio import TwilioSettings
from adapters.vonage import VonageSettings
from domain.clinics import LinkUse
from domain.ways import Way
from entrypoints.carriers import CarrierSettings
from entrypoints.reading import Reader, url_parts

PREFIX = re.compile(r"\+[1-9]\d{0,7}", re.ASCII)
ADDRESS = re.compile(r"[^\s<>@,;:\"]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)


WHATSAPP_CURES: dict[type, str] = {
    TwilioSettings: "set TWILIO_WHATSAPP_FROM and TWILIO_WHATSAPP_TEMPLATE",
    VonageSettings: "set VONAGE_WHATSAPP_FROM and VONAGE_WHATSAPP_TEMPLATE",
}
NO_WHATSAPP = "this carrier has none: take it out, or choose twilio or vonage"


def read_ways(settings: Reader) -> tuple[Way, ...]:
    """ASK_BY: the ways in the order in which they are tried."""
    named = [one.lower() for one in settings.several("ASK_BY", "sms")]
    unknown = [one for one in named if one not in set(Way)]
    if unknown or not named or len(set(named)) < len(named):
        settings.fault("ASK_BY", f"is no order of ways; write some of {', '.join(Way)}, each once, like sms,email")
        return (Way.SMS,)
    return tuple(Way(one) for one in named)


def read_link_use(settings: Reader) -> LinkUse:
    """CONFIRM_LINK: when a text carries the link to the page with two buttons."""
    return LinkUse(settings.choice("CONFIRM_LINK", "auto", tuple(LinkUse)))


def read_no_replies_from(settings: Reader) -> tuple[str, ...]:
    """LINK_COUNTRIES: where a text cannot be answered, as prefixes of phone numbers."""
    return tuple(prefix for one in settings.several("LINK_COUNTRIES") if (prefix := _prefix(settings, one)))


def _prefix(settings: Reader, country: str) -> str:
    """A country that has its calling code to itself, or a prefix as it stands."""
    if PREFIX.fullmatch(country):
        return country
    code = phonenumbers.country_code_for_region(country.upper())
    if not code:
        settings.fault(
            "LINK_COUNTRIES", f"has {country!r}, which is no country; write codes like IE,PL,GB or prefixes like +353"
        )
    elif len(phonenumbers.region_codes_for_country_code(code)) > 1:
        problem = f"has {country}, which shares +{code} with others; write +{code} for all of them, or longer prefixes"
        settings.fault("LINK_COUNTRIES", problem)
    else:
        return f"+{code}"
    return ""


def read_smtp(settings: Reader) -> SmtpSettings | None:
    """SMTP_URL and EMAIL_FROM: the mail server; None where patients are not asked by e-mail."""
    if Way.EMAIL not in read_ways(settings):
        if settings.text("SMTP_URL"):
            settings.warnings.append("SMTP_URL is set, but nobody is asked by e-mail: ASK_BY has no email")
        return None
    url = settings.required("SMTP_URL", "the mail server, like smtps://user:password@mail.example.org")
    sender = settings.required("EMAIL_FROM", "the address that e-mails come from")
    if url and not _is_mail_server(url):
        settings.fault(
            "SMTP_URL",
            "is no mail server; write it like smtps://user:password@mail.example.org:465 (in it / is %2F, # is %23)",
        )
        return None
    if sender and not ADDRESS.fullmatch(sender):
        settings.fault("EMAIL_FROM", "is no e-mail address; write it like appointments@clinic.example")
    return SmtpSettings(url, sender)


def check_ways(settings: Reader, carrier: CarrierSettings) -> None:
    """Whether this carrier can do what the ways ask of it, and patients can answer in some way."""
    speaks = isinstance(carrier, TwilioSettings | VonageSettings) and carrier.whatsapp is not None
    if Way.WHATSAPP in read_ways(settings) and not speaks:
        settings.fault("ASK_BY", f"has whatsapp, which is not set up; {WHATSAPP_CURES.get(type(carrier), NO_WHATSAPP)}")
    mute = not isinstance(carrier, AndroidSettings) and is_name(carrier.sender)
    if mute and read_link_use(settings) is LinkUse.NEVER:
        settings.fault("CONFIRM_LINK", "is never, but nobody can reply to a sender that is a name; set it to auto")
    if read_no_replies_from(settings) and read_link_use(settings) is LinkUse.NEVER:
        settings.fault("CONFIRM_LINK", "is never, but LINK_COUNTRIES names where nobody can reply; set it to auto")


def _is_mail_server(url: str) -> bool:
    parts = url_parts(url)
    if parts is None or parts.scheme not in SCHEMES:
        return False
    return bool(parts.hostname) and parts.path in ("", "/") and not parts.query
