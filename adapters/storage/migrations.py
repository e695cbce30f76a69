"""Bringing the schema up to date: the files of `migrations/` in the order of their numbers, in one transaction."""

from collections.abc import Iterable
from importlib.resources import files

from adapters.storage import opening
from adapters.storage.database import Session
from domain.errors import Misconfigured

APPLIED = "CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, applied_at bigint NOT NULL)"
APPLY = "INSERT INTO schema_migrations VALUES (:name, {now} / 1000)"
MARK = "INSERT INTO installation VALUES (:name, :value) ON CONFLICT DO NOTHING"
HALF = "SELECT value FROM installation WHERE name = 'importing'"
INSTALLED = "INSERT INTO installation VALUES (:name, CAST({now} AS text)) ON CONFLICT DO NOTHING"


def available(dialect: str) -> list[str]:
    """The names of the migrations for this kind of database, in order. `NNNN_why.sql` is for every database,
    `NNNN_why.<dialect>.sql` for one."""
    names = sorted(file.name for file in files("migrations").iterdir() if file.name.endswith(".sql"))
    return [name for name in names if name.count(".") == 1 or name.endswith(f".{dialect}.sql")]


def due(url: str) -> list[str]:
    """The migrations that this database still lacks. Raises Misconfigured where there is no database, or an import into
    it has not come to its end."""
    schema = opening.schema(url)
    if not schema.exists():
        raise Misconfigured([f"there is no database {schema.name} yet; `replyes serve` or `replyes migrate` makes it"])
    with schema.alone() as session:
        if not (names := _due(session, schema.dialect)):
            _refuse_half_an_import(session, schema.name)
        return names


def look(url: str) -> list[str]:
    """As `due`, but what asking needs to write is taken back: afterwards the database is as it was, and it is known
    that it can be written."""
    schema = opening.schema(url)
    try:
        with schema.alone() as session:
            names = _due(session, schema.dialect)
            if not names:
                _refuse_half_an_import(session, schema.name)
            raise _TakenBackError
    except _TakenBackError:
        return names


class _TakenBackError(Exception):
    """Ends a transaction of which nothing shall stay."""


def migrate(url: str) -> list[str]:
    """Apply what is due and return its names. Two processes may do this at once: the second finds nothing due.
    Raises Misconfigured where the database belongs to a newer version of the program."""
    schema = opening.schema(url)
    with schema.alone() as session:
        names = _due(session, schema.dialect)
        for name in names:
            for statement in _statements(files("migrations").joinpath(name).read_text("utf-8")):
                session.run(statement)
            session.run(APPLY, name=name)
    return names


def claim(url: str, kind: str, clinics: Iterable[str] = ()) -> None:
    """Mark the database as one of a "sandbox" or of a "service", the moment of the installation, and the moment in
    which each of these clinics has joined it. Raises Misconfigured where it is the other (a sandbox would answer real
    patients' questions, a service would text made-up numbers), or an import has not come to its end."""
    schema = opening.schema(url)
    with schema.alone() as session:
        _refuse_half_an_import(session, schema.name)
        session.run(MARK, name="kind", value=kind)
        for name in ("installed_at", *(f"installed_at {key}" for key in clinics)):
            session.run(INSTALLED, name=name)
        found = session.run("SELECT value FROM installation WHERE name = 'kind'")[0][0]
    if found != kind:
        raise Misconfigured([f"DATABASE_URL: {schema.name} belongs to a {found}, and this is a {kind}; name another"])


def _due(session: Session, dialect: str) -> list[str]:
    session.run(APPLIED)
    applied = {row[0] for row in session.run("SELECT name FROM schema_migrations")}
    if unknown := sorted(applied - set(available(dialect))):
        raise Misconfigured([f"the database has been used by a newer version ({unknown[-1]}); install that version"])
    return [name for name in available(dialect) if name not in applied]


def _refuse_half_an_import(session: Session, name: str) -> None:
    """An import that is under way, or has broken off, has left its mark."""
    if session.run(HALF):
        raise Misconfigured(
            [f"an import into {name} has not come to its end; run `replyes import` again with its file"]
        )


def _statements(script: str) -> list[str]:
    lines = [line for line in script.splitlines() if not line.lstrip().startswith("--")]
    return [statement for part in "\n".join(lines).split(";") if (statement := part.strip())]
