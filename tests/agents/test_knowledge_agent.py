import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from orc_lab.agents.knowledge import action as actions
from orc_lab.agents.knowledge.agent import AgentKnowledge, catch_up, load
from orc_lab.agents.knowledge.base import KnowledgeBase
from orc_lab.agents.knowledge.parts import Part
from orc_lab.errors import InvalidValue, NotFound
from orc_lab.mirror.duck import Mirror
from orc_lab.mirror.features import Frames, frames
from orc_lab.model.clock import Clock
from orc_lab.model.entities import Knowledge, Todo
from orc_lab.model.week import Week
from orc_lab.sample.life import make
from orc_lab.workbench.bench import Workbench

CLOCK = Clock(zone="Europe/Berlin", day_start="04:00")
LAST = Week(2026, 40)
THEN = LAST.start(CLOCK) + 60 * 3600


def seen(wb: Workbench, at: int | None = None) -> Frames:
    with Mirror(wb.db) as mirror:
        return frames(mirror, int(time.time()) + 1 if at is None else at, CLOCK)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench.init(tmp_path / "own.db", zone="Europe/Berlin") as wb:
        yield wb


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lived") / "life.db"
    make(path, end=LAST, weeks=30, todos=300)
    return path


@pytest.fixture
def lived(template: Path, tmp_path: Path) -> Iterator[Workbench]:
    shutil.copy(template, tmp_path / "life.db")
    with Workbench.open(tmp_path / "life.db") as wb:
        yield wb


def rows(wb: Workbench) -> dict[tuple[str, str], Knowledge]:
    return {(row.part, row.name): row for row in wb.find(Knowledge, order="id")}


def same(one: KnowledgeBase, other: KnowledgeBase) -> bool:
    return one.as_dict() == other.as_dict()


def test_a_database_without_a_row_knows_what_is_shipped(bench: Workbench):
    agent = AgentKnowledge.load(bench)
    assert agent.catch_up(seen(bench)).actions == 0
    assert agent.kb == KnowledgeBase()
    assert agent.catch_up(seen(bench)).entries == ()
    assert same(load(bench), KnowledgeBase())


def test_catching_up_learns_a_life_once_and_stores_it_readably(lived: Workbench):
    then = seen(lived, THEN)
    agent = AgentKnowledge.load(lived)
    first = agent.catch_up(then)
    assert first.actions > 200
    learned = {entry.part for entry in agent.kb.all()}
    assert learned >= set(Part) - {Part.OPTIMIZATION_RULES, Part.PRIORITIZATION_RULES}
    assert same(load(lived), agent.kb)
    head = len(lived.edits(1000))
    assert agent.catch_up(then).actions == 0
    assert AgentKnowledge.load(lived).catch_up(then).actions == 0
    assert len(lived.edits(1000)) == head
    for (part, name), row in rows(lived).items():
        if part != "catch_up":
            assert json.loads(row.value)["parameters"], (part, name)
            assert json.loads(row.learned_from or "")["count"] > 0


def test_where_nothing_happened_it_takes_milliseconds(lived: Workbench):
    then = seen(lived, THEN)
    catch_up(lived, then)
    agent = AgentKnowledge.load(lived)
    took = []
    for _ in range(5):
        start = time.process_time()
        agent.catch_up(then)
        took.append(time.process_time() - start)
    assert min(took) < 0.02


def test_a_finished_todo_is_learned_and_taken_back_when_it_is_opened_again(lived: Workbench):
    agent = AgentKnowledge.load(lived)
    agent.catch_up(seen(lived))
    todo = lived.find(Todo, status="committed", limit=1)[0]
    count = agent.kb.entry(Part.WORKFLOW_PATTERNS, "all work").count
    before = agent.kb.entry(Part.WORKFLOW_PATTERNS, "all work").parameters
    lived.done(todo.id, actual_hours=2.0)
    assert agent.catch_up(seen(lived)).actions == 1
    entry = agent.kb.entry(Part.WORKFLOW_PATTERNS, "all work")
    assert entry.count == count + 1
    assert todo.title[:20] in agent.why(Part.WORKFLOW_PATTERNS, "all work")[-1].sentence
    lived.reopen(todo.id)
    agent.catch_up(seen(lived))
    assert agent.kb.entry(Part.WORKFLOW_PATTERNS, "all work").parameters == before
    assert same(load(lived), agent.kb)


def test_a_person_undoes_their_own_edits_and_what_they_had_forgotten_but_not_what_was_learned(bench: Workbench):
    agent = AgentKnowledge.load(bench)
    action = actions.workflow_optimization(["dumped", "done"], "2026-11-20")
    bench.add_todo("Write")
    agent.update_knowledge_base(action)
    known = agent.kb
    assert known.known_ways() == (("dumped", "done"),)
    assert [edit.label for edit in bench.edits(1)] == ["learn from workflow_optimization"]
    agent.forget(Part.WORKFLOW_PATTERNS, "all work")
    assert load(bench).known_ways() == ()
    row = rows(bench)["tasks.workflow_patterns", "all work"]
    assert any("dumped>done" in str(change.cells["learned_from"][0]) for change in bench.history(row.id)[-1:])
    bench.undo()
    assert same(load(bench), known)
    bench.undo()
    assert bench.count(Todo) == 0
    assert same(load(bench), known)


def test_what_was_forgotten_stays_so_when_its_todo_is_touched(lived: Workbench):
    agent = AgentKnowledge.load(lived)
    todo = lived.find(Todo, status="committed", limit=1)[0]
    lived.done(todo.id)
    agent.catch_up(seen(lived))
    key = f"task_completed:{todo.id}"
    agent.forget(action=key)
    lived.update(Todo, todo.id, title="Another title")
    agent.catch_up(seen(lived))
    assert key not in json.dumps(agent.kb.as_dict())


def test_what_else_happens_is_learned_too(bench: Workbench):
    agent = AgentKnowledge.load(bench)
    project = bench.add_project("Thesis", due_date="2030-01-01")
    ids = [bench.add_todo(f"Part {n}", project_id=project.id, estimated_hours=2.0).id for n in range(5)]
    agent.catch_up(seen(bench))
    for n in (3.0, 5.0):
        bench.update(Todo, ids[0], estimated_hours=n)
    agent.catch_up(seen(bench))
    reason = agent.why(Part.ESTIMATION_MODELS, f"project {project.id}")
    assert [each.kind for each in reason] == ["task_estimation_corrected"]
    assert agent.kb.estimate_factor({"estimate_hours": 2.0, "project_id": project.id}) > 1.05
    now = int(time.time())
    bench.start(ids[1], at=now - 7200)
    bench.stop(ended_at=now - 600)
    for id in ids:
        bench.done(id, actual_hours=3.0)
    bench.complete_project(project.id)
    agent.catch_up(seen(bench))
    assert agent.kb.entry(Part.SUCCESS_METRICS, "on time").count == 1
    assert agent.kb.entry(Part.RISK_INDICATORS, "idle_days").count == 1
    assert agent.kb.entry(Part.WORKING_STYLES, "session length").count == 1
    assert agent.kb.success_metrics()["hours ÷ estimate"] > 1.1
    assert agent.kb.entry(Part.PATTERNS, "overdue").count == 1


def test_an_action_finds_its_numbers_in_the_frames(lived: Workbench):
    then = seen(lived, THEN)
    agent = AgentKnowledge.load(lived, then)
    done = then.projects[then.projects["completed"].notna()].iloc[0]
    agent.learn(actions.project_completed(done["id"], "2026-09-01", title=done["title"]))
    assert agent.kb.entry(Part.SUCCESS_METRICS, "todos a week").count == 1
    todos = then.tasks["id"].tolist()
    agent.learn(actions.task_chosen(todos[0], todos[1:4], "2026-09-02"))
    assert agent.kb.order_rule() != KnowledgeBase().order_rule()
    week = then.weekly["week"].iloc[-3]
    agent.learn(actions.week_closed(week, "2026-09-20"))
    assert [reason.subject for reason in agent.why(Part.GOAL_ACHIEVEMENT_HISTORY, "commitments")] == [week]
    with pytest.raises(NotFound):
        agent.learn(actions.task_completed("nobody", "2026-09-02"))
    with pytest.raises(InvalidValue, match="frames to take them from"):
        AgentKnowledge.load(lived).learn(actions.task_completed(todos[0], "2026-09-02"))


def test_rows_that_are_no_knowledge_are_passed_over(bench: Workbench):
    for part, name in (("users.moods", "grey"), ("projects.success_metrics", "no such metric")):
        bench.create(Knowledge, part=part, name=name, value="{}", learned_from="{}")
    bench.create(Knowledge, part="projects.risk_indicators", name="idle_days", value="?", learned_from="no JSON")
    assert load(bench).thresholds() == KnowledgeBase().thresholds()


def test_each_day_of_work_costs_the_log_little(lived: Workbench):
    agent = AgentKnowledge.load(lived)
    agent.catch_up(seen(lived))

    def size() -> int:
        cells = lived.db.rows("SELECT sum(length(coalesce(old, '')) + length(coalesce(new, ''))) FROM change_cell")
        return int(cells[0][0])

    for todo in lived.find(Todo, status="confirmed", limit=4):
        lived.done(todo.id, actual_hours=1.0)
    before = size()
    agent.catch_up(seen(lived))
    assert size() - before < 80_000
