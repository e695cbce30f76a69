"""Is the account at Twilio set up for us?"""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from adapters.common.whatsapp import WhatsApp
from adapters.twilio import TwilioSettings, checking
from domain.checks import Finding
from tests.adapters.checks_kit import PUBLIC_URL, TEXTS, WANTED, found, network, unclear, wrong

ACCOUNT, TOKEN, NUMBER, SERVICE = "AC" + "0a" * 16, "7f" * 16, "+12025550100", "MG" + "1b" * 16
BY_NUMBER = TwilioSettings(ACCOUNT, (TOKEN,), NUMBER, PUBLIC_URL)
BY_SERVICE = replace(BY_NUMBER, sender=SERVICE)
API = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}"
SERVICES = "https://messaging.twilio.com/v1/Services"
ELSEWHERE = "https://demo.twilio.com/welcome/sms/reply"

ACTIVE = {"status": "active", "type": "Full", "friendly_name": "Example"}
A_NUMBER = {
    "sid": "PN1",
    "phone_number": NUMBER,
    "capabilities": {"sms": True},
    "sms_url": f"{TEXTS}#rc=3&rp=all",
    "sms_method": "POST",
}
A_SERVICE = {
    "sid": SERVICE,
    "friendly_name": "Clinic",
    "inbound_request_url": f"{TEXTS}/main#rc=3&rp=all",
    "inbound_method": "POST",
    "use_inbound_webhook_on_number": False,
}


def asked(settings: TwilioSettings = BY_NUMBER, **changes: Any) -> list[Finding]:
    """With an account that is set up well, but for the changes."""
    numbers = changes.pop("numbers", [{**A_NUMBER, **changes.pop("number", {})}])
    documents = {
        f"{API}.json": {**ACTIVE, **changes.pop("account", {})},
        f"{API}/IncomingPhoneNumbers.json": {"incoming_phone_numbers": numbers},
        f"{API}/IncomingPhoneNumbers/PN1.json": numbers[0] if numbers else {},
        f"{API}/Applications/AP1.json": {"sms_url": changes.pop("app_url", ""), "sms_method": "POST"},
        SERVICES: {"services": [{"sid": SERVICE, **changes["pool"]}] if "pool" in changes else []},
        f"{SERVICES}/{SERVICE}": {**A_SERVICE, **changes.pop("service", {})},
        f"{SERVICES}/{SERVICE}/PhoneNumbers": {"phone_numbers": [A_NUMBER]},
        f"{SERVICES}/{SERVICE}/PhoneNumbers/PN1": A_NUMBER,
        **changes.pop("documents", {}),
    }
    return found(lambda ask: checking.check(settings, ask, WANTED), network(documents))


def test_a_number_that_is_set_up_well_has_no_fault() -> None:
    assert [one.verdict for one in asked()] == ["good", "good"]


def test_a_service_that_is_set_up_well_has_only_its_opt_out_words_to_look_at() -> None:
    findings = asked(BY_SERVICE)
    assert wrong(findings) == []
    assert [one for one in unclear(findings) if "Opt-Out Management" in one] == unclear(findings) != []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"account": {"status": "suspended"}}, "the account is suspended"),
        ({"numbers": []}, "…00 is no number of this account"),
        ({"number": {"capabilities": {"sms": False}}}, "…00 cannot send or receive SMS"),
        ({"number": {"sms_url": ELSEWHERE}}, f"to {ELSEWHERE}, not to us"),
        ({"number": {"sms_url": None}}, "to nowhere, not to us"),
        ({"number": {"sms_url": f"{TEXTS}/"}}, "not to us"),
        ({"number": {"sms_url": "https://[oops"}}, "something that is no URL"),
        ({"number": {"sms_method": "GET"}}, "by GET, not by POST"),
        ({"number": {"sms_application_sid": "AP1"}, "app_url": ELSEWHERE}, "the TwiML app of the number …00 sends"),
        ({"pool": {"inbound_request_url": ELSEWHERE, "friendly_name": "Old"}}, "the Messaging Service 'Old' sends"),
    ],
)
def test_what_is_wrong_with_a_number_is_told_with_its_cure(changes: dict[str, Any], told: str) -> None:
    [fault] = wrong(asked(**changes))
    assert told in fault


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"service": {"inbound_request_url": None}},
            "the Messaging Service 'Clinic' sends what patients text to nowhere",
        ),
        (
            {"service": {"use_inbound_webhook_on_number": True}, "number": {"sms_url": ELSEWHERE}},
            "the number …00 sends",
        ),
        ({"documents": {f"{SERVICES}/{SERVICE}": (404, {"message": "not found"})}}, "names no Messaging Service"),
    ],
)
def test_what_is_wrong_with_a_service_is_told_with_its_cure(changes: dict[str, Any], told: str) -> None:
    [fault] = wrong(asked(BY_SERVICE, **changes))
    assert told in fault


def test_a_number_in_the_pool_of_a_service_that_defers_to_it_goes_by_its_own_address() -> None:
    pool = {"inbound_request_url": ELSEWHERE, "use_inbound_webhook_on_number": True}
    assert wrong(asked(pool=pool)) == []


def test_a_cure_names_the_address_with_the_retries() -> None:
    [fault] = wrong(asked(number={"sms_url": ELSEWHERE}))
    assert f"POST a message that comes in to {TEXTS}#rc=3&rp=all" in fault


def test_an_address_without_retries_is_worth_a_look_and_one_with_a_fallback_is_not() -> None:
    assert "does not try again" in unclear(asked(number={"sms_url": TEXTS}))[0]
    assert unclear(asked(number={"sms_url": TEXTS, "sms_fallback_url": ELSEWHERE})) == []


def test_a_trial_account_is_worth_a_look() -> None:
    assert "verified numbers only" in unclear(asked(account={"type": "Trial"}))[0]


def test_nobody_answers_to_a_name() -> None:
    assert [one.verdict for one in asked(replace(BY_NUMBER, sender="Clinic"))] == ["good", "good"]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((401, {"code": 20003, "message": "Authenticate"}), "refuses the credentials (HTTP 401: Authenticate)"),
        (httpx.Response(200, html="<html></html>"), "what answers is not Twilio's API"),
        (httpx.Response(301, headers={"location": "https://example.org"}), "what answers is not Twilio's API"),
        (httpx.ConnectError("no way"), "gives no answer"),
        (httpx.ReadTimeout("slow"), "it takes too long"),
    ],
)
def test_an_account_that_cannot_be_read_ends_the_check_with_one_fault(answer: object, told: str) -> None:
    findings = asked(documents={f"{API}.json": answer})
    assert len(findings) == 1
    assert told in wrong(findings)[0]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_problem_of_twilios_own_is_no_fault_of_ours(status: int) -> None:
    findings = asked(documents={f"{API}.json": (status, {"message": "later"})})
    assert (wrong(findings), len(unclear(findings))) == ([], 1)


@pytest.mark.parametrize(
    ("api", "services"),
    [
        ("https://api.twilio.com", "https://messaging.twilio.com"),
        ("https://api.dublin.ie1.twilio.com", "https://messaging.dublin.ie1.twilio.com"),
        ("http://127.0.0.1:4010", "http://127.0.0.1:4010"),
    ],
)
def test_services_are_asked_at_their_own_host(api: str, services: str) -> None:
    assert checking.host_url(api, "messaging") == services


# -- WhatsApp -----------------------------------------------------------------------------------------------------

TEMPLATE = "HX" + "2c" * 16
BY_WHATSAPP = replace(BY_NUMBER, whatsapp=WhatsApp("+12025550111", {"": TEMPLATE}))
APPROVALS = f"https://content.twilio.com/v1/Content/{TEMPLATE}/ApprovalRequests"


def approval(document: object) -> list[Finding]:
    return asked(BY_WHATSAPP, documents={APPROVALS: document})


def test_an_approved_template_is_good_and_where_answers_go_is_to_be_looked_at() -> None:
    findings = approval({"sid": TEMPLATE, "whatsapp": {"status": "approved"}})
    assert wrong(findings) == []
    assert "the template HX2c2c… (every language) is approved" in [one.told for one in findings]
    assert any("by WhatsApp to …11" in one for one in unclear(findings))


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"whatsapp": {"status": "rejected", "rejection_reason": "TAG_CONTENT_MISMATCH"}}, "rejected (TAG_CONTENT_MIS"),
        (
            {"whatsapp": {"status": "pending"}},
            "not approved the template HX2c2c… (every language): pending",
        ),
        ({"whatsapp": {}}, "nobody has asked it to"),
        ((404, {"message": "no"}), "does not exist -> set TWILIO_WHATSAPP_TEMPLATE"),
        ((401, {"message": "no"}), "refuses the credentials"),
    ],
)
def test_a_template_that_cannot_be_used_is_a_fault(document: object, told: str) -> None:
    (fault,) = wrong(approval(document))
    assert told in fault
