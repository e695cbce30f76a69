"""Which carrier the settings name, and what they say of it. A further carrier is one function and one entry."""

import re
from collections.abc import Callable, Mapping

from adapters.android import AndroidSettings
from adapters.android.settings import SHORTEST_SIGNING_KEY
from adapters.telnyx import TelnyxSettings
from adapters.telnyx.settings import PROFILE, key_bytes
from adapters.twilio import TwilioSettings
from adapters.vonage import VonageSettings
from entrypoints.reading import Reader

CarrierSettings = AndroidSettings | TelnyxSettings | TwilioSettings | VonageSettings

TWILIO_SENDER = re.compile(r"\+[1-9]\d{6,14}|MG[0-9a-fA-F]{32}", re.ASCII)
VONAGE_SENDER = re.compile(r"\+[1-9]\d{6,14}|[1-9]\d{2,5}", re.ASCII)
TELNYX_SENDER = re.compile(rf"\+[1-9]\d{{6,14}}|{PROFILE.pattern}", re.ASCII)

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
    sender = settings.required("TWILIO_FROM", "a number (+12025550100) or a Messaging Service (MG…)")
    if sender and not TWILIO_SENDER.fullmatch(sender):
        settings.fault(
            "TWILIO_FROM", "must be a number like +12025550100, or a Messaging Service (MG and 32 hex digits)"
        )
    account = settings.required("TWILIO_ACCOUNT_SID", "the Account SID (AC…) of Twilio's console")
    tokens = settings.secrets("TWILIO_AUTH_TOKEN", "the Auth Token of Twilio's console")
    return TwilioSettings(
        account_sid=account or UNSET,
        auth_tokens=tokens or (UNSET,),
        sender=sender,
        api_url=settings.url("TWILIO_API_URL", "https://api.twilio.com"),
        public_url=public_url,
    )


def _vonage(settings: Reader, public_url: str) -> VonageSettings:
    sender = settings.required("VONAGE_FROM", "the number that sends, like +12025550100")
    if sender and not VONAGE_SENDER.fullmatch(sender):
        settings.fault(
            "VONAGE_FROM", "must be a number like +12025550100 or a short code: nobody can answer to a sender's name"
        )
    key = settings.required("VONAGE_API_KEY", "the API key of Vonage's dashboard (API settings)")
    secret = settings.required("VONAGE_API_SECRET", "the API secret of Vonage's dashboard (API settings)")
    signing = settings.secrets(
        "VONAGE_SIGNATURE_SECRET", "the signature secret of Vonage's dashboard (API settings, not the API secret)"
    )
    return VonageSettings(
        api_key=key or UNSET,
        api_secret=secret or UNSET,
        signature_secrets=signing or (UNSET,),
        sender=sender,
        api_url=settings.url("VONAGE_API_URL", "https://api.nexmo.com"),
        public_url=public_url,
    )


def _telnyx(settings: Reader, public_url: str) -> TelnyxSettings:
    sender = settings.required("TELNYX_FROM", "a number (+12025550100) or the id of a messaging profile")
    if sender and not TELNYX_SENDER.fullmatch(sender):
        settings.fault("TELNYX_FROM", "must be a number like +12025550100, or the id of a messaging profile (a UUID)")
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
    )


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
