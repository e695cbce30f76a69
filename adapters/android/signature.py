"""The phone's signature: hexadecimal HMAC-SHA256 over the raw body with the time behind it, in seconds since 1970.

Source: PayloadSingingPlugin.kt of the app; the window of 5 minutes is what its manual advises. Each try is signed
anew, so a retry two days later is fresh.
"""

import hmac
from collections.abc import Callable, Iterable
from datetime import datetime

from adapters.common.signatures import DatedSignatures


class Signatures(DatedSignatures):
    """Judges requests by the gateway's signing keys."""

    signature, timestamp = "x-signature", "x-timestamp"
    setting = "ANDROID_GATEWAY_SIGNING_KEY"

    def __init__(self, keys: Iterable[str], clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self._keys = [key.encode() for key in keys]

    def is_signed(self, body: bytes, told: str, given: str) -> bool:
        """Whether one of the keys made the signature."""
        signature, message = given.lower().encode(errors="replace"), body + told.encode()
        macs = (hmac.new(key, message, "sha256").hexdigest().encode() for key in self._keys)
        return any(hmac.compare_digest(mac, signature) for mac in macs)
