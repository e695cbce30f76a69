"""Telnyx's signature: Ed25519 over `timestamp|raw body`, base64, by the account's key pair.

Source: telnyx-python, lib/webhook_verification.py, which also gives the window of 5 minutes. The URL is not signed.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from domain.errors import NotAuthentic
from domain.ports import RawRequest

SIGNATURE, TIMESTAMP = "telnyx-signature-ed25519", "telnyx-timestamp"
WINDOW = timedelta(minutes=5)
SECONDS = re.compile(r"[0-9]{10}")  # since 1970; ten digits last until the year 2286


class Signatures:
    """Judges requests by the account's public keys, 32 bytes each. `clock` tells the time in UTC."""

    def __init__(self, keys: Iterable[bytes], clock: Callable[[], datetime]) -> None:
        self._keys = [Ed25519PublicKey.from_public_bytes(key) for key in keys]
        self._clock = clock

    def check(self, request: RawRequest) -> None:
        """Raises NotAuthentic unless one of the keys has signed the body, and lately."""
        given = request.headers.get(SIGNATURE, "")
        if not given:
            raise NotAuthentic(f"{SIGNATURE} is missing", signed=False)
        told = request.headers.get(TIMESTAMP, "")
        if not SECONDS.fullmatch(told):
            raise NotAuthentic(f"{TIMESTAMP} is missing or no time")
        if not self._is_signed(told.encode() + b"|" + request.body, given):
            raise NotAuthentic("the signature does not fit: check TELNYX_PUBLIC_KEY")
        if abs(self._clock() - datetime.fromtimestamp(int(told), UTC)) > WINDOW:
            raise NotAuthentic("signed more than 5 minutes ago or ahead: an old request, or a clock that is wrong")

    def _is_signed(self, message: bytes, given: str) -> bool:
        try:
            signature = base64.b64decode(given.encode("ascii"), validate=True)
        except (binascii.Error, ValueError):
            return False
        return any(_verifies(key, signature, message) for key in self._keys)


def _verifies(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True
