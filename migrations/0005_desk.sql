-- How far people have come with an item of the inbox: open, calling or done; who, and when.
ALTER TABLE staff_inbox ADD COLUMN care text NOT NULL DEFAULT 'open';

ALTER TABLE staff_inbox ADD COLUMN who text NOT NULL DEFAULT '';

ALTER TABLE staff_inbox ADD COLUMN cared_at bigint;

CREATE INDEX staff_inbox_undone ON staff_inbox (clinic, at, stream, version) WHERE care <> 'done';

CREATE INDEX staff_inbox_undone_reasons ON staff_inbox (clinic, reason) WHERE care <> 'done';

CREATE INDEX staff_inbox_done ON staff_inbox (clinic, cared_at, stream, version) WHERE care = 'done';

-- The bookings that an item is about, so that a booking finds its items.
CREATE TABLE staff_inbox_bookings (
    booking text NOT NULL,
    stream text NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (booking, stream, version)
);

-- What happened, counted for each half hour; slot is its beginning. The answers of a slot are sorted by how long after
-- the question they came.
CREATE TABLE numbers (
    clinic text NOT NULL,
    slot bigint NOT NULL,
    requested bigint NOT NULL DEFAULT 0,
    confirmed bigint NOT NULL DEFAULT 0,
    cancelled bigint NOT NULL DEFAULT 0,
    changed_mind bigint NOT NULL DEFAULT 0,
    expired bigint NOT NULL DEFAULT 0,
    by_staff bigint NOT NULL DEFAULT 0,
    in_calendar bigint NOT NULL DEFAULT 0,
    heard bigint NOT NULL DEFAULT 0,
    decided bigint NOT NULL DEFAULT 0,
    unclear bigint NOT NULL DEFAULT 0,
    within_1m bigint NOT NULL DEFAULT 0,
    within_5m bigint NOT NULL DEFAULT 0,
    within_15m bigint NOT NULL DEFAULT 0,
    within_1h bigint NOT NULL DEFAULT 0,
    within_4h bigint NOT NULL DEFAULT 0,
    within_1d bigint NOT NULL DEFAULT 0,
    later bigint NOT NULL DEFAULT 0,
    texts bigint NOT NULL DEFAULT 0,
    segments bigint NOT NULL DEFAULT 0,
    delivered bigint NOT NULL DEFAULT 0,
    undelivered bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0,
    called_for_staff bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (clinic, slot)
);

CREATE INDEX bookings_by_uid ON bookings (uid);

CREATE INDEX bookings_of_a_state_by_start ON bookings (clinic, state, starts_at, stream);

CREATE INDEX bookings_of_a_conversation ON bookings (conversation, starts_at);

CREATE INDEX outbox_in_order ON outbox (clinic, queued_at, errand);

CREATE INDEX outbox_dead ON outbox (clinic, queued_at, errand) WHERE status = 'dead';

CREATE INDEX outbox_tried ON outbox (clinic, queued_at, errand) WHERE attempts > 0;

-- A clinic's bookings in the order of their starts, told apart by their streams.
DROP INDEX bookings_of_a_clinic_by_start;

CREATE INDEX bookings_of_a_clinic_by_start ON bookings (clinic, starts_at, stream);
