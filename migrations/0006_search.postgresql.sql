-- What people type to find a booking, so that the beginning of each can be looked up: the name, the name from its second
-- word on, from its third, and from its last (with the words before behind them), and the phone's digits from the last
-- to the first.
ALTER TABLE bookings ADD COLUMN name_key text COLLATE "C";

ALTER TABLE bookings ADD COLUMN second_key text COLLATE "C";

ALTER TABLE bookings ADD COLUMN third_key text COLLATE "C";

ALTER TABLE bookings ADD COLUMN last_key text COLLATE "C";

ALTER TABLE bookings ADD COLUMN phone_key text COLLATE "C";

CREATE INDEX bookings_by_name ON bookings (clinic, name_key);

CREATE INDEX bookings_by_second_word ON bookings (clinic, second_key) WHERE second_key IS NOT NULL;

CREATE INDEX bookings_by_third_word ON bookings (clinic, third_key) WHERE third_key IS NOT NULL;

CREATE INDEX bookings_by_last_word ON bookings (clinic, last_key) WHERE last_key IS NOT NULL;

CREATE INDEX bookings_by_phone ON bookings (clinic, phone_key);
