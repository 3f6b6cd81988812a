-- The tables of package pgstore, in the schema "tusker". Each statement can be repeated.

CREATE TABLE IF NOT EXISTS tusker.records (
	key      text COLLATE "C" PRIMARY KEY,
	revision text        NOT NULL, -- '' if the record is damaged and counts as none
	version  integer     NOT NULL,
	record   json        NOT NULL,
	saved    timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Finds records by the end of their keys.
CREATE INDEX IF NOT EXISTS records_reversed ON tusker.records ((reverse(key)) COLLATE "C");

CREATE TABLE IF NOT EXISTS tusker.sent (
	endpoint text COLLATE "C" NOT NULL, -- the SHA-256 of the endpoint, in hexadecimal digits
	key      text COLLATE "C" NOT NULL,
	version  integer     NOT NULL, -- 0 if the record is damaged and counts as none
	record   json        NOT NULL,
	used     timestamptz NOT NULL DEFAULT clock_timestamp(), -- saved or looked up, to the day
	PRIMARY KEY (endpoint, key)
);

CREATE TABLE IF NOT EXISTS tusker.locks (
	key     text COLLATE "C" PRIMARY KEY,
	token   text        NOT NULL, -- of the holder
	expires timestamptz NOT NULL
);
