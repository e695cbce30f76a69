"""Who signed a webhook: a JWT in the Authorization header, HS256 with the account's signature secret.

The JWT alone says nothing of the body: its claim `payload_hash` does, the hex SHA-256 of the raw bytes. It says nothing
of the URL either, so nothing that stands in a path is proved by it.
"""

import hashlib
import hmac
import math
import warnings
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import jwt

from adapters.vonage.settings import VonageSettings
from domain.errors import NotAuthentic
from domain.ports import RawRequest

# Vonage repeats a webhook for a day, and does not say whether each try is signed anew: a narrower window could lose a
# patient's answer. What is replayed within it changes nothing, since a message's id is remembered for ever.
OLDEST = timedelta(hours=25)
CLOCKS_DIFFER = timedelta(minutes=5)

# Our own checks follow: PyJWT would ask a clock that is not ours, and refuses an `aud` that nobody has asked for.
NO_CLAIMS = dict.fromkeys(("exp", "nbf", "iat", "aud", "iss", "sub", "jti"), False)


def verify(request: RawRequest, settings: VonageSettings, now: datetime) -> None:
    """Raises NotAuthentic unless the account has signed this very body, lately."""
    token = _token_of(request)
    signed = [claims for secret in settings.signature_secrets if (claims := _claims(token, secret)) is not None]
    if not signed:
        raise NotAuthentic("the signature does not fit: check VONAGE_SIGNATURE_SECRET")
    claims = signed[0]
    if claims.get("api_key") != settings.api_key:
        raise NotAuthentic("the webhook is for another account: check VONAGE_API_KEY")
    if not _is_hash_of(request.body, claims.get("payload_hash")):
        raise NotAuthentic("the body is not the one that was signed")
    if not _is_fresh(claims, now):
        raise NotAuthentic("the signature is too old, or from the future: check this machine's clock")


def _token_of(request: RawRequest) -> str:
    header = request.headers.get("authorization", "").strip()
    if not header:
        raise NotAuthentic(
            "it is not signed: let Vonage sign webhooks (the API settings of its dashboard, signature method SHA-256)",
            signed=False,
        )
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise NotAuthentic("the Authorization header holds no JWT")
    return token.strip()


def _claims(token: str, secret: str) -> Mapping[str, Any] | None:
    """What the token says, if this secret has signed it. The algorithm is ours to choose, never the token's."""
    options = {"verify_signature": True, **{f"verify_{name}": verified for name, verified in NO_CLAIMS.items()}}
    try:
        with warnings.catch_warnings(category=jwt.InsecureKeyLengthWarning, action="ignore"):  # Vonage chose its length
            return jwt.decode(token, secret, algorithms=["HS256"], options=options)  # type: ignore[arg-type]
    except (jwt.PyJWTError, ValueError, TypeError):
        return None


def _is_hash_of(body: bytes, told: object) -> bool:
    hashed = hashlib.sha256(body).hexdigest()
    return isinstance(told, str) and hmac.compare_digest(hashed.encode(), told.lower().encode(errors="replace"))


def _is_fresh(claims: Mapping[str, Any], now: datetime) -> bool:
    """Whether `iat` (seconds) is neither too old nor ahead of us, and `exp`, where there is one, not over."""
    seconds, issued, ends = now.timestamp(), claims.get("iat"), claims.get("exp", math.inf)
    if not isinstance(issued, int | float) or not isinstance(ends, int | float):
        return False
    lately = seconds - OLDEST.total_seconds() <= issued <= seconds + CLOCKS_DIFFER.total_seconds()
    return lately and ends > seconds
