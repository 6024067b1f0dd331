-- Schema 1 of the journal. Times are microseconds since 1970, UTC. Names of endpoints, streams and pairs are small
-- integers. Large tables are clustered by keys that grow; random keys live in indexes only.

CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

CREATE TABLE endpoint (n INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

-- history: counts of the last five complete snapshots, oldest first, as JSON.
CREATE TABLE stream (
    n INTEGER PRIMARY KEY,
    endpoint TEXT NOT NULL,
    entity TEXT NOT NULL,
    history TEXT NOT NULL DEFAULT '[]',
    UNIQUE (endpoint, entity)
);

CREATE TABLE pair (
    n INTEGER PRIMARY KEY,
    entity TEXT NOT NULL,
    primary_name TEXT NOT NULL,
    secondary_name TEXT NOT NULL,
    UNIQUE (entity, primary_name, secondary_name)
);

-- What every comparison touches, and nothing else; n leads to the rest.
CREATE TABLE seen (
    stream INTEGER NOT NULL,
    id TEXT NOT NULL,
    n INTEGER NOT NULL,
    fingerprint BLOB NOT NULL,
    missing INTEGER NOT NULL,
    missing_at INTEGER,
    PRIMARY KEY (stream, id)
) WITHOUT ROWID;
CREATE INDEX seen_missing ON seen (stream, id) WHERE missing > 0;

CREATE TABLE seen_body (
    n INTEGER PRIMARY KEY,
    fields TEXT NOT NULL,
    title TEXT NOT NULL,
    marker TEXT,
    revision TEXT,
    invalid TEXT
);

-- state: 0 pending, 1 live, 2 held, 3 dead.
CREATE TABLE link (
    n INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    pair INTEGER NOT NULL,
    primary_id TEXT,
    secondary_id TEXT,
    generation INTEGER NOT NULL,
    state INTEGER NOT NULL,
    held_because TEXT,
    ownership INTEGER NOT NULL,
    primary_seen BLOB NOT NULL,
    secondary_seen BLOB NOT NULL,
    revision INTEGER NOT NULL,
    due INTEGER NOT NULL,
    retry_at INTEGER,
    attempts INTEGER NOT NULL,
    baseline TEXT NOT NULL,
    removed TEXT
);
CREATE INDEX link_state ON link (pair, state, revision);
CREATE INDEX link_attention ON link (pair) WHERE state = 1
    AND (due = 1 OR removed IS NOT NULL OR retry_at IS NOT NULL OR primary_id IS NULL OR secondary_id IS NULL);
CREATE INDEX link_dead ON link (pair, primary_id, generation) WHERE state = 3;

-- The records of links that are not dead, ordered to be merged with `seen`. Its key is the rule that a record is in
-- one link at most.
CREATE TABLE link_end (
    pair INTEGER NOT NULL,
    side INTEGER NOT NULL,
    record TEXT NOT NULL,
    link INTEGER NOT NULL,
    fingerprint BLOB NOT NULL,
    PRIMARY KEY (pair, side, record)
) WITHOUT ROWID;

CREATE TABLE intent (
    n INTEGER PRIMARY KEY,
    id INTEGER NOT NULL UNIQUE,
    pair INTEGER NOT NULL,
    open INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX intent_open ON intent (pair) WHERE open = 1;

CREATE TABLE outcome (
    n INTEGER PRIMARY KEY,
    pair INTEGER NOT NULL,
    class TEXT NOT NULL,
    at INTEGER NOT NULL,
    approved INTEGER NOT NULL
);
CREATE INDEX outcome_counted ON outcome (pair, class, at) WHERE approved = 0;

CREATE TABLE audit (number INTEGER PRIMARY KEY, record TEXT NOT NULL, entry TEXT NOT NULL, hash TEXT NOT NULL);
CREATE INDEX audit_record ON audit (record, number);

CREATE TABLE document (kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;

-- state: 0 ready, 1 sending, 2 delivered, 3 ignored, 4 waiting, 5 held, 6 rejected, 7 doubtful.
CREATE TABLE event (
    endpoint INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    number INTEGER NOT NULL,
    occurred INTEGER NOT NULL,
    utc_offset INTEGER NOT NULL,
    received INTEGER NOT NULL,
    class INTEGER NOT NULL,
    code INTEGER NOT NULL,
    person TEXT,
    device TEXT,
    credential TEXT,
    direction INTEGER NOT NULL,
    content INTEGER NOT NULL,
    state INTEGER NOT NULL,
    reason TEXT,
    target TEXT,
    retry_at INTEGER,
    attempts INTEGER NOT NULL,
    PRIMARY KEY (endpoint, epoch, number)
) WITHOUT ROWID;
CREATE INDEX event_open ON event (endpoint, state, epoch, number) WHERE state IN (0, 1, 4, 5, 7);
CREATE INDEX event_delivered ON event (endpoint, person, occurred) WHERE state = 2;

CREATE TABLE event_count (
    endpoint INTEGER NOT NULL,
    state INTEGER NOT NULL,
    events INTEGER NOT NULL,
    PRIMARY KEY (endpoint, state)
) WITHOUT ROWID;
