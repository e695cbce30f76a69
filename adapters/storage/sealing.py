"""Keys, and facts as bytes.

What is private to a patient is sealed in the log with that patient's own key (AES-256-GCM; the key's owner is
authenticated with it). The keys lie in a table of their own: destroying one makes every fact about that patient
unreadable for ever, in the log and in its backups' future. ENCRYPTION_KEY, when set, wraps those keys.
"""

import base64
import hashlib
import hmac
import json
import os
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from eventsourcing.persistence import Mapper, StoredEvent, Transcoder

from domain.errors import Misconfigured
from domain.facts import Fact, Private

NONCE = 12
PLAIN, WRAPPED = b"\x00", b"\x01"
OWNER = re.compile(rb'"sealed_for": ?"([^"]+)"')


class Wrapping:
    """How keys lie in their table: as they are, or wrapped by ENCRYPTION_KEY. Keys of both kinds stay readable, so
    the setting can be added later; it cannot be taken away."""

    def __init__(self, encryption_key: str = "") -> None:
        self._aead = AESGCM(_derive(encryption_key)) if encryption_key else None

    @property
    def wraps(self) -> bool:
        """Whether ENCRYPTION_KEY is set."""
        return self._aead is not None

    def wrap(self, key: bytes, name: str) -> bytes:
        return WRAPPED + _seal(self._aead, key, name) if self._aead else PLAIN + key

    def is_due(self, stored: bytes) -> bool:
        """Whether this key lies as it is, and could be wrapped."""
        return self._aead is not None and bytes(stored)[:1] == PLAIN

    def unwrap(self, stored: bytes, name: str) -> bytes:
        """Raises Misconfigured where ENCRYPTION_KEY is missing or another one."""
        stored = bytes(stored)
        if stored[:1] == PLAIN:
            return stored[1:]
        try:
            if self._aead is not None:
                return _open(self._aead, stored[1:], name)
        except InvalidTag:
            pass
        raise Misconfigured(["ENCRYPTION_KEY: the database was sealed with another key; set the one used before"])


class SealingTranscoder(Transcoder):
    """Facts as JSON. A moment becomes ISO text, a Private becomes a box that only its owner's key opens; without
    the key it comes back as Private(owner, None)."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        super().__init__()
        self.keys = keys

    def encode(self, obj: Any) -> bytes:
        return json.dumps(obj, default=self._simplify, ensure_ascii=False, separators=(",", ":")).encode()

    def decode(self, data: bytes) -> Any:
        return json.loads(data, object_hook=self._restore)

    def _simplify(self, value: object) -> dict[str, str]:
        if isinstance(value, datetime):  # by isinstance, so that a frozen clock's datetime is one too
            return {"moment": value.isoformat()}
        if isinstance(value, Private):
            box = _seal(AESGCM(self.keys[value.owner]), value.readable.encode(), value.owner)
            return {"sealed_for": value.owner, "box": base64.b64encode(box).decode()}
        raise TypeError(f"{type(value).__name__} has no place in a fact")

    def _restore(self, found: dict[str, Any]) -> Any:
        if found.keys() == {"moment"}:
            return datetime.fromisoformat(found["moment"])
        if found.keys() == {"sealed_for", "box"}:
            return Private(found["sealed_for"], self._unseal(found["sealed_for"], found["box"]))
        return found

    def _unseal(self, owner: str, box: str) -> str | None:
        key = self.keys.get(owner)
        try:
            return _open(AESGCM(key), base64.b64decode(box), owner).decode() if key else None
        except InvalidTag:
            return None  # sealed before an erasure; the patient has come back under a new key


def to_stored(facts: Iterable[Fact], keys: Mapping[str, bytes]) -> list[StoredEvent]:
    """Facts as the log keeps them. `keys` has every owner's."""
    mapper: Mapper[str] = Mapper(SealingTranscoder(keys))
    return [mapper.to_stored_event(fact) for fact in facts]


def to_facts(stored: Iterable[StoredEvent], keys: Mapping[str, bytes]) -> list[Fact]:
    """Facts from the log, in the given order."""
    mapper: Mapper[str] = Mapper(SealingTranscoder(keys))
    return [mapper.to_domain_event(one) for one in stored]  # type: ignore[misc]


def owners_in(states: Iterable[bytes]) -> set[str]:
    """Whose keys are needed to read these stored facts."""
    return {owner.decode() for state in states for owner in OWNER.findall(bytes(state))}


def owners_of(facts: Iterable[Fact]) -> set[str]:
    """Whose keys are needed to store these facts."""
    return {value.owner for fact in facts for value in vars(fact).values() if isinstance(value, Private)}


def new_key() -> bytes:
    return AESGCM.generate_key(256)


def phone_digest(secret: bytes, phone: str) -> str:
    """A phone in an id: keyed, so that ids cannot be reversed by trying all numbers. 32 hex digits."""
    return hmac.new(secret, phone.encode(), hashlib.sha256).hexdigest()[:32]


def _derive(encryption_key: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=b"replyes key wrapping").derive(encryption_key.encode())


def _seal(aead: AESGCM, plain: bytes, name: str) -> bytes:
    nonce = os.urandom(NONCE)
    return nonce + aead.encrypt(nonce, plain, name.encode())


def _open(aead: AESGCM, box: bytes, name: str) -> bytes:
    return aead.decrypt(box[:NONCE], box[NONCE:], name.encode())
