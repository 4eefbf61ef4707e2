-- Keeping devices in step. None of these tables is captured or exchanged: they say what this device knows of the others.

-- Microseconds to add to this device's time, learned from the server's.
ALTER TABLE change_context ADD COLUMN skew INTEGER NOT NULL DEFAULT 0;

ALTER TABLE sync_metadata ADD COLUMN digest INTEGER NOT NULL DEFAULT 0;

CREATE TABLE sync_state (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The cells of each record that the server holds, as far as this device has seen.
CREATE TABLE sync_rows (
  "table" TEXT NOT NULL,
  id TEXT NOT NULL,
  cells TEXT NOT NULL,
  PRIMARY KEY ("table", id)
) STRICT, WITHOUT ROWID;

-- Values that lost against another, until somebody decides; decided ones stay to be looked at.
CREATE TABLE sync_conflicts (
  "table" TEXT NOT NULL,
  id TEXT NOT NULL,
  field_group TEXT NOT NULL,
  clock INTEGER NOT NULL,
  replica TEXT NOT NULL,
  cell TEXT NOT NULL,
  value TEXT NOT NULL,
  open INTEGER NOT NULL,
  sent INTEGER NOT NULL,
  found_at INTEGER NOT NULL,
  settled_at INTEGER,
  settled TEXT,
  PRIMARY KEY ("table", id, field_group, clock, replica)
) STRICT, WITHOUT ROWID;
CREATE INDEX sync_conflicts_open ON sync_conflicts (found_at) WHERE open;
CREATE INDEX sync_conflicts_unsent ON sync_conflicts ("table", id) WHERE NOT sent;

-- References to rows that aren't there (yet): the field is empty meanwhile.
CREATE TABLE sync_waiting (
  parent TEXT NOT NULL,
  "table" TEXT NOT NULL,
  id TEXT NOT NULL,
  field TEXT NOT NULL,
  PRIMARY KEY (parent, "table", id, field)
) STRICT, WITHOUT ROWID;

-- Rows that can't be there before another one is, and what of a newer orc_lab this one doesn't know: as they came.
CREATE TABLE sync_held (
  "table" TEXT NOT NULL,
  id TEXT NOT NULL,
  field_group TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY ("table", id, field_group)
) STRICT, WITHOUT ROWID;

-- Groups to be sent though no entry of the log says so: a decision, a restore, a change of what is shared.
CREATE TABLE sync_touched (
  "table" TEXT NOT NULL,
  id TEXT NOT NULL,
  field_group TEXT NOT NULL,
  clock INTEGER NOT NULL,
  PRIMARY KEY ("table", id, field_group)
) STRICT, WITHOUT ROWID;

-- Rows that others deleted, until it is known whether something still needs them.
CREATE TABLE sync_doomed (
  "table" TEXT NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY ("table", id)
) STRICT, WITHOUT ROWID;

CREATE TABLE sync_rejected (
  "table" TEXT NOT NULL,
  id TEXT NOT NULL,
  reason TEXT NOT NULL,
  detail TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY ("table", id)
) STRICT, WITHOUT ROWID;

-- What isn't shared: a project, a table or a group of fields.
CREATE TABLE sync_scope (
  kind TEXT NOT NULL CHECK (kind IN ('project', 'table', 'group')),
  name TEXT NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE sync_ledger (
  n INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  batch TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  records TEXT NOT NULL
) STRICT;

-- While everything is compared: what the server has named, and what it turned out to lack.
CREATE TABLE sync_listed (
  "table" TEXT NOT NULL,
  id TEXT NOT NULL,
  cells TEXT NOT NULL,
  PRIMARY KEY ("table", id)
) STRICT, WITHOUT ROWID;
CREATE TABLE sync_owed (
  "table" TEXT NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY ("table", id)
) STRICT, WITHOUT ROWID;

-- Records that were taken back, here or by a peer, and those that are to be shared again.
CREATE TABLE sync_unshared (
  "table" TEXT NOT NULL,
  id TEXT NOT NULL,
  taken_by TEXT NOT NULL CHECK (taken_by IN ('here', 'peer')),
  state TEXT NOT NULL CHECK (state IN ('purge', 'off', 'share', 'renew')),
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY ("table", id)
) STRICT, WITHOUT ROWID;
