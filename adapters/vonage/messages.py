"""A message as the Messages API wants it: by SMS as a text, by WhatsApp in approved words or free ones.

Source: the models of vonage-python-sdk 4.9.1 (Sms, WhatsappText, WhatsappTemplate). WhatsApp takes no `ttl`.
"""

from adapters.common.values import Json
from adapters.common.whatsapp import WhatsApp, blanks_of
from adapters.vonage.settings import VonageSettings
from adapters.vonage.values import without_plus
from domain.ports import OutgoingText
from domain.ways import Way

SHORTEST_VALIDITY, LONGEST_VALIDITY = 20, 604_800  # seconds: what Vonage takes as ttl


def document(text: OutgoingText, settings: VonageSettings) -> Json:
    """What is posted. Our key goes along twice: `client_ref` comes back signed."""
    whatsapp = settings.whatsapp if text.by is Way.WHATSAPP else None
    return {
        **(_by_whatsapp(text, whatsapp) if whatsapp else _by_sms(text, settings.sender)),
        "to": without_plus(text.to),
        "client_ref": text.key,
        "webhook_url": f"{settings.public_url.rstrip('/')}/api/webhooks/sms/status/{text.key}",
        "webhook_version": "v1",
    }


def _by_sms(text: OutgoingText, sender: str) -> Json:
    seconds = int(text.valid_for.total_seconds())
    ttl = min(max(seconds, SHORTEST_VALIDITY), LONGEST_VALIDITY)
    return {"channel": "sms", "message_type": "text", "from": without_plus(sender), "text": text.body, "ttl": ttl}


def _by_whatsapp(text: OutgoingText, whatsapp: WhatsApp) -> Json:
    usual = {"channel": "whatsapp", "from": without_plus(whatsapp.sender)}
    if not text.blanks:
        return {**usual, "message_type": "text", "text": text.body}
    locale, name = whatsapp.template(text.language)
    return {
        **usual,
        "message_type": "template",
        "whatsapp": {"policy": "deterministic", "locale": locale},
        "template": {"name": name, "parameters": blanks_of(text)},
    }
