"""Vonage at the wire, beyond what every carrier promises: what we POST, what its errors mean, whom we believe."""

import base64
import hashlib
import json
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.vonage import Vonage, VonageSettings
from adapters.vonage.shapes import WrongSetting
from domain.errors import Misconfigured, NotAuthentic, NotUnderstood
from domain.inbound import Blame, Delivery, DeliveryReport
from domain.ports import Accepted, CallOutcome, InDoubt, OutgoingText, RawRequest, Rejected, Retry
from tests.adapters.carriers.driver import CLINIC, KEY, NOW, PATIENT, PUBLIC_URL, QUESTION, REPORTS, TEXTS
from tests.adapters.carriers.vonage import API_KEY, API_SECRET, SETTINGS, SIGNATURE_SECRET, VonageDriver, jwt_of

DRIVER = VonageDriver()
UUID = DRIVER.ids[0]
ACCOUNT, CONFIGURATION, PERMANENT, OPTED_OUT = Blame.ACCOUNT, Blame.CONFIGURATION, Blame.PERMANENT, Blame.OPTED_OUT


def receiver(changed: VonageSettings = SETTINGS, now: datetime = NOW) -> Vonage:
    return Vonage(changed, DRIVER.client(lambda request: httpx.Response(500)), lambda: now)


def posted(text: OutgoingText = QUESTION) -> httpx.Request:
    requests = []

    def handler(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return DRIVER.accepts()

    DRIVER.call(handler, lambda vonage: vonage.send(text))
    return requests[0]


def signed(document: object, path: str = TEXTS, **claims: object) -> RawRequest:
    return DRIVER.signed(path, json.dumps(document).encode(), **claims)


def inbound(**changes: object) -> dict[str, object]:
    usual = {"channel": "sms", "message_uuid": UUID, "to": CLINIC[1:], "from": PATIENT[1:], "text": "YES"}
    return {**usual, "timestamp": "2026-11-23T09:59:58Z", "message_type": "text", **changes}


def status(told: str, **changes: object) -> RawRequest:
    return signed({"message_uuid": UUID, "status": told, "client_ref": KEY, **changes}, f"{REPORTS}/{KEY}")


# Sending


def test_a_text_is_one_json_with_our_key_twice_and_no_plus() -> None:
    request = posted()
    credentials = base64.b64encode(f"{API_KEY}:{API_SECRET}".encode()).decode()
    assert str(request.url) == "https://api.nexmo.com/v1/messages"
    assert request.headers["Authorization"] == f"Basic {credentials}"
    assert json.loads(request.content) == {
        "channel": "sms",
        "message_type": "text",
        "to": PATIENT[1:],
        "from": CLINIC[1:],
        "text": QUESTION.body,
        "client_ref": KEY,
        "webhook_url": f"{PUBLIC_URL}{REPORTS}/{KEY}",
        "webhook_version": "v1",
        "ttl": 7200,
    }


@pytest.mark.parametrize(("minutes", "seconds"), [(-1, 20), (0, 20), (1, 60), (20_000, 604_800)])
def test_the_validity_stays_within_vonages_bounds(minutes: int, seconds: int) -> None:
    request = posted(replace(QUESTION, valid_for=timedelta(minutes=minutes)))
    assert json.loads(request.content)["ttl"] == seconds


def problem(code: str | int, *, in_title: bool = False) -> dict[str, object]:
    """An error with its code behind the "#" of its type, or in its title."""
    url = "https://developer.vonage.com/api-errors/messages#"
    return {
        "type": f"{url}rejected" if in_title else f"{url}{code}",
        "title": code if in_title else "No",
        "detail": "n",
    }


OUTCOMES: dict[str, tuple[httpx.Response, CallOutcome]] = {
    "taken": (httpx.Response(202, json={"message_uuid": UUID}), Accepted(UUID)),
    "taken, with a list for an id": (httpx.Response(202, json={"message_uuid": [UUID]}), InDoubt("")),
    "number barred": (httpx.Response(422, json=problem("1050")), Rejected("1050", "", PERMANENT)),
    "invalid parameters": (httpx.Response(422, json=problem("1020")), Rejected("1020", "", PERMANENT)),
    "sender": (httpx.Response(422, json=problem("1120")), Rejected("1120", "", CONFIGURATION)),
    "code in the title": (httpx.Response(422, json=problem(1120, in_title=True)), Rejected("1120", "", CONFIGURATION)),
    "trial account": (httpx.Response(422, json=problem("1160")), Rejected("1160", "", CONFIGURATION)),
    "opted out": (httpx.Response(422, json=problem("1240")), Rejected("1240", "", OPTED_OUT)),
    "no credit": (httpx.Response(422, json=problem("1070")), Rejected("1070", "", ACCOUNT)),
    "low balance": (httpx.Response(402, json=problem("low-balance")), Rejected("low-balance", "", ACCOUNT)),
    "credentials": (httpx.Response(401, json=problem("unauthorized")), Rejected("unauthorized", "", ACCOUNT)),
    "a code that nobody knows": (httpx.Response(422, json=problem("9999")), Rejected("9999", "", PERMANENT)),
    "a code that is none": (httpx.Response(422, json=problem("<b>")), Rejected("HTTP 422", "", PERMANENT)),
    "throttled": (httpx.Response(429, json=problem("1000"), headers={"Retry-After": "7"}), Retry("", timedelta(0, 7))),
    "throttled, told with a 422": (httpx.Response(422, json=problem("1000")), Retry("")),
    "internal error, told with a 422": (httpx.Response(422, json=problem("1030")), InDoubt("")),
    "communication failed": (httpx.Response(422, json=problem("1100")), InDoubt("")),
    "throttled, told with a 500": (httpx.Response(500, json=problem("1000")), InDoubt("")),
}


@pytest.mark.parametrize(("answer", "expected"), OUTCOMES.values(), ids=OUTCOMES.keys())
def test_each_answer_has_one_outcome(answer: httpx.Response, expected: CallOutcome) -> None:
    outcome = DRIVER.call(lambda request: answer, lambda vonage: vonage.send(QUESTION))
    assert (outcome if isinstance(outcome, Accepted) else replace(outcome, detail="")) == expected


def test_an_account_without_a_secret_could_be_anybodys() -> None:
    for blank in ({"signature_secrets": ()}, {"signature_secrets": ("a", "")}, {"api_secret": ""}, {"api_key": ""}):
        with pytest.raises(Misconfigured):
            replace(SETTINGS, **blank)


# Whom we believe


def test_the_jwt_that_these_tests_make_is_the_one_that_openssl_makes() -> None:
    """printf eyJhbGciOiAiSFMyNTYifQ.e30 | openssl dgst -sha256 -hmac secret -binary | basenc --base64url"""
    assert (
        jwt_of({}, "secret", {"alg": "HS256"})
        == "eyJhbGciOiAiSFMyNTYifQ.e30.5KNTEYfNPL-QJUl4K82yzs1w52fYinqwB3nbF5jC2R8"
    )


def test_an_old_and_a_new_secret_verify_while_they_are_rotated() -> None:
    both = receiver(replace(SETTINGS, signature_secrets=("a-new-one", SIGNATURE_SECRET)))
    for secret in ("a-new-one", SIGNATURE_SECRET):
        assert both.receive_texts(signed(inbound(), secret=secret))


NO_CLAIMS: dict[str, dict[str, object]] = {
    "another account": {"api_key": "somebody"},
    "no account": {"api_key": None},
    "no hash": {"payload_hash": None},
    "a hash that is none": {"payload_hash": ["x"]},
    "a hash with a lone surrogate": {"payload_hash": "\ud800"},
    "the hash of nothing": {"payload_hash": hashlib.sha256(b"").hexdigest()},
    "no time": {"iat": None},
    "a time in words": {"iat": "now"},
    "no number for a time": {"iat": float("nan")},
    "a time without end": {"iat": float("inf")},
    "a huge time": {"iat": 10**400},
    "the day before yesterday": {"at": NOW - timedelta(hours=26)},
    "tomorrow": {"at": NOW + timedelta(hours=1)},
    "over": {"exp": int(NOW.timestamp())},
}


@pytest.mark.parametrize("claims", NO_CLAIMS.values(), ids=NO_CLAIMS.keys())
def test_a_signature_with_such_claims_proves_nothing(claims: dict[str, object]) -> None:
    with pytest.raises(NotAuthentic):
        receiver().receive_texts(signed(inbound(), **claims))


@pytest.mark.parametrize("hours", [0, 1, 24], ids="{} h old".format)
def test_what_vonage_repeats_for_a_day_is_still_believed(hours: int) -> None:
    assert receiver().receive_texts(signed(inbound(), at=NOW - timedelta(hours=hours)))


def test_claims_that_nobody_asked_for_do_no_harm() -> None:
    claims = {"aud": "x", "nbf": 99999999999, "sub": 7, "payload_hash": hashlib.sha256(b"{}").hexdigest().upper()}
    with pytest.raises(NotUnderstood):
        receiver().receive_texts(DRIVER.signed(TEXTS, b"{}", **claims))


@pytest.mark.parametrize("algorithm", ["none", "None", "HS512", "RS256", ""])
def test_the_token_does_not_choose_the_algorithm(algorithm: str) -> None:
    body = json.dumps(inbound()).encode()
    claims = {"iat": int(NOW.timestamp()), "payload_hash": hashlib.sha256(body).hexdigest(), "api_key": API_KEY}
    whole = jwt_of(claims, header={"alg": algorithm})
    for token in (whole, whole.rpartition(".")[0] + "."):
        with pytest.raises(NotAuthentic):
            receiver().receive_texts(RawRequest("POST", TEXTS, {"authorization": f"Bearer {token}"}, body))


# Texts


def test_a_text_that_comes_hours_late_has_its_date() -> None:
    (text,) = receiver().receive_texts(signed(inbound(timestamp="2026-11-23T07:00:00.000Z")))
    assert text.sent_at == NOW - timedelta(hours=3)


@pytest.mark.parametrize("date", ["2026-11-23T09:58:00Z", "2026-11-23 07:00:00", "now", None, 7, ["x"]])
def test_a_text_of_just_now_or_of_an_unknown_time_has_none(date: object) -> None:
    (text,) = receiver().receive_texts(signed(inbound(timestamp=date)))
    assert text.sent_at is None


def test_a_text_need_not_tell_its_type() -> None:
    without = {name: value for name, value in inbound().items() if name != "message_type"}
    assert receiver().receive_texts(signed(without))[0].text == "YES"


@pytest.mark.parametrize("sender", ["12345", "Clinic", "", None, ["12025550143"], "0012025550143", "+" + "1" * 16])
def test_what_no_phone_has_sent_is_nothing_for_us(sender: object) -> None:
    assert receiver().receive_texts(signed(inbound(**{"from": sender}))) == []


SMS_API = {"msisdn": PATIENT[1:], "to": CLINIC[1:], "messageId": "0A0000000123ABCD1", "text": "YES", "type": "text"}
OLDER = {
    "a form": RawRequest("POST", TEXTS, {}, urlencode(SMS_API).encode()),
    "JSON": RawRequest("POST", TEXTS, {}, json.dumps(SMS_API).encode()),
    "a GET": RawRequest("GET", TEXTS, {}, b"", urlencode(SMS_API)),
}


@pytest.mark.parametrize("request_", OLDER.values(), ids=OLDER.keys())
def test_the_older_api_is_told_by_the_setting_that_names_it(request_: RawRequest) -> None:
    with pytest.raises(NotAuthentic, match="default SMS setting to Messages API") as raised:
        receiver().receive_texts(request_)
    assert receiver().answer_texts(raised.value).status == 503
    assert PATIENT[2:] not in str(raised.value)


WRONG = {
    "the older API, signed": (TEXTS, SMS_API, "Messages API"),
    "version 0.1": (TEXTS, inbound(**{"from": {"type": "sms", "number": PATIENT[1:]}}), "version 1"),
    "a status among texts": (TEXTS, {"message_uuid": UUID, "status": "delivered"}, "status URL"),
    "a text among statuses": (REPORTS, inbound(), "inbound URL"),
}


@pytest.mark.parametrize(("path", "document", "cure"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_setting_is_named_and_vonage_comes_again(path: str, document: object, cure: str) -> None:
    carrier, request = receiver(), signed(document, path)
    with pytest.raises(WrongSetting, match=cure) as raised:
        carrier.receive_texts(request) if path == TEXTS else carrier.receive_reports(request, None)
    assert carrier.answer_texts(raised.value).status == carrier.answer_reports(raised.value).status == 503


# Reports


STATUSES = {
    "submitted": Delivery.SENT,
    "delivered": Delivery.DELIVERED,
    "read": Delivery.DELIVERED,
    "rejected": Delivery.UNDELIVERED,
    "undeliverable": Delivery.UNDELIVERED,
}


@pytest.mark.parametrize(("told", "meant"), STATUSES.items())
def test_each_status_has_its_meaning(told: str, meant: Delivery) -> None:
    assert receiver().receive_reports(status(told), KEY) == [DeliveryReport(UUID, meant, KEY)]


@pytest.mark.parametrize("told", ["teleported", "", None, 7, ["delivered"]])
def test_a_status_that_nobody_knows_tells_nothing(told: str) -> None:
    assert receiver().receive_reports(status(told), KEY) == []


ERRORS = {
    "in the type": problem("1360"),
    "in the title": problem("1360", in_title=True),
    "in the title, a number": problem(1360, in_title=True),
    "one level deeper": {"error": problem("1360", in_title=True)},
}


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS.keys())
def test_the_code_of_an_error_is_found_where_vonage_puts_it(error: object) -> None:
    (report,) = receiver().receive_reports(status("rejected", error=error), KEY)
    assert (report.error_code, report.blame) == ("1360", None)


@pytest.mark.parametrize("error", [None, "no", [], {}, {"title": ["x"]}, {"type": "#" + "9" * 99}])
def test_an_error_that_is_none_has_no_code(error: object) -> None:
    (report,) = receiver().receive_reports(status("rejected", error=error), KEY)
    assert report.error_code == ""


def test_an_error_of_ours_to_mend_is_an_error_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    receiver().receive_reports(status("rejected", error=problem("1120")), KEY)
    assert [(record.levelno, "1120" in record.getMessage()) for record in caplog.records] == [(logging.ERROR, True)]


def test_a_report_whose_path_names_another_text_is_not_believed() -> None:
    with pytest.raises(NotAuthentic):
        receiver().receive_reports(status("delivered"), "e1" * 16)


@pytest.mark.parametrize("reference", [None, "", 7, "x" * 101, "a b", ["x"]])
def test_a_path_alone_proves_no_key(reference: object) -> None:
    (report,) = receiver().receive_reports(status("delivered", client_ref=reference), KEY)
    assert report.key is None


# Anything at all

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from([*sorted(inbound()), "status", "client_ref", "error", "image", "msisdn", "messageId"])


@settings(deadline=None)
@given(ANY_JSON, st.dictionaries(FIELDS, ANY_JSON, max_size=4))
def test_whatever_vonage_signs_is_read_or_refused(document: object, changes: dict[str, object]) -> None:
    carrier = receiver()
    for told in (document, inbound() | changes):
        for work in (carrier.receive_texts, lambda request: carrier.receive_reports(request, KEY)):
            try:
                assert isinstance(work(signed(told)), list)
            except (NotAuthentic, NotUnderstood):
                continue


@settings(deadline=None)
@given(st.text(max_size=60), st.binary(max_size=60), st.text(max_size=60))
def test_whatever_a_stranger_posts_is_refused(header: str, body: bytes, query: str) -> None:
    for value in (header, f"Bearer {header}", f"Bearer e30.{header}.e30"):
        for method in ("POST", "GET"):
            with pytest.raises(NotAuthentic):
                receiver().receive_texts(RawRequest(method, TEXTS, {"authorization": value}, body, query))
