-- Schema 2: events that their source changes and numbers anew. remark: 0 none, 1 automatic, 2 voided, 3 by hand, 4 after leaving.

ALTER TABLE event ADD COLUMN identity TEXT;
ALTER TABLE event ADD COLUMN remark INTEGER NOT NULL DEFAULT 0;
CREATE INDEX event_identity ON event (endpoint, identity) WHERE identity IS NOT NULL;
