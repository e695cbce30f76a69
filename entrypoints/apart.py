"""Whether the clinics of one process can be told apart: by Cal.com's key, by the secret of its webhook, and by the
number to which patients answer. Who shares one of them would take in what belongs to another."""

from collections.abc import Iterable, Iterator, Mapping

from adapters.android import AndroidSettings
from adapters.common.senders import is_name
from adapters.telnyx import TelnyxSettings
from adapters.twilio import TwilioSettings
from adapters.vonage import VonageSettings
from entrypoints.carriers import UNSET, CarrierSettings
from entrypoints.settings import ServiceSettings


def faults(services: Mapping[str, ServiceSettings]) -> list[str]:
    """What two clinics have in common and must not, each with its cure. `services` by the clinic's key."""
    keys = {key: {one.calcom.api_key} for key, one in services.items()}
    secrets = {key: set(one.calcom.webhook_secrets) for key, one in services.items()}
    phones = {key: one.carrier for key, one in services.items() if isinstance(one.carrier, AndroidSettings)}
    signing = {key: set(one.signing_keys) for key, one in phones.items()}
    senders = {key: set(_sender(one.carrier)) for key, one in services.items()}
    return [
        *_shared(keys, "CAL_API_KEY", "give each clinic the key of its own Cal.com user"),
        *_shared(secrets, "CAL_WEBHOOK_SECRET", "give each clinic a webhook with a secret of its own"),
        *_shared(signing, "ANDROID_GATEWAY_SIGNING_KEY", "give each clinic's phone a key of its own"),
        *_shared(senders, "the sender", "give each clinic a number of its own, or nobody knows whom a text is for"),
    ]


def passwords(whole: str, each: Mapping[str, str]) -> list[str]:
    """Passwords of the desk that open more than they should: `whole` opens every clinic, those in `each` one. A hash is
    told apart from other hashes only."""
    told = [
        f"[{key}] DESK_PASSWORD is also that of the environment, which opens every clinic; choose another one"
        for key, password in each.items()
        if password and password == whole
    ]
    return told + list(_shared({key: {one} for key, one in each.items()}, "DESK_PASSWORD", "choose another one"))


def _shared(values: Mapping[str, set[str]], what: str, cure: str) -> Iterator[str]:
    seen: dict[str, str] = {}
    for key, own in values.items():
        for first in dict.fromkeys(seen[value] for value in sorted(own) if value in seen):
            yield f"[{key}] {what} is also that of [{first}]; {cure}"
        seen = dict.fromkeys(own - {"", UNSET, UNSET * 4}, key) | seen


def _sender(carrier: CarrierSettings) -> Iterable[str]:
    """What answers come to, and at which account; nothing where it is not set, or where nobody can answer. Telnyx's API
    keys do not tell whose account they are, but a number belongs to one."""
    match carrier:
        case AndroidSettings(url, user):
            return [] if UNSET in (url, user) else [f"android {url} {user}"]
        case TwilioSettings(account_sid=account):
            name = f"twilio {account}"
        case VonageSettings(api_key=account):
            name = f"vonage {account}"
        case TelnyxSettings():
            name = "telnyx"
    whatsapp = carrier.whatsapp if isinstance(carrier, TwilioSettings | VonageSettings) else None
    return [
        *([f"{name} {carrier.sender.lstrip('+')}"] if carrier.sender and not is_name(carrier.sender) else []),
        *([f"{name} WhatsApp {whatsapp.sender}"] if whatsapp else []),
    ]
