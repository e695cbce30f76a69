"""What has to be known of a Telnyx account."""

import base64
import binascii
import re
from dataclasses import dataclass, field

from domain.errors import Misconfigured

PROFILE = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
KEY_BYTES = 32


@dataclass(frozen=True)
class TelnyxSettings:
    """One Telnyx account. `sender` is an E.164 number, a short code, the id of a messaging profile, which picks a
    number from its pool, or a name to which nobody can answer; a name has to belong to a messaging profile, which
    `profile_of_name` names. `public_url` is what Telnyx sees.

    Each of `public_keys` verifies: the old and the new one while the account's pair is rotated. They are no secret,
    and are written in base64 as Telnyx's portal shows them. Raises Misconfigured.
    """

    api_key: str = field(repr=False)
    public_keys: tuple[str, ...]
    sender: str
    public_url: str
    api_url: str = "https://api.telnyx.com"
    profile_of_name: str = ""

    def __post_init__(self) -> None:
        faults = []
        if not self.api_key:
            faults.append("TELNYX_API_KEY is blank: copy a key from Telnyx's portal.")
        if not self.public_keys or not all(map(key_bytes, self.public_keys)):
            faults.append("TELNYX_PUBLIC_KEY is no Ed25519 key: copy the public key (44 characters) from the portal.")
        if faults:
            raise Misconfigured(faults)

    @property
    def profile(self) -> str | None:
        """The messaging profile that sends; None where a number or a name does."""
        return self.sender if PROFILE.fullmatch(self.sender) else None


def key_bytes(public_key: str) -> bytes:
    """The key's 32 bytes; b"" where it is none. All zero is a point with which anybody could sign."""
    try:
        key = base64.b64decode(public_key, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return key if len(key) == KEY_BYTES and any(key) else b""
