"""Links to the page on which a question can be answered. A token is the errand's key with a signature: 32 characters,
as each of them is paid for in a text. It holds no date; it is good until the last of its appointments begins."""

import base64
import binascii
import hmac

from adapters.storage.secrets import StoredSecrets

SECRET = "confirm links"  # noqa: S105 - its name in the store
KEY_BYTES, SIGNATURE_BYTES = 16, 8  # 64 bits: nobody can try more than a few thousand tokens a second


class Tokens:
    """`secret` is the store's, so that all replicas share it; `public_url` is where patients find us."""

    def __init__(self, secret: bytes, public_url: str) -> None:
        self._secret = secret
        self._public_url = public_url.rstrip("/")

    def to(self, errand: str) -> str:
        """The link to the question of this errand (32 hex digits)."""
        return f"{self._public_url}/c/{self.token(errand)}"

    def token(self, errand: str) -> str:
        key = bytes.fromhex(errand)
        return base64.urlsafe_b64encode(key + self._signature(key)).decode()

    def errand(self, token: str) -> str | None:
        """The errand's key; None for a token that is not of our making."""
        try:
            raw = base64.urlsafe_b64decode(token.encode("ascii"))
        except (ValueError, binascii.Error):
            return None
        key, signature = raw[:KEY_BYTES], raw[KEY_BYTES:]
        is_ours = hmac.compare_digest(signature, self._signature(key)) and self.token(key.hex()) == token
        return key.hex() if is_ours else None

    def _signature(self, key: bytes) -> bytes:
        return hmac.digest(self._secret, b"confirm link" + key, "sha256")[:SIGNATURE_BYTES]


async def open_links(secrets: StoredSecrets, public_url: str) -> Tokens:
    """The links of this store."""
    return Tokens(await secrets.of(SECRET), public_url)
