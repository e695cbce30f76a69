"""The outside as `replyes doctor` meets it: Cal.com, Twilio and our own address, all set up well. A test breaks what it
wants to see broken."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from adapters.storage import migrations
from domain.checks import Finding, Verdict
from entrypoints.doctor import Examination, examine, lines
from tests.adapters.calcom_payloads import SECRET, signature
from tests.entrypoints.conftest import ACCOUNT, API_KEY, CLINIC, ENVIRONMENT, PUBLIC_URL, TOKEN

TRIGGERS = ["BOOKING_REQUESTED", "BOOKING_CREATED", "BOOKING_CANCELLED", "BOOKING_REJECTED", "BOOKING_RESCHEDULED"]
BOOKINGS, TEXTS = "/api/webhooks/cal", "/api/webhooks/sms"
TWILIO = f"/2010-04-01/Accounts/{ACCOUNT}"
NUMBERS, SERVICES = f"{TWILIO}/IncomingPhoneNumbers.json", "/v1/Services"
PHONE_FIELD = {"type": "phone", "slug": "attendeePhoneNumber", "required": True, "hidden": False}
OPT_IN = {
    "id": 7,
    "title": "Consultation",
    "confirmationPolicy": {"type": "always"},
    "bookingFields": [PHONE_FIELD],
}

Answer = Callable[[httpx.Request], httpx.Response]


def answers(document: object, status: int = 200) -> Answer:
    """The same document every time."""
    return lambda request: httpx.Response(status, json=document)


def page(request: httpx.Request) -> httpx.Response:
    """What a proxy or a wrong address gives."""
    return httpx.Response(200, html="<html>Welcome</html>")


def hook(public_url: str = PUBLIC_URL, **changes: object) -> dict[str, object]:
    """The webhook as it should be in Cal.com."""
    usual = {
        "id": "9f0e",
        "subscriberUrl": public_url + BOOKINGS,
        "active": True,
        "triggers": TRIGGERS,
        "payloadTemplate": None,
        "secret": SECRET,
    }
    return {**usual, **changes}


def number(public_url: str = PUBLIC_URL, **changes: object) -> dict[str, object]:
    """The clinic's number at Twilio."""
    usual = {
        "sid": "PN1",
        "phone_number": CLINIC,
        "capabilities": {"sms": True},
        "sms_application_sid": "",
        "sms_url": f"{public_url}{TEXTS}#rc=3&rp=all",
        "sms_method": "POST",
        "sms_fallback_url": "",
    }
    return {**usual, **changes}


class Surroundings:
    """By path, what answers there; `hooks` are Cal.com's webhooks. `date` is what all of them have for the time."""

    def __init__(self, public_url: str = PUBLIC_URL) -> None:
        self.hooks = [hook(public_url)]
        self.calls: list[httpx.Request] = []
        self.date: str | None = None
        self.down: set[str] = set()  # hosts
        self.numbers = {"incoming_phone_numbers": [number(public_url)]}
        self.paths: dict[str, Answer] = {
            "/v2/me": answers({"status": "success", "data": {"name": "Dr. Lee", "username": "lee"}}),
            "/v2/bookings/replyes-probe/confirm": answers({"error": {"message": "Booking not found"}}, 404),
            "/v2/event-types": answers({"status": "success", "data": [OPT_IN]}),
            "/v2/event-types/7/webhooks": answers({"status": "success", "data": []}),
            "/v2/webhooks": self._webhooks,
            f"{TWILIO}.json": answers({"status": "active", "type": "Full", "friendly_name": "Example Clinic"}),
            NUMBERS: lambda request: httpx.Response(200, json=self.numbers),
            SERVICES: answers({"services": []}),
            "/healthz": answers({"status": "ok"}),
            BOOKINGS: _door,
        }

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request)
        if request.url.host in self.down:
            raise httpx.ConnectError("no way", request=request)
        response = self._answered(request)
        response.headers["Date"] = self.date or formatdate(usegmt=True)
        return response

    def _answered(self, request: httpx.Request) -> httpx.Response:
        if refusal := _refusal(request):
            return refusal
        if request.method == "PATCH":
            return self._mended(request)
        answer = self.paths.get(request.url.path)
        return answer(request) if answer else httpx.Response(404, json={"message": "nothing is here"})

    def _webhooks(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"status": "success", "data": self.hooks})
        new = json.loads(request.content)
        if any(one["subscriberUrl"] == new["subscriberUrl"] for one in self.hooks):
            return httpx.Response(409, json={"error": {"message": "Webhook with this subscriber url already exists"}})
        self.hooks.append({"id": f"new{len(self.hooks)}", "payloadTemplate": None, **new})
        return httpx.Response(201, json={"status": "success", "data": self.hooks[-1]})

    def _mended(self, request: httpx.Request) -> httpx.Response:
        [found] = [one for one in self.hooks if one["id"] == request.url.path.rpartition("/")[2]]
        found.update(json.loads(request.content))
        return httpx.Response(200, json={"status": "success", "data": found})

    def writes(self) -> list[tuple[str, str]]:
        """What has changed something outside."""
        harmless = ("/v2/bookings/replyes-probe/confirm", BOOKINGS, f"{BOOKINGS}/main")
        calls = [(call.method, call.url.path) for call in self.calls if call.method != "GET"]
        return [(method, path) for method, path in calls if path not in harmless]


def _refusal(request: httpx.Request) -> httpx.Response | None:
    """Whoever has a lock looks at the key."""
    path, told = request.url.path, request.headers.get("authorization", "")
    if path.startswith("/v2/") and API_KEY not in told:
        return httpx.Response(401, json={"error": {"code": "UnauthorizedException", "message": "Invalid API Key"}})
    if path.startswith(("/2010", "/v1/")) and told != httpx.BasicAuth(ACCOUNT, TOKEN)._auth_header:
        return httpx.Response(401, json={"code": 20003, "message": "Authenticate"})
    return None


def _door(request: httpx.Request) -> httpx.Response:
    """Our own webhook, as the service answers there."""
    if request.headers.get("x-cal-signature-256") != signature(request.content, SECRET):
        return httpx.Response(401, json={"status": "refused", "error": "not authentic"})
    return httpx.Response(200, json={"status": "ignored"})


# -- Asking ---------------------------------------------------------------------------------------------------


def environment(database: str, **changes: str) -> dict[str, str]:
    """A service's settings; a change to "" takes one away."""
    found = {**ENVIRONMENT, "CAL_API_VERBS": "auto", "DATABASE_URL": database, **changes}
    return {name: value for name, value in found.items() if value}


def examined(outside: Answer, environ: Mapping[str, str]) -> Examination:
    return asyncio.run(examine(environ, httpx.MockTransport(outside)))


def of(examination: Examination, verdict: Verdict) -> list[Finding]:
    return [finding for finding in examination.findings if finding.verdict is verdict]


def the_fault(examination: Examination) -> Finding:
    """The only one; the whole report where there are others."""
    found = of(examination, Verdict.FAULT)
    assert len(found) == 1, report(examination)
    assert found[0].cure
    return found[0]


def report(examination: Examination) -> str:
    return "\n".join(lines(examination.findings, lambda verdict, mark: mark))


# -- At the wire ----------------------------------------------------------------------------------------------


@contextmanager
def served(outside: Callable[[str], Surroundings]) -> Iterator[str]:
    """A local server that is all of the outside, at the address that is given to `outside`."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = httpx.Request(self.command, f"{url}{self.path}", headers=dict(self.headers), content=content)
            response = everyone(request)
            self.send_response_only(response.status_code)
            for name in ("date", "content-type"):
                self.send_header(name, response.headers.get(name, ""))
            self.send_header("content-length", str(len(response.content)))
            self.end_headers()
            self.wfile.write(response.content)

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
            """Tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        everyone = outside(url)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield url
        server.shutdown()


def a_file(folder: Path) -> str:
    """The URL of a database file that is not there yet."""
    return f"sqlite:///{folder}/replyes.db"


def a_service(folder: Path) -> str:
    """The URL of a service's database, up to date, that its owner alone can read."""
    url = a_file(folder)
    migrations.migrate(url)
    migrations.claim(url, "service")
    return url
