"""Whose fault it is, code by code: in a report, where every carrier's codes are told alike."""

import logging

import pytest

from adapters.android.answers import CODES as ANDROID
from adapters.common.answers import Codes, Reported
from adapters.telnyx.answers import CODES as TELNYX
from adapters.twilio.answers import CODES as TWILIO
from adapters.vonage.answers import CODES as VONAGE
from domain.inbound import Blame, Delivery

NO_WAY, FILTERED, OPTED_OUT = Blame.NO_WAY, Blame.FILTERED, Blame.OPTED_OUT
CONFIGURATION, ACCOUNT = Blame.CONFIGURATION, Blame.ACCOUNT
TOLD: list[tuple[Codes, str, Blame | None]] = [
    *((TWILIO, code, NO_WAY) for code in ("21211", "21217", "21401", "21614", "21635", "30005", "30006")),
    *((TWILIO, code, NO_WAY) for code in ("63003", "63024")),
    *((TWILIO, code, FILTERED) for code in ("30007", "30450", "63049")),
    *((TWILIO, code, OPTED_OUT) for code in ("21610", "30004")),
    *((TWILIO, code, CONFIGURATION) for code in ("30034", "30032", "63007", "63027", "63040", "63041", "63042")),
    (TWILIO, "30002", ACCOUNT),
    *((TWILIO, code, None) for code in ("21612", "30001", "30003", "30008", "30022", "63016", "63038", "")),
    *((VONAGE, code, NO_WAY) for code in ("1170", "1190", "1300")),
    (VONAGE, "1210", FILTERED),
    (VONAGE, "1240", OPTED_OUT),
    *((VONAGE, code, CONFIGURATION) for code in ("1022", "1120", "1160")),
    (VONAGE, "1070", ACCOUNT),
    *((VONAGE, code, None) for code in ("1000", "1030", "1180", "1220", "1230", "1250", "1330", "1360", "")),
    *((TELNYX, code, NO_WAY) for code in ("40001", "40012", "40310")),
    *((TELNYX, code, FILTERED) for code in ("40002", "40003", "40015", "40017", "40322")),
    *((TELNYX, code, CONFIGURATION) for code in ("40010", "40100", "40329", "40330")),
    (TELNYX, "20012", ACCOUNT),
    *((TELNYX, code, None) for code in ("40004", "40005", "40006", "40008", "40011", "")),
    *((ANDROID, code, CONFIGURATION) for code in ("NO_SIM", "RESULT_ERROR_FDN_CHECK_FAILURE")),
    *((ANDROID, code, None) for code in ("RESULT_ERROR_NO_SERVICE", "STATUS_70", "TTL_EXPIRED", "")),
]


@pytest.mark.parametrize(("codes", "code", "blame"), TOLD, ids=lambda one: getattr(one, "carrier", str(one)))
def test_a_code_in_a_report_has_its_blame(codes: Codes, code: str, blame: Blame | None) -> None:
    assert Reported(codes, logging.getLogger("replyes.test")).blame(Delivery.UNDELIVERED, code) is blame


@pytest.mark.parametrize("status", [Delivery.ACCEPTED, Delivery.SENT, Delivery.DELIVERED])
def test_nobody_is_to_blame_for_a_text_that_is_on_its_way(status: Delivery) -> None:
    assert Reported(TWILIO, logging.getLogger("replyes.test")).blame(status, "30007") is None


def test_each_fault_of_ours_is_told_once_and_what_is_not_ours_never(caplog: pytest.LogCaptureFixture) -> None:
    reported = Reported(TWILIO, logging.getLogger("replyes.test"))
    for code in ("30034", "30034", "30002", "30007", "30003", "30034", "30002"):
        reported.blame(Delivery.UNDELIVERED, code)
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
    assert "https://www.twilio.com/docs/api/errors/30034" in caplog.text


@pytest.mark.parametrize("codes", [TWILIO, VONAGE, TELNYX, ANDROID], ids=lambda codes: codes.carrier)
def test_a_code_means_one_thing(codes: Codes) -> None:
    assert not codes.full & set(codes.blames)
    assert not codes.doubts & (set(codes.blames) | codes.full)
