-- The timeware tables that the simulator starts with: the vendor's side as this project assumes it, and the
-- project's own tables. A batch ends with GO on a line of its own.

CREATE TABLE dbo.tversion (
  property nvarchar(100) NOT NULL,
  data     nvarchar(400) NULL
)
GO
CREATE TABLE dbo.temployee_status (
  employee_status_id       int IDENTITY(1,1) NOT NULL,
  description              nvarchar(50) NOT NULL,
  exclude_from_calculation int NOT NULL CONSTRAINT DF_temployee_status_exclude DEFAULT (0),
  CONSTRAINT PK_temployee_status PRIMARY KEY (employee_status_id)
)
GO
CREATE TABLE dbo.tgrouping_ref (
  grouping_ref_id int IDENTITY(1,1) NOT NULL,
  grouping_number tinyint NOT NULL,
  description     nvarchar(50) NOT NULL,
  CONSTRAINT PK_tgrouping_ref PRIMARY KEY (grouping_ref_id),
  CONSTRAINT UQ_tgrouping_ref UNIQUE (grouping_number, description),
  CONSTRAINT CK_tgrouping_ref_number CHECK (grouping_number BETWEEN 1 AND 10)
)
GO
CREATE TABLE dbo.tterminal_policy (
  terminal_policy_id int IDENTITY(1,1) NOT NULL,
  description        nvarchar(50) NOT NULL,
  data               nvarchar(max) NULL,
  CONSTRAINT PK_tterminal_policy PRIMARY KEY (terminal_policy_id),
  CONSTRAINT UQ_tterminal_policy UNIQUE (description)
)
GO
CREATE TABLE dbo.temployee (
  employee_id               int IDENTITY(1,1) NOT NULL,
  employee_status_id        int NOT NULL,
  title                     nvarchar(20) NULL,
  first_name                nvarchar(50) NOT NULL,
  last_name                 nvarchar(50) NOT NULL,
  date_of_birth             datetime NULL,
  gender                    nvarchar(20) NULL,
  address                   nvarchar(500) NULL,
  post_code                 nvarchar(12) NULL,
  email_address             nvarchar(254) NULL,
  mobile_number             nvarchar(30) NULL,
  vehicle_registration      nvarchar(20) NULL,
  badge                     bigint NULL,
  badge_activation          datetime NULL,
  badge_expiry              datetime NULL,
  security_pin              nvarchar(16) NULL,
  paylink                   nvarchar(30) NULL,
  date_started_with_company datetime NULL,
  date_left_company         datetime NULL,
  terminal_policy_id        int NULL,
  grouping_1_ref_id         int NULL,
  grouping_2_ref_id         int NULL,
  grouping_3_ref_id         int NULL,
  grouping_4_ref_id         int NULL,
  grouping_5_ref_id         int NULL,
  grouping_6_ref_id         int NULL,
  grouping_7_ref_id         int NULL,
  grouping_8_ref_id         int NULL,
  grouping_9_ref_id         int NULL,
  grouping_10_ref_id        int NULL,
  photo                     varbinary(max) NULL,
  CONSTRAINT PK_temployee PRIMARY KEY (employee_id),
  CONSTRAINT FK_temployee_status FOREIGN KEY (employee_status_id) REFERENCES dbo.temployee_status (employee_status_id),
  CONSTRAINT FK_temployee_policy FOREIGN KEY (terminal_policy_id) REFERENCES dbo.tterminal_policy (terminal_policy_id)
)
GO
CREATE UNIQUE INDEX UX_temployee_badge ON dbo.temployee (badge) WHERE badge IS NOT NULL
GO
CREATE INDEX IX_temployee_name ON dbo.temployee (last_name, first_name)
GO
CREATE INDEX IX_temployee_paylink ON dbo.temployee (paylink)
GO
CREATE TABLE dbo.tterminal (
  terminal_id        int IDENTITY(1,1) NOT NULL,
  number             int NOT NULL,
  description        nvarchar(100) NOT NULL,
  configuration      int NOT NULL,
  suspended          bit NOT NULL CONSTRAINT DF_tterminal_suspended DEFAULT (1),
  ip_address         nvarchar(64) NULL,
  notepad            nvarchar(max) NULL,
  relay_trip_seconds int NULL,
  roll_call_enabled  bit NOT NULL CONSTRAINT DF_tterminal_roll_call DEFAULT (0),
  r1_direction       int NULL,
  r1_description     nvarchar(50) NULL,
  r1_zone_id         int NULL,
  poll_success       datetime NULL,
  poll_failed        datetime NULL,
  CONSTRAINT PK_tterminal PRIMARY KEY (terminal_id),
  CONSTRAINT UQ_tterminal_number UNIQUE (number)
)
GO
CREATE TABLE dbo.tterminal_group_ref (
  terminal_group_ref_id int IDENTITY(1,1) NOT NULL,
  description           nvarchar(50) NOT NULL,
  CONSTRAINT PK_tterminal_group_ref PRIMARY KEY (terminal_group_ref_id),
  CONSTRAINT UQ_tterminal_group_ref UNIQUE (description)
)
GO
CREATE TABLE dbo.tterminal_group (
  terminal_group_ref_id int NOT NULL,
  terminal_id           int NOT NULL,
  CONSTRAINT PK_tterminal_group PRIMARY KEY (terminal_group_ref_id, terminal_id),
  CONSTRAINT FK_tterminal_group_ref FOREIGN KEY (terminal_group_ref_id) REFERENCES dbo.tterminal_group_ref (terminal_group_ref_id),
  CONSTRAINT FK_tterminal_group_terminal FOREIGN KEY (terminal_id) REFERENCES dbo.tterminal (terminal_id)
)
GO
CREATE TABLE dbo.twork (
  work_id                 int IDENTITY(1,1) NOT NULL,
  employee_id             int NOT NULL,
  terminal_id             int NOT NULL,
  date_and_time           datetime NOT NULL,
  [type]                  int NOT NULL,
  flag                    int NOT NULL CONSTRAINT DF_twork_flag DEFAULT (0),
  [key]                   int NOT NULL CONSTRAINT DF_twork_key DEFAULT (0),
  memo                    nvarchar(400) NOT NULL CONSTRAINT DF_twork_memo DEFAULT (''),
  authorisation           int NOT NULL CONSTRAINT DF_twork_auth DEFAULT (3),
  authorisation_finalised int NOT NULL CONSTRAINT DF_twork_authfin DEFAULT (1),
  source                  int NOT NULL CONSTRAINT DF_twork_source DEFAULT (0),
  CONSTRAINT PK_twork PRIMARY KEY (work_id),
  CONSTRAINT FK_twork_employee FOREIGN KEY (employee_id) REFERENCES dbo.temployee (employee_id),
  CONSTRAINT FK_twork_terminal FOREIGN KEY (terminal_id) REFERENCES dbo.tterminal (terminal_id)
)
GO
CREATE INDEX IX_twork_employee_time ON dbo.twork (employee_id, date_and_time, [type])
GO
CREATE TABLE dbo.twork_swipe (
  work_swipe_id int IDENTITY(1,1) NOT NULL,
  work_id       int NOT NULL,
  date_and_time datetime NOT NULL,
  CONSTRAINT PK_twork_swipe PRIMARY KEY (work_swipe_id),
  CONSTRAINT FK_twork_swipe_work FOREIGN KEY (work_id) REFERENCES dbo.twork (work_id)
)
GO
CREATE TABLE dbo.twork_unprocessed (
  work_unprocessed_id     int IDENTITY(1,1) NOT NULL,
  employee_id             int NOT NULL,
  terminal_id             int NOT NULL,
  date_and_time           datetime NOT NULL,
  [type]                  int NOT NULL,
  flag                    int NOT NULL,
  [key]                   int NOT NULL,
  memo                    nvarchar(400) NOT NULL,
  authorisation           int NOT NULL,
  authorisation_finalised int NOT NULL,
  source                  int NOT NULL,
  CONSTRAINT PK_twork_unprocessed PRIMARY KEY (work_unprocessed_id)
)
GO
CREATE TABLE dbo.twork_unprocessed_archive (
  work_unprocessed_archive_id int IDENTITY(1,1) NOT NULL,
  employee_id             int NOT NULL,
  terminal_id             int NOT NULL,
  date_and_time           datetime NOT NULL,
  [type]                  int NOT NULL,
  flag                    int NOT NULL,
  [key]                   int NOT NULL,
  memo                    nvarchar(400) NOT NULL,
  authorisation           int NOT NULL,
  authorisation_finalised int NOT NULL,
  source                  int NOT NULL,
  CONSTRAINT PK_twork_unprocessed_archive PRIMARY KEY (work_unprocessed_archive_id)
)
GO
CREATE TABLE dbo.taccess_archive (
  access_archive_id int IDENTITY(1,1) NOT NULL,
  user_id           int NOT NULL CONSTRAINT DF_taccess_archive_user DEFAULT (0),
  employee_id       int NOT NULL,
  terminal_id       int NOT NULL,
  date_and_time     datetime NOT NULL,
  flag              int NOT NULL,
  badge             bigint NOT NULL CONSTRAINT DF_taccess_archive_badge DEFAULT (0),
  CONSTRAINT PK_taccess_archive PRIMARY KEY (access_archive_id)
)
GO
CREATE INDEX IX_taccess_archive_event ON dbo.taccess_archive (employee_id, date_and_time, flag)
GO
CREATE TABLE dbo.temployee_roll_call (
  employee_id        int NOT NULL,
  reader             int NOT NULL,
  reader_direction   int NULL,
  reader_description nvarchar(50) NULL,
  terminal_id        int NOT NULL,
  zone_id            int NULL,
  date_and_time      datetime NOT NULL,
  CONSTRAINT PK_temployee_roll_call PRIMARY KEY (employee_id)
)
GO
CREATE TABLE dbo.tevent_update (
  event_update_id             int IDENTITY(1,1) NOT NULL,
  event_update_command_ref_id int NOT NULL,
  find_key                    nvarchar(50) NOT NULL,
  CONSTRAINT PK_tevent_update PRIMARY KEY (event_update_id)
)
GO
CREATE TABLE dbo.bridge_link (
  link_id      bigint IDENTITY(1,1) NOT NULL,
  source       nvarchar(50) NOT NULL,
  entity       nvarchar(20) NOT NULL,
  external_id  nvarchar(100) NOT NULL,
  internal_id  int NOT NULL,
  fingerprint  char(64) NULL,
  state        nvarchar(12) NOT NULL CONSTRAINT DF_bridge_link_state DEFAULT ('active'),
  first_seen   datetime2(3) NOT NULL,
  last_seen    datetime2(3) NOT NULL,
  CONSTRAINT PK_bridge_link PRIMARY KEY (link_id),
  CONSTRAINT UQ_bridge_link_external UNIQUE (source, entity, external_id),
  CONSTRAINT CK_bridge_link_entity CHECK (entity IN ('employee','terminal','policy','terminal_group','grouping')),
  CONSTRAINT CK_bridge_link_state CHECK (state IN ('active','missing','leaver','conflict','ignored'))
)
GO
CREATE INDEX IX_bridge_link_internal ON dbo.bridge_link (source, entity, internal_id)
GO
CREATE TABLE dbo.bridge_terminal (
  terminal_id int NOT NULL,
  role        nvarchar(20) NOT NULL,
  direction   char(1) NOT NULL CONSTRAINT DF_bridge_terminal_direction DEFAULT ('U'),
  time_zone   nvarchar(64) NOT NULL,
  take_from   datetime2(3) NULL,
  CONSTRAINT PK_bridge_terminal PRIMARY KEY (terminal_id),
  CONSTRAINT FK_bridge_terminal FOREIGN KEY (terminal_id) REFERENCES dbo.tterminal (terminal_id),
  CONSTRAINT CK_bridge_terminal_role CHECK (role IN ('attendance','access','fire_alarm','muster')),
  CONSTRAINT CK_bridge_terminal_direction CHECK (direction IN ('I','O','B','U'))
)
GO
CREATE TABLE dbo.bridge_badge (
  badge_id     bigint IDENTITY(1,1) NOT NULL,
  source       nvarchar(50) NOT NULL,
  number       nvarchar(64) NOT NULL,
  employee_id  int NOT NULL,
  valid_from   datetime2(3) NOT NULL,
  valid_to     datetime2(3) NULL,
  CONSTRAINT PK_bridge_badge PRIMARY KEY (badge_id)
)
GO
CREATE INDEX IX_bridge_badge_number ON dbo.bridge_badge (source, number, valid_from)
GO
CREATE TABLE dbo.bridge_cursor (
  source      nvarchar(50) NOT NULL,
  stream      nvarchar(50) NOT NULL,
  cursor_text nvarchar(400) NOT NULL,
  updated_at  datetime2(3) NOT NULL,
  CONSTRAINT PK_bridge_cursor PRIMARY KEY (source, stream)
)
GO
CREATE TABLE dbo.bridge_event (
  source            nvarchar(50) NOT NULL,
  external_event_id nvarchar(100) NOT NULL,
  occurred_utc      datetime2(3) NOT NULL,
  occurred_local    datetime2(0) NOT NULL,
  utc_offset_min    smallint NOT NULL,
  received_utc      datetime2(3) NOT NULL,
  external_person   nvarchar(100) NULL,
  external_device   nvarchar(100) NULL,
  badge_number      nvarchar(64) NULL,
  direction         char(1) NOT NULL CONSTRAINT DF_bridge_event_direction DEFAULT ('U'),
  event_class       nvarchar(20) NOT NULL,
  outcome           nvarchar(20) NOT NULL,
  reason            nvarchar(200) NULL,
  employee_id       int NULL,
  terminal_id       int NULL,
  target_table      nvarchar(60) NULL,
  target_id         bigint NULL,
  run_id            bigint NULL,
  CONSTRAINT PK_bridge_event PRIMARY KEY (source, external_event_id),
  CONSTRAINT CK_bridge_event_direction CHECK (direction IN ('I','O','U')),
  CONSTRAINT CK_bridge_event_outcome CHECK (outcome IN ('booked','duplicate','suppressed','held','ignored','rejected'))
)
GO
CREATE INDEX IX_bridge_event_person ON dbo.bridge_event (employee_id, occurred_utc)
GO
CREATE TABLE dbo.bridge_run (
  run_id      bigint IDENTITY(1,1) NOT NULL,
  source      nvarchar(50) NOT NULL,
  job         nvarchar(30) NOT NULL,
  dry_run     bit NOT NULL,
  started_at  datetime2(3) NOT NULL,
  finished_at datetime2(3) NULL,
  status      nvarchar(12) NOT NULL,
  counters    nvarchar(max) NULL,
  error       nvarchar(max) NULL,
  CONSTRAINT PK_bridge_run PRIMARY KEY (run_id)
)
GO
CREATE TABLE dbo.bridge_audit (
  audit_id    bigint IDENTITY(1,1) NOT NULL,
  run_id      bigint NULL,
  at_utc      datetime2(3) NOT NULL,
  actor       nvarchar(100) NOT NULL,
  target      nvarchar(20) NOT NULL,
  entity      nvarchar(20) NOT NULL,
  entity_id   nvarchar(100) NOT NULL,
  action      nvarchar(20) NOT NULL,
  field       nvarchar(60) NULL,
  old_value   nvarchar(500) NULL,
  new_value   nvarchar(500) NULL,
  CONSTRAINT PK_bridge_audit PRIMARY KEY (audit_id)
)
GO

-- Rows that every test database needs.

INSERT INTO dbo.tversion (property, data) VALUES (N'database version', N'20.0.7000')
GO
INSERT INTO dbo.temployee_status (description, exclude_from_calculation) VALUES (N'Current', 0), (N'Leaver', 1)
GO
