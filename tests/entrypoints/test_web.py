"""The web application: when it answers, what it says when it cannot, and how it is asked whether it is well."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.types import Message, Receive, Scope, Send

from entrypoints.logs import mask
from entrypoints.web.operations import STUCK_AFTER
from entrypoints.web.webhooks import LARGEST_BODY
from tests.adapters.calcom_payloads import as_sent, attendee, signature, webhook
from tests.adapters.storage.rooms import writer_of
from tests.databases import kind_of, new_database
from tests.entrypoints.conftest import CAL, SMS, STATUS, Product, Request, booked, cal, new_product, report, text

BOOKED = ["booking.requested", "conversation.started", "conversation.booking_joined"]
FROM_A_STRANGER = ["conversation.started", "conversation.heard", "staff.needed"]
FIRST_SID = f"SM{1:032x}"  # of the first text that we send


@contextmanager
def without(product: Product, table: str) -> Iterator[None]:
    """Somebody has taken a table away; afterwards it is back."""
    product.sql(f"ALTER TABLE {table} RENAME TO taken_away")
    try:
        yield
    finally:
        product.sql(f"ALTER TABLE taken_away RENAME TO {table}")


READ_ONLY = {"sqlite": "PRAGMA query_only = {}", "postgresql": "SET default_transaction_read_only = {}"}


@contextmanager
def read_only(product: Product) -> Iterator[None]:
    """Somebody has decided that nothing may be written."""
    writer, setting = writer_of(product.service.store.database), READ_ONLY[kind_of(product.url)]
    writer.execute(setting.format("on"))
    yield
    writer.execute(setting.format("off"))


# -- Is it well? ----------------------------------------------------------------------------------------------


def test_it_is_alive_and_ready(product: Product) -> None:
    assert product.get("/healthz").json() == {"status": "ok"}
    assert product.get("/readyz").json() == {"status": "ok", "database": "ok"}


def test_it_is_alive_but_not_ready_while_the_database_does_not_answer(product: Product) -> None:
    product.runner.run(product.service.store.database.close())
    assert product.get("/healthz").status_code == 200
    answer = product.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "away")


def test_it_is_not_ready_while_the_database_is_not_ours(product: Product) -> None:
    with without(product, "stored_events"):
        assert product.get("/readyz").status_code == 503
    assert product.get("/readyz").status_code == 200


def test_it_is_not_ready_from_a_write_that_failed_until_one_that_does_not(product: Product) -> None:
    with read_only(product):
        assert product.get("/readyz").status_code == 200, "asking writes nothing"
        product.send(text())
        answer = product.get("/readyz")
        assert (answer.status_code, answer.json()["status"]) == (503, "away")
        assert "cannot be written" in answer.json()["database"]
    assert product.get("/readyz").json() == {"status": "ok", "database": "ok"}


def test_it_is_not_ready_while_its_worker_has_not_looked_for_work_for_long(product: Product) -> None:
    worker = product.service.worker
    worker.turned_at = worker.clock()
    assert product.get("/readyz").json() == {"status": "ok", "database": "ok", "worker": "ok"}
    worker.turned_at -= STUCK_AFTER
    answer = product.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, "ok")
    assert "has not looked for work" in answer.json()["worker"]


# -- Addresses ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/nothing", 404),
        ("POST", "/api/webhooks", 404),
        ("POST", f"{STATUS}/a/b", 404),
        ("GET", "/api/webhooks/cal/..%2f..%2fhealthz", 404),
        ("GET", "/%00%FF", 404),
        ("GET", CAL, 405),
        ("PUT", SMS, 405),
        ("PATCH", STATUS, 405),
        ("HEAD", SMS, 405),
        ("OPTIONS", f"{SMS}/elsewhere", 405),
        ("POST", "/healthz", 405),
        ("DELETE", "/readyz", 405),
    ],
)
def test_what_leads_nowhere_is_told_in_json(product: Product, method: str, path: str, status: int) -> None:
    """A carrier texts an answer of text/plain to the patient."""
    (answer,) = product.send(Request(path, method=method))
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert method == "HEAD" or set(answer.json()) == {"error"}


def test_a_wrong_method_is_told_the_right_ones(product: Product) -> None:
    (answer,) = product.send(Request(CAL, method="GET"))
    assert answer.headers["allow"] == "POST"


def test_the_host_header_leads_nobody_astray(product: Product) -> None:
    (answer,) = product.send(cal(booked(), f"{CAL}/", headers=[("host", "evil.example")]))
    assert "evil.example" not in answer.headers.get("location", "")


# -- Only after the commit ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "facts"), [(cal(booked()), BOOKED), (text(), FROM_A_STRANGER)], ids=["cal", "sms"]
)
def test_a_webhook_is_answered_when_its_facts_are_stored(product: Product, request_: Request, facts: list[str]) -> None:
    """Another process sees them at the moment in which the answer begins."""
    stored: list[list[str]] = []
    web = product.web

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        async def watching(message: Message) -> None:
            if message["type"] == "http.response.start":
                stored.append(product.facts())
            await send(message)

        await web(scope, receive, watching)

    product.web = watched
    assert product.send(request_)[0].status_code == 200
    assert stored == [facts]


def test_webhooks_that_arrive_together_are_each_answered_for_themselves(product: Product) -> None:
    patients = [attendee(phoneNumber=f"+120255501{number:02}") for number in range(50)]
    requests = [cal(booked(uid=f"uid{number}", attendees=[patient])) for number, patient in enumerate(patients)]
    answers = product.send(*requests, text(token="guessed"))
    assert [answer.status_code for answer in answers] == [200] * 50 + [403]
    assert product.facts().count("booking.requested") == 50


def test_no_occurrence_of_a_weekly_booking_is_lost_when_all_arrive_together(product: Product) -> None:
    answers = product.send(*[cal(booked(uid=f"week{number}", recurringEvent={"count": 52})) for number in range(52)])
    assert {answer.status_code for answer in answers} == {200}


# -- When nothing can be stored -------------------------------------------------------------------------------


def test_a_webhook_of_cal_coms_that_cannot_be_stored_is_refused_for_now(product: Product) -> None:
    before = product.everything()
    with without(product, "outbox"):
        (answer,) = product.send(cal(booked()))
    assert (answer.status_code, answer.json()["status"]) == (503, "refused")
    assert product.everything() == before, "facts without their errands would be half a commit"


def test_a_text_that_cannot_be_stored_is_refused_for_now_without_a_word(product: Product) -> None:
    before = product.everything()
    with without(product, "outbox"):
        (answer,) = product.send(text())
    assert (answer.status_code, answer.content) == (503, b"")
    assert "content-type" not in answer.headers
    assert product.everything() == before


def test_a_report_that_cannot_be_stored_is_refused_for_now_without_a_word(product: Product) -> None:
    product.send(cal(booked()))
    product.deliver()
    before = product.everything()
    with without(product, "bookings"):
        (answer,) = product.send(report(MessageSid=FIRST_SID))
    assert (answer.status_code, answer.content) == (503, b"")
    assert product.everything() == before


@pytest.mark.parametrize("request_", [cal(booked()), text()], ids=["cal", "sms"])
def test_what_was_refused_for_now_is_taken_when_it_comes_again(product: Product, request_: Request) -> None:
    with without(product, "outbox"):
        assert product.send(request_)[0].status_code == 503
    assert product.send(request_)[0].status_code == 200
    assert product.facts()


def test_a_refusal_for_now_leaves_one_warning(product: Product, caplog: pytest.LogCaptureFixture) -> None:
    with without(product, "outbox"):
        product.send(text())
    ((name, level, line),) = [record for record in caplog.record_tuples if record[0].startswith("replyes")]
    assert (name, level) == ("replyes.webhooks", logging.WARNING)
    assert "StorageAway" in line


@pytest.mark.parametrize("request_", [cal(booked()), text()], ids=["cal", "sms"])
def test_what_cannot_be_stored_because_nothing_may_be_written_is_refused_for_now(
    product: Product, request_: Request
) -> None:
    before = product.everything()
    with read_only(product):
        assert product.send(request_)[0].status_code == 503
    assert product.everything() == before
    assert product.send(request_)[0].status_code == 200


def test_a_damaged_sqlite_file_is_told_like_a_missing_one(tmp_path: Path) -> None:
    with new_database("sqlite", tmp_path) as url, new_product(url) as product:
        damage(product, "outbox")
        (answer,) = product.send(text())
    assert (answer.status_code, answer.content) == (503, b"")


def damage(product: Product, table: str) -> None:
    """Write noise where SQLite keeps the table's first page."""
    ((page,),) = product.rows("SELECT rootpage FROM sqlite_master WHERE name = ?", table)
    ((size,),) = product.rows("PRAGMA page_size")
    with open(product.service.store.database.path, "r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


# -- Bodies ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("length", "status"), [(LARGEST_BODY, 200), (LARGEST_BODY + 1, 413)])
def test_a_body_has_a_limit_to_the_byte(product: Product, length: int, status: int) -> None:
    empty = len(as_sent(webhook("PING", "")))
    (answer,) = product.send(cal(webhook("PING", "x" * (length - empty))))
    assert answer.status_code == status


def test_the_limit_can_be_read_in_the_log(product: Product, caplog: pytest.LogCaptureFixture) -> None:
    product.send(cal(b" " * (LARGEST_BODY + 1)))
    (line,) = [record.getMessage() for record in caplog.records if record.name.startswith("replyes")]
    assert mask(line) == line


class Stream:
    """A request as a server hands it over, message by message; the answer is kept."""

    def __init__(self, path: str, messages: Iterator[Message], headers: dict[str, str] | None = None) -> None:
        self.scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
        }
        self.messages = messages
        self.taken = 0
        self.answer: list[Message] = []

    async def receive(self) -> Message:
        self.taken += 1
        return next(self.messages)

    async def send(self, message: Message) -> None:
        self.answer.append(message)

    def through(self, product: Product) -> int:
        """The status that the product answers."""
        product.runner.run(self._call(product))
        return int(self.answer[0]["status"])

    async def _call(self, product: Product) -> None:
        await product.web(self.scope, self.receive, self.send)


def piece(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


@pytest.mark.parametrize("path", [CAL, SMS, STATUS])
def test_an_endless_body_is_not_read_to_its_end(product: Product, path: str) -> None:
    stream = Stream(path, iter(lambda: piece(b"x" * 65_536), None))
    assert stream.through(product) == 413
    assert stream.taken == LARGEST_BODY // 65_536 + 1


@pytest.mark.parametrize("path", [CAL, SMS, STATUS])
def test_a_sender_that_hangs_up_in_the_middle_leaves_nothing(
    product: Product, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    before, body = product.everything(), as_sent(booked())
    messages: list[Message] = [piece(body[:500]), {"type": "http.disconnect"}]
    stream = Stream(path, iter(messages), {"x-cal-signature-256": signature(body)})
    assert stream.through(product) == 400
    assert product.everything() == before
    assert "hung up" in caplog.text


def test_empty_pieces_are_no_end(product: Product) -> None:
    body = as_sent(booked())
    messages = [piece(b""), piece(body[:9]), piece(b""), piece(body[9:]), piece(b"", more=False)]
    assert Stream(CAL, iter(messages), {"x-cal-signature-256": signature(body)}).through(product) == 200
    assert product.facts() == BOOKED
