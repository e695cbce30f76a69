-- What people type to find a booking: the name with and without its last word in front, and the phone's digits from
-- the last to the first, so that the beginning of each can be looked up.
ALTER TABLE bookings ADD COLUMN name_key text COLLATE "C";

ALTER TABLE bookings ADD COLUMN family_key text COLLATE "C";

ALTER TABLE bookings ADD COLUMN phone_key text COLLATE "C";

CREATE INDEX bookings_by_name ON bookings (clinic, name_key);

CREATE INDEX bookings_by_family ON bookings (clinic, family_key);

CREATE INDEX bookings_by_phone ON bookings (clinic, phone_key);
