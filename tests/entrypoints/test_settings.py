"""Settings: every fault at once, each with its cure, and no secret in any of them."""

import asyncio
from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path

import pytest

from adapters.twilio import TwilioSettings
from adapters.vonage import VonageSettings
from domain.clinics import Clinic, OnDoubt, OnExpiry
from domain.errors import Misconfigured
from domain.ports import Carrier
from domain.quiet import QuietHours
from entrypoints.carriers import READERS
from entrypoints.settings import ServiceSettings, Settings, StoreSettings, environment
from entrypoints.wiring import open_carrier
from tests.entrypoints.conftest import ENVIRONMENT, PUBLIC_URL, SECRETS
from tests.entrypoints.test_telnyx_and_android_settings import ANDROID, TELNYX

NIGHT = QuietHours(time(21), time(8))


def read(**changes: str) -> tuple[Clinic, StoreSettings, ServiceSettings]:
    """The settings of a working environment with these changes; "" leaves a name out. Raises Misconfigured."""
    environ = {name: value for name, value in {**ENVIRONMENT, **changes}.items() if value}
    settings = Settings(environ)
    read = settings.clinic(), settings.store(), settings.service()
    settings.desk()
    settings.logs()
    settings.check()
    return read


def clinic(**changes: str) -> Clinic:
    return read(**changes)[0]


def faults(**changes: str) -> list[str]:
    """What is wrong with these settings."""
    with pytest.raises(Misconfigured) as raised:
        read(**changes)
    return raised.value.faults


FAULTY = {
    "DATABASE_URL": "mysql://somewhere/replyes",
    "ENCRYPTION_KEY": "too-short",
    "PUBLIC_URL": "replyes.example.org",
    "CAL_API_URL": "ftp://api.cal.com",
    "CAL_API_KEY": "",
    "CAL_API_VERBS": "shout",
    "CAL_WEBHOOK_SECRET": "",
    "TWILIO_ACCOUNT_SID": "",
    "TWILIO_AUTH_TOKEN": "",
    "TWILIO_FROM": "Clinic of Dr. Lee",
    "TWILIO_API_URL": "https://",
    "DESK_PASSWORD": "short",
    "CLINIC_PHONE": "0800",
    "CLINIC_TIME_ZONE": "Mars/Olympus_Mons",
    "BOOKING_LINK": "cal.com/dr-lee",
    "ASK_SETTLE": "soon",
    "EXPIRE_AFTER": "2 days",
    "EXPIRE_BEFORE_START": "-2h",
    "ON_EXPIRY": "shrug",
    "MAX_CLARIFICATIONS": "-1",
    "ON_DOUBT": "pray",
    "DOUBT_AFTER": "15",
    "SMS_PER_SECOND": "fast",
    "WORDING_FILE": "no/such/file.toml",
    "LOG_FORMAT": "xml",
    "LOG_LEVEL": "loud",
}


def test_all_faults_are_told_at_once() -> None:
    assert sorted(fault.split()[0] for fault in faults(**FAULTY)) == sorted(FAULTY)


def test_every_fault_names_its_cure() -> None:
    for fault in faults(**FAULTY):
        assert any(
            cure in fault
            for cure in ("set it to", "write it like", "choose one of", "must be", "make one with", "name a readable")
        )


def test_no_fault_repeats_a_secret(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"hunter2\xff")
    secrets = {"ENCRYPTION_KEY": "hunter2", "CAL_API_KEY_FILE": str(tmp_path / "binary"), "TWILIO_FROM": "hunter2!"}
    told = faults(**{**FAULTY, **secrets, "DATABASE_URL": "postgresql://clinic:hunter2@db/replyes"})
    assert not [fault for fault in told if "hunter2" in fault]


def test_no_repr_shows_a_secret() -> None:
    assert not [secret for secret in SECRETS if secret in repr(read())]


@pytest.mark.parametrize(
    ("name", "value", "cure"),
    [
        ("DATABASE_URL", "sqlite://", "sqlite:///<file>"),
        ("DATABASE_URL", "sqlite:///", "sqlite:///<file>"),
        ("DATABASE_URL", "replyes.db", "sqlite:///<file>"),
        ("DATABASE_URL", "mysql://db/replyes", "postgresql://<user>:<password>@<host>/<database>"),
        ("DATABASE_URL", "postgresql:replyes", "postgresql://<user>:<password>@<host>/<database>"),
        ("DATABASE_URL", "postgresql+psycopg://db/replyes", "postgresql://<user>:<password>@<host>/<database>"),
        ("ENCRYPTION_KEY", "too-short", "openssl rand -base64 32"),
        ("PUBLIC_URL", "https://replyes.example.org/?a=b", "without ? or #"),
        ("PUBLIC_URL", "https://replyes.example.org#rc=3", "without ? or #"),
        ("PUBLIC_URL", "//replyes.example.org", "https://replyes.example.org"),
        ("TWILIO_FROM", "+1 202 555 0100", "+12025550100"),
        ("TWILIO_FROM", "MG123", "MG and 32 hex digits"),
        ("TWILIO_FROM", "whatsapp:+12025550100", "+12025550100"),
        ("DESK_PASSWORD", "hunter2", "set it to a longer one"),
        ("DESK_PASSWORD", "$argon2id=19=65536,t=3,p=4", "make one with: replyes password"),
        ("DESK_PASSWORD", "$argon2i$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2g", "make one with: replyes password"),
        ("CLINIC_PHONE", "2025550199", "+12025550100"),
        ("CLINIC_PHONE", "call us", "+12025550100"),
        ("CLINIC_TIME_ZONE", "../../etc/passwd", "Europe/Berlin"),
        ("CLINIC_TIME_ZONE", "CEST", "Europe/Berlin"),
        ("ASK_SETTLE", "10", "90s"),
        ("ASK_SETTLE", "1.5h", "90s"),
        ("QUIET_HOURS", "21-8", "21:00-08:00"),
        ("QUIET_HOURS", "24:00-08:00", "21:00-08:00"),
        ("QUIET_HOURS", "08:00-08:00", "21:00-08:00"),
        ("REMIND_AFTER", "none", "90s"),
        ("ASK_AGAIN_BEFORE", "3d;1d", "3d"),
        ("EXPIRE_AFTER", "1w", "3d"),
        ("EXPIRE_AFTER", "48h48h", "48h"),
        ("MAX_CLARIFICATIONS", "two", "like 2"),
        ("MAX_CLARIFICATIONS", "²", "like 2"),
        ("ON_EXPIRY", "delete", "leave, cancel"),
        ("ON_DOUBT", "retry", "ask, resend"),
    ],
)
def test_one_fault_is_told_with_its_cure(name: str, value: str, cure: str) -> None:
    (fault,) = faults(**{name: value})
    assert fault.startswith(f"{name} ")
    assert cure in fault


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("BOOKING_LINK", "http://[::1", id="a bracket that stays open"),
        pytest.param("PUBLIC_URL", "https://replyes.example.org:99999", id="a port that does not exist"),
        pytest.param("DATABASE_URL", "postgresql://db:99999/replyes", id="a port of a database that does not exist"),
        pytest.param("DATABASE_URL", "postgresql://[::1/replyes", id="a database behind a bracket that stays open"),
        pytest.param("EXPIRE_AFTER", "99999999999999d", id="longer than Python can count"),
        pytest.param("EXPIRE_AFTER", "99999999d", id="longer than the calendar"),
        pytest.param("CLINIC_PHONE_FILE", "a\x00b", id="a path with a NUL"),
        pytest.param("CLINIC_NAME", "Praxis M\udcfcller", id="a name in Latin-1, which no text can carry"),
    ],
)
def test_a_value_that_breaks_the_reader_is_a_fault_like_any_other(name: str, value: str) -> None:
    (fault,) = faults(**{name: value})
    assert fault.startswith(f"{name} ")


@pytest.mark.parametrize("provider", ["sandbox", "carrier pigeon"])
def test_a_provider_that_cannot_be_is_told_once_and_truly(provider: str) -> None:
    (fault,) = faults(SMS_PROVIDER=provider)
    assert fault.startswith("SMS_PROVIDER ")
    assert "is not set" not in fault


VONAGE = {
    "SMS_PROVIDER": "vonage",
    "VONAGE_API_KEY": "a1b2c3d4",
    "VONAGE_API_SECRET": "Zx9-api-secret",
    "VONAGE_SIGNATURE_SECRET": "old,new",
    "VONAGE_FROM": "+12025550100",
}


def test_vonage_is_chosen_by_settings_alone() -> None:
    carrier = read(**VONAGE, TWILIO_FROM="nobody looks at this")[2].carrier
    assert carrier == VonageSettings(
        "a1b2c3d4", "Zx9-api-secret", ("old", "new"), "+12025550100", PUBLIC_URL, "https://api.nexmo.com"
    )
    assert "Zx9" not in repr(carrier)
    assert "old" not in repr(carrier)


def test_all_faults_of_vonage_are_told_at_once_and_with_their_cures() -> None:
    names = {**dict.fromkeys(VONAGE, ""), "VONAGE_FROM": "Clinic of Dr. Lee", "VONAGE_API_URL": "api.nexmo.com"}
    found = faults(**{**names, "SMS_PROVIDER": "vonage"})
    assert sorted(fault.split()[0] for fault in found) == sorted({*VONAGE, "VONAGE_API_URL"} - {"SMS_PROVIDER"})
    assert all("set it to" in fault or "must be" in fault or "write it like" in fault for fault in found)


def test_a_secret_of_vonage_may_lie_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from-a-file\n")
    environ = {**VONAGE, "VONAGE_SIGNATURE_SECRET": "", "VONAGE_SIGNATURE_SECRET_FILE": str(file)}
    carrier = read(**environ)[2].carrier
    assert isinstance(carrier, VonageSettings)
    assert carrier.signature_secrets == ("from-a-file",)


@pytest.mark.parametrize("sender", ["+12025550100", "12345"])
def test_vonage_may_send_from_a_number_or_a_short_code(sender: str) -> None:
    assert read(**{**VONAGE, "VONAGE_FROM": sender})[2].carrier.sender == sender


@pytest.mark.parametrize("name", READERS)
def test_every_carrier_that_can_be_chosen_can_be_built(name: str) -> None:
    named = {"vonage": VONAGE, "telnyx": TELNYX, "android": ANDROID}
    carriers = {provider: read(**environ)[2].carrier for provider, environ in named.items()}
    carriers["twilio"] = TwilioSettings("AC1", ("t",), "+1", PUBLIC_URL)

    async def built() -> Carrier:
        async with open_carrier(carriers[name]) as carrier:
            return carrier

    assert type(asyncio.run(built())).__name__.lower().startswith(name)


def test_without_any_settings_the_newcomer_is_shown_the_sandbox() -> None:
    first, *_ = faults(**dict.fromkeys(ENVIRONMENT, ""))
    carriers = "twilio, vonage, telnyx or android"
    assert first == f"SMS_PROVIDER names no carrier; set it to {carriers}, or try `replyes serve --sandbox`"


def test_what_is_not_set_has_the_promised_default() -> None:
    needed = {name: value for name, value in ENVIRONMENT.items() if name.startswith(("CAL", "TWILIO", "SMS"))}
    main, store, service = read(
        **{**dict.fromkeys(ENVIRONMENT, ""), **needed, "CAL_API_VERBS": "", "SMS_PER_SECOND": ""}
    )
    assert main == Clinic(key="main", name="Cal.com Clinic", sms_per_second=1, quiet_hours=NIGHT)
    assert store == StoreSettings("sqlite:///replyes.db", "")
    assert (service.calcom.api_url, service.calcom.api_version) == ("https://api.cal.com", "2024-08-13")
    assert (service.calcom.verbs, service.carrier.api_url) == ("auto", "https://api.twilio.com")
    assert service.carrier.public_url == "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    "password",
    ["", "12345678", "$argon2id$v=19$m=65536,t=3,p=4$voqFKQ4aOPb47GrXp+URkg$+7GVZ036Tuhu2NJdl5ERYvBQPgx3IttJH"],
)
def test_the_password_of_the_desk_may_be_plain_or_a_hash_or_none(password: str) -> None:
    settings = Settings({**ENVIRONMENT, "DESK_PASSWORD": password})
    desk = settings.desk()
    settings.check()
    assert (desk.password, desk.public_url) == (password, ENVIRONMENT["PUBLIC_URL"])
    assert not password or password not in repr(desk)


def test_the_password_of_the_desk_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("correct horse\n")
    assert Settings({"DESK_PASSWORD_FILE": str(tmp_path / "password")}).desk().password == "correct horse"


def test_every_setting_of_a_clinic_arrives_there() -> None:
    assert clinic(
        CLINIC_NAME="Example Clinic",
        CLINIC_PHONE="+12025550199",
        CLINIC_LANGUAGES="DE, en ,",
        CLINIC_TIME_ZONE="Europe/Berlin",
        BOOKING_LINK="https://cal.com/dr-lee/",
        ASK_SETTLE="90s",
        QUIET_HOURS="12:30-14:00",
        REMIND_AFTER="6h",
        ASK_AGAIN_BEFORE="7d, 2h",
        EXPIRE_AFTER="3d",
        EXPIRE_BEFORE_START="15m",
        ON_EXPIRY="CANCEL",
        MAX_CLARIFICATIONS="0",
        ON_DOUBT="resend",
        DOUBT_AFTER="1h",
        SMS_PER_SECOND="2.5",
    ) == Clinic(
        key="main",
        name="Example Clinic",
        phone="+12025550199",
        languages=("de", "en"),
        time_zone="Europe/Berlin",
        booking_link="https://cal.com/dr-lee",
        ask_settle=timedelta(seconds=90),
        quiet_hours=QuietHours(time(12, 30), time(14)),
        remind_after=timedelta(hours=6),
        ask_again_before=(timedelta(days=7), timedelta(hours=2)),
        expire_after=timedelta(days=3),
        expire_before_start=timedelta(minutes=15),
        on_expiry=OnExpiry.CANCEL,
        max_clarifications=0,
        on_doubt=OnDoubt.RESEND,
        doubt_after=timedelta(hours=1),
        sms_per_second=2.5,
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0s", timedelta(0)),
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("48h", timedelta(hours=48)),
        ("3d", timedelta(days=3)),
        ("3D", timedelta(days=3)),
        (" 10s ", timedelta(seconds=10)),
    ],
)
def test_durations_are_written_as_people_do(written: str, meant: timedelta) -> None:
    assert clinic(EXPIRE_AFTER=written).expire_after == meant


@pytest.mark.parametrize("value", ["none", "NONE"])
def test_quiet_hours_and_the_ladder_can_be_switched_off(value: str) -> None:
    switched_off = clinic(QUIET_HOURS=value, ASK_AGAIN_BEFORE=value)
    assert (switched_off.quiet_hours, switched_off.ask_again_before) == (None, ())


@pytest.mark.parametrize(
    ("written", "meant"), [("1", 1), ("100", 100), ("9999.99", 9999.99), ("0.5", 0.5), ("1.25", 1.25), ("0", 0)]
)
def test_a_rate_is_whole_or_decimal_and_0_switches_the_pace_off(written: str, meant: float) -> None:
    assert clinic(SMS_PER_SECOND=written).sms_per_second == meant


@pytest.mark.parametrize(
    "written", ["-1", "+1", "1,5", ".5", "1.", "1.125", "00", "0.0", "0.001", "1e3", "10000", "inf", "nan", "٣", "1/2"]
)
def test_a_rate_that_is_none_is_told_with_its_cure(written: str) -> None:
    assert faults(SMS_PER_SECOND=written) == [
        "SMS_PER_SECOND is no rate; write it like 1, 0.5 or 100; 0 switches it off"
    ]


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///replyes.db",
        "sqlite:////var/lib/replyes/replyes.db",
        "postgresql://clinic:hunter2@db/replyes",
        "postgres://clinic:hunter2@db:5432/replyes",
        "postgresql://clinic:hunter2@[::1]:5432/replyes?sslmode=verify-full",
        "postgresql:///replyes?host=/run/postgresql",
    ],
)
def test_a_database_is_a_file_or_a_server(url: str) -> None:
    assert read(DATABASE_URL=url)[1].url == url


def test_the_password_of_a_database_shows_in_no_repr() -> None:
    assert "hunter2" not in repr(read(DATABASE_URL="postgresql://clinic:hunter2@db/replyes"))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://clinic:hunter2@db:none/replyes",
        "postgresql://clinic:hunter#2hunter2@db/replyes",
        "mysql://clinic:hunter2@db/replyes",
        "clinic:hunter2@db/replyes",
    ],
)
def test_the_password_of_a_database_shows_in_no_fault(url: str) -> None:
    assert "hunter2" not in " ".join(faults(DATABASE_URL=url))


def test_secrets_may_be_several_while_they_are_rotated() -> None:
    _, _, service = read(CAL_WEBHOOK_SECRET="old, new,", TWILIO_AUTH_TOKEN="one,two")
    assert service.calcom.webhook_secrets == ("old", "new")
    assert service.carrier.auth_tokens == ("one", "two")


@pytest.mark.parametrize("name", ["CAL_WEBHOOK_SECRET", "TWILIO_AUTH_TOKEN"])
def test_a_list_of_no_secrets_is_none(name: str) -> None:
    (fault,) = faults(**{name: " , "})
    assert fault.startswith(f"{name} is not set")


# -- NAME_FILE and .env ---------------------------------------------------------------------------------------


def test_a_value_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("cal_live_from_a_file\n")
    _, _, service = read(CAL_API_KEY="", CAL_API_KEY_FILE=str(tmp_path / "key"))
    assert service.calcom.api_key == "cal_live_from_a_file"


def test_the_value_itself_counts_more_than_the_file(tmp_path: Path) -> None:
    (tmp_path / "name").write_text("From the file")
    assert clinic(CLINIC_NAME="Itself", CLINIC_NAME_FILE=str(tmp_path / "name")).name == "Itself"


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda path: None, id="missing"),
        pytest.param(lambda path: path.mkdir(), id="a folder"),
        pytest.param(lambda path: path.write_bytes(b"\xff\xfe"), id="not text"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_name(tmp_path: Path, make: Callable[[Path], object]) -> None:
    path = tmp_path / "key"
    make(path)
    (unreadable,) = faults(CAL_API_KEY="", CAL_API_KEY_FILE=str(path))
    assert unreadable.startswith(f"CAL_API_KEY_FILE names {path}, w")
    assert unreadable.endswith("name a readable text file")


@pytest.mark.parametrize("name", ["CAL_API_KEY", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"])
def test_an_examples_ellipsis_is_no_secret(name: str) -> None:
    (told,) = faults(**{name: "AC…"})
    assert told.startswith(f"{name} still has the … of an example; set it to ")


def test_an_unknown_language_is_told_with_those_that_we_have() -> None:
    (told,) = faults(CLINIC_LANGUAGES="en,english")
    assert told.startswith("CLINIC_LANGUAGES has 'english', which is no language here; write some of ar, az, ca,")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to start in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_file_env_is_read_and_the_environment_counts_more(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".env").write_text("CLINIC_NAME='Of the file'\nBOOKING_LINK=https://cal.example # a comment\n")
    monkeypatch.setenv("CLINIC_NAME", "Of the environment")
    found = environment()
    assert (found["CLINIC_NAME"], found["BOOKING_LINK"]) == ("Of the environment", "https://cal.example")


def test_a_blank_value_counts_as_not_set(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINIC_NAME", "  ")
    (folder / ".env").write_text("BOOKING_LINK=\nCLINIC_PHONE\n")
    assert not {"CLINIC_NAME", "BOOKING_LINK", "CLINIC_PHONE"} & environment().keys()


def test_a_file_env_that_is_no_text_is_a_fault(folder: Path) -> None:
    (folder / ".env").write_bytes(b"CLINIC_NAME=\xff")
    with pytest.raises(Misconfigured, match=r"\.env"):
        environment()
