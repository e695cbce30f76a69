"""What we ask of Cal.com: every answer, and every missing one, has one outcome."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import pytest

from adapters.calcom import CalCom, CalComSettings, Patience, Verbs, http_client
from domain.inbound import Blame
from domain.ports import Accepted, CalendarStatus, CallOutcome, InDoubt, Rejected, Retry

UID = "bookingUid00000000001"
KEY = "cal_live_0123456789abcdef"
REASON = "Patient declined via SMS"
MINUTE = timedelta(seconds=60)

Wire = Callable[[httpx.Request], httpx.Response]
AsyncWire = Callable[[httpx.Request], Awaitable[httpx.Response]]


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(coroutine)


def calcom(wire: Wire | AsyncWire, patience: Patience | None = None, **known: Any) -> CalCom:
    """Cal.com with `wire` in the place of the network; with the live verbs, unless told otherwise."""
    settings = CalComSettings(**{"api_url": "https://api.cal.example", "api_key": KEY, "verbs": "live", **known})
    return CalCom(settings, httpx.AsyncClient(transport=httpx.MockTransport(wire)), patience)


class Recorder:
    """A wire that gives its answers in turn, the last one for ever, and keeps the requests."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def calls(self) -> list[tuple[str, str]]:
        return [(request.method, request.url.path) for request in self.requests]


def success(**data: object) -> httpx.Response:
    return httpx.Response(200, json={"status": "success", "data": data})


def failure(status: int, message: object, code: object = "SomeException", **headers: str) -> httpx.Response:
    """The envelope of the API's exception filters."""
    body = {"status": "error", "path": "/v2/x", "error": {"code": code, "message": message}}
    return httpx.Response(status, json=body, headers={name.replace("_", "-"): v for name, v in headers.items()})


def turned_away(status: int, message: str) -> httpx.Response:
    """What the guards answer that look at the key."""
    return failure(status, message, {401: "UnauthorizedException", 403: "ForbiddenException"}[status])


def bare(status: int, message: str) -> httpx.Response:
    """The shape of what the rules about cancelling throw."""
    return httpx.Response(status, json={"statusCode": status, "message": message})


def page(status: int, text: str = "<html>Not here</html>") -> httpx.Response:
    return httpx.Response(status, text=text)


NEVER_SENT = [
    httpx.ConnectError("no such host"),
    httpx.ConnectTimeout("slow"),
    httpx.PoolTimeout("full"),
    httpx.ProxyError("no tunnel"),
    httpx.UnsupportedProtocol("ftp"),
    httpx.LocalProtocolError(f"Illegal header value b'Bearer {KEY}'"),
    httpx.InvalidURL("no host"),
]
PERHAPS_SENT = [
    httpx.ReadTimeout("slow"),
    httpx.WriteTimeout("slow"),
    httpx.ReadError("dropped"),
    httpx.WriteError("dropped"),
    httpx.RemoteProtocolError("server disconnected"),
    httpx.DecodingError("bad gzip"),
]


def kind(answer: object) -> str:
    return type(answer).__name__ if isinstance(answer, Exception) else str(answer)


# ---- What is sent ----


def test_look_is_a_get_with_the_key_and_the_version() -> None:
    wire = Recorder(success(status="pending"))
    run(calcom(wire).look(UID))
    (request,) = wire.requests
    assert (request.method, str(request.url)) == ("GET", f"https://api.cal.example/v2/bookings/{UID}")
    assert request.content == b""


@pytest.mark.parametrize(
    ("verbs", "act", "method", "path", "body"),
    [
        ("concept", "confirm", "PATCH", f"/v2/bookings/{UID}/confirm", None),
        ("concept", "cancel", "DELETE", f"/v2/bookings/{UID}", {"cancellationReason": REASON}),
        ("live", "confirm", "POST", f"/v2/bookings/{UID}/confirm", None),
        ("live", "cancel", "POST", f"/v2/bookings/{UID}/cancel", {"cancellationReason": REASON}),
    ],
)
def test_each_spelling_has_its_own_requests_and_the_body_of_cancel_has_one_property(
    verbs: str, act: str, method: str, path: str, body: object
) -> None:
    wire = Recorder(success())
    adapter = calcom(wire, verbs=verbs)
    assert run(adapter.confirm(UID) if act == "confirm" else adapter.cancel(UID, REASON)) == Accepted()
    (request,) = wire.requests
    assert (request.method, request.url.path) == (method, path)
    assert (json.loads(request.content) if request.content else None) == body


@pytest.mark.parametrize("verbs", ["concept", "live", "auto"])
def test_every_call_carries_the_key_the_version_and_json(verbs: str) -> None:
    """A call without the version would reach an older API, where cancel exists and means something else."""
    wire = Recorder(success(status="pending"))
    adapter = calcom(wire, verbs=verbs, api_version="2024-08-13")

    async def all_calls() -> None:
        await adapter.look(UID)
        await adapter.probe()
        await adapter.confirm(UID)
        await adapter.cancel(UID, REASON)

    run(all_calls())
    assert len(wire.requests) >= 3
    for request in wire.requests:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert request.headers["cal-api-version"] == "2024-08-13"
        assert request.headers["content-type"] == "application/json"
        assert request.headers["accept"] == "application/json"


def test_the_version_is_the_one_that_these_facts_were_read_of_unless_told_otherwise() -> None:
    assert CalComSettings("https://api.cal.example", KEY).api_version == "2024-08-13"


@pytest.mark.parametrize("key", ["cal_live…", "\ud800", "ключ", ""])
def test_a_key_that_no_header_can_hold_is_one_that_calcom_refuses(key: str) -> None:
    outcome = run(calcom(Recorder(turned_away(401, "Invalid API Key")), api_key=key).look(UID))
    assert outcome == Rejected("401", "CAL_API_KEY may not do this: Invalid API Key", Blame.ACCOUNT)


@pytest.mark.parametrize("api_url", ["http://a:b", "http://[::1", "http://a\x00", "https://xn--…"])
def test_an_address_that_is_none_sends_nothing(api_url: str) -> None:
    wire = Recorder(success())
    assert isinstance(run(calcom(wire, api_url=api_url).confirm(UID)), Retry)


@pytest.mark.parametrize(
    ("api_url", "url"),
    [
        ("https://cal.clinic.example/", f"https://cal.clinic.example/v2/bookings/{UID}"),
        ("https://cal.clinic.example/api", f"https://cal.clinic.example/api/v2/bookings/{UID}"),
        (" http://localhost:5555 ", f"http://localhost:5555/v2/bookings/{UID}"),
    ],
)
def test_the_api_may_stand_anywhere(api_url: str, url: str) -> None:
    wire = Recorder(success(status="pending"))
    run(calcom(wire, api_url=api_url).look(UID))
    assert str(wire.requests[0].url) == url


def test_a_uid_cannot_lead_to_another_route() -> None:
    wire = Recorder(success(status="pending"))
    run(calcom(wire).look("../me?x=#"))
    assert wire.requests[0].url.raw_path == b"/v2/bookings/..%2Fme%3Fx%3D%23"


def test_a_reason_is_sent_as_one_clean_line() -> None:
    wire = Recorder(success())
    run(calcom(wire).cancel(UID, " moved\n\x00away \ud800"))
    assert json.loads(wire.requests[0].content) == {"cancellationReason": "moved away"}


# ---- look ----


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ("pending", CalendarStatus.PENDING),
        ("PENDING", CalendarStatus.PENDING),
        ("accepted", CalendarStatus.ACCEPTED),
        ("Cancelled", CalendarStatus.CANCELLED),
        ("rejected", CalendarStatus.REJECTED),
    ],
)
def test_look_tells_the_status_in_whatever_case(status: str, found: CalendarStatus) -> None:
    assert run(calcom(Recorder(success(uid=UID, status=status))).look(UID)) == found


@pytest.mark.parametrize(
    ("answer", "code", "blame"),
    [
        (turned_away(401, "CustomThrottlerGuard - Invalid API Key"), "401", Blame.ACCOUNT),
        (turned_away(403, "no access"), "403", Blame.ACCOUNT),
        (failure(404, f"Cannot GET /v2/bookings/{UID}"), "404", Blame.ACCOUNT),
        (page(404), "404", Blame.ACCOUNT),
        (page(404, ""), "404", Blame.ACCOUNT),
        (httpx.Response(301, headers={"location": "https://elsewhere.example"}), "301", Blame.ACCOUNT),
        (failure(405, "Method Not Allowed"), "405", Blame.ACCOUNT),
        (failure(400, "bad uid"), "400", Blame.PERMANENT),
        (failure(410, "gone"), "410", Blame.PERMANENT),
        (httpx.Response(200, json={"status": "success", "data": [{"status": "pending"}]}), "series", Blame.PERMANENT),
    ],
)
def test_look_is_rejected_where_asking_again_would_not_help(answer: httpx.Response, code: str, blame: Blame) -> None:
    outcome = run(calcom(Recorder(answer)).look(UID))
    assert isinstance(outcome, Rejected)
    assert (outcome.code, outcome.blame) == (code, blame)


@pytest.mark.parametrize(
    "answer",
    [
        failure(404, f"Booking with uid={UID} was not found in the database"),
        bare(404, "Booking not found."),
        httpx.Response(404, json={}),
    ],
)
def test_a_booking_that_calcom_does_not_know_is_missing(answer: httpx.Response) -> None:
    assert run(calcom(Recorder(answer)).look(UID)) == CalendarStatus.MISSING


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        (failure(429, "Too many requests"), MINUTE),
        (failure(429, "Too many requests", retry_after="7"), timedelta(seconds=7)),
        (failure(429, "Too many requests", retry_after="0"), MINUTE),
        (failure(429, "Too many requests", retry_after="-5"), MINUTE),
        (failure(429, "Too many requests", retry_after="9" * 5000), MINUTE),
        (failure(429, "Too many requests", retry_after="Wed, 21 Oct 2026 07:28:00 GMT"), MINUTE),
        (page(429), MINUTE),
        (failure(500, "Internal server error"), None),
        (failure(502, "Bad gateway"), None),
        (failure(503, "Maintenance", retry_after="120"), timedelta(seconds=120)),
        (page(524), None),
        (failure(408, "Request time-out"), None),
        (page(200), None),
        (page(200, ""), None),
        (page(200, "[" * 100_000), None),
        (httpx.Response(200, content=b"\xff"), None),
        (httpx.Response(200, json=[]), None),
        (httpx.Response(200, json={"data": None}), None),
        (success(), None),
        (success(status=7), None),
        (success(status="missing"), None),
        (success(status="awaiting_host"), None),
    ],
)
def test_look_is_asked_again_where_the_answer_says_nothing(answer: httpx.Response, after: timedelta | None) -> None:
    outcome = run(calcom(Recorder(answer)).look(UID))
    assert isinstance(outcome, Retry)
    assert outcome.after == after


@pytest.mark.parametrize("error", NEVER_SENT + PERHAPS_SENT, ids=kind)
def test_look_is_asked_again_where_there_is_no_answer(error: Exception) -> None:
    assert isinstance(run(calcom(Recorder(error)).look(UID)), Retry)


# ---- confirm and cancel ----


def confirm(adapter: CalCom) -> Coroutine[Any, Any, CallOutcome]:
    return adapter.confirm(UID)


def cancel(adapter: CalCom) -> Coroutine[Any, Any, CallOutcome]:
    return adapter.cancel(UID, REASON)


Act = Callable[[CalCom], Coroutine[Any, Any, CallOutcome]]
both_acts = pytest.mark.parametrize("act", [confirm, cancel])
both_spellings = pytest.mark.parametrize("verbs", ["concept", "live"])

OUTCOMES = [
    (success(status="accepted"), Accepted()),
    (httpx.Response(201, json={"status": "success"}), Accepted()),
    (httpx.Response(200, json={}), Accepted()),
    (httpx.Response(204), Accepted()),
    (page(200), InDoubt("HTTP 200 with a body that is no JSON object")),
    (page(200, "OK"), InDoubt("HTTP 200 with a body that is no JSON object")),
    (page(200, ""), InDoubt("HTTP 200 with a body that is no JSON object")),
    (httpx.Response(200, json=[]), InDoubt("HTTP 200 with a body that is no JSON object")),
    (failure(400, "Booking already confirmed"), Rejected("400", "Booking already confirmed")),
    (bare(400, "Cancellation reason is required"), Rejected("400", "Cancellation reason is required")),
    (failure(400, ["a is wrong", "b too", 3]), Rejected("400", "a is wrong; b too")),
    (httpx.Response(400, json={"error": "Bad Request"}), Rejected("400", "HTTP 400 without a message")),
    (page(400), Rejected("400", "HTTP 400 without a message")),
    (failure(404, "Booking was not found"), Rejected("404", "Booking was not found")),
    (failure(409, "slot is gone"), Rejected("409", "slot is gone")),
    (failure(410, "gone"), Rejected("410", "gone")),
    (failure(422, "breaks the contract"), Rejected("422", "breaks the contract")),
    (
        turned_away(401, "Invalid API Key"),
        Rejected("401", "CAL_API_KEY may not do this: Invalid API Key", Blame.ACCOUNT),
    ),
    (turned_away(403, "no"), Rejected("403", "CAL_API_KEY may not do this: no", Blame.ACCOUNT)),
    (
        failure(401, "User is not authorized", "TRPCError"),
        Rejected("401", "CAL_API_KEY may not do this: User is not authorized", Blame.CONFIGURATION),
    ),
    (failure(429, "Too many"), Retry("Too many", MINUTE)),
    (failure(429, "Too many", retry_after="5"), Retry("Too many", timedelta(seconds=5))),
    (failure(500, "boom"), InDoubt("boom")),
    (page(502), InDoubt("HTTP 502 without a message")),
    (failure(503, "busy", retry_after="5"), InDoubt("busy")),
    (page(504), InDoubt("HTTP 504 without a message")),
    (page(524), InDoubt("HTTP 524 without a message")),
    (failure(408, "slow"), InDoubt("slow")),
]


@both_acts
@pytest.mark.parametrize(("answer", "outcome"), OUTCOMES)
def test_an_answer_to_confirm_or_cancel_has_one_outcome(act: Act, answer: httpx.Response, outcome: CallOutcome) -> None:
    assert run(act(calcom(Recorder(answer)))) == outcome


@both_acts
@both_spellings
@pytest.mark.parametrize("status", [404, 405, 301, 308])
def test_a_route_that_does_not_exist_is_a_fault_of_the_settings(act: Act, verbs: str, status: int) -> None:
    def wire(request: httpx.Request) -> httpx.Response:
        return failure(status, f"Cannot {request.method} {request.url.path}")

    outcome = run(act(calcom(wire, verbs=verbs)))
    assert isinstance(outcome, Rejected)
    assert (outcome.code, outcome.blame) == (str(status), Blame.ACCOUNT)
    assert "CAL_API_URL" in outcome.detail


@both_acts
@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    ("refuse", "blame"),
    [
        (partial(turned_away, message="CustomThrottlerGuard - Invalid API Key"), Blame.ACCOUNT),
        (page, Blame.ACCOUNT),
        (partial(page, text=""), Blame.ACCOUNT),
        (partial(httpx.Response, json=["no"]), Blame.ACCOUNT),
        (partial(failure, message="User is not authorized", code="TRPCError"), Blame.CONFIGURATION),
        (partial(bare, message="User not a host of this event"), Blame.CONFIGURATION),
        (partial(failure, message="no", code="SomeException"), Blame.CONFIGURATION),
        (partial(failure, message="no", code=["UnauthorizedException"]), Blame.CONFIGURATION),
    ],
)
def test_a_refused_key_is_the_accounts_fault_and_a_host_who_is_another_is_not(
    act: Act, refuse: Callable[[int], httpx.Response], blame: Blame, status: int
) -> None:
    """If one appointment of a colleague's stood for the whole account, nobody would be asked any more."""
    outcome = run(act(calcom(Recorder(refuse(status)))))
    assert isinstance(outcome, Rejected)
    assert outcome.blame is blame
    assert "CAL_API_KEY" in outcome.detail


@both_acts
@pytest.mark.parametrize("error", NEVER_SENT, ids=kind)
def test_what_was_never_sent_may_be_sent_again(act: Act, error: Exception) -> None:
    assert isinstance(run(act(calcom(Recorder(error)))), Retry)


@both_acts
@pytest.mark.parametrize("error", PERHAPS_SENT, ids=kind)
def test_what_may_have_arrived_is_in_doubt(act: Act, error: Exception) -> None:
    assert isinstance(run(act(calcom(Recorder(error)))), InDoubt)


@both_acts
@pytest.mark.parametrize("answer", [failure(500, "boom"), httpx.ReadTimeout("slow"), failure(429, "later")], ids=kind)
def test_nothing_is_sent_twice(act: Act, answer: httpx.Response | Exception) -> None:
    wire = Recorder(answer)
    run(act(calcom(wire)))
    assert len(wire.requests) == 1


async def never(request: httpx.Request) -> httpx.Response:
    """A server that takes the request and never answers, but never falls silent long enough for a read time-out."""
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


def test_a_call_ends_in_time_even_if_the_server_keeps_it_open() -> None:
    assert isinstance(run(calcom(never, Patience(call=0.01)).look(UID)), Retry)
    assert isinstance(run(calcom(never, Patience(call=0.01)).confirm(UID)), InDoubt)


def test_a_first_call_with_its_probe_ends_before_a_workers_lease() -> None:
    """A lease lasts 15 s; what outlived it would be taken up by another worker."""
    assert Patience().call + Patience().probe < 15


# ---- What a detail may tell ----


def every_detail(answer: httpx.Response | Exception) -> list[str]:
    calls = [lambda cal: cal.look(UID), confirm, cancel]
    outcomes = [run(call(calcom(Recorder(answer)))) for call in calls]
    return [outcome.detail for outcome in outcomes if not isinstance(outcome, Accepted | CalendarStatus)]


@pytest.mark.parametrize(
    "answer",
    [
        failure(400, f"Your key {KEY} is odd"),
        failure(401, f"Bearer {KEY}"),
        failure(429, f"slow down, {KEY}"),
        failure(500, "x" * 190 + KEY),
        failure(404, f"Cannot POST {KEY}"),
        *NEVER_SENT,
        *PERHAPS_SENT,
        httpx.ReadError(f"while sending {KEY}"),
    ],
    ids=kind,
)
def test_no_detail_and_no_log_has_the_key(answer: httpx.Response | Exception, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told = " ".join(every_detail(answer)) + caplog.text
    assert KEY not in told
    assert KEY[:12] not in told


@pytest.mark.parametrize("answer", [failure(400, "x" * 5000), failure(401, "x" * 5000), failure(500, "a\n\x00b" * 999)])
def test_a_detail_is_one_line_of_at_most_200_characters(answer: httpx.Response) -> None:
    details = every_detail(answer)
    assert details
    assert all(len(detail) <= 200 and detail.isprintable() for detail in details)


def test_a_failed_connection_says_why() -> None:
    (detail, *_) = every_detail(httpx.ConnectError("certificate has expired"))
    assert detail == "ConnectError: certificate has expired"


# ---- The probe ----

LIVE_404 = failure(404, "Booking with uid=replyes-probe was not found in the database")

PROBE_ANSWERS = [
    (failure(404, "Cannot POST /v2/bookings/replyes-probe/confirm"), Verbs.CONCEPT),
    (bare(404, "Cannot POST /v2/bookings/replyes-probe/confirm"), Verbs.CONCEPT),
    (page(404, "<pre>Cannot POST /v2/bookings/replyes-probe/confirm</pre>"), Verbs.CONCEPT),
    (failure(405, "Method Not Allowed"), Verbs.CONCEPT),
    (page(405), Verbs.CONCEPT),
    (LIVE_404, Verbs.LIVE),
    (bare(404, "Booking not found"), Verbs.LIVE),
    (failure(404, "We Cannot POST it"), Verbs.LIVE),
    (failure(400, "Cannot POST without a body"), Verbs.LIVE),
    (page(404), Verbs.LIVE),
    (httpx.Response(404, json={"detail": "Not Found"}), Verbs.LIVE),
    (failure(400, "Bad request"), Verbs.LIVE),
    (failure(422, "no such booking"), Verbs.LIVE),
    (success(), Verbs.LIVE),
    (failure(401, "Invalid API Key"), None),
    (failure(403, "no"), None),
    (failure(408, "slow"), None),
    (failure(429, "Too many"), None),
    (failure(500, "boom"), None),
    (page(503), None),
    (page(301), None),
    *[(error, None) for error in NEVER_SENT + PERHAPS_SENT],
]


@pytest.mark.parametrize(("answer", "verbs"), PROBE_ANSWERS, ids=kind)
def test_the_probe_finds_the_verbs_or_stays_undecided(answer: httpx.Response | Exception, verbs: Verbs | None) -> None:
    wire = Recorder(answer)
    assert run(calcom(wire, verbs="auto").probe()) == verbs
    assert wire.calls() == [("POST", "/v2/bookings/replyes-probe/confirm")]


@pytest.mark.parametrize(("forced", "verbs"), [("concept", Verbs.CONCEPT), ("live", Verbs.LIVE)])
def test_verbs_that_the_settings_name_need_no_probe(forced: str, verbs: Verbs) -> None:
    wire = Recorder(LIVE_404)
    assert run(calcom(wire, verbs=forced).probe()) == verbs
    assert wire.requests == []


def test_a_decided_probe_is_kept_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "replyes.calcom")
    wire = Recorder(LIVE_404, success())
    adapter = calcom(wire, verbs="auto")

    async def several_calls() -> None:
        await adapter.probe()
        await adapter.confirm(UID)
        await adapter.cancel(UID, REASON)
        await adapter.probe()

    run(several_calls())
    assert [path for _, path in wire.calls()] == [
        "/v2/bookings/replyes-probe/confirm",
        f"/v2/bookings/{UID}/confirm",
        f"/v2/bookings/{UID}/cancel",
    ]
    assert [record.name for record in caplog.records if record.name == "replyes.calcom"] == ["replyes.calcom"]


@both_acts
def test_an_undecided_probe_sends_nothing_and_is_repeated_by_the_next_call(act: Act) -> None:
    wire = Recorder(failure(503, "starting"), failure(405, "Method Not Allowed"), success())
    adapter = calcom(wire, verbs="auto")

    async def twice() -> tuple[CallOutcome, CallOutcome]:
        return await act(adapter), await act(adapter)

    first, second = run(twice())
    assert isinstance(first, Retry)
    assert second == Accepted()
    assert [path for _, path in wire.calls()][:2] == ["/v2/bookings/replyes-probe/confirm"] * 2
    assert wire.requests[2].method in ("PATCH", "DELETE")


def test_concurrent_first_calls_make_one_probe() -> None:
    probes = 0

    async def wire(request: httpx.Request) -> httpx.Response:
        nonlocal probes
        await asyncio.sleep(0)
        if "replyes-probe" in request.url.path:
            probes += 1
            return LIVE_404
        return success()

    adapter = calcom(wire, verbs="auto")

    async def many() -> list[CallOutcome]:
        return await asyncio.gather(*[adapter.confirm(UID) for _ in range(5)])

    assert run(many()) == [Accepted()] * 5
    assert probes == 1


def test_nobody_waits_long_for_a_probe_without_an_answer() -> None:
    """Neither who asks nor who waits for the one who asks."""
    adapter = calcom(never, Patience(probe=0.01), verbs="auto")

    async def many() -> list[CallOutcome]:
        return await asyncio.gather(*[adapter.confirm(UID) for _ in range(3)])

    assert all(isinstance(outcome, Retry) for outcome in run(many()))


# ---- The client ----


def test_the_client_follows_no_redirect_and_gives_up_before_a_lease_ends() -> None:
    client = http_client()
    assert not client.follow_redirects
    assert client.timeout == httpx.Timeout(10.0, connect=3.0, pool=3.0)
