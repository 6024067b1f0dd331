-- Tables of ours: receipts, and what timeware's own records cannot hold. `{own.x}` and `{bare.x}` are prefixed names.
-- Keys are compared byte for byte, whatever the database thinks of case. Statements end with a line `GO`.
CREATE TABLE {own.link} (
  link_id      bigint IDENTITY(1,1) NOT NULL,
  source       nvarchar(50) COLLATE Latin1_General_100_BIN2 NOT NULL,
  entity       nvarchar(20) NOT NULL,
  external_id  nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  internal_id  int NOT NULL,
  fingerprint  char(64) NULL,
  state        nvarchar(12) NOT NULL CONSTRAINT {bare.DF_link_state} DEFAULT ('active'),
  first_seen   datetime2(3) NOT NULL,
  last_seen    datetime2(3) NOT NULL,
  CONSTRAINT {bare.PK_link} PRIMARY KEY (link_id),
  CONSTRAINT {bare.UQ_link_external} UNIQUE (source, entity, external_id),
  CONSTRAINT {bare.CK_link_entity} CHECK (entity IN ('employee', 'terminal', 'policy', 'terminal_group', 'grouping')),
  CONSTRAINT {bare.CK_link_state} CHECK (state IN ('active', 'missing', 'leaver', 'conflict', 'ignored'))
)
GO
CREATE INDEX {bare.IX_link_internal} ON {own.link} (source, entity, internal_id)
GO
CREATE TABLE {own.terminal} (
  terminal_id  int NOT NULL,
  role         nvarchar(20) NOT NULL,
  direction    char(1) NOT NULL CONSTRAINT {bare.DF_terminal_direction} DEFAULT ('U'),
  time_zone    nvarchar(64) NOT NULL,
  take_from    datetime2(3) NULL,
  CONSTRAINT {bare.PK_terminal} PRIMARY KEY (terminal_id),
  CONSTRAINT {bare.CK_terminal_role} CHECK (role IN ('attendance', 'access', 'fire_alarm', 'muster')),
  CONSTRAINT {bare.CK_terminal_direction} CHECK (direction IN ('I', 'O', 'B', 'U'))
)
GO
CREATE TABLE {own.badge} (
  badge_id     bigint IDENTITY(1,1) NOT NULL,
  source       nvarchar(50) COLLATE Latin1_General_100_BIN2 NOT NULL,
  kind         nvarchar(50) NOT NULL CONSTRAINT {bare.DF_badge_kind} DEFAULT (''),
  number       nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  shown        nvarchar(64) NOT NULL,
  employee_id  int NOT NULL,
  valid_from   datetime2(3) NOT NULL,
  valid_to     datetime2(3) NULL,
  CONSTRAINT {bare.PK_badge} PRIMARY KEY (badge_id)
)
GO
CREATE INDEX {bare.IX_badge_number} ON {own.badge} (source, number, valid_from)
GO
CREATE INDEX {bare.IX_badge_holder} ON {own.badge} (employee_id, source)
GO
CREATE TABLE {own.event} (
  source            nvarchar(50) COLLATE Latin1_General_100_BIN2 NOT NULL,
  external_event_id nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL,
  occurred_utc      datetime2(3) NOT NULL,
  occurred_local    datetime2(0) NOT NULL,
  utc_offset_min    smallint NOT NULL,
  received_utc      datetime2(3) NOT NULL,
  external_person   nvarchar(100) NULL,
  external_device   nvarchar(100) NULL,
  badge_number      nvarchar(64) NULL,
  direction         char(1) NOT NULL CONSTRAINT {bare.DF_event_direction} DEFAULT ('U'),
  event_class       nvarchar(20) NOT NULL,
  outcome           nvarchar(20) NOT NULL,
  reason            nvarchar(200) NULL,
  employee_id       int NULL,
  terminal_id       int NULL,
  target_table      nvarchar(128) NULL,
  target_id         bigint NULL,
  run_id            bigint NULL,
  CONSTRAINT {bare.PK_event} PRIMARY KEY (source, external_event_id),
  CONSTRAINT {bare.CK_event_direction} CHECK (direction IN ('I', 'O', 'U')),
  CONSTRAINT {bare.CK_event_outcome}
    CHECK (outcome IN ('booked', 'duplicate', 'suppressed', 'held', 'ignored', 'rejected'))
)
GO
CREATE INDEX {bare.IX_event_person} ON {own.event} (employee_id, occurred_utc)
GO
CREATE TABLE {own.grouping} (
  grouping_ref_id int IDENTITY(1,1) NOT NULL,
  grouping_number tinyint NOT NULL,
  description     nvarchar(50) NOT NULL,
  CONSTRAINT {bare.PK_grouping} PRIMARY KEY (grouping_ref_id),
  CONSTRAINT {bare.UQ_grouping} UNIQUE (grouping_number, description),
  CONSTRAINT {bare.CK_grouping_number} CHECK (grouping_number BETWEEN 1 AND 10)
)
GO
