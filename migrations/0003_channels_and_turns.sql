-- What an errand goes through: 'sms' or 'calendar'.
ALTER TABLE outbox ADD COLUMN channel text NOT NULL DEFAULT 'sms';

UPDATE outbox SET channel = 'calendar' WHERE kind IN ('confirm_in_calendar', 'cancel_in_calendar');

-- One row for each channel of a clinic that needs one. free_at: when its paced sender may send again, on the database's
-- clock. shut_until: nothing goes through before; trips: how often in a row that was because the other side refused
-- our account, and why.
CREATE TABLE channels (
    clinic text NOT NULL,
    channel text NOT NULL,
    free_at bigint NOT NULL DEFAULT 0,
    shut_until bigint NOT NULL DEFAULT 0,
    trips bigint NOT NULL DEFAULT 0,
    why text NOT NULL DEFAULT '',
    PRIMARY KEY (clinic, channel)
);

-- Whose turn is it? A job that is run every so often is run by whichever process changes its row first. done_until is
-- up to when its last complete run has looked.
CREATE TABLE turns (
    job text PRIMARY KEY,
    due_at bigint NOT NULL,
    done_until bigint
);

CREATE INDEX bookings_of_a_clinic_by_start ON bookings (clinic, starts_at);
