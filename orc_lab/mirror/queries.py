"""The SQL behind `features`: what was so at the instant `$at`, a table each. Times come out as UTC, days as days."""

_WORKED = """worked AS (
  SELECT todo_id, sum(ended_at - started_at) / 3600.0 AS hours FROM sessions WHERE ended_at <= $at GROUP BY todo_id
)"""

# A status activity after the instant tells by its old value what the status was at the instant. Hours that the person
# added count once the todo is done: it is then that they are known.
# A todo that was closed when it came here, with no date of its end, is undated: the file that it came from told none.
TASKS = f"""
WITH {_WORKED}, told AS (
  SELECT subject_id, arg_min(old, occurred_at) FILTER (occurred_at > $at) AS status,
    max(occurred_at) FILTER (new = 'done' AND old IS NOT NULL AND occurred_at <= $at) AS done,
    max(occurred_at) FILTER (new = 'dropped' AND old IS NOT NULL AND occurred_at <= $at) AS dropped,
    bool_or(old IS NULL) FILTER (new IN ('done', 'dropped') AND occurred_at <= $at) AS born_closed
  FROM activities WHERE subject = 'todos' AND kind = 'status' AND (occurred_at > $at OR new IN ('done', 'dropped'))
  GROUP BY subject_id
), known AS (
  SELECT t.*, worked.hours AS worked, told.done, told.dropped, told.born_closed,
    CASE WHEN t.completed_at > $at THEN NULL ELSE t.adjusted_hours END AS added,
    CASE
      WHEN told.status IS NOT NULL THEN told.status
      WHEN t.completed_at <= $at OR t.completed_at IS NULL THEN t.status
      WHEN t.started_at <= $at THEN 'committed' ELSE 'dumped' END AS stage
  FROM todos AS t LEFT JOIN worked ON worked.todo_id = t.id LEFT JOIN told ON told.subject_id = t.id
  WHERE t.created_at <= $at
), held AS (
  SELECT DISTINCT l.blocked_id AS id FROM links AS l JOIN known AS b ON b.id = l.blocker_id
  WHERE l.created_at <= $at AND b.stage NOT IN ('done', 'dropped')
)
SELECT k.id, k.title, k.project_id, p.title AS project, k.category, k.priority,
  coalesce(array_to_string(TRY(from_json(k.tags, '["VARCHAR"]')), ' '), k.tags, '') AS tags, k.stage AS status,
  make_timestamp(k.created_at * 1000000) AS created,
  make_timestamp(CASE WHEN k.started_at <= $at THEN k.started_at END * 1000000) AS started,
  make_timestamp(CASE WHEN k.stage <> 'done' THEN NULL WHEN k.completed_at <= $at THEN k.completed_at
    ELSE coalesce(k.done, least(k.updated_at, $at)) END * 1000000) AS completed,
  make_timestamp(CASE WHEN k.stage = 'dropped' THEN coalesce(k.dropped, least(k.updated_at, $at)) END * 1000000)
    AS dropped,
  TRY_CAST(k.due_date AS TIMESTAMP) AS due,
  coalesce(k.original_estimate_hours, k.estimated_hours) AS estimate_hours,
  CASE WHEN k.added IS NOT NULL OR k.worked IS NOT NULL
    THEN greatest(0.0, coalesce(k.added, 0.0) + coalesce(k.worked, 0.0)) END AS actual_hours,
  greatest(0.0, k.added) AS added_hours,
  coalesce(k.born_closed AND NOT coalesce(k.completed_at <= $at, false) AND (k.stage = 'done' AND k.done IS NULL
    OR k.stage = 'dropped' AND k.dropped IS NULL), false) AS undated,
  TRY_CAST(k.snoozed_until AS TIMESTAMP) AS snoozed, held.id IS NOT NULL AS blocked
FROM known AS k LEFT JOIN projects AS p ON p.id = k.project_id LEFT JOIN held ON held.id = k.id
ORDER BY k.created_at, k.id"""

PROJECTS = """
SELECT id, title, why, CASE WHEN completed_at > $at THEN 'active' ELSE status END AS status, priority, progress,
  make_timestamp(created_at * 1000000) AS created,
  make_timestamp(CASE WHEN completed_at <= $at THEN completed_at END * 1000000) AS completed,
  TRY_CAST(due_date AS TIMESTAMP) AS due
FROM projects WHERE created_at <= $at ORDER BY created_at, id"""

# Promised twice for one week is one promise: the first estimate, the last outcome, planned if either was.
# What was taken out before the plan froze never was part of it; taken out later, the todo counts as dropped.
COMMITMENTS = """
WITH promised AS (
  SELECT c.*, g.week_start_date, c.created_at <= g.freezes_at AS planned,
    coalesce(c.outcome = 'removed' AND c.resolved_at <= least(g.freezes_at, $at), false) AS withdrawn
  FROM commitments AS c JOIN weekly_goals AS g ON g.id = c.weekly_goal_id WHERE c.created_at <= $at
)
SELECT TRY_CAST(week_start_date AS TIMESTAMP) AS monday, todo_id,
  first(estimated_hours ORDER BY created_at, id) AS estimate_hours,
  make_timestamp(min(created_at) * 1000000) AS committed,
  bool_or(planned) AS planned,
  last(CASE WHEN resolved_at > $at THEN 'open' WHEN outcome = 'removed' THEN 'dropped' ELSE outcome END
    ORDER BY created_at, id) AS outcome,
  make_timestamp(last(CASE WHEN resolved_at <= $at THEN resolved_at END ORDER BY created_at, id) * 1000000) AS resolved
FROM promised WHERE NOT withdrawn GROUP BY week_start_date, todo_id ORDER BY monday, committed, todo_id"""

# Activities of one second: recorded as they happened, their ids tell the order; imported ones follow the pipeline.
EVENTS = """
SELECT a.subject_id AS todo_id, make_timestamp(a.occurred_at * 1000000) AS at, a.old, a.new
FROM activities AS a SEMI JOIN todos AS t ON t.id = a.subject_id AND t.created_at <= $at
WHERE a.subject = 'todos' AND a.kind = 'status' AND a.occurred_at <= $at
ORDER BY a.occurred_at, a.recorded_at, CASE WHEN a.recorded_at = a.occurred_at THEN a.id END,
  list_position($stages, a.new), a.id"""

# Hours that the person took off a todo are taken off each of its sessions alike.
SESSIONS = f"""
WITH {_WORKED}
SELECT s.todo_id, p.title AS project, make_timestamp(s.started_at * 1000000) AS started,
  make_timestamp(s.ended_at * 1000000) AS ended, (s.ended_at - s.started_at) / 3600.0 AS hours, s.source,
  (s.ended_at - s.started_at) / 3600.0 * greatest(0.0, 1 + CASE
    WHEN t.completed_at > $at THEN 0.0 ELSE least(0.0, t.adjusted_hours) END / w.hours) AS counted_hours
FROM sessions AS s JOIN todos AS t ON t.id = s.todo_id AND t.created_at <= $at
  JOIN worked AS w ON w.todo_id = s.todo_id LEFT JOIN projects AS p ON p.id = t.project_id
WHERE s.ended_at <= $at ORDER BY s.started_at, s.id"""

CAPACITY = "SELECT TRY_CAST(day AS TIMESTAMP) AS day, avg(factor) AS factor FROM capacity GROUP BY day ORDER BY day"

# The columns of these that are instants.
INSTANTS = frozenset({"created", "started", "completed", "dropped", "committed", "resolved", "at", "ended"})

KNOWLEDGE = "SELECT part, name, version, learned_from FROM knowledge ORDER BY id"
