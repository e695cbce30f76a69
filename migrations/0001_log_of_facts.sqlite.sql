-- The log: append-only, one row a fact. The layout is the event store library's; the position of a fact is its rowid,
-- so rows are never deleted, and backups are made with SQLite's own backup, never by dump and restore.
CREATE TABLE stored_events (
    originator_id text NOT NULL,
    originator_version integer NOT NULL,
    topic text NOT NULL,
    state blob NOT NULL,
    PRIMARY KEY (originator_id, originator_version)
);
