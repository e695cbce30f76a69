"""Who sits at the desk: a signed cookie that nothing on the server remembers, and the token that its forms carry."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.responses import Response

LIFETIME = timedelta(hours=12)


@dataclass(frozen=True)
class Session:
    """Somebody who has signed in. `name` stands in the audit log; `csrf` stands in every form; `clinics` are those that
    the password opens, by their keys, () for all."""

    name: str
    csrf: str
    clinics: tuple[str, ...] = ()

    def opens(self, key: str) -> bool:
        """Whether the pages of this clinic are open to who has signed in."""
        return bool(self.name) and (not self.clinics or key in self.clinics)


NOBODY = Session("", "")


class Sessions:
    """`secret` is the store's, so that all replicas share it. The password settings are part of the key: a new one ends
    all sessions."""

    def __init__(self, secret: bytes, passwords: str, *, is_https: bool) -> None:
        self._key = hmac.digest(secret, passwords.encode(), "sha256")
        signing = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
        self._signed = URLSafeTimedSerializer(self._key, salt="desk session", signer_kwargs=signing)
        self._tickets = URLSafeTimedSerializer(self._key, salt="desk ticket", signer_kwargs=signing)
        self._is_https = is_https
        self.cookie = "__Host-replyes_session" if is_https else "replyes_session"

    def begin(self, response: Response, name: str, clinics: tuple[str, ...] = ()) -> None:
        """This answer signs somebody in, for these clinics, () for all."""
        value = str(self._signed.dumps([name, secrets.token_hex(16), *clinics]))
        seconds = int(LIFETIME.total_seconds())
        response.set_cookie(self.cookie, value, seconds, path="/", secure=self._is_https, httponly=True, samesite="lax")

    def end(self, response: Response) -> None:
        """This answer signs somebody out."""
        response.delete_cookie(self.cookie, path="/", secure=self._is_https, httponly=True, samesite="lax")

    def read(self, cookies: Mapping[str, str]) -> Session | None:
        """The session of these cookies; None where there is none, or it is over, or not of our making."""
        try:
            name, nonce, *clinics = self._signed.loads(
                cookies.get(self.cookie, ""), max_age=int(LIFETIME.total_seconds())
            )
        except BadData:
            return None
        return Session(name, hmac.new(self._key, f"csrf {nonce}".encode(), "sha256").hexdigest(), tuple(clinics))

    def sign(self, what: str) -> str:
        """A ticket that only we can have written; it does not tell what it is for."""
        return str(self._tickets.dumps(hashlib.sha256(what.encode()).hexdigest()))

    def is_signed(self, ticket: str, what: str, lasts: timedelta) -> bool:
        """Whether the ticket is ours, is for this, and is not older."""
        try:
            signed = self._tickets.loads(ticket, max_age=int(lasts.total_seconds()))
        except BadData:
            return False
        return bool(signed == hashlib.sha256(what.encode()).hexdigest())
