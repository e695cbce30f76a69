"""The staff's password, and the hash that can stand in DESK_PASSWORD in its place."""

import asyncio
import hmac
import unicodedata
from collections.abc import Mapping

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


class Passwords:
    """The one that opens every clinic, and those that open one each, by the clinic's key."""

    def __init__(self, whole: str, apart: Mapping[str, str]) -> None:
        self._whole = Password(whole)
        self._apart = {key: Password(setting) for key, setting in apart.items()}

    async def opened_by(self, typed: str) -> tuple[str, ...] | None:
        """The keys of the clinics that this password opens, () for all; None where it opens nothing. Each is tried, so
        that the time it takes tells nothing; several may open at once. Whoever calls, calls once at a time."""
        opens_all = await self._whole.is_right(typed)
        opened = tuple([key for key, one in self._apart.items() if await one.is_right(typed)])
        return () if opens_all else opened or None


def _fits(hash_: str, typed: str) -> bool:
    try:
        return HASHER.verify(hash_, typed)
    except (VerificationError, InvalidHashError):
        return False


def _one_spelling(password: str) -> str:
    """Keyboards differ in how they write an umlaut."""
    return unicodedata.normalize("NFC", password.strip())
