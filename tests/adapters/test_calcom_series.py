"""How Cal.com shows a recurring booking: each date names its series, and the series is answered as a list."""

import httpx
import pytest

from domain.inbound import Blame
from domain.ports import CalendarStatus, Rejected, Retry
from tests.adapters.test_calcom_api import UID, Recorder, calcom, failure, page, run, success, turned_away

SERIES = "seriesUid000000000001"


def dates(**statuses: str) -> httpx.Response:
    data = [{"uid": uid, "status": status} for uid, status in statuses.items()]
    return httpx.Response(200, json={"status": "success", "data": data})


def test_a_series_is_read_by_the_name_that_one_of_its_dates_tells() -> None:
    wire = Recorder(success(status="pending", recurringBookingUid=SERIES), dates(one="pending", two="accepted"))
    found = run(calcom(wire).series(UID))
    assert found == {"one": CalendarStatus.PENDING, "two": CalendarStatus.ACCEPTED}
    assert [path for _, path in wire.calls()] == [f"/v2/bookings/{UID}", f"/v2/bookings/{SERIES}"]


@pytest.mark.parametrize("name", [None, 7, ""])
def test_a_booking_that_names_no_series_stands_alone(name: object) -> None:
    assert run(calcom(Recorder(success(status="pending", recurringBookingUid=name))).series(UID)) == {}


def test_a_booking_that_cal_com_does_not_know_stands_alone() -> None:
    missing = failure(404, "Booking with uid=x was not found in the database")
    assert run(calcom(Recorder(missing)).series(UID)) == {}


@pytest.mark.parametrize(
    "answer",
    [
        dates(),
        dates(one="pending", two="awaiting_host"),
        success(status="pending"),
        httpx.Response(200, json={"status": "success", "data": ["pending"]}),
        httpx.Response(200, json={"status": "success", "data": [{"status": "pending"}]}),
        page(200),
        page(502),
        httpx.ReadTimeout("slow"),
    ],
)
def test_a_series_that_cannot_be_read_to_its_last_date_is_asked_for_again(answer: httpx.Response | Exception) -> None:
    wire = Recorder(success(status="pending", recurringBookingUid=SERIES), answer)
    assert isinstance(run(calcom(wire).series(UID)), Retry)


def test_a_key_that_is_turned_away_is_told() -> None:
    found = run(calcom(Recorder(turned_away(401, "no"))).series(UID))
    assert isinstance(found, Rejected)
    assert found.blame is Blame.ACCOUNT
