"""WORDING_FILE: a clinic's own texts, and `replyes preview`, which shows them."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from domain.errors import Misconfigured
from entrypoints.cli import main
from entrypoints.settings import Settings
from tests.entrypoints.conftest import ENVIRONMENT


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where WORDING_FILE points to; the folder to work in, and no other settings."""
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORDING_FILE", "wording.toml")
    return tmp_path / "wording.toml"


def settings(path: Path) -> Settings:
    """The settings of a clinic with this file, read."""
    found = Settings({"WORDING_FILE": str(path)})
    found.clinic()
    return found


def preview(*arguments: str) -> Result:
    result = CliRunner().invoke(main, ["preview", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


# -- The file -------------------------------------------------------------------------------------------------


def test_the_texts_reach_the_clinic(file: Path) -> None:
    file.write_text('[en]\nconfirmed = "Great! See you {day}."\n[es]\nconfirmed = "¡Perfecto!"\n', "utf-8")
    clinic = Settings({"WORDING_FILE": str(file)}).clinic()
    assert clinic.wording == {"en": {"confirmed": "Great! See you {day}."}, "es": {"confirmed": "¡Perfecto!"}}


def test_without_a_file_the_texts_are_ours() -> None:
    assert Settings({}).clinic().wording == {}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "WORDING_FILE cannot be read (FileNotFoundError); name a readable TOML file in UTF-8"),
        (b"[en]\nconfirmed = \xff", "WORDING_FILE cannot be read (UnicodeDecodeError); name a readable TOML file"),
        (b"[en\n", "WORDING_FILE is no TOML: "),
        (b"[en]\nconfirmed = See you!", "WORDING_FILE is no TOML: "),
        (b"[en]\nconfirmed = 'a'\nconfirmed = 'b'", "WORDING_FILE is no TOML: "),
        (b'[en]\nconfirmd = "See you!"', "WORDING_FILE [en] confirmd is no text of ours; write confirmed"),
        (b'[en]\nconfirmed = "' + b"x" * 1601 + b'"', "WORDING_FILE [en] confirmed has 1601 characters"),
    ],
    ids=["missing", "not UTF-8", "no TOML", "no string", "twice", "unknown", "too long"],
)
def test_a_fault_is_told_with_its_cure(content: bytes | None, told: str, file: Path) -> None:
    if content is not None:
        file.write_bytes(content)
    (fault,) = settings(file).faults
    assert fault.startswith(told)
    assert ";" in fault


def test_all_faults_are_told_together_with_those_of_the_other_settings(file: Path) -> None:
    file.write_text('[en]\nquestion = "Coming?"\n[xx]\n')
    found = Settings({"WORDING_FILE": str(file), "CLINIC_PHONE": "call us"})
    found.clinic()
    with pytest.raises(Misconfigured) as raised:
        found.check()
    assert [fault.split()[0] for fault in raised.value.faults] == ["CLINIC_PHONE", *["WORDING_FILE"] * 3]


def test_an_empty_file_changes_nothing(file: Path) -> None:
    file.touch()
    assert Settings({"WORDING_FILE": str(file)}).clinic().wording == {}


def test_what_costs_a_lot_is_worth_a_warning(file: Path) -> None:
    file.write_text(f'[en]\nconfirmed = "{"x" * 500}"\n')
    assert settings(file).faults == []
    assert settings(file).warnings == ["WORDING_FILE [en] confirmed takes 4 segments; ours takes 1"]


# -- replyes preview ------------------------------------------------------------------------------------------


def test_a_preview_tells_segments_encoding_and_words(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORDING_FILE")
    result = preview()
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0] == "[en] English"
    assert any(line.split() == ["confirmed", "1", "GSM", "Confirmed.", "See", "you", "Wednesday!"] for line in lines)
    assert not any(line.startswith("*") for line in lines)


def test_a_preview_shows_the_clinics_languages_or_the_one_that_is_asked_for(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WORDING_FILE")
    monkeypatch.setenv("CLINIC_LANGUAGES", "de,fr")
    assert [line for line in preview().output.splitlines() if line.startswith("[")] == ["[de] Deutsch", "[fr] Français"]
    assert "[ja] " in preview("--language", "ja").output
    assert preview("--language", "xx").exit_code == 2


def test_a_preview_marks_what_is_the_clinics_own(file: Path) -> None:
    file.write_text('[en]\nconfirmed = "Great!\\nSee you {day}."\n')
    own = [line for line in preview().output.splitlines() if line.startswith("*")]
    assert own[0].split(maxsplit=4)[1:] == ["confirmed", "1", "GSM", "Great!⏎See you Wednesday."]
    assert own[1:] == ["* in the clinic's own words."]


def test_a_preview_of_faulty_texts_tells_the_faults(file: Path) -> None:
    file.write_text('[en]\nquestion = "Coming?"\nstop = " Bye."\n')
    result = preview()
    assert result.exit_code == 1
    assert [line.split(";")[0] for line in result.stderr.splitlines()] == [
        "replyes: WORDING_FILE [en] question has no {clinic}",
        "replyes: WORDING_FILE [en] question has no {when}",
        "replyes: WORDING_FILE [en] stop does not tell how to stop",
    ]
