"""Whether a webhook is Cal.com's."""

import hashlib
import hmac

from domain.errors import NotAuthentic
from domain.ports import RawRequest


def verify_signature(request: RawRequest, secrets: tuple[str, ...]) -> None:
    """Raises NotAuthentic unless X-Cal-Signature-256 is the hex HMAC-SHA256 of the raw body under one of `secrets`.

    Cal.com writes lower-case hex without a prefix (sendPayload.ts); a prefix and upper case are harmless. There is no
    timestamp in it, so a replay verifies: it is the stored uid, trigger and start that make it harmless.
    """
    header = request.headers.get("x-cal-signature-256", "").strip()
    if not header or header == "no-secret-provided":  # what Cal.com sends for a webhook without a secret
        raise NotAuthentic("the webhook is not signed: give it a secret in Cal.com", signed=False)
    if not secrets:
        raise NotAuthentic("there is no CAL_WEBHOOK_SECRET to check the signature with")
    given = header.encode("utf-8", "replace").lower().removeprefix(b"sha256=")
    # Every secret is tried, so the time taken does not tell which one fits.
    matches = [hmac.compare_digest(given, sign(secret, request.body).encode("ascii")) for secret in secrets]
    if not any(matches):
        raise NotAuthentic("the webhook's signature fits no CAL_WEBHOOK_SECRET")


def sign(secret: str, body: bytes) -> str:
    """The signature that Cal.com puts into X-Cal-Signature-256."""
    return hmac.new(secret.encode("utf-8", "surrogateescape"), body, hashlib.sha256).hexdigest()
