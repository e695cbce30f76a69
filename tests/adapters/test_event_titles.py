"""An event's title may tell a diagnosis, so it goes into no SMS."""

import httpx
import pytest

from adapters.calcom import CalCom, CalComSettings
from domain.booking import Booking
from domain.deadlines import Deadlines
from domain.errands import Says
from domain.inbound import BookingRequested
from domain.languages import codes
from domain.wording import text
from tests.adapters.calcom_payloads import SECRET, as_sent, attendee, post, requested
from tests.examples import a_clinic, a_moment


@pytest.mark.parametrize("code", codes())
def test_no_text_names_the_event(code: str) -> None:
    title = dict.fromkeys(("title", "type", "eventTitle", "eventDescription", "description"), "Oncology follow-up")
    payload = as_sent(requested(attendees=[attendee(language={"locale": code})], **title))
    calcom = CalCom(CalComSettings("https://api.cal.example", "key", webhook_secrets=(SECRET,)), httpx.AsyncClient())
    notice = calcom.receive(post(payload))
    assert isinstance(notice, BookingRequested)
    assert "Oncology" not in repr(notice)
    dates = Deadlines(None, notice.starts_at)
    bookings = [Booking.request("main", notice, None, dates, a_moment()) for _ in range(2)]
    for says in Says:
        assert "Oncology" not in text(says, a_clinic(), bookings[:1]) + text(says, a_clinic(), bookings)
