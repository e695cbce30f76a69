"""A DATABASE_URL becomes a database."""

from adapters.storage.database import Database, Schema
from adapters.storage.postgresql import PostgreSQL, PostgreSQLSchema
from adapters.storage.sqlite import SQLite, SQLiteSchema

SQLITE = "sqlite:///"


def database(url: str) -> Database:
    """Open it. Raises Misconfigured."""
    return SQLite(file_of(url)) if is_file(url) else PostgreSQL(url)


def schema(url: str) -> Schema:
    """Its tables, before it is opened."""
    return SQLiteSchema(file_of(url)) if is_file(url) else PostgreSQLSchema(url)


def is_file(url: str) -> bool:
    """Whether the database is a file, for the processes of one machine."""
    return url.startswith(SQLITE)


def file_of(url: str) -> str:
    return url.removeprefix(SQLITE)
