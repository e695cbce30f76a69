-- When the next reminder of a booking is due.
ALTER TABLE bookings ADD COLUMN remind_at bigint;

CREATE INDEX bookings_by_reminder ON bookings (remind_at)
    WHERE state IN ('sms_sent', 'invalid_reply') AND remind_at IS NOT NULL;

CREATE INDEX outbox_of_a_conversation ON outbox (conversation) WHERE kind IN ('ask', 'remind');
