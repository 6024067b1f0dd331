-- Stands for the look-up table where a site keeps groupings as text in the person's row.
CREATE TABLE IF NOT EXISTS {own.grouping} (
  grouping_ref_id INTEGER PRIMARY KEY AUTOINCREMENT,
  grouping_number INTEGER NOT NULL CHECK (grouping_number BETWEEN 1 AND 10),
  description     TEXT NOT NULL,
  UNIQUE (grouping_number, description)
);
