-- Everything beside the log. Times are whole milliseconds since 1970 in UTC; lists and memories are JSON.

-- What unseals the log: one key for each patient (destroying it erases the patient), and this store's own secrets.
CREATE TABLE patient_keys (
    owner text PRIMARY KEY,
    sealed_key bytea NOT NULL
);

CREATE TABLE store_secrets (
    name text PRIMARY KEY,
    sealed_key bytea NOT NULL
);

-- What kind of installation this is ('sandbox' or 'service'), so that neither is opened as the other.
CREATE TABLE installation (
    name text PRIMARY KEY,
    value text NOT NULL
);

-- The views: what the facts add up to. They are written with the facts and can be rebuilt from them.
CREATE TABLE bookings (
    stream text PRIMARY KEY,
    version bigint NOT NULL,
    clinic text NOT NULL,
    uid text NOT NULL,
    state text NOT NULL,
    conversation text,
    name text,
    phone text,
    practitioner text NOT NULL,
    starts_at bigint,
    expire_at bigint,
    updated_at bigint NOT NULL
);

CREATE INDEX bookings_waiting_for_an_answer ON bookings (conversation, starts_at)
    WHERE state IN ('requested', 'sms_sent', 'invalid_reply');

CREATE INDEX bookings_by_deadline ON bookings (expire_at)
    WHERE state IN ('requested', 'sms_sent', 'invalid_reply');

CREATE TABLE conversations (
    stream text PRIMARY KEY,
    version bigint NOT NULL,
    memory text NOT NULL
);

-- The replay protection: a carrier's signature has no date, so a message id is kept for ever.
CREATE TABLE heard_messages (
    clinic text NOT NULL,
    message_id text NOT NULL,
    PRIMARY KEY (clinic, message_id)
);

-- Texts that a carrier has accepted: one for each errand, whoever proved it.
CREATE TABLE sent_texts (
    errand text PRIMARY KEY,
    message_id text NOT NULL,
    clinic text NOT NULL,
    stream text NOT NULL,
    kind text NOT NULL,
    bookings text NOT NULL,
    status text NOT NULL
);

CREATE UNIQUE INDEX sent_texts_by_message ON sent_texts (message_id) WHERE message_id <> '';

CREATE TABLE staff_inbox (
    stream text NOT NULL,
    version bigint NOT NULL,
    clinic text NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    bookings text NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (stream, version)
);

-- The outbox: what is still to be done outside. due_at 0 is "at once". attempted_at is set before a call and cleared
-- when it is certain that nothing was done: set without a lease, the errand is in doubt.
CREATE TABLE outbox (
    errand text PRIMARY KEY,
    stream text NOT NULL,
    version bigint NOT NULL,
    kind text NOT NULL,
    clinic text NOT NULL,
    conversation text,
    bookings text NOT NULL,
    says text NOT NULL,
    lane text,
    due_at bigint NOT NULL,
    queued_at bigint NOT NULL,
    lease_until bigint NOT NULL DEFAULT 0,
    attempts bigint NOT NULL DEFAULT 0,
    attempted_at bigint,
    text text NOT NULL DEFAULT '',
    resent bigint NOT NULL DEFAULT 0,
    status text NOT NULL DEFAULT 'due',
    note text NOT NULL DEFAULT ''
);

CREATE INDEX outbox_due ON outbox (due_at) WHERE status = 'due';

CREATE INDEX outbox_lanes ON outbox (lane, version) WHERE lane IS NOT NULL;
