"""What the fakes have in common: small HTTP servers in the test's own process, so that they outlive the product."""

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

PATIENCE = 60.0  # seconds: far longer than anything here takes, even on a busy machine


def nothing() -> None:
    """What happens where nothing is to happen."""


def within(seconds: float, what: str, log: Callable[[], str] = str) -> Iterator[None]:
    """For a loop that waits: a turn every few milliseconds, and an AssertionError when the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds:.0f} s\n{log()}")


Watch = Callable[[str, str, int], None]


class Moments:
    """The steps of all calls as they happen. `watch` is called at each with its name, the patient's phone, and how many
    of that name there have been for that phone; the call goes on when it returns. So a test can step in at an exact
    point: hold a call there, or kill the product."""

    def __init__(self) -> None:
        self.watch: Watch = lambda name, phone, nth: None
        self._counts: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def reach(self, name: str, phone: str) -> None:
        with self._lock:
            self._counts[name, phone] += 1
            nth = self._counts[name, phone]
        self.watch(name, phone, nth)


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
    """What to answer, and what happens as soon as the answer has left. `raw` is a body that is not the document as
    JSON; `hangs_up`: the connection is closed without an answer."""

    status: int
    document: object = None
    then: Callable[[], None] = nothing
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    hangs_up: bool = False


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
        """The same again until there is an answer, as a sender does that tries again."""
        answer = None
        for _ in within(PATIENCE, f"an answer to POST {urlsplit(url).path}"):
            if answer := self.post(url, body, headers):
                break
        return answer

    def close(self) -> None:
        self._client.close()


class Fake:
    """Somebody else's server. It keeps every request."""

    def __init__(self, moments: Moments) -> None:
        self.moments = moments
        self.requests: list[Request] = []
        self.errors: list[BaseException] = []
        self.courier = Courier()
        self._lock = threading.Lock()
        self._under_way = 0
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.05], daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def is_busy(self) -> bool:
        """Whether a call is under way, or what follows from it."""
        return self._under_way > 0

    @contextmanager
    def call_under_way(self) -> Iterator[None]:
        with self._lock:
            self._under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1

    def answer(self, request: Request) -> Response:
        raise NotImplementedError

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.courier.close()


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # many replicas call at once

    def __init__(self, fake: Fake) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fake = fake

    def handle_error(self, request: object, client_address: object) -> None:
        """That the other side was killed is no error of ours."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, ConnectionError):
            self.fake.errors.append(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body leave together
    server: _Server

    def _serve(self) -> None:
        fake = self.server.fake
        with fake.call_under_way():
            request = self._request()
            fake.requests.append(request)
            response = fake.answer(request)
            with suppress(ConnectionError):
                self._send(response)
            response.then()

    do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815

    def _send(self, response: Response) -> None:
        if response.hangs_up:
            self.close_connection = True
            return
        body = json.dumps(response.document).encode() if response.raw is None else response.raw
        self.send_response(response.status)
        for name, value in {"Content-Type": "application/json", **response.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _request(self) -> Request:
        """Raises ConnectionError where the sender died in the middle of the body."""
        target, length = urlsplit(self.path), int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionResetError("the body ended early")
        return Request(
            method=self.command,
            path=target.path,
            query=dict(parse_qsl(target.query)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
        )

    def log_message(self, *_: object) -> None:
        """The test asks `requests`."""
