"""What the fakes have in common: small HTTP servers in the test's own process, so that they outlive the product."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

PATIENCE = 60.0  # seconds: far longer than anything here may take, even on a busy machine


def nothing() -> None:
    """For those who have nothing to add."""


def within(seconds: float, what: str, log: Callable[[], str] = str) -> Iterator[None]:
    """For a loop that waits: a turn every few milliseconds, and an AssertionError when the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {seconds:.0f} s\n{log()}")


class Moments:
    """The steps of all calls, by name, as they happen. `watch` is called at each with its name and how often there
    was one of that name; the call goes on when it returns. So a test can step in at an exact point."""

    def __init__(self) -> None:
        self.watch: Callable[[str, int], None] = lambda name, nth: None
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def reach(self, name: str) -> None:
        with self._lock:
            self._counts[name] += 1
            nth = self._counts[name]
        self.watch(name, nth)


@dataclass(frozen=True)
class Request:
    """One request as it came. Header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True))

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Response:
    """What to answer, and what happens right after the answer has left."""

    status: int
    document: object
    then: Callable[[], None] = nothing


class Fake:
    """A server of somebody else's. It keeps every request."""

    def __init__(self, moments: Moments) -> None:
        self.moments = moments
        self.requests: list[Request] = []
        self.courier = Courier()
        self.lock = threading.Lock()
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.05], daemon=True)
        self._thread.start()

    def answer(self, request: Request) -> Response:
        raise NotImplementedError

    @property
    def is_busy(self) -> bool:
        """Whether a call is under way, or what comes after it."""
        return self._server.calls > 0

    def close(self) -> None:
        """Raises what went wrong inside the fake itself."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.courier.close()
        if self._server.errors:
            raise self._server.errors[0]


class Courier:
    """Posts webhooks. No answer is no error here: the product may be dead."""

    def __init__(self) -> None:
        limits = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.Client(timeout=PATIENCE, limits=limits, trust_env=False)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response | None:
        """Once; None where there was no answer."""
        try:
            return self._client.post(url, content=body, headers=headers)
        except httpx.TransportError:
            return None

    def post_until_answered(self, url: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        for _ in within(PATIENCE, f"an answer to POST {urlsplit(url).path}"):
            response = self.post(url, body, headers)
            if response is not None:
                return response
        raise AssertionError("`within` never ends by itself")

    def close(self) -> None:
        self._client.close()


class _Server(ThreadingHTTPServer):
    def __init__(self, fake: Fake) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fake = fake
        self.calls = 0
        self.errors: list[BaseException] = []

    def handle_error(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:  # noqa: ARG002
        """A product that was killed in the middle of a call is no error of the fake's."""
        import sys  # noqa: PLC0415

        error = sys.exception() if hasattr(sys, "exception") else sys.exc_info()[1]
        if error is not None and not isinstance(error, ConnectionError):
            self.errors.append(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body leave together
    server: _Server

    def _serve(self) -> None:
        fake = self.server.fake
