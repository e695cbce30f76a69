"""What all checks ask in the same way. An adapter knows what to ask of its foreign system and what the answer means;
who sends the question, and how long that may take, is not its business."""

import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

import httpx

from domain.checks import Finding, fault, unsure

LONGEST_URL = 120  # of an address that somebody else has typed
TOO_MANY, FAILING = 429, 500  # HTTP
PORTS = {"http": 80, "https": 443}


class Silence(StrEnum):
    """Why there was no answer."""

    NAME = "nobody knows its name (DNS)"
    CERTIFICATE = "its certificate is not trusted here"
    REFUSED = "it refuses the connection"
    SLOW = "it takes too long"
    BROKEN = "the connection breaks off"
    UNWRITABLE = "a setting holds a character that cannot be sent"


def silence_of(error: BaseException) -> Silence:
    """By the error that began it."""
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        current = current.__cause__ or current.__context__
    kinds = {
        socket.gaierror: Silence.NAME,
        ssl.SSLError: Silence.CERTIFICATE,
        ConnectionRefusedError: Silence.REFUSED,
        UnicodeError: Silence.UNWRITABLE,
        httpx.LocalProtocolError: Silence.UNWRITABLE,
        httpx.TimeoutException: Silence.SLOW,
        TimeoutError: Silence.SLOW,
        httpx.ConnectError: Silence.REFUSED,
    }
    return next((told for kind, told in kinds.items() if any(isinstance(one, kind) for one in chain)), Silence.BROKEN)


@dataclass(frozen=True)
class Reply:
    """What came back. `status` is 0 where nothing did, and `silence` says why. `document` is the JSON value, None where
    there is none. `words` are the other side's own, and may be shown."""

    status: int = 0
    document: object = None
    words: str = ""
    silence: Silence | None = None

    @property
    def is_good(self) -> bool:
        """Whether it is a 2xx with a JSON object or list."""
        return self.status // 100 == 2 and isinstance(self.document, dict | list)  # noqa: PLR2004

    def record(self, name: str = "") -> Mapping[str, object]:
        """The JSON object under this name, or the whole answer; {} where there is none."""
        return object_in(self.document) if not name else object_in(object_in(self.document).get(name))

    def records(self, name: str = "") -> list[Mapping[str, object]]:
        """The JSON objects of the list under this name, or of the whole answer."""
        return objects_in(object_in(self.document).get(name) if name else self.document)


class Ask(Protocol):
    """One HTTP request, sent once, without following redirects. Never raises what goes wrong on the way."""

    async def __call__(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        basic: tuple[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Reply:
        """`basic` are user and password; `content` is a body of JSON."""


def object_in(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def objects_in(value: object) -> list[Mapping[str, object]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text_in(value: object) -> str:
    return value if isinstance(value, str) else ""


def refused(reply: Reply, who: str, *, address: str, credentials: str) -> Finding:
    """An answer that is not good, in general words. `address` and `credentials` name the settings to look at."""
    if reply.silence is Silence.UNWRITABLE:
        return fault(f"{who} cannot be asked: {reply.silence}", f"copy {credentials} again")
    if not reply.status:
        return fault(f"{who} gives no answer: {reply.silence}", f"look at {address}, the network and the firewall")
    words = f": {reply.words}" if reply.words else ""
    status = f"HTTP {reply.status}{words}"
    if reply.status >= FAILING:
        return unsure(f"could not be checked: {who} has a problem of its own ({status})", "try again later")
    told, cure = {
        401: ("refuses the credentials", f"correct {credentials}"),
        402: ("wants to be paid first", "top up the account"),
        403: ("refuses the credentials", f"correct {credentials}"),
        429: ("has been asked too often", "try again in a minute"),
    }.get(reply.status, ("", f"correct {address}"))
    if reply.status == TOO_MANY:
        return unsure(f"could not be checked: {who} {told} ({status})", cure)
    return fault(f"{who} {told} ({status})" if told else f"what answers is not {who}'s API ({status})", cure)


def ending(number: str) -> str:
    """A phone number as it may be shown."""
    return f"…{number[-2:]}"


def is_one_of(url: str, addresses: Sequence[str]) -> bool:
    """Whether it leads to one of the addresses. What stands behind a # is not sent, and does not count."""
    found = _parts(url)
    return found is not None and _compared(found) in [_compared(parts) for parts in map(_parts, addresses) if parts]


def is_elsewhere(url: str, addresses: Sequence[str]) -> bool:
    """Whether it has the path of one of the addresses, on another host."""
    found = _parts(url)
    return (
        found is not None and not is_one_of(url, addresses) and found.path in {urlsplit(one).path for one in addresses}
    )


def shown(url: str) -> str:
    """Somebody's URL without what may be secret in it: user, password, query."""
    parts = _parts(url)
    if parts is None or not parts.hostname:
        return "something that is no URL" if url else "nowhere"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:LONGEST_URL]


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:
        return None
    return parts


def _compared(parts: SplitResult) -> tuple[object, ...]:
    scheme = parts.scheme.lower()
    return (scheme, parts.hostname, parts.port or PORTS.get(scheme), parts.path, parts.query)
