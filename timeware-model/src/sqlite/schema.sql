-- The reference schema in the dialect of SQLite. Names as in docs/vendors/timeware.md.
CREATE TABLE tversion (
  property TEXT NOT NULL,
  data     TEXT
);
CREATE TABLE temployee_status (
  employee_status_id       INTEGER PRIMARY KEY AUTOINCREMENT,
  description              TEXT NOT NULL,
  exclude_from_calculation INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE tgrouping_ref (
  grouping_ref_id INTEGER PRIMARY KEY AUTOINCREMENT,
  grouping_number INTEGER NOT NULL CHECK (grouping_number BETWEEN 1 AND 10),
  description     TEXT NOT NULL,
  UNIQUE (grouping_number, description)
);
CREATE TABLE tterminal_policy (
  terminal_policy_id INTEGER PRIMARY KEY AUTOINCREMENT,
  description        TEXT NOT NULL UNIQUE,
  data               TEXT
);
CREATE TABLE temployee (
  employee_id               INTEGER PRIMARY KEY AUTOINCREMENT,
  employee_status_id        INTEGER NOT NULL REFERENCES temployee_status (employee_status_id),
  title                     TEXT,
  first_name                TEXT NOT NULL,
  last_name                 TEXT NOT NULL,
  date_of_birth             TEXT,
  gender                    TEXT,
  address                   TEXT,
  post_code                 TEXT,
  email_address             TEXT,
  mobile_number             TEXT,
  vehicle_registration      TEXT,
  badge                     INTEGER,
  badge_activation          TEXT,
  badge_expiry              TEXT,
  security_pin              TEXT,
  paylink                   TEXT,
  date_started_with_company TEXT,
  date_left_company         TEXT,
  terminal_policy_id        INTEGER REFERENCES tterminal_policy (terminal_policy_id),
  grouping_1_ref_id         INTEGER,
  grouping_2_ref_id         INTEGER,
  grouping_3_ref_id         INTEGER,
  grouping_4_ref_id         INTEGER,
  grouping_5_ref_id         INTEGER,
  grouping_6_ref_id         INTEGER,
  grouping_7_ref_id         INTEGER,
  grouping_8_ref_id         INTEGER,
  grouping_9_ref_id         INTEGER,
  grouping_10_ref_id        INTEGER,
  photo                     BLOB
);
CREATE UNIQUE INDEX UX_temployee_badge ON temployee (badge) WHERE badge IS NOT NULL;
CREATE INDEX IX_temployee_name ON temployee (last_name, first_name);
CREATE INDEX IX_temployee_paylink ON temployee (paylink);
CREATE TABLE tterminal (
  terminal_id        INTEGER PRIMARY KEY AUTOINCREMENT,
  number             INTEGER NOT NULL UNIQUE,
  description        TEXT NOT NULL,
  configuration      INTEGER NOT NULL,
  suspended          INTEGER NOT NULL DEFAULT 1 CHECK (suspended IN (0, 1)),
  ip_address         TEXT,
  notepad            TEXT,
  relay_trip_seconds INTEGER,
  roll_call_enabled  INTEGER NOT NULL DEFAULT 0 CHECK (roll_call_enabled IN (0, 1)),
  r1_direction       INTEGER,
  r1_description     TEXT,
  r1_zone_id         INTEGER,
  poll_success       TEXT,
  poll_failed        TEXT
);
CREATE TABLE tterminal_group_ref (
  terminal_group_ref_id INTEGER PRIMARY KEY AUTOINCREMENT,
  description           TEXT NOT NULL UNIQUE
);
CREATE TABLE tterminal_group (
  terminal_group_ref_id INTEGER NOT NULL REFERENCES tterminal_group_ref (terminal_group_ref_id),
  terminal_id           INTEGER NOT NULL REFERENCES tterminal (terminal_id),
  PRIMARY KEY (terminal_group_ref_id, terminal_id)
);
CREATE TABLE twork (
  work_id                 INTEGER PRIMARY KEY AUTOINCREMENT,
  employee_id             INTEGER NOT NULL REFERENCES temployee (employee_id),
  terminal_id             INTEGER NOT NULL REFERENCES tterminal (terminal_id),
  date_and_time           TEXT NOT NULL,
  [type]                  INTEGER NOT NULL,
  flag                    INTEGER NOT NULL DEFAULT 0,
  [key]                   INTEGER NOT NULL DEFAULT 0,
  memo                    TEXT NOT NULL DEFAULT '',
  authorisation           INTEGER NOT NULL DEFAULT 3,
  authorisation_finalised INTEGER NOT NULL DEFAULT 1,
  source                  INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IX_twork_employee_time ON twork (employee_id, date_and_time, [type]);
CREATE TABLE twork_swipe (
  work_swipe_id INTEGER PRIMARY KEY AUTOINCREMENT,
  work_id       INTEGER NOT NULL REFERENCES twork (work_id),
  date_and_time TEXT NOT NULL
);
CREATE TABLE twork_unprocessed (
  work_unprocessed_id     INTEGER PRIMARY KEY AUTOINCREMENT,
  employee_id             INTEGER NOT NULL,
  terminal_id             INTEGER NOT NULL,
  date_and_time           TEXT NOT NULL,
  [type]                  INTEGER NOT NULL,
  flag                    INTEGER NOT NULL,
  [key]                   INTEGER NOT NULL,
  memo                    TEXT NOT NULL,
  authorisation           INTEGER NOT NULL,
  authorisation_finalised INTEGER NOT NULL,
  source                  INTEGER NOT NULL
);
-- The guard against doubles looks here; the product empties its own table, the embedded store keeps it.
CREATE INDEX IX_twork_unprocessed_employee_time ON twork_unprocessed (employee_id, date_and_time);
CREATE TABLE twork_unprocessed_archive (
  work_unprocessed_archive_id INTEGER PRIMARY KEY AUTOINCREMENT,
  employee_id             INTEGER NOT NULL,
  terminal_id             INTEGER NOT NULL,
  date_and_time           TEXT NOT NULL,
  [type]                  INTEGER NOT NULL,
  flag                    INTEGER NOT NULL,
  [key]                   INTEGER NOT NULL,
  memo                    TEXT NOT NULL,
  authorisation           INTEGER NOT NULL,
  authorisation_finalised INTEGER NOT NULL,
  source                  INTEGER NOT NULL
);
CREATE TABLE taccess_archive (
  access_archive_id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id           INTEGER NOT NULL DEFAULT 0,
  employee_id       INTEGER NOT NULL,
  terminal_id       INTEGER NOT NULL,
  date_and_time     TEXT NOT NULL,
  flag              INTEGER NOT NULL,
  badge             INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IX_taccess_archive_event ON taccess_archive (employee_id, date_and_time, flag);
CREATE TABLE temployee_roll_call (
  employee_id        INTEGER PRIMARY KEY,
  reader             INTEGER NOT NULL,
  reader_direction   INTEGER,
  reader_description TEXT,
  terminal_id        INTEGER NOT NULL,
  zone_id            INTEGER,
  date_and_time      TEXT NOT NULL
);
CREATE TABLE tevent_update (
  event_update_id             INTEGER PRIMARY KEY AUTOINCREMENT,
  event_update_command_ref_id INTEGER NOT NULL,
  find_key                    TEXT NOT NULL
);
