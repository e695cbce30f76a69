"""The main job with a real process and real HTTP: a booking is requested, its patient answers, Cal.com and the patient
hear of it."""

import re
import sys
from collections.abc import Iterator
from itertools import count
from xml.etree import ElementTree

import pytest

from tests.databases import KINDS, seen, tables
from tests.wire.accounts import API_KEY, API_VERSION, BASIC, CLINIC, CLINIC_NAME, ONE_TIME_PASSWORD
from tests.wire.fake_calcom import Booking
from tests.wire.fake_twilio import MESSAGES, new_sid
from tests.wire.world import World

PROBE = "/v2/bookings/replyes-probe/confirm"
TABLES = {"concept": ("concept", "concept"), "live": ("live", "live")}
TABLES |= {"auto, concept": ("auto", "concept"), "auto, live": ("auto", "live")}
CONFIRM = {"concept": ("PATCH", "/v2/bookings/{}/confirm"), "live": ("POST", "/v2/bookings/{}/confirm")}
CANCEL = {"concept": ("DELETE", "/v2/bookings/{}"), "live": ("POST", "/v2/bookings/{}/cancel")}
HEADERS = {
    "authorization": f"Bearer {API_KEY}",
    "cal-api-version": API_VERSION,
    "content-type": "application/json",
}

ASKED = ["requested", "booking_joined", "question_asked", "question_put", "text_sent", "sms_sent"]
ACKNOWLEDGED = ["calendar_echoed", "calendar_agreed", "text_sent"]

NUMBERS = count(10)


@pytest.fixture
def booking() -> Booking:
    """A patient whom no other test has."""
    number = next(NUMBERS)
    return Booking(uid=f"bookingUid{number:011}", phone=f"+120255501{number}")


@pytest.fixture(scope="module", params=TABLES.values(), ids=TABLES.keys())
def dialect(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, str, str]]:
    """The product's setting, and a Cal.com that knows one of the two tables of verbs."""
    setting, known = request.param
    with World(tmp_path_factory.mktemp("dialect"), verbs=known, CAL_API_VERBS=setting) as world:
        yield world, setting, known
        sys.stderr.write(world.product.log())


@pytest.fixture(scope="module", params=KINDS)
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One product for all tests that leave it running."""
    with World(tmp_path_factory.mktemp("shared"), request.param) as world:
        yield world
        sys.stderr.write(world.product.log())


def say(world: World, booking: Booking, words: str) -> None:
    """The patient answers, the carrier is told to text nothing back, and everything comes to rest."""
    answer = world.carrier.say(booking.phone, words)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/xml")
    root = ElementTree.fromstring(answer.content)
    assert (root.tag, len(root), root.text) == ("Response", 0, None)
    world.settle()


def ask(world: World, booking: Booking) -> None:
    world.book(booking)
    world.settle()


def everything_in(database: str) -> bytes:
    """Every value of every table."""
    rows = [row for table in tables(database) for row in seen(database, f"SELECT * FROM {table}")]
    return b" ".join(value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row)


def bodies(world: World, booking: Booking) -> list[str]:
    return [text.body for text in world.carrier.texts_to(booking.phone)]


def story(world: World, booking: Booking) -> tuple[str, list[str]]:
    """What `replyes audit` tells: the state, and the names of the events."""
    told = world.product.audit(booking.uid)
    assert told["uid"] == booking.uid
    moments = [event["at"] for event in told["events"]]
    assert moments == sorted(moments)
    return told["state"], [event["event"] for event in told["events"]]


def test_a_requested_booking_becomes_one_text_to_its_patient(shared: World, booking: Booking) -> None:
    ask(shared, booking)

    (post,) = [post for post in shared.carrier.posts() if post.form["To"] == booking.phone]
    assert (post.path, post.headers["authorization"]) == (MESSAGES, BASIC)
    assert post.form.keys() == {"To", "From", "Body", "StatusCallback", "ValidityPeriod"}
    assert post.form["From"] == CLINIC
    callback = re.escape(shared.product.url) + "/api/webhooks/sms/status/[0-9a-f]{32}"
    assert re.fullmatch(callback, post.form["StatusCallback"])
    assert 3600 <= int(post.form["ValidityPeriod"]) <= 36_000


def test_the_question_names_clinic_patient_doctor_and_the_time_on_the_patients_clock(
    shared: World, booking: Booking
) -> None:
    ask(shared, booking)

    (question,) = bodies(shared, booking)
    day = booking.starts_at.day
    assert question.startswith(f"{CLINIC_NAME}: Hi Sarah! Confirm your appointment with Dr. Lee on ")
    assert re.search(rf" {day} \w+ at 10:30\sam\? Reply YES to confirm, NO to cancel\.", question)


def test_yes_confirms_in_calcom_and_is_acknowledged_once(dialect: tuple[World, str, str], booking: Booking) -> None:
    world, _, known = dialect
    ask(world, booking)

    say(world, booking, "YES")

    method, path = CONFIRM[known]
    look, confirm, *after = world.calendar.calls_about(booking)
    assert (look.method, look.path) == ("GET", f"/v2/bookings/{booking.uid}")
    assert (confirm.method, confirm.path, confirm.body) == (method, path.format(booking.uid), b"")
    assert {request.method for request in after} <= {"GET"}
    assert confirm.headers.items() >= HEADERS.items()
    assert (booking.status, booking.changes) == ("accepted", ["accepted"])
    assert bodies(world, booking)[1:] == [f"Confirmed. See you {booking.starts_at:%A}!"]


def test_no_cancels_in_calcom_with_its_reason_and_is_acknowledged_once(
    dialect: tuple[World, str, str], booking: Booking
) -> None:
    world, _, known = dialect
    ask(world, booking)

    say(world, booking, "NO")

    method, path = CANCEL[known]
    look, cancel, *after = world.calendar.calls_about(booking)
    assert (look.method, look.path) == ("GET", f"/v2/bookings/{booking.uid}")
    assert (cancel.method, cancel.path) == (method, path.format(booking.uid))
    assert cancel.headers.items() >= HEADERS.items()
    assert cancel.json == {"cancellationReason": "Patient declined via SMS"}
    assert {request.method for request in after} <= {"GET"}
    assert (booking.status, booking.changes) == ("cancelled", ["cancelled"])
    assert bodies(world, booking)[1:] == ["No problem — your appointment has been cancelled."]


def test_the_verbs_are_probed_once_and_only_where_no_setting_names_them(dialect: tuple[World, str, str]) -> None:
    world, setting, _ = dialect
    probes = [request.method for request in world.calendar.requests if request.path == PROBE]
    assert probes == (["POST"] if setting == "auto" else [])


def test_an_unclear_answer_is_asked_back_and_decides_nothing(shared: World, booking: Booking) -> None:
    ask(shared, booking)

    say(shared, booking, "yes but can we do 3pm")

    assert shared.calendar.calls_about(booking) == []
    assert bodies(shared, booking)[1:] == ["Sorry — please reply YES or NO."]
    assert story(shared, booking) == (
        "invalid_reply",
        [*ASKED, "heard", "handed_to_staff", "reply_unclear", "text_sent"],
    )


def test_a_yes_after_an_unclear_answer_confirms(shared: World, booking: Booking) -> None:
    ask(shared, booking)
    say(shared, booking, "maybe")

    say(shared, booking, "ok yes")

    assert booking.changes == ["accepted"]
    assert [text.kind for text in shared.carrier.texts_to(booking.phone)][2:] == ["acknowledgement"]
    unclear = ["heard", "reply_unclear", "text_sent"]
    assert story(shared, booking) == ("confirmed", [*ASKED, *unclear, "heard", "confirmed", *ACKNOWLEDGED])


@pytest.mark.parametrize(("words", "state"), [("YES", "confirmed"), ("NO", "cancelled")])
def test_the_audit_tells_the_whole_story_in_order(shared: World, booking: Booking, words: str, state: str) -> None:
    ask(shared, booking)
    say(shared, booking, words)

    assert story(shared, booking) == (state, [*ASKED, "heard", state, *ACKNOWLEDGED])


def test_a_calcom_that_tells_nothing_back_makes_no_difference_but_the_echo(
    shared: World, booking: Booking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared.calendar, "echoes", False)
    ask(shared, booking)
    say(shared, booking, "YES")

    assert booking.changes == ["accepted"]
    without_echo = [*ASKED, "heard", "confirmed", "calendar_agreed", "text_sent"]
    assert story(shared, booking) == ("confirmed", without_echo)


def test_delivery_reports_are_part_of_the_story(shared: World, booking: Booking) -> None:
    ask(shared, booking)
    (question,) = shared.carrier.texts_to(booking.phone)

    answers = [shared.carrier.report(question, status) for status in ("delivered", "sent", "delivered")]

    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 3
    assert story(shared, booking) == ("sms_sent", [*ASKED, "delivery_reported"])


def test_the_same_webhook_or_text_again_changes_nothing(shared: World, booking: Booking) -> None:
    sid = new_sid()
    ask(shared, booking)
    shared.carrier.say(booking.phone, "YES", sid)
    shared.settle()
    told = shared.product.audit(booking.uid)

    assert shared.calendar.request(booking).json() == {"status": "duplicate"}
    assert shared.carrier.say(booking.phone, "YES", sid).status_code == 200
    shared.settle()

    assert shared.product.audit(booking.uid) == told
    assert len(shared.carrier.texts_to(booking.phone)) == 2


def test_what_is_not_signed_is_refused_and_tells_nothing(shared: World, booking: Booking) -> None:
    forged = {"X-Cal-Signature-256": "0" * 64, "X-Twilio-Signature": "forged"}
    calendar = shared.calendar.courier.post(f"{shared.product.url}/api/webhooks/cal", b"{}", forged)
    carrier = shared.carrier.courier.post(f"{shared.product.url}/api/webhooks/sms", b"Body=YES", forged)

    assert (calendar.status_code, calendar.json()["error"]) == (401, "not authentic")
    assert (carrier.status_code, carrier.content) == (403, b"")


def test_the_one_time_password_is_not_stored_and_no_secret_or_phone_is_logged(shared: World, booking: Booking) -> None:
    ask(shared, booking)
    say(shared, booking, "YES")

    stored = everything_in(shared.product.database)
    logged = (shared.product.folder / "log").read_text()
    assert booking.uid.encode() in stored
    assert ONE_TIME_PASSWORD.encode() not in stored
    for secret in (ONE_TIME_PASSWORD, API_KEY, booking.phone, booking.phone[1:]):
        assert secret not in logged
