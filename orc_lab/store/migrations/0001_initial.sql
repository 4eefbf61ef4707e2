-- The first schema. Ids are TEXT, times whole seconds UTC, hours REAL and finite, days 'YYYY-MM-DD'.
-- Synced tables have no UNIQUE but their key: two devices may each be right.

CREATE TABLE identity (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  user_id TEXT NOT NULL,
  device_id TEXT NOT NULL,
  sample INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE intentions (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  title TEXT NOT NULL,
  description TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  synced_at INTEGER
) STRICT;

CREATE TABLE projects (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  intention_id TEXT REFERENCES intentions (id) ON DELETE SET NULL,
  title TEXT NOT NULL,
  description TEXT,
  why TEXT,
  status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused', 'completed', 'archived')),
  priority TEXT NOT NULL DEFAULT 'medium' CHECK (priority IN ('low', 'medium', 'high', 'urgent')),
  progress INTEGER NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
  due_date TEXT,
  completed_at INTEGER,
  created_at INTEGER NOT NULL,
  health_score INTEGER CHECK (health_score BETWEEN 0 AND 100),
  activity_summary TEXT,
  last_ai_update INTEGER,
  updated_at INTEGER NOT NULL,
  synced_at INTEGER
) STRICT;

CREATE TABLE todos (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  project_id TEXT REFERENCES projects (id) ON DELETE SET NULL,
  parent_id TEXT REFERENCES todos (id) ON DELETE SET NULL,
  title TEXT NOT NULL,
  description TEXT,
  status TEXT NOT NULL DEFAULT 'dumped'
    CHECK (status IN ('dumped', 'matched', 'refined', 'confirmed', 'committed', 'done', 'dropped')),
  priority TEXT NOT NULL DEFAULT 'medium' CHECK (priority IN ('low', 'medium', 'high', 'urgent')),
  category TEXT,
  tags TEXT,
  estimated_hours REAL CHECK (estimated_hours >= 0 AND estimated_hours < 9e999),
  original_estimate_hours REAL CHECK (original_estimate_hours >= 0 AND original_estimate_hours < 9e999),
  adjusted_hours REAL CHECK (adjusted_hours > -9e999 AND adjusted_hours < 9e999),
  due_date TEXT,
  snoozed_until TEXT,
  position REAL CHECK (position > -9e999 AND position < 9e999),
  started_at INTEGER,
  completed_at INTEGER,
  created_at INTEGER NOT NULL,
  actual_hours REAL,
  updated_at INTEGER NOT NULL,
  synced_at INTEGER
) STRICT;
CREATE INDEX todos_by_project ON todos (project_id);
-- Wide enough to filter and sort in: the rows themselves are read only for what is shown.
CREATE INDEX todos_by_status ON todos (status, created_at, due_date, completed_at, priority, estimated_hours);
CREATE INDEX todos_by_parent ON todos (parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE links (
  id TEXT PRIMARY KEY,
  blocker_id TEXT NOT NULL REFERENCES todos (id) ON DELETE CASCADE,
  blocked_id TEXT NOT NULL REFERENCES todos (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX links_by_blocker ON links (blocker_id);
CREATE INDEX links_by_blocked ON links (blocked_id);

CREATE TABLE recurrences (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  rule TEXT NOT NULL,
  template TEXT NOT NULL,
  starts_on TEXT NOT NULL,
  ends_on TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE capacity (
  id TEXT PRIMARY KEY,
  day TEXT NOT NULL,
  factor REAL NOT NULL CHECK (factor >= 0 AND factor <= 2),
  why TEXT
) STRICT;

CREATE TABLE weekly_goals (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  week_start_date TEXT NOT NULL,
  goal TEXT,
  reflection TEXT,
  self_rating INTEGER CHECK (self_rating BETWEEN 1 AND 5),
  freezes_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  total_estimated_hours REAL NOT NULL DEFAULT 0,
  completion_rate REAL,
  updated_at INTEGER NOT NULL,
  synced_at INTEGER
) STRICT;
CREATE INDEX weekly_goals_by_week ON weekly_goals (week_start_date);

CREATE TABLE commitments (
  id TEXT PRIMARY KEY,
  weekly_goal_id TEXT NOT NULL REFERENCES weekly_goals (id) ON DELETE CASCADE,
  todo_id TEXT NOT NULL REFERENCES todos (id) ON DELETE CASCADE,
  estimated_hours REAL CHECK (estimated_hours >= 0 AND estimated_hours < 9e999),
  outcome TEXT NOT NULL DEFAULT 'open' CHECK (outcome IN ('open', 'done', 'dropped', 'removed')),
  created_at INTEGER NOT NULL,
  resolved_at INTEGER
) STRICT;
CREATE INDEX commitments_by_goal ON commitments (weekly_goal_id);
CREATE INDEX commitments_by_todo ON commitments (todo_id);

CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  todo_id TEXT NOT NULL REFERENCES todos (id) ON DELETE CASCADE,
  device_id TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER CHECK (ended_at >= started_at),
  source TEXT NOT NULL DEFAULT 'timer'
) STRICT;
CREATE INDEX sessions_by_todo ON sessions (todo_id);
CREATE INDEX sessions_open ON sessions (device_id) WHERE ended_at IS NULL;

-- Append-only, and without a foreign key: what happened stays known when its subject goes.
CREATE TABLE activities (
  id TEXT PRIMARY KEY,
  subject TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  old ANY,
  new ANY,
  occurred_at INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX activities_by_subject ON activities (subject_id, occurred_at);
CREATE INDEX activities_by_time ON activities (occurred_at);

CREATE TABLE forecasts (
  id TEXT PRIMARY KEY,
  model TEXT NOT NULL,
  subject TEXT NOT NULL,
  subject_id TEXT,
  horizon INTEGER,
  unit TEXT NOT NULL,
  quantiles TEXT NOT NULL,
  basis TEXT NOT NULL,
  inputs_hash TEXT NOT NULL,
  as_of INTEGER NOT NULL,
  made_at INTEGER NOT NULL,
  origin TEXT NOT NULL CHECK (origin IN ('live', 'replay', 'preview')),
  outcome REAL,
  resolved_at INTEGER,
  score TEXT
) STRICT;
CREATE INDEX forecasts_by_subject ON forecasts (subject_id);

CREATE TABLE recommendations (
  id TEXT PRIMARY KEY,
  type TEXT NOT NULL CHECK (type IN ('risk_mitigation', 'optimization')),
  priority TEXT NOT NULL CHECK (priority IN ('low', 'medium', 'high', 'urgent')),
  project_id TEXT REFERENCES projects (id) ON DELETE CASCADE,
  title TEXT NOT NULL,
  description TEXT,
  actions TEXT NOT NULL,
  reason TEXT,
  evidence TEXT,
  effect TEXT,
  created_at INTEGER NOT NULL,
  response TEXT,
  responded_at INTEGER,
  outcome TEXT
) STRICT;

CREATE TABLE knowledge (
  id TEXT PRIMARY KEY,
  part TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  learned_from TEXT,
  updated_at INTEGER NOT NULL
) STRICT;

-- Dated: a past week uses what held then.
CREATE TABLE settings (
  id TEXT PRIMARY KEY,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  valid_from INTEGER NOT NULL
) STRICT;
CREATE INDEX settings_by_key ON settings (key, valid_from);

CREATE TABLE imports (
  id TEXT PRIMARY KEY,
  source TEXT NOT NULL,
  external_id TEXT NOT NULL,
  subject TEXT,
  subject_id TEXT,
  content_hash TEXT NOT NULL,
  raw TEXT NOT NULL,
  left_out TEXT,
  imported_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sync_metadata (
  table_name TEXT PRIMARY KEY,
  last_sync INTEGER,
  sync_token TEXT,
  conflict_count INTEGER NOT NULL DEFAULT 0
) STRICT;

-- A transaction's changes are the ones of its number right behind after_seq: no index has to be kept for that.
CREATE TABLE change_tx (
  tx INTEGER PRIMARY KEY,
  actor TEXT NOT NULL,
  label TEXT NOT NULL,
  undoes INTEGER,
  at INTEGER NOT NULL,
  after_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX change_tx_undoes ON change_tx (undoes) WHERE undoes IS NOT NULL;

CREATE TABLE change_log (
  seq INTEGER PRIMARY KEY,
  hlc INTEGER NOT NULL,
  tx INTEGER,
  at INTEGER,
  origin TEXT NOT NULL,
  "table" TEXT NOT NULL,
  id TEXT NOT NULL,
  op TEXT NOT NULL CHECK (op IN ('insert', 'update', 'delete'))
) STRICT;
-- Nobody asks for the history of an activity: it has none.
CREATE INDEX change_log_by_id ON change_log (id) WHERE "table" <> 'activities';

CREATE TABLE change_cell (
  seq INTEGER NOT NULL,
  field TEXT NOT NULL,
  old ANY,
  new ANY,
  PRIMARY KEY (seq, field)
) STRICT, WITHOUT ROWID;

-- One row: what the triggers write beside each change; set and cleared inside the transaction that edits.
CREATE TABLE change_context (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  tx INTEGER,
  origin TEXT,
  at INTEGER,
  hlc INTEGER,
  floor INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO change_context (one) VALUES (1);
