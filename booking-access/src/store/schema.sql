-- Instants are milliseconds since 1970, UTC.
CREATE TABLE bookings (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    key TEXT NOT NULL,
    series TEXT,
    starts INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    resources TEXT NOT NULL,
    people TEXT NOT NULL,
    status TEXT NOT NULL,
    all_day INTEGER NOT NULL,
    state TEXT NOT NULL,
    exact INTEGER NOT NULL DEFAULT 0,
    doubtful INTEGER NOT NULL DEFAULT 0,
    missing INTEGER NOT NULL DEFAULT 0,
    first_seen INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    UNIQUE (source, key)
);
CREATE INDEX bookings_by_end ON bookings (ends);
CREATE TABLE booking_history (
    booking INTEGER NOT NULL,
    at INTEGER NOT NULL,
    what TEXT NOT NULL
);
CREATE INDEX booking_history_by_booking ON booking_history (booking, at);
CREATE TABLE people (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    address TEXT NOT NULL,
    name TEXT,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    first_seen INTEGER NOT NULL,
    valid_from INTEGER,
    end_of_validity INTEGER,
    adopted INTEGER NOT NULL DEFAULT 0,
    blocked TEXT,
    refused TEXT,
    erasing INTEGER NOT NULL DEFAULT 0,
    examined INTEGER NOT NULL DEFAULT 0,
    door_user TEXT,
    removed INTEGER,
    told TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX people_by_door_user ON people (door_user);
CREATE TABLE documents (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE TABLE problems (
    area TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    words TEXT NOT NULL,
    remedy TEXT NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (area, kind, subject)
) WITHOUT ROWID;
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    reason TEXT NOT NULL,
    before TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE TABLE timeline (
    id INTEGER PRIMARY KEY,
    person INTEGER NOT NULL,
    door TEXT NOT NULL,
    opened INTEGER NOT NULL,
    closed INTEGER
);
CREATE INDEX timeline_open ON timeline (person, door) WHERE closed IS NULL;
CREATE INDEX timeline_by_door ON timeline (door, opened);
