"""The secrets of one run, made anew at every start, and the two ways of signing.

Both signatures are written out here by hand, apart from the product's own checks:
were they shared, one mistake would hide the other.
"""

import base64
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

SENDER = "+12025550100"


def _token() -> str:
    return secrets.token_hex(16)


@dataclass(frozen=True)
class Keys:
    """What an account at Cal.com and one at Twilio would have given. No repr shows a secret."""

    cal_api_key: str = field(default_factory=lambda: "cal_" + _token(), repr=False)
    cal_webhook_secret: str = field(default_factory=_token, repr=False)
    account_sid: str = field(default_factory=lambda: "AC" + _token())
    auth_token: str = field(default_factory=_token, repr=False)


def cal_signature(secret: str, body: bytes) -> str:
    """X-Cal-Signature-256: the hex HMAC-SHA256 of the body, exactly as it is sent."""
    return hmac.new(secret.encode(), body, "sha256").hexdigest()


def twilio_signature(token: str, url: str, fields: Mapping[str, str]) -> str:
    """X-Twilio-Signature: the base64 HMAC-SHA1 of the URL and every field, blank ones too, sorted by name."""
    signed = url + "".join(name + value for name, value in sorted(fields.items()))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), "sha1").digest()).decode()
