"""Several clinics in one file: whose a setting is, every fault of all of them at once, and no secret in any of them."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.telnyx import TelnyxSettings
from adapters.twilio import TwilioSettings
from domain.errors import Misconfigured
from entrypoints.plan import Plan
from tests.entrypoints.clinics_kit import FILE, NORTH, SOUTH, SOUTHS_SECRET, plan_of
from tests.entrypoints.conftest import ENVIRONMENT, SECRETS, read_plan
from tests.entrypoints.test_telnyx_and_android_settings import ANDROID, TELNYX


def table(key: str, **values: str) -> str:
    """A clinic with all that it needs of its own, and these settings."""
    own = {"CLINIC_NAME": key.title(), "CAL_API_KEY": f"cal_{key}", "CAL_WEBHOOK_SECRET": f"secret of {key}"}
    lines = [f'{name} = "{value}"' for name, value in {**own, **values}.items()]
    return "\n".join([f"[{key}]", *lines, ""])


def faults(folder: Path, *tables: str, **changes: str) -> list[str]:
    with pytest.raises(Misconfigured) as raised:
        plan_of(folder, "\n".join(tables), **changes)
    return raised.value.faults


def carrier(plan: Plan, key: str) -> TwilioSettings:
    found = plan.services[key].carrier
    assert isinstance(found, TwilioSettings)
    return found


def test_each_table_is_a_clinic_with_its_own_settings(tmp_path: Path) -> None:
    plan = plan_of(tmp_path)
    assert {key: one.name for key, one in plan.clinics.items()} == {"north": "North Clinic", "south": "South Clinic"}
    assert [plan.services[key].calcom.api_key for key in plan.services] == ["cal_live_north", "cal_live_south"]
    assert (carrier(plan, "north").sender, carrier(plan, "south").sender) == (NORTH, SOUTH)


def test_what_a_table_does_not_set_comes_from_the_environment(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, FILE + 'REMIND_AFTER = "2h"\n', REMIND_AFTER="5h")
    assert {key: one.remind_after for key, one in plan.clinics.items()} == {
        "north": timedelta(hours=5),
        "south": timedelta(hours=2),
    }
    assert carrier(plan, "south").account_sid == ENVIRONMENT["TWILIO_ACCOUNT_SID"]


def test_each_clinic_has_a_carrier_of_its_choice(tmp_path: Path) -> None:
    south = table("south", SMS_PROVIDER="telnyx", **{name: value for name, value in TELNYX.items() if "TELNYX" in name})
    plan = plan_of(tmp_path, table("north") + south)
    assert isinstance(plan.services["south"].carrier, TelnyxSettings)
    assert isinstance(plan.services["north"].carrier, TwilioSettings)


@pytest.mark.parametrize("name", ["CLINIC_NAME", "CAL_API_KEY", "CAL_WEBHOOK_SECRET"])
def test_what_tells_clinics_apart_is_not_inherited(tmp_path: Path, name: str) -> None:
    broken = "\n".join(line for line in table("south", TWILIO_FROM=SOUTH).splitlines() if not line.startswith(name))
    (fault,) = faults(tmp_path, table("north"), broken, **{name: "from the environment"})
    assert fault.startswith(f"[south] {name} is not set; set it to ")


def test_no_patient_is_told_the_phone_or_the_link_of_another_clinic(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, CLINIC_PHONE="+12025550199", BOOKING_LINK="https://cal.example/main")
    assert [(one.phone, one.booking_link) for one in plan.clinics.values()] == [("", ""), ("", "")]


def test_a_blank_value_takes_away_what_the_environment_says(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, FILE + 'CLINIC_TIME_ZONE = ""\n', CLINIC_TIME_ZONE="Europe/Berlin")
    assert [one.time_zone for one in plan.clinics.values()] == ["Europe/Berlin", "UTC"]


def test_a_value_beats_the_environments_file_and_a_file_its_value(tmp_path: Path) -> None:
    (tmp_path / "zone").write_text("Europe/Madrid\n")
    (tmp_path / "other").write_text("Europe/Rome\n")
    (tmp_path / "language").write_text("es\n")
    north = table("north", CLINIC_TIME_ZONE="Europe/Paris", CLINIC_LANGUAGES_FILE="language")
    south = table("south", TWILIO_FROM=SOUTH, CLINIC_TIME_ZONE_FILE="zone")
    plan = plan_of(tmp_path, north + south, CLINIC_TIME_ZONE_FILE=str(tmp_path / "other"), CLINIC_LANGUAGES="de")
    assert [one.time_zone for one in plan.clinics.values()] == ["Europe/Paris", "Europe/Madrid"]
    assert plan.clinics["north"].languages == ("es",)


def test_files_are_named_from_the_folder_of_the_clinics_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "conf" / "keys").mkdir(parents=True)
    (tmp_path / "conf" / "keys" / "north").write_text("cal_from_a_file\n")
    (tmp_path / "conf" / "own.toml").write_text('[en]\nconfirmed = "Great! See you {day}."\n')
    monkeypatch.chdir(tmp_path)
    own = table("north", WORDING_FILE="own.toml").replace(
        'CAL_API_KEY = "cal_north"', 'CAL_API_KEY_FILE = "keys/north"'
    )
    (tmp_path / "conf" / "clinics.toml").write_text(own)
    plan = read_plan(CLINICS_FILE="conf/clinics.toml")
    assert plan.services["north"].calcom.api_key == "cal_from_a_file"
    assert plan.clinics["north"].wording == {"en": {"confirmed": "Great! See you {day}."}}


def test_numbers_and_lists_may_be_written_as_such(tmp_path: Path) -> None:
    lines = 'MAX_CLARIFICATIONS = 5\nSMS_PER_SECOND = 0.5\nCLINIC_LANGUAGES = ["de", "en"]\n'
    clinic = plan_of(tmp_path, table("north") + lines).clinics["north"]
    assert (clinic.max_clarifications, clinic.sms_per_second, clinic.languages) == (5, 0.5, ("de", "en"))


def test_the_only_clinic_of_a_file_may_have_any_name(tmp_path: Path) -> None:
    assert list(plan_of(tmp_path, table("west")).clinics) == ["west"]


def test_a_desk_password_of_the_environment_opens_all_and_one_of_a_table_that_clinic(tmp_path: Path) -> None:
    desk = plan_of(tmp_path, FILE + 'DESK_PASSWORD = "only the south"\n', DESK_PASSWORD="both of them").desk
    assert (desk.password, desk.of_clinics) == ("both of them", {"north": "", "south": "only the south"})


# -- Faults -----------------------------------------------------------------------------------------------------------


def test_all_faults_of_all_clinics_are_told_at_once_and_whose_they_are(tmp_path: Path) -> None:
    north = table("north", CLINIC_PHONE="0800", QUIET_HOURS="always")
    south = table("south", TWILIO_FROM="South of here", EXPIRE_AFTER="soon", DESK_PASSWORD="short")
    told = faults(tmp_path, north, south, ON_EXPIRY="shrug", DATABASE_URL="mysql://here")
    assert sorted(" ".join(fault.split()[:2]) for fault in told if fault.startswith("[")) == [
        "[north] CLINIC_PHONE",
        "[north] QUIET_HOURS",
        "[south] DESK_PASSWORD",
        "[south] EXPIRE_AFTER",
        "[south] TWILIO_FROM",
    ]
    assert sorted(fault.split()[0] for fault in told if not fault.startswith("[")) == ["DATABASE_URL", "ON_EXPIRY"]


SHARED = {
    "CAL_API_KEY": ({"CAL_API_KEY": "cal_north"}, "CAL_API_KEY is also that of [north]"),
    "CAL_WEBHOOK_SECRET": ({"CAL_WEBHOOK_SECRET": "new,secret of north"}, "CAL_WEBHOOK_SECRET is also that of [north]"),
    "a number": ({"TWILIO_FROM": NORTH}, "the sender is also that of [north]"),
}


@pytest.mark.parametrize("shared", SHARED)
def test_what_two_clinics_may_not_share_is_told(tmp_path: Path, shared: str) -> None:
    values, fault = SHARED[shared]
    (told,) = faults(tmp_path, table("north"), table("south", **{"TWILIO_FROM": SOUTH, **values}))
    assert told.startswith(f"[south] {fault}; give each clinic ")
    assert "cal_north" not in told
    assert "secret of north" not in told


def test_two_clinics_may_not_share_a_phone_gateway(tmp_path: Path) -> None:
    signing, sender = faults(tmp_path, table("north"), table("south"), **ANDROID)
    assert sender.startswith("[south] the sender is also that of [north]; ")
    assert signing.startswith("[south] ANDROID_GATEWAY_SIGNING_KEY is also that of [north]; ")


def test_two_phones_may_not_sign_with_one_key(tmp_path: Path) -> None:
    """What one has signed could be played to the other clinic."""
    other = table("south", ANDROID_GATEWAY_URL="http://192.168.1.11:8080")
    (told,) = faults(tmp_path, table("north"), other, **ANDROID)
    assert (
        told == "[south] ANDROID_GATEWAY_SIGNING_KEY is also that of [north]; give each clinic's phone a key of its own"
    )


def test_two_clinics_may_share_a_number_of_two_accounts(tmp_path: Path) -> None:
    assert len(plan_of(tmp_path, table("north") + table("south", TWILIO_ACCOUNT_SID="AC" + "1" * 32)).clinics) == 2


MISNAMED = {
    "a typing error": ("CLINIC_NMAE", "[north] CLINIC_NMAE is no setting; did you mean CLINIC_NAME?"),
    "small letters": ("cal_api_key", "[north] cal_api_key is no setting; did you mean CAL_API_KEY?"),
    "a file's": ("TWILIO_AUTH_TOKEN_FIEL", "[north] TWILIO_AUTH_TOKEN_FIEL is no setting; did you mean"),
    "nothing like it": ("XYZ", "[north] XYZ is no setting; take it away"),
    "the process's": ("DATABASE_URL", "[north] DATABASE_URL belongs to the whole process; set it in the environment"),
    "the process's own file": ("ENCRYPTION_KEY_FILE", "[north] ENCRYPTION_KEY_FILE belongs to the whole process"),
    "the address": ("PUBLIC_URL", "[north] PUBLIC_URL belongs to the whole process"),
    "the log": ("LOG_LEVEL", "[north] LOG_LEVEL belongs to the whole process"),
    "itself": ("CLINICS_FILE", "[north] CLINICS_FILE belongs to the whole process"),
}


@pytest.mark.parametrize("name", MISNAMED)
def test_a_name_that_is_no_setting_of_a_clinic_is_told_with_its_cure(tmp_path: Path, name: str) -> None:
    (told,) = faults(tmp_path, table("north", **{MISNAMED[name][0]: "x"}))
    assert told.startswith(MISNAMED[name][1])


def test_every_setting_of_every_carrier_is_known(tmp_path: Path) -> None:
    carriers = {name: value for name, value in (TELNYX | ANDROID).items() if name.startswith(("TELNYX", "ANDROID"))}
    plan_of(tmp_path, table("north", VONAGE_FROM="+12025550100", **carriers))


BROKEN: dict[str, tuple[str, str]] = {
    "no TOML": ("[north\n", "CLINICS_FILE is no TOML: "),
    "empty": ("# nobody\n", "CLINICS_FILE names no clinic; write [main]"),
    "a setting of nobody": ('CLINIC_NAME = "North"\n', "CLINICS_FILE sets 'CLINIC_NAME' for no clinic; write [main]"),
    "a capital letter": (table("North"), "CLINICS_FILE calls a clinic 'North'; take another name"),
    "a hyphen": (table("north-1"), "CLINICS_FILE calls a clinic 'north-1'; take another name"),
    "a long name": (table("n" * 33), f"CLINICS_FILE calls a clinic '{'n' * 33}'; take another name"),
    "a word of our addresses": (table("status"), "CLINICS_FILE calls a clinic 'status'; take another name"),
    "a truth": (table("north") + "SMS_PER_SECOND = true\n", "[north] SMS_PER_SECOND is no text; put it into quotes"),
    "a name of two lines": ('["a\\nb"]\n', "CLINICS_FILE calls a clinic 'a\\nb'; take another name"),
    "a table in a table": (table("north") + "[north.hours]\n", "[north] hours is no setting; "),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_file_that_says_nothing_is_told_with_its_cure(tmp_path: Path, broken: str) -> None:
    content, fault = BROKEN[broken]
    assert faults(tmp_path, content)[0].startswith(fault)


def test_a_file_that_is_not_there_is_told() -> None:
    with pytest.raises(Misconfigured) as raised:
        read_plan(CLINICS_FILE="no/such/clinics.toml")
    (fault,) = raised.value.faults
    assert fault == "CLINICS_FILE cannot be read (FileNotFoundError); name a readable TOML file in UTF-8"


def test_no_secret_stands_in_a_fault_or_in_a_plan(tmp_path: Path) -> None:
    south = table(
        "south", CAL_WEBHOOK_SECRET=SOUTHS_SECRET, CAL_API_KEY="cal_of_the_south", DESK_PASSWORD="open sesame"
    )
    told: Iterable[str] = faults(tmp_path, south, table("north", CAL_WEBHOOK_SECRET=SOUTHS_SECRET, TWILIO_FROM="x"))
    shown = " ".join([*told, repr(plan_of(tmp_path, south))])
    assert not [secret for secret in (*SECRETS, SOUTHS_SECRET, "cal_of_the_south", "open sesame") if secret in shown]


PASSWORD = "long enough for anybody"


def test_a_clinics_password_that_opens_every_clinic_is_a_fault(tmp_path: Path) -> None:
    south = table("south", TWILIO_FROM=SOUTH, DESK_PASSWORD=PASSWORD)
    (told,) = faults(tmp_path, table("north"), south, DESK_PASSWORD=PASSWORD)
    assert told.startswith("[south] DESK_PASSWORD is also that of the environment, which opens every clinic; ")


def test_two_clinics_may_not_share_a_password(tmp_path: Path) -> None:
    south = table("south", TWILIO_FROM=SOUTH, DESK_PASSWORD=PASSWORD)
    (told,) = faults(tmp_path, table("north", DESK_PASSWORD=PASSWORD), south)
    assert told == "[south] DESK_PASSWORD is also that of [north]; choose another one"
