"""Webhooks of several clinics: by the path, and for a text by the number that received it. Never the wrong one."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import new_database
from tests.entrypoints.clinics_kit import FILE, NORTH, SOUTH, SOUTHS_SECRET, two_clinics
from tests.entrypoints.conftest import (
    ACCOUNT,
    CAL,
    CLINIC,
    PATIENT,
    SID,
    SMS,
    STATUS,
    UID,
    Product,
    Request,
    booked,
    cal,
    new_product,
    report,
    text,
)

OTHERS_TOKEN, OTHERS_ACCOUNT = "6e" * 16, "AC" + "0b" * 16
TWO_ACCOUNTS = f'{FILE}TWILIO_ACCOUNT_SID = "{OTHERS_ACCOUNT}"\nTWILIO_AUTH_TOKEN = "{OTHERS_TOKEN}"\n'
WITH_MAIN = FILE.replace("[north]", "[main]")
NOBODYS = "+12025550177"


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    """Two clinics with one account."""
    with new_database("sqlite", tmp_path) as url, two_clinics(url, tmp_path) as product:
        yield product


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[Product]:
    """Two clinics with an account each."""
    with new_database("sqlite", tmp_path) as url, two_clinics(url, tmp_path, TWO_ACCOUNTS) as product:
        yield product


def asked(product: Product) -> dict[str, str]:
    """The patient has booked under the same uid at both clinics, and has been asked; the errands by clinic."""
    for key, secret in (("north", None), ("south", SOUTHS_SECRET)):
        request = cal(booked(), f"{CAL}/{key}", **({"secret": secret} if secret else {}))
        assert product.send(request)[0].json() == {"status": "accepted"}
    product.deliver()
    return {row[0]: row[1] for row in product.rows("SELECT clinic, errand FROM sent_texts")}


def states(product: Product) -> dict[str, str]:
    return {row[0]: row[1] for row in product.rows("SELECT clinic, state FROM bookings")}


def souths(path: str = SMS, **changes: str) -> Request:
    """A text to the south from its own account."""
    return text(path, token=OTHERS_TOKEN, **{"AccountSid": OTHERS_ACCOUNT, "To": SOUTH, **changes})


# -- Cal.com ----------------------------------------------------------------------------------------------------------


def test_each_clinic_has_a_webhook_of_its_own(product: Product) -> None:
    asked(product)
    assert states(product) == {"north": "sms_sent", "south": "sms_sent"}
    assert [row[0] for row in product.rows("SELECT stream FROM bookings ORDER BY stream")] == [
        f"booking-north-{UID}",
        f"booking-south-{UID}",
    ]


def test_one_clinics_secret_does_not_open_anothers_door(product: Product, caplog: pytest.LogCaptureFixture) -> None:
    assert product.send(cal(booked(), f"{CAL}/south"))[0].status_code == 401
    assert product.facts() == []
    assert f"POST {CAL}/south refused: NotAuthentic" in caplog.text


def test_a_webhook_without_a_clinic_is_refused_and_the_log_tells_the_addresses(
    product: Product, caplog: pytest.LogCaptureFixture
) -> None:
    answer, unknown = product.send(cal(booked()), cal(booked(), f"{CAL}/west"))
    assert (answer.status_code, answer.content) == (unknown.status_code, unknown.content) == (404, unknown.content)
    assert "/api/webhooks/cal/north or /api/webhooks/cal/south" in caplog.text
    assert product.facts() == []


def test_a_webhook_without_a_clinic_belongs_to_the_main_one(tmp_path: Path, database: str) -> None:
    with two_clinics(database, tmp_path, WITH_MAIN) as product:
        assert product.send(cal(booked()))[0].status_code == 200
        assert states(product) == {"main": "requested"}


def test_a_webhook_without_a_clinic_belongs_to_the_only_one(tmp_path: Path, database: str) -> None:
    with two_clinics(database, tmp_path, FILE.partition("[south]")[0]) as product:
        assert product.send(cal(booked()), text())[0].status_code == 200
        assert states(product) == {"north": "requested"}


def test_what_was_recorded_before_there_was_a_file_goes_on_as_main(tmp_path: Path, database: str) -> None:
    with new_product(database) as before:
        before.send(cal(booked()))
        before.deliver()
    with two_clinics(database, tmp_path, WITH_MAIN) as product:
        assert product.send(text(To=CLINIC))[0].status_code == 200
        assert states(product) == {"main": "confirmed"}


# -- Texts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [SMS, f"{SMS}/south", f"{SMS}/north"])
def test_a_text_goes_to_the_clinic_whose_number_received_it(product: Product, path: str) -> None:
    asked(product)
    assert product.send(text(path, To=SOUTH))[0].status_code == 200
    assert states(product) == {"north": "sms_sent", "south": "confirmed"}


def test_a_text_at_another_clinics_webhook_is_told_with_its_cure_and_without_a_number(
    product: Product, caplog: pytest.LogCaptureFixture
) -> None:
    product.send(text(f"{SMS}/north", To=SOUTH))
    assert f"set the webhook of …11 to {SMS}/south" in caplog.text
    assert SOUTH not in caplog.text


def test_a_text_to_nobodys_number_is_taken_by_the_clinic_of_the_path(product: Product) -> None:
    asked(product)
    assert product.send(text(f"{SMS}/south", To=NOBODYS))[0].status_code == 200
    assert states(product) == {"north": "sms_sent", "south": "confirmed"}


def test_a_text_to_nobodys_number_and_without_a_path_is_refused_with_its_cure(
    product: Product, caplog: pytest.LogCaptureFixture
) -> None:
    asked(product)
    (answer,) = product.send(text(To=NOBODYS))
    assert (answer.status_code, answer.content) == (400, b"")
    assert f"set its webhook to {SMS}/north or {SMS}/south" in caplog.text
    assert NOBODYS not in caplog.text
    assert states(product) == {"north": "sms_sent", "south": "sms_sent"}


def test_the_same_text_at_every_address_is_heard_once(product: Product) -> None:
    asked(product)
    for path in (SMS, f"{SMS}/north", f"{SMS}/south", SMS):
        assert product.send(text(path, To=SOUTH))[0].status_code == 200
    assert product.facts().count("conversation.heard") == 1


def test_texts_to_both_clinics_at_the_same_time_are_each_its_own(product: Product) -> None:
    asked(product)
    product.send(text(To=NORTH, MessageSid=SID), text(To=SOUTH, MessageSid="SM" + "6f" * 16, Body="NO"), text(To=NORTH))
    assert states(product) == {"north": "confirmed", "south": "cancelled"}


def test_each_account_is_verified_by_its_own_token(apart: Product) -> None:
    asked(apart)
    assert apart.send(text(To=NORTH), souths(MessageSid="SM" + "6f" * 16, Body="NO"))[0].status_code == 200
    assert states(apart) == {"north": "confirmed", "south": "cancelled"}


def test_one_clinics_account_cannot_speak_to_anothers_number(apart: Product) -> None:
    asked(apart)
    answers = apart.send(souths(To=NORTH), souths(f"{SMS}/north", To=NORTH))
    assert [answer.status_code for answer in answers] == [400, 403]
    assert states(apart) == {"north": "sms_sent", "south": "sms_sent"}


@pytest.mark.parametrize("path", [SMS, f"{SMS}/north", f"{SMS}/south"])
def test_a_stranger_learns_nothing_from_any_address(apart: Product, path: str) -> None:
    unsigned = text(path, To=NORTH)
    answers = apart.send(text(path, token="guessed", To=NORTH), Request(path, (), unsigned.body))
    assert {(answer.status_code, answer.content) for answer in answers} == {(403, b"")}
    assert apart.facts() == []


def test_a_get_tells_the_log_what_is_wrong(product: Product, caplog: pytest.LogCaptureFixture) -> None:
    for path in (SMS, f"{SMS}/south"):
        assert product.get(path).status_code == 405
    assert caplog.text.count("refused: NotAuthentic") == 2


# -- Reports ----------------------------------------------------------------------------------------------------------


def deliveries(product: Product) -> dict[str, str]:
    return {row[0]: row[1] for row in product.rows("SELECT clinic, status FROM sent_texts")}


def signed_by(account: str, token: str, key: str, sid: str) -> Request:
    return text(f"{STATUS}/{key}", token=token, AccountSid=account, MessageSid=sid, MessageStatus="delivered")


def sids(product: Product) -> dict[str, str]:
    return {row[0]: row[1] for row in product.rows("SELECT clinic, message_id FROM sent_texts")}


def test_a_report_reaches_the_clinic_whose_text_it_is(product: Product) -> None:
    errands = asked(product)
    (answer,) = product.send(report(f"{STATUS}/{errands['south']}", MessageSid=sids(product)["south"]))
    assert answer.status_code == 204
    assert deliveries(product) == {"north": "accepted", "south": "delivered"}


def test_a_report_without_a_key_finds_its_clinic_by_the_carriers_id(product: Product) -> None:
    asked(product)
    product.send(report(STATUS, MessageSid=sids(product)["south"]))
    assert deliveries(product) == {"north": "accepted", "south": "delivered"}


def test_a_report_again_and_at_the_same_time_is_one_fact(product: Product) -> None:
    asked(product)
    one = report(STATUS, MessageSid=sids(product)["south"])
    product.send(one, one, one)
    assert product.facts().count("text.delivery_reported") == 1


def test_one_clinics_account_does_not_report_on_anothers_text(apart: Product) -> None:
    errands, ids = asked(apart), sids(apart)
    own = signed_by(ACCOUNT, "7f" * 16, errands["south"], ids["south"])
    assert apart.send(own)[0].status_code == 204, "it is authentic, and not about a text of its own"
    assert deliveries(apart) == {"north": "accepted", "south": "accepted"}
    apart.send(signed_by(OTHERS_ACCOUNT, OTHERS_TOKEN, errands["south"], ids["south"]))
    assert deliveries(apart) == {"north": "accepted", "south": "delivered"}


def test_one_clinics_account_does_not_prove_a_text_of_anothers_that_is_in_doubt(apart: Product) -> None:
    apart.outside.is_silent = True
    asked(apart)
    ((errand,),) = apart.rows("SELECT errand FROM outbox WHERE clinic = 'south'")
    apart.send(signed_by(ACCOUNT, "7f" * 16, errand, SID))
    assert deliveries(apart) == {}
    apart.send(signed_by(OTHERS_ACCOUNT, OTHERS_TOKEN, errand, SID))
    assert deliveries(apart) == {"south": "delivered"}


@pytest.mark.parametrize("path", [STATUS, f"{STATUS}/{'d0' * 16}"])
def test_a_stranger_learns_nothing_from_a_report(apart: Product, path: str) -> None:
    answers = apart.send(Request(path, (), b"MessageSid=x"), text(path, token="guessed", From=PATIENT))
    assert {(answer.status_code, answer.content) for answer in answers} == {(403, b"")}


def test_where_there_is_one_clinic_the_log_does_not_tell_its_key(
    tmp_path: Path, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with new_product(database) as product:
        product.send(cal(booked()))
    assert f"booking {UID} was requested: accepted" in caplog.text
    assert "clinic main" not in caplog.text
