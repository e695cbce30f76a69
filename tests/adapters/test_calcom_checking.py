"""Is the account at Cal.com set up for us?"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from adapters.calcom import CalComSettings, Verbs, checking
from domain.checks import Finding
from tests.adapters.calcom_payloads import SECRET
from tests.adapters.checks_kit import PUBLIC_URL, WANTED, found, network, unclear, wrong

SETTINGS = CalComSettings("https://api.cal.com", "cal_live_0123", webhook_secrets=("older", SECRET))
API, ADDRESS = "https://api.cal.com/v2", f"{PUBLIC_URL}/api/webhooks/cal"
TRIGGERS = ["BOOKING_REQUESTED", "BOOKING_CREATED", "BOOKING_CANCELLED", "BOOKING_REJECTED", "BOOKING_RESCHEDULED"]
HOOK = {"id": "9f0e", "subscriberUrl": ADDRESS, "active": True, "triggers": TRIGGERS, "secret": SECRET}
REQUIRED = {"type": "phone", "slug": "attendeePhoneNumber", "required": True}
OPT_IN = {"id": 7, "title": "Consultation", "confirmationPolicy": {"type": "always"}, "bookingFields": [REQUIRED]}


def knows(*live: str) -> Callable[[str], Awaitable[Verbs | None]]:
    """A Cal.com that knows these versions, and the old one for every other."""

    async def probe(version: str) -> Verbs:
        return Verbs.LIVE if version in live else Verbs.CONCEPT

    return probe


def asked(settings: CalComSettings = SETTINGS, **changes: Any) -> list[Finding]:
    """With an account that is set up well, but for the changes."""
    types = changes.get("types", [OPT_IN])
    documents = {
        f"{API}/me": changes.get("me", {"data": {"name": "Dr. Lee", "username": "lee"}}),
        f"{API}/event-types": types if isinstance(types, tuple) else {"data": types},
        f"{API}/event-types/7/webhooks": {"data": changes.get("of_type", [])},
        f"{API}/webhooks": changes.get("list", {"data": changes.get("hooks", [{**HOOK, **changes.get("hook", {})}])}),
    }
    probe = changes.get("probe", knows("2024-08-13"))
    return found(lambda ask: checking.check(settings, ask, WANTED, probe), network(documents))


def test_an_account_that_is_set_up_well_has_nothing_to_look_at() -> None:
    findings = asked()
    assert {one.verdict for one in findings} == {"good"}
    assert "belongs to Dr. Lee" in findings[0].told


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((401, {"error": {"message": "CustomThrottlerGuard - Invalid API Key"}}), "correct CAL_API_KEY"),
        (httpx.Response(404, html="<html>"), "correct CAL_API_URL"),
        (httpx.Response(200, html="<html>"), "what answers is not Cal.com's API"),
        (httpx.ConnectError("no way"), "look at CAL_API_URL, the network and the firewall"),
    ],
)
def test_a_key_or_an_address_that_does_not_work_ends_the_check_with_one_fault(answer: object, told: str) -> None:
    findings = asked(me=answer)
    assert len(findings) == 1
    assert told in wrong(findings)[0]


# -- Version and verbs ----------------------------------------------------------------------------------------


def test_an_unknown_version_is_a_fault() -> None:
    [fault] = wrong(asked(replace(SETTINGS, api_version="2024-08-31")))
    assert "does not know the version 2024-08-31" in fault
    assert "set CAL_API_VERSION=2024-08-13" in fault


def test_a_newer_version_that_cal_com_knows_is_well() -> None:
    newer = replace(SETTINGS, api_version="2026-02-25")
    assert wrong(asked(newer, probe=knows("2024-08-13", "2026-02-25"))) == []


def test_a_cal_com_with_the_verbs_of_the_concept_is_well() -> None:
    assert wrong(asked(probe=knows())) == []


def test_verbs_that_this_cal_com_does_not_know_are_a_fault() -> None:
    [fault] = wrong(asked(replace(SETTINGS, verbs="concept")))
    assert "CAL_API_VERBS is concept, but this Cal.com knows those of 'live' -> set CAL_API_VERBS=auto" in fault


def test_a_probe_without_an_answer_is_told_as_not_checked() -> None:
    async def silent(version: str) -> None:
        return None

    assert "which verbs" in unclear(asked(probe=silent))[0]


# -- Event types ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("types", "told"),
    [
        ([], "this user has no event types"),
        ([{**OPT_IN, "confirmationPolicy": {"type": "always", "disabled": True}}], "none of the 1 event types"),
        ([{**OPT_IN, "bookingFields": [{**REQUIRED, "required": False}]}], "'Consultation' asks for a phone number"),
        ([{**OPT_IN, "bookingFields": [{**REQUIRED, "hidden": True}]}], "'Consultation' asks for a phone number"),
        ((500, {"message": "later"}), "could not be checked: whether an event type requires confirmation"),
    ],
)
def test_event_types_are_hints_only(types: object, told: str) -> None:
    findings = asked(types=types)
    assert wrong(findings) == []
    assert told in unclear(findings)[0]


def test_event_types_are_asked_for_in_the_version_that_tells_their_policy() -> None:
    versions: dict[str, str] = {}

    def handle(request: httpx.Request) -> httpx.Response:
        versions[request.url.path] = request.headers["cal-api-version"]
        return httpx.Response(200, json={"data": {}})

    found(lambda ask: checking.check(SETTINGS, ask, WANTED, knows("2024-08-13")), handle)
    assert versions["/v2/event-types"] == "2024-06-14"
    assert versions["/v2/me"] == "2024-08-13"


def test_a_phone_question_of_ones_own_and_a_call_to_the_attendee_ask_for_a_phone() -> None:
    own = {**OPT_IN, "bookingFields": [{"type": "text", "slug": "mobile"}]}
    call = {**OPT_IN, "bookingFields": [], "locations": [{"type": "attendeePhone"}]}
    assert unclear(asked(replace(SETTINGS, phone_field="mobile"), types=[own, call])) == []


# -- The webhook ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"active": False}, "is switched off"),
        ({"triggers": TRIGGERS[:4]}, "lacks BOOKING_RESCHEDULED"),
        ({"triggers": None}, "lacks BOOKING_REQUESTED, BOOKING_CREATED"),
        ({"payloadTemplate": '{"a": "{{title}}"}'}, "has a payload template of its own"),
        ({"secret": None}, "has no secret"),
        ({"secret": "of-somebody-else"}, "has another secret than CAL_WEBHOOK_SECRET"),
    ],
)
def test_what_is_wrong_with_the_webhook_is_told_with_what_mends_it(change: dict[str, object], told: str) -> None:
    [fault] = wrong(asked(hook=change))
    assert told in fault
    assert "run: replyes doctor --register (it mends it)" in fault
    assert "of-somebody-else" not in fault


@pytest.mark.parametrize("secret", ["older", SECRET])
def test_each_of_our_secrets_is_right(secret: str) -> None:
    assert wrong(asked(hook={"secret": secret})) == []


def test_a_secret_that_cal_com_hides_is_worth_a_look() -> None:
    assert "its secret is not shown" in unclear(asked(hook={"secret": "********"}))[0]
    without = {name: value for name, value in HOOK.items() if name != "secret"}
    assert "its secret is not shown" in unclear(asked(hooks=[without]))[0]


def test_a_webhook_that_leads_elsewhere_is_none_of_ours() -> None:
    [fault] = wrong(asked(hook={"subscriberUrl": f"{ADDRESS}/"}))
    assert f"no webhook of this account sends to {ADDRESS}" in fault
    assert "run: replyes doctor --register" in fault


def test_the_address_with_the_clinics_name_is_ours_too() -> None:
    settings_with_both = replace(WANTED, bookings=(ADDRESS, f"{ADDRESS}/main"))
    documents = {f"{API}/webhooks": {"data": [{**HOOK, "subscriberUrl": f"{ADDRESS}/main"}]}, f"{API}/me": {"data": {}}}
    probe = knows("2024-08-13")
    findings = found(lambda ask: checking.check(SETTINGS, ask, settings_with_both, probe), network(documents))
    assert wrong(findings) == []


def test_two_webhooks_to_us_are_a_fault_unless_one_is_switched_off() -> None:
    two = [HOOK, {**HOOK, "id": "2"}]
    assert any("each booking is told twice" in fault for fault in wrong(asked(hooks=two)))
    off = [HOOK, {**HOOK, "id": "2", "active": False}]
    assert not any("told twice" in fault for fault in wrong(asked(hooks=off)))


def test_a_webhook_of_an_event_type_is_as_good_as_one_of_the_account() -> None:
    assert wrong(asked(hooks=[], of_type=[HOOK])) == []
    assert len(wrong(asked(hooks=[], of_type=[{**HOOK, "active": False}]))) == 1


def test_the_same_path_on_another_host_is_worth_a_look() -> None:
    old = {**HOOK, "id": "2", "subscriberUrl": "https://old.example.net/api/webhooks/cal"}
    assert "Cal.com also tells https://old.example.net/api/webhooks/cal" in unclear(asked(hooks=[HOOK, old]))[0]
    assert unclear(asked(hooks=[HOOK, {**old, "active": False}])) == []


def test_an_address_with_the_usual_port_in_it_is_ours() -> None:
    assert wrong(asked(hook={"subscriberUrl": ADDRESS.replace(".org", ".org:443")})) == []


def test_a_list_that_cannot_be_read_is_no_reason_to_register() -> None:
    findings = asked(list=(500, {"message": "later"}))
    assert (wrong(findings), len(unclear(findings))) == ([], 1)


# -- Our own door ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((401, {"status": "refused"}), "it runs with another CAL_WEBHOOK_SECRET"),
        ((404, {"error": "there is nothing here"}), "does not reach Replyes (HTTP 404)"),
        (httpx.Response(200, html="<html>"), "does not reach Replyes (HTTP 200)"),
    ],
)
def test_a_door_that_does_not_take_what_we_sign_is_a_fault(answer: object, told: str) -> None:
    async def knocking(ask: Any) -> Any:
        yield await checking.knock(SETTINGS, ask, ADDRESS)

    [fault] = wrong(found(knocking, network({ADDRESS: answer})))
    assert told in fault
