"""Which carrier the settings name, and what they say of it. A further carrier is one function and one entry."""

import re
from collections.abc import Callable, Mapping

from adapters.twilio import TwilioSettings
from adapters.vonage import VonageSettings
from entrypoints.reading import Reader

CarrierSettings = TwilioSettings | VonageSettings

TWILIO_SENDER = re.compile(r"\+[1-9]\d{6,14}|MG[0-9a-fA-F]{32}", re.ASCII)
VONAGE_SENDER = re.compile(r"\+[1-9]\d{6,14}|[1-9]\d{2,5}", re.ASCII)

UNSET = "unset"  # stands for what is missing: the fault is noted, and nothing is built of it
NO_CARRIER = TwilioSettings(UNSET, (UNSET,), "", "")


def read_carrier(settings: Reader, public_url: str) -> CarrierSettings:
    """The settings of the one carrier that SMS_PROVIDER names; those of the others are not looked at."""
    provider = settings.choice("SMS_PROVIDER", "sandbox", ("sandbox", *READERS))
    if read := READERS.get(provider):
        return read(settings, public_url)
    if settings.text("SMS_PROVIDER", "sandbox").lower() == "sandbox":
        names = " or ".join(READERS)
        settings.fault("SMS_PROVIDER", f"names no carrier; set it to {names}, or try `replyes serve --sandbox`")
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


READERS: Mapping[str, Callable[[Reader, str], CarrierSettings]] = {"twilio": _twilio, "vonage": _vonage}
