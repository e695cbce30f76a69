"""What is typed into the page: taken, or given back with a word of advice; never taken from another site."""

from datetime import UTC, datetime

import pytest

from entrypoints.sandbox.forms import first_form, read_phone
from tests.entrypoints.test_sandbox_kit import BASE, FORM, SARAH, Scene, goes_to

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_booking_leads_to_the_phone_that_was_booked_for() -> None:
    async with Scene() as scene:
        response = await scene.http.post("/sandbox/book", data=FORM)
        (booking,) = scene.world.bookings

    assert goes_to(response) == (303, "/sandbox", [SARAH])
    assert (booking.patient, booking.phone, booking.practitioner) == ("Sarah", SARAH, "Dr. Lee")
    assert booking.starts_at == datetime(2026, 5, 12, 14, 30, tzinfo=UTC)
    assert len(booking.uid) == 22


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"name": ""}, "Enter a name"),
        ({"name": " \x00\n "}, "Enter a name"),
        ({"name": "x" * 61}, "too long"),
        ({"phone": ""}, "No text can reach"),
        ({"phone": "+1 (555) 0102"}, "No text can reach"),
        ({"phone": "Sarah"}, "No text can reach"),
        ({"practitioner": "Dr. Who"}, "Choose one of"),
        ({"day": ""}, "Choose a day and a time"),
        ({"time": "noon"}, "Choose a day and a time"),
        ({"day": "9999-12-31", "time": "23:59"}, "Choose a day and a time"),
        ({"day": "2026-05-08", "time": "10:00"}, "has passed"),
        ({"day": "1999-05-08"}, "has passed"),
        ({"day": "2028-05-08"}, "within the next twelve months"),
    ],
)
async def test_a_form_that_cannot_be_used_comes_back_as_it_was(typed: dict[str, str], says: str) -> None:
    async with Scene() as scene:
        response = await scene.http.post("/sandbox/book", data={"name": "Tom & Ann", **FORM, **typed})

    assert response.status_code == 422
    assert says in response.text
    assert not scene.world.bookings
    assert not scene.product.requests
    kept = {**FORM, **typed}["name"]
    assert not kept.isprintable() or f'value="{kept}"' in response.text


async def test_tells_all_problems_at_once() -> None:
    async with Scene() as scene:
        response = await scene.http.post("/sandbox/book", data={})

    for says in ("Enter a name", "No text can reach", "Choose one of", "Choose a day and a time"):
        assert says in response.text


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"phone": "", "text": "YES"}, "Book an appointment first"),
        ({"phone": SARAH, "text": "  "}, "Write something first"),
        ({"phone": SARAH, "text": "x" * 1601}, "1600 characters"),
    ],
)
async def test_a_reply_that_cannot_be_sent(form: dict[str, str], says: str) -> None:
    async with Scene() as scene:
        response = await scene.http.post("/sandbox/reply", data=form)

    assert response.status_code == 422
    assert says in response.text
    assert not scene.product.requests


@pytest.mark.parametrize(
    ("origin", "host", "status"),
    [
        (None, "127.0.0.1:8000", 303),
        (BASE, "127.0.0.1:8000", 303),
        ("http://localhost:8000", "localhost:8000", 303),
        ("http://localhost:8080", "localhost:8080", 303),  # a container's port, mapped
        ("http://localhost:3000", "127.0.0.1:8000", 403),
        ("https://evil.example", "127.0.0.1:8000", 403),
        ("http://evil.example:8000", "evil.example:8000", 403),  # a name that leads to this machine
        ("null", "127.0.0.1:8000", 403),
        ("http://[x", "127.0.0.1:8000", 403),
    ],
)
@pytest.mark.parametrize("path", ["book", "reply"])
async def test_takes_no_form_from_another_site(path: str, origin: str | None, host: str, status: int) -> None:
    async with Scene() as scene:
        headers = {"Host": host} | ({"Origin": origin} if origin else {})
        response = await scene.http.post(f"/sandbox/{path}", data=FORM | {"text": "YES"}, headers=headers)

    assert response.status_code == status
    assert bool(scene.product.requests) is (status == 303)


@pytest.mark.parametrize(
    ("today", "tuesday"),
    [
        ("2026-05-08", "2026-05-12"),
        ("2026-05-11", "2026-05-12"),
        ("2026-05-12", "2026-05-19"),
        ("2026-12-30", "2027-01-05"),
    ],
)
def test_the_form_opens_on_next_tuesday(today: str, tuesday: str) -> None:
    assert first_form(datetime.fromisoformat(f"{today}T14:00:00+00:00"))["day"] == tuesday


def test_the_clinics_day_counts_and_not_greenwichs() -> None:
    late_on_monday_in_new_york = datetime(2026, 5, 12, 2, 0, tzinfo=UTC)
    assert first_form(late_on_monday_in_new_york)["day"] == "2026-05-12"


@pytest.mark.parametrize(
    ("typed", "phone"),
    [
        ("+1 202 555 0102", SARAH),
        ("(202) 555-0102", SARAH),
        ("+49 1512 3456789", "+4915123456789"),
        ("112", None),
        ("", None),
    ],
)
def test_phones_as_people_type_them(typed: str, phone: str | None) -> None:
    assert read_phone(typed) == phone
