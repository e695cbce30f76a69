"""The arrows of the house, and one home for each package."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("domain", "adapters", "entrypoints")

STORY = {
    *(
        "booking",
        "booking_facts",
        "lifecycle",
        "conversation",
        "conversation_facts",
        "correspondence",
        "replies",
        "deadlines",
        "wording",
        "inbox",
    ),
    *("clinics", "errands", "inbound", "facts", "errors", "patience", "languages", "hearing", "channels"),
    *("quiet", "choices", "said", "understanding", "saying", "ways"),
}
BEATS = {
    *("decisions", "confirmations", "answers", "outcomes", "speech", "expiry", "reactions"),
    *("delivery", "texting", "calling", "ports", "ledger", "handling", "reconcile", "sweep"),
    *("turning", "sending", "mailing", "offering", "link_answers"),
    *("due", "reminders", "speaking", "asking", "telling", "series", "desk", "checks"),
}

ADAPTERS = ("android", "calcom", "telnyx", "twilio", "vonage")

# Which files may import a package that is not ours: a folder, or single files.
HOMES = {
    "aiosmtplib": ["adapters/smtp.py"],
    "argon2": ["entrypoints/desk/passwords.py"],
    "babel": ["domain/saying/dates.py", "domain/understanding/days.py", "entrypoints/desk"],
    "click": ["entrypoints/cli.py"],
    "cryptography": ["adapters/storage/sealing.py", "adapters/telnyx/signature.py"],
    "dotenv": ["entrypoints/settings.py"],
    "eventsourcing": ["domain/facts.py", "domain/correspondence.py", "adapters/storage"],
    "httpx": [
        *(f"entrypoints/doctor/{module}.py" for module in ("asking", "examination")),
        *("adapters/common", "adapters/calcom/connection.py", "entrypoints/sandbox"),
        *(f"adapters/{one}/{module}.py" for one in ADAPTERS for module in ("api", "answers")),
    ],
    "itsdangerous": ["entrypoints/desk/sessions.py"],
    "icalendar": ["entrypoints/link/entry.py"],
    "jinja2": ["entrypoints/web/templates.py", "entrypoints/desk/render.py"],
    "jwt": ["adapters/vonage/signature.py"],
    "limits": ["entrypoints/desk/tries.py"],
    "markupsafe": ["entrypoints/desk/render.py"],
    "phonenumbers": [
        *("adapters/android/phones.py", "adapters/calcom/phones.py"),
        *("entrypoints/settings.py", "entrypoints/reading.py", "entrypoints/ways.py", "entrypoints/sandbox"),
    ],
    "psycopg": ["adapters/storage/postgresql.py"],
    "psycopg_pool": ["adapters/storage/postgresql.py"],
    "pygal": ["entrypoints/desk/plots.py"],
    "starlette": [*(f"entrypoints/{room}" for room in ("web", "sandbox", "desk", "link")), "entrypoints/serve.py"],
    "structlog": ["entrypoints/logs.py"],
    "transitions": ["domain/lifecycle.py"],
    "twilio": ["adapters/twilio/webhooks.py"],
    "uvicorn": ["entrypoints/serve.py", "entrypoints/reloading.py"],
}
STANDARD = {"sqlite3": ["adapters/storage"]}

FILES = sorted(file.relative_to(ROOT) for folder in OURS for file in (ROOT / folder).rglob("*.py"))


def imports(file: Path) -> Iterator[str]:
    """The dotted names of the modules that a file imports, at any depth of its code."""
    for node in ast.walk(ast.parse((ROOT / file).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports_of_ours(file: Path) -> set[str]:
    return {name for name in imports(file) if name.split(".")[0] in OURS}


@pytest.mark.parametrize("file", [file for file in FILES if file.parts[0] == "domain"], ids=str)
def test_the_domain_knows_nothing_outside_it(file: Path) -> None:
    assert all(name.startswith("domain") for name in imports_of_ours(file))


@pytest.mark.parametrize("file", [file for file in FILES if file.parts[0] == "adapters"], ids=str)
def test_adapters_know_the_domain_and_their_common_room_but_neither_entrypoints_nor_each_other(file: Path) -> None:
    own = ".".join(file.with_suffix("").parts[:2])
    for name in imports_of_ours(file):
        assert name.startswith(("domain", own, "adapters.common")) or name == "adapters", f"{file} imports {name}"


def test_every_file_of_the_domain_is_in_the_story_or_in_the_beats() -> None:
    found = {file.parts[1].removesuffix(".py") for file in FILES if file.parts[0] == "domain"} - {"__init__"}
    assert found == STORY | BEATS


@pytest.mark.parametrize("module", sorted(STORY))
def test_the_story_does_not_know_the_beats(module: str) -> None:
    files = [file for file in FILES if file.parts[:2] in (("domain", module), ("domain", f"{module}.py"))]
    known = {name.split(".")[1] for file in files for name in imports_of_ours(file) if "." in name}
    assert not known & BEATS


def test_a_reader_finds_every_file_of_the_domain_in_its_reading_order() -> None:
    told = (ROOT / "domain/__init__.py").read_text("utf-8")
    assert {module for module in STORY | BEATS if module not in told} == set()


@pytest.mark.parametrize("package", sorted(HOMES | STANDARD))
def test_a_package_has_one_home(package: str) -> None:
    homes = (HOMES | STANDARD)[package]
    strangers = {
        str(file)
        for file in FILES
        if any(name.split(".")[0] == package for name in imports(file))
        and not any(str(file) == home or str(file).startswith(f"{home}/") for home in homes)
    }
    assert strangers == set()


def test_the_clock_and_the_environment_are_read_in_entrypoints_only() -> None:
    for file in FILES:
        code = (ROOT / file).read_text("utf-8")
        if file.parts[0] != "entrypoints":
            assert "datetime.now(" not in code, file
            assert "os.environ" not in code, file


def test_files_are_small() -> None:
    lengths = sorted(len((ROOT / file).read_text("utf-8").splitlines()) for file in FILES)
    assert lengths[len(lengths) // 2] <= 120
    assert lengths[-1] <= 400
