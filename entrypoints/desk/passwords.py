"""The staff's password, and the hash that can stand in DESK_PASSWORD in its place."""

import asyncio
import hmac
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

HASHER = PasswordHasher()
LONGEST = 1000  # characters; to bring very many accents into one spelling takes seconds


def hashed(password: str) -> str:
    """What to set DESK_PASSWORD to. Takes 64 MB and a tenth of a second."""
    return HASHER.hash(_one_spelling(password))


class Password:
    """The one that the setting holds, as it is or hashed. Without one, none is right."""

    def __init__(self, setting: str) -> None:
        self._setting = setting

    async def is_right(self, typed: str) -> bool:
        """Hashing takes its time, so it runs on another thread. Whoever calls, calls once at a time: it takes 64 MB."""
        if len(typed) > LONGEST:
            return False
        if self._setting.startswith("$argon2"):
            return await asyncio.to_thread(_fits, self._setting, _one_spelling(typed))
        expected = _one_spelling(self._setting).encode()
        return bool(expected) and hmac.compare_digest(_one_spelling(typed).encode(), expected)


def _fits(hash_: str, typed: str) -> bool:
    try:
        return HASHER.verify(hash_, typed)
    except (VerificationError, InvalidHashError):
        return False


def _one_spelling(password: str) -> str:
    """Keyboards differ in how they write an umlaut."""
    return unicodedata.normalize("NFC", password.strip())
