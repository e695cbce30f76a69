"""Which carrier the settings name, and what they say of it. A further carrier is one function and one entry."""

import re
from collections.abc import Callable, Mapping

from adapters.android import AndroidSettings
from adapters.android.settings import SHORTEST_SIGNING_KEY
from adapters.common.senders import NUMBER, is_name
from adapters.common.values import E164
from adapters.common.whatsapp import ANY_LANGUAGE, WhatsApp
from adapters.telnyx import TelnyxSettings
from adapters.telnyx.settings import PROFILE, key_bytes
from adapters.twilio import TwilioSettings
from adapters.vonage import VonageSettings
from entrypoints.reading import Reader

CarrierSettings = AndroidSettings | TelnyxSettings | TwilioSettings | VonageSettings

SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")  # Twilio's Messaging Service
ALMOST_A_SERVICE = re.compile(r"MG[0-9a-fA-F]+")  # cut short while copying: as a name it would fail at each text
CONTENT = re.compile(r"HX[0-9a-fA-F]{32}")  # a template of Twilio's Content API
TEMPLATE = re.compile(r"[0-9A-Za-z_:-]{1,200}")  # Vonage's, with its namespace before a colon where it has one
LANGUAGE = re.compile(r"([a-z]{2,3}(?:[-_][A-Za-z]{2,4})?):(.+)")
IN_WORDS = "a number like +12025550100, a short code, a name of 3 to 11 letters and digits (nobody can answer to it)"

UNSET = "unset"  # stands for what is missing: the fault is noted, and nothing is built of it
ANY_PUBLIC_KEY = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="  # likewise
NO_CARRIER = TwilioSettings(UNSET, (UNSET,), "", "")


def read_carrier(settings: Reader, public_url: str) -> CarrierSettings:
    """The settings of the one carrier that SMS_PROVIDER names; those of the others are not looked at."""
    provider = settings.choice("SMS_PROVIDER", "sandbox", ("sandbox", *READERS))
    if read := READERS.get(provider):
        return read(settings, public_url)
    if settings.text("SMS_PROVIDER", "sandbox").lower() == "sandbox":
        *names, last = READERS
        settings.fault(
            "SMS_PROVIDER",
            f"names no carrier; set it to {', '.join(names)} or {last}, or try `replyes serve --sandbox`",
        )
    return NO_CARRIER


def _twilio(settings: Reader, public_url: str) -> TwilioSettings:
    pool = f"{IN_WORDS}, or a Messaging Service (MG and 32 hex digits)"
    account = settings.required("TWILIO_ACCOUNT_SID", "the Account SID (AC…) of Twilio's console")
    tokens = settings.secrets("TWILIO_AUTH_TOKEN", "the Auth Token of Twilio's console")
    return TwilioSettings(
        account_sid=account or UNSET,
        auth_tokens=tokens or (UNSET,),
        sender=_sender(settings, "TWILIO_FROM", pool, SERVICE),
        api_url=settings.url("TWILIO_API_URL", "https://api.twilio.com"),
        public_url=public_url,
        whatsapp=_whatsapp(settings, "TWILIO", CONTENT, "the template's Content SID (HX and 32 hex digits)"),
    )


def _vonage(settings: Reader, public_url: str) -> VonageSettings:
    key = settings.required("VONAGE_API_KEY", "the API key of Vonage's dashboard (API settings)")
    secret = settings.required("VONAGE_API_SECRET", "the API secret of Vonage's dashboard (API settings)")
    signing = settings.secrets(
        "VONAGE_SIGNATURE_SECRET", "the signature secret of Vonage's dashboard (API settings, not the API secret)"
    )
    return VonageSettings(
        api_key=key or UNSET,
        api_secret=secret or UNSET,
        signature_secrets=signing or (UNSET,),
        sender=_sender(settings, "VONAGE_FROM", IN_WORDS),
        api_url=settings.url("VONAGE_API_URL", "https://api.nexmo.com"),
        public_url=public_url,
        whatsapp=_whatsapp(settings, "VONAGE", TEMPLATE, "the template's name at WhatsApp"),
    )


def _telnyx(settings: Reader, public_url: str) -> TelnyxSettings:
    pool = f"{IN_WORDS}, or the id of a messaging profile (a UUID)"
    sender = _sender(settings, "TELNYX_FROM", pool, PROFILE)
    profile = settings.text("TELNYX_PROFILE")
    if is_name(sender) and not PROFILE.fullmatch(profile):
        settings.fault("TELNYX_PROFILE", "must be the id of the messaging profile (a UUID) to which the name belongs")
    key = settings.required("TELNYX_API_KEY", "an API key of Telnyx's portal (KEY…)")
    public_keys = settings.secrets("TELNYX_PUBLIC_KEY", "the public key of Telnyx's portal (Keys & Credentials)")
    if not all(map(key_bytes, public_keys)):
        settings.fault("TELNYX_PUBLIC_KEY", "is no public key; copy its 44 characters from Telnyx's portal")
        public_keys = ()
    return TelnyxSettings(
        api_key=key or UNSET,
        public_keys=public_keys or (ANY_PUBLIC_KEY,),
        sender=sender,
        api_url=settings.url("TELNYX_API_URL", "https://api.telnyx.com"),
        public_url=public_url,
        profile_of_name=profile if is_name(sender) else "",
    )


def _sender(settings: Reader, name: str, what: str, pool: re.Pattern[str] | None = None) -> str:
    """Who sends: a number, a short code, a name, or a pool of numbers where the carrier has them."""
    sender = settings.required(name, what)
    is_pool = pool is not None and pool.fullmatch(sender)
    is_plain = NUMBER.fullmatch(sender) or (is_name(sender) and not ALMOST_A_SERVICE.fullmatch(sender))
    if sender and not is_pool and not is_plain:
        settings.fault(name, f"must be {what}")
    return sender


def _whatsapp(settings: Reader, carrier: str, form: re.Pattern[str], what: str) -> WhatsApp | None:
    """How the account speaks by WhatsApp; None where it does not. Number and templates belong together."""
    number, template = f"{carrier}_WHATSAPP_FROM", f"{carrier}_WHATSAPP_TEMPLATE"
    sender, several = settings.text(number), settings.several(template)
    if not sender and not several:
        return None
    if not E164.fullmatch(sender):
        settings.fault(
            number, "must be the number that sends by WhatsApp, like +12025550100; it goes with the template"
        )
    found = [(LANGUAGE.fullmatch(one), one) for one in several]
    templates = {named[1] if named else ANY_LANGUAGE: named[2] if named else one for named, one in found}
    if not several or len(templates) < len(several) or not all(map(form.fullmatch, templates.values())):
        settings.fault(template, f"must be {what}, or one for each language, like en:…,de:…")
    return WhatsApp(sender, templates)


def _android(settings: Reader, public_url: str) -> AndroidSettings:  # noqa: ARG001 - the phone is told our URL by hand
    if not settings.text("ANDROID_GATEWAY_URL"):
        settings.fault(
            "ANDROID_GATEWAY_URL",
            "is not set; set it to http://<phone>:8080, or for the cloud to https://api.sms-gate.app/3rdparty/v1",
        )
    user = settings.required("ANDROID_GATEWAY_USER", "the user name on the app's home page")
    password = settings.required("ANDROID_GATEWAY_PASSWORD", "the password on the app's home page")
    signing = settings.secrets("ANDROID_GATEWAY_SIGNING_KEY", "the app's signing key (Settings, Webhooks)")
    if any(len(key) < SHORTEST_SIGNING_KEY for key in signing):
        settings.fault("ANDROID_GATEWAY_SIGNING_KEY", "has fewer than 16 characters; type a longer one into the app")
        signing = ()
    return AndroidSettings(
        url=settings.url("ANDROID_GATEWAY_URL", "") or UNSET,
        user=user or UNSET,
        password=password or UNSET,
        signing_keys=signing or (UNSET * 4,),
        fallback_region=settings.region(),
    )


READERS: Mapping[str, Callable[[Reader, str], CarrierSettings]] = {
    "twilio": _twilio,
    "vonage": _vonage,
    "telnyx": _telnyx,
    "android": _android,
}
