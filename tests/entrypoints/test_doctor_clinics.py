"""What the doctor sees only where there are several clinics, or where patients are sent links."""

from pathlib import Path

import pytest

from domain.checks import Verdict
from tests.databases import meddle
from tests.entrypoints.conftest import API_KEY, SECRET
from tests.entrypoints.doctor_kit import Surroundings, a_service, answers, environment, examined, of

SAME_USER = "the key belongs to the same user as that of north: each booking would be asked twice"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return a_service(tmp_path)


def two_clinics(folder: Path) -> str:
    """A file with two clinics, each with a key of its own."""
    file = folder / "clinics.toml"
    tables = [
        f'[{key}]\nCLINIC_NAME = "{key}"\nCAL_API_KEY = "{API_KEY}-{key}"\nCAL_WEBHOOK_SECRET = "{SECRET}-{key}"\n'
        f'TWILIO_FROM = "{sender}"\n'
        for key, sender in (("north", "+12025550100"), ("south", "+12025550111"))
    ]
    file.write_text("\n".join(tables))
    return str(file)


def told(outside: Surroundings, environ: dict[str, str]) -> list[str]:
    return [f"{one.part}: {one.told}" for one in of(examined(outside, environ), Verdict.FAULT)]


def test_two_keys_of_one_cal_com_user_are_a_fault(tmp_path: Path, url: str) -> None:
    outside = Surroundings()
    outside.paths["/v2/me"] = answers({"data": {"id": 7, "name": "Dr. Lee", "username": "lee"}})
    environ = environment(url, CLINICS_FILE=two_clinics(tmp_path), CAL_API_KEY="", CAL_WEBHOOK_SECRET="")
    assert f"south: Cal.com: {SAME_USER}" in told(outside, environ)


def test_who_does_not_tell_whose_a_key_is_is_not_accused(tmp_path: Path, url: str) -> None:
    environ = environment(url, CLINICS_FILE=two_clinics(tmp_path), CAL_API_KEY="", CAL_WEBHOOK_SECRET="")
    assert not [one for one in told(Surroundings(), environ) if SAME_USER in one]


@pytest.mark.parametrize("links", [{"CONFIRM_LINK": "always"}, {"LINK_COUNTRIES": "IE"}])
def test_links_that_only_this_network_can_open_are_a_fault(url: str, links: dict[str, str]) -> None:
    local = dict.fromkeys(("CAL_API_URL", "TWILIO_API_URL"), "http://127.0.0.1:9")
    here = environment(url, PUBLIC_URL="http://127.0.0.1:8000", **local)
    fault = "public URL: patients get links to http://127.0.0.1:8000, which only this network can open"
    assert fault not in told(Surroundings("http://127.0.0.1:8000"), here)
    assert fault in told(Surroundings("http://127.0.0.1:8000"), here | links)


def test_a_clinic_that_has_left_the_settings_is_told(tmp_path: Path, url: str) -> None:
    row = "'booking-east-u1', 1, 'east', 'u1', 'requested', 'Dr. Lee', 1"
    names = "stream, version, clinic, uid, state, practitioner, updated_at"
    meddle(url, f"INSERT INTO bookings ({names}) VALUES ({row})")
    unsure = [one.told for one in of(examined(Surroundings(), environment(url)), Verdict.UNSURE)]
    assert "clinic east has bookings, and the settings do not know it: nothing is done" in unsure
