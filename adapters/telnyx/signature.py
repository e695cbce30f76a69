"""Telnyx's signature: Ed25519 over `timestamp|raw body`, base64, by the account's key pair.

Source: telnyx-python, lib/webhook_verification.py, which also gives the window of 5 minutes.
"""

import base64
import binascii
from collections.abc import Callable, Iterable
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from adapters.common.signatures import DatedSignatures


class Signatures(DatedSignatures):
    """Judges requests by the account's public keys, 32 bytes each."""

    signature, timestamp = "telnyx-signature-ed25519", "telnyx-timestamp"
    setting = "TELNYX_PUBLIC_KEY"

    def __init__(self, keys: Iterable[bytes], clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self._keys = [Ed25519PublicKey.from_public_bytes(key) for key in keys]

    def is_signed(self, body: bytes, told: str, given: str) -> bool:
        """Whether one of the keys made the signature."""
        try:
            signature = base64.b64decode(given.encode("ascii"), validate=True)
        except (binascii.Error, ValueError):
            return False
        return any(_verifies(key, signature, told.encode() + b"|" + body) for key in self._keys)


def _verifies(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True
