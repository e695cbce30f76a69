"""The phone's signature: hexadecimal HMAC-SHA256 over the raw body with the time behind it, in seconds since 1970.

Source: PayloadSingingPlugin.kt of the app; the window of 5 minutes is what its manual advises. Each try is signed
anew, so a retry two days later is fresh. The URL is not signed.
"""

import hmac
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from domain.errors import NotAuthentic
from domain.ports import RawRequest

SIGNATURE, TIMESTAMP = "x-signature", "x-timestamp"
WINDOW = timedelta(minutes=5)
SECONDS = re.compile(r"[0-9]{10}")  # always ten digits, so that none can move over from the body's end


class Signatures:
    """Judges requests by the gateway's signing keys. `clock` tells the time in UTC."""

    def __init__(self, keys: Iterable[str], clock: Callable[[], datetime]) -> None:
        self._keys = [key.encode() for key in keys]
        self._clock = clock

    def check(self, request: RawRequest) -> None:
        """Raises NotAuthentic unless one of the keys has signed the body, and lately."""
        given = request.headers.get(SIGNATURE, "")
        if not given:
            raise NotAuthentic(f"{SIGNATURE} is missing", signed=False)
        told = request.headers.get(TIMESTAMP, "")
        if not SECONDS.fullmatch(told):
            raise NotAuthentic(f"{TIMESTAMP} is missing or no time")
        if not self._is_signed(request.body + told.encode(), given):
            raise NotAuthentic("the signature does not fit: check ANDROID_GATEWAY_SIGNING_KEY")
        if abs(self._clock() - datetime.fromtimestamp(int(told), UTC)) > WINDOW:
            raise NotAuthentic("signed more than 5 minutes ago or ahead: an old request, or the phone's clock is wrong")

    def _is_signed(self, message: bytes, given: str) -> bool:
        signature = given.lower().encode(errors="replace")
        macs = (hmac.new(key, message, "sha256").hexdigest().encode() for key in self._keys)
        return any(hmac.compare_digest(mac, signature) for mac in macs)
