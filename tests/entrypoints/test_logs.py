"""Log lines: readable by people or by machines, and never with a whole phone number."""

import json
import logging
from typing import Any

import pytest

from entrypoints import logs
from entrypoints.logs import mask
from entrypoints.settings import LogSettings

pytestmark = pytest.mark.usefixtures("logging_as_before")

PHONE = "+12025550143"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("+12025550143", "…43"),
        ("12025550143", "…43"),
        ("+1 (202) 555-0143", "…43"),
        ("+44 20 7946 0958", "…58"),
        ("0171.555.01.43", "…43"),
        ("whatsapp:+12025550143", "whatsapp:…43"),
        ("tel:+1-202-555-0143;ext=7", "tel:…43;ext=7"),
        ("To=+12025550143&From=+12025550100", "To=…43&From=…00"),
        ("12025550143@sms.cal.com", "…43@sms.cal.com"),
        ("call +12025550143.", "call …43."),
        ("('+12025550143',)", "('…43',)"),
        ("a+12025550143", "a+…43"),
        ("+12025550143\n+12025550144", "…43\n…44"),
        ("+１２０２５５５０１４３", "…４３"),
        ("To=%2B12025550143", "To=%2B…43"),
        ("phone_12025550143", "phone_…43"),
    ],
)
def test_a_phone_keeps_its_last_two_digits(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "",
        "HTTP 503, error 30003",
        "4 attempts in 120 s",
        "2026-05-12T10:30:00+00:00",
        "SM5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e",
        "SM12345678901234567890123456789012",
        "booking-main-bookingUid00000000001",
        "conversation-main-0123456789abcdef0123456789abcdef",
        "127.0.0.1:8000",
    ],
)
def test_what_is_no_phone_stays(text: str) -> None:
    assert mask(text) == text


def test_a_masked_text_is_not_masked_again() -> None:
    assert mask(mask(f"from {PHONE} to 2025550100")) == mask(f"from {PHONE} to 2025550100")


def logged(capsys: pytest.CaptureFixture[str], **settings: str) -> str:
    """What reaches stderr when a library and we ourselves log a phone, in every way there is."""
    logs.set_up(LogSettings(**{"format": "json", "level": "info", **settings}))
    logging.getLogger("replyes.test").info("to %s", PHONE)
    logging.getLogger("a.library").warning("from %(phone)s", {"phone": PHONE})
    logging.getLogger("replyes.test").debug("not at this level")
    try:
        raise ValueError(f"no number: {PHONE}")
    except ValueError:
        logging.getLogger("replyes.test").exception("while sending to %s", PHONE)
    return capsys.readouterr().err


@pytest.mark.parametrize("form", ["json", "console", "auto"])
def test_no_line_holds_a_whole_phone_not_even_in_a_traceback(capsys: pytest.CaptureFixture[str], form: str) -> None:
    told = logged(capsys, format=form).replace("\\u2026", "…")
    assert PHONE[1:] not in told
    assert told.count("…43") == 4
    assert "Traceback" in told


def test_machines_get_one_json_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines: list[dict[str, Any]] = [json.loads(line) for line in logged(capsys).splitlines()]
    assert [line["level"] for line in lines] == ["info", "warning", "error"]
    assert [line["logger"] for line in lines] == ["replyes.test", "a.library", "replyes.test"]
    assert lines[0]["event"] == "to …43"
    assert lines[2]["exception"].endswith("ValueError: no number: …43")
    assert all(line["timestamp"].endswith("Z") for line in lines)


def test_people_get_a_line_that_they_can_read(capsys: pytest.CaptureFixture[str]) -> None:
    first = logged(capsys, format="console").splitlines()[0]
    assert "to …43" in first
    assert "replyes.test" in first


@pytest.mark.parametrize(("level", "lines"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_the_level_is_a_floor(capsys: pytest.CaptureFixture[str], level: str, lines: int) -> None:
    assert len(logged(capsys, level=level).splitlines()) == lines


@pytest.mark.parametrize("name", ["httpx", "httpcore", "uvicorn.access", "asyncio", "transitions"])
def test_libraries_that_log_every_call_are_turned_down(capsys: pytest.CaptureFixture[str], name: str) -> None:
    logs.set_up(LogSettings("json", "debug"))
    logging.getLogger(name).info("GET https://api.twilio.com/?To=%s", PHONE)
    assert capsys.readouterr().err == ""


def test_a_line_break_in_an_event_makes_no_second_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up(LogSettings("console", "info"))
    logging.getLogger("replyes.test").info("a name: %s", "Sarah\n2026-05-12 [error] all is lost")
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_setting_up_twice_does_not_double_the_lines(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up(LogSettings("json", "info"))
    assert len(logged(capsys).splitlines()) == 3
