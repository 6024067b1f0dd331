-- Tables of ours: receipts, and what timeware's own records cannot hold. `{own.x}` and `{bare.x}` are prefixed names.
CREATE TABLE IF NOT EXISTS {own.link} (
  link_id     INTEGER PRIMARY KEY AUTOINCREMENT,
  source      TEXT NOT NULL,
  entity      TEXT NOT NULL CHECK (entity IN ('employee', 'terminal', 'policy', 'terminal_group', 'grouping')),
  external_id TEXT NOT NULL,
  internal_id INTEGER NOT NULL,
  fingerprint TEXT,
  state       TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'missing', 'leaver', 'conflict', 'ignored')),
  first_seen  TEXT NOT NULL,
  last_seen   TEXT NOT NULL,
  UNIQUE (source, entity, external_id)
);
CREATE INDEX IF NOT EXISTS {bare.IX_link_internal} ON {own.link} (source, entity, internal_id);
CREATE TABLE IF NOT EXISTS {own.terminal} (
  terminal_id INTEGER PRIMARY KEY REFERENCES {terminal} ({terminal.id}),
  role        TEXT NOT NULL CHECK (role IN ('attendance', 'access', 'fire_alarm', 'muster')),
  direction   TEXT NOT NULL DEFAULT 'U' CHECK (direction IN ('I', 'O', 'B', 'U')),
  time_zone   TEXT NOT NULL,
  take_from   TEXT
);
CREATE TABLE IF NOT EXISTS {own.badge} (
  badge_id    INTEGER PRIMARY KEY AUTOINCREMENT,
  source      TEXT NOT NULL,
  kind        TEXT NOT NULL DEFAULT '',
  number      TEXT NOT NULL,
  shown       TEXT NOT NULL,
  employee_id INTEGER NOT NULL,
  valid_from  TEXT NOT NULL,
  valid_to    TEXT
);
CREATE INDEX IF NOT EXISTS {bare.IX_badge_number} ON {own.badge} (source, number, valid_from);
CREATE INDEX IF NOT EXISTS {bare.IX_badge_holder} ON {own.badge} (employee_id, source);
CREATE TABLE IF NOT EXISTS {own.event} (
  source            TEXT NOT NULL,
  external_event_id TEXT NOT NULL,
  occurred_utc      TEXT NOT NULL,
  occurred_local    TEXT NOT NULL,
  utc_offset_min    INTEGER NOT NULL,
  received_utc      TEXT NOT NULL,
  external_person   TEXT,
  external_device   TEXT,
  badge_number      TEXT,
  direction         TEXT NOT NULL DEFAULT 'U' CHECK (direction IN ('I', 'O', 'U')),
  event_class       TEXT NOT NULL,
  outcome           TEXT NOT NULL
    CHECK (outcome IN ('booked', 'duplicate', 'suppressed', 'held', 'ignored', 'rejected')),
  reason            TEXT,
  employee_id       INTEGER,
  terminal_id       INTEGER,
  target_table      TEXT,
  target_id         INTEGER,
  run_id            INTEGER,
  PRIMARY KEY (source, external_event_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS {bare.IX_event_person} ON {own.event} (employee_id, occurred_utc);
