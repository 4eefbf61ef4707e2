"""The simulation: does it do what it says, and does the agent pay on made-up lives and on the real history?"""

import numpy as np
import pandas as pd
import pytest

from orc_lab.agents.recommend.policies import (
    AGENT,
    EARLIEST,
    FIRST_COME,
    POLICIES,
    PRIORITY,
    RANDOM,
    SHORTEST,
    SIMPLE,
    SLACK,
    Agent,
    ByKey,
    Job,
)
from orc_lab.agents.recommend.rule import Rule
from orc_lab.agents.recommend.scheduler import Scheduler
from orc_lab.agents.recommend.simulate import Ask, run, simulate
from orc_lab.errors import InvalidValue


def history(count: int = 240, ratio: float = 1.0, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    estimate = rng.choice([0.5, 1.0, 2.0, 3.0, 4.0, 8.0], count)
    return pd.DataFrame({
        "id": [f"t{n:04d}" for n in range(count)],
        "completed": pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(count) // 2, unit="D"),
        "estimate_hours": estimate,
        "actual_hours": estimate * ratio * np.exp(0.6 * rng.normal(size=count)),
    })  # fmt: skip


def job(id: int, arrived: float, due: int, *actuals: float, **more: object) -> Job:
    fields = {"priority": "medium", "category": "", "estimates": actuals, **more}
    return Job(id=id, arrived=arrived, due=due, actuals=actuals, **fields)


FEW = {AGENT: POLICIES[AGENT], EARLIEST: POLICIES[EARLIEST]}


def small(**more: object) -> pd.DataFrame:
    options = {"loads": [0.9], "projects": 20, "replications": 8, "policies": FEW} | more
    return simulate(history(), **options).table.set_index(["due", "policy"])


FIRST = ByKey(lambda job, today, capacity: (job.arrived,))
SECOND = ByKey(lambda job, today, capacity: (-job.id,))


# ── the machine ──


def test_work_is_done_in_hours_of_the_day_and_a_due_day_is_worked_to_its_end():
    assert run([job(0, 0, 0, 3.0, 3.0)], FIRST, 6.0).tolist() == [True]
    assert run([job(0, 0, 0, 3.0, 3.1)], FIRST, 6.0).tolist() == [False]
    assert run([job(0, 0, 1, 3.0, 3.0), job(1, 0, 1, 6.0)], FIRST, 6.0).tolist() == [True, True]
    assert run([job(0, 5.5, 5, 3.0)], FIRST, 6.0).tolist() == [True]  # half of its day is left
    assert run([job(0, 5.5, 5, 3.1)], FIRST, 6.0).tolist() == [False]


def test_the_order_decides_who_is_late():
    jobs = [job(0, 0, 0, 6.0), job(1, 0, 0, 6.0)]
    assert run(jobs, FIRST, 6.0).tolist() == [True, False]
    assert run(jobs, SECOND, 6.0).tolist() == [False, True]


def test_when_one_is_asked_decides_who_may_step_in():
    jobs = [job(0, 0, 3, 4.0, 4.0, 4.0), job(1, 0.5, 0, 2.0)]
    assert run(jobs, SECOND, 6.0, Ask.TASK).tolist() == [True, True]  # steps in after four hours
    assert run(jobs, SECOND, 6.0, Ask.DAY).tolist() == [True, False]  # not before the next day
    long = [job(0, 0, 3, 12.0), job(1, 0.5, 1, 2.0)]
    assert run(long, SECOND, 6.0, Ask.DAY).tolist() == [True, True]
    assert run(long, SECOND, 6.0, Ask.WHOLE_TASK).tolist() == [True, False]


def test_a_policy_never_sees_what_has_not_come_and_hears_of_every_task():
    seen, heard = [], []

    class Spy(ByKey):
        def pick(self, jobs, today, capacity):
            seen.append((today, sorted(job.id for job in jobs)))
            return super().pick(jobs, today, capacity)

        def finished(self, job, task):
            heard.append((job.id, task))

    jobs = [job(0, 0, 9, 12.0, 6.0), job(1, 1, 9, 6.0), job(2, 2, 9, 1.0)]
    run(jobs, Spy(lambda job, today, capacity: (job.arrived,)), 6.0)
    assert seen == [(1, [0, 1]), (2, [0, 1, 2]), (3, [1, 2])]  # alone there is nothing to ask
    assert heard == [(0, 0), (0, 1), (1, 0), (2, 0)]


def test_the_agent_learns_as_it_goes_and_leaves_its_teacher_alone():
    teacher = Scheduler()
    agent = Agent(teacher)
    run([job(n, n, n + 9, *[4.0] * 8, estimates=[2.0] * 8) for n in range(6)], agent, 6.0)
    assert (teacher.n, agent.scheduler.n) == (0, 48)
    assert agent.scheduler.correction.hours(2.0) > 3


def test_the_agent_of_the_simulation_is_the_scheduler_that_chooses():
    rng = np.random.default_rng(1)
    scheduler, today = Scheduler().observe(history()), pd.Timestamp("2026-11-24")
    for _ in range(50):
        jobs = [
            job(
                n,
                0,
                int(rng.integers(-2, 20)),
                *rng.choice([1.0, 3.0, 9.0], 7),
                at=int(rng.integers(6)),
                spent=float(rng.choice([0.0, 0.5])),
                priority=str(rng.choice(["low", "high"])),
            )
            for n in range(6)
        ]
        rows = [{"project": job.id, "due": today + pd.Timedelta(days=job.due), "priority": job.priority,
                 "estimates": job.estimates[job.at :], "actual_hours": job.spent} for job in jobs]  # fmt: skip
        assert Agent(scheduler).pick(jobs, 0, 6.0).id == scheduler.choose(rows, today, 6.0).first


# ── the comparison ──


def test_the_same_seed_gives_the_same_and_the_order_of_rows_changes_nothing():
    one, two = small(), small()
    shuffled = history().sample(frac=1, random_state=3)
    mixed = simulate(shuffled, loads=[0.9], projects=20, replications=8, policies=FEW)
    mixed = mixed.table.set_index(["due", "policy"])
    pd.testing.assert_frame_equal(one, two)
    pd.testing.assert_frame_equal(one, mixed)
    assert not small(seed=1).equals(one)


def test_the_unit_of_hours_changes_nothing():
    table = history()
    minutes = table.assign(estimate_hours=table["estimate_hours"] * 60, actual_hours=table["actual_hours"] * 60)
    scaled = simulate(minutes, loads=[0.9], projects=20, replications=8, capacity=360.0, policies=FEW).table
    assert scaled["on_time"].to_numpy() == pytest.approx(small()["on_time"].to_numpy(), abs=0.01)


def test_looser_days_and_less_load_help_everybody():
    table = simulate(history(), loads=[0.6, 1.2], projects=20, replications=6).table
    by = table.pivot(index="policy", columns=["load", "due"], values="on_time")
    assert (by[0.6, "loose"] >= by[0.6, "tight"]).all()
    assert (by[0.6, "tight"] >= by[1.2, "tight"]).all()
    assert table["on_time"].between(0, 1).all()
    assert (table["low"] <= table["on_time"]).all()
    assert (table["on_time"] <= table["high"]).all()


def test_without_the_agent_there_is_no_gain_and_others_can_join():
    mine = {"late ones first": lambda scheduler, rng: ByKey(lambda job, today, capacity: (-job.due,))}
    table = small(policies=mine)
    assert table["gain"].isna().all()
    both = simulate(history(), loads=[0.9], replications=4, policies={AGENT: POLICIES[AGENT], **mine})
    assert (both.gains("late ones first")["gain"] > 0.1).all()
    assert "late ones first" in both.sentence


def test_each_person_is_simulated_apart():
    both = pd.concat([history(seed=1).assign(person="a"), history(20, seed=2).assign(person="b")])
    alone = simulate(history(seed=1), loads=[0.9], projects=20, replications=4).table
    pd.testing.assert_frame_equal(simulate(both, loads=[0.9], projects=20, replications=4).table, alone)


def test_missing_categories_are_no_category():
    nothing = history().assign(category=[None] * 240)
    options = {"loads": [0.9], "projects": 20, "replications": 2, "policies": FEW}
    pd.testing.assert_frame_equal(simulate(nothing, **options).table, simulate(history(), **options).table)


def test_too_little_data_is_an_answer():
    short = simulate(history(40))
    assert short.table.empty
    assert short.sentence == (
        "Too little data. A person with 56 finished tasks that have an estimate and actual hours would be needed."
    )
    worthless = history().assign(estimate_hours=0.0)
    assert simulate(worthless).as_dict()["table"] == []


def test_what_makes_no_sense_is_refused():
    with pytest.raises(InvalidValue, match="history"):
        simulate(history().drop(columns="actual_hours"))
    for numbers in ({"loads": [0.0]}, {"loads": []}, {"capacity": -1.0}, {"projects": 0}, {"replications": 0}):
        with pytest.raises(InvalidValue):
            simulate(history(), **numbers)


def test_plain_values_hold_every_row():
    plain = simulate(history(), loads=[0.9], projects=20, replications=4)
    assert len(plain.as_dict()["table"]) == 2 * len(POLICIES)
    assert plain.as_dict()["sentence"].startswith("Projects on time, following the agent: +")
    assert "against the best simple rule" in plain.sentence


# ── does it pay? ──


@pytest.mark.parametrize("ratio", [0.6, 2.0])
def test_the_agent_pays_on_made_up_lives(ratio):
    found = simulate(history(300, ratio), projects=25, replications=10, ask=Ask.DAY)
    for usual in (PRIORITY, FIRST_COME, RANDOM):
        assert (found.gains(usual)["gain"] > 0.05).all()
        assert found.gains(usual)["gain"].mean() > 0.2
    assert (found.gains(SLACK)["gain"] > 0).all()
    assert (found.gains(*SIMPLE)["gain"] > -0.04).all()
    assert found.gains(*SIMPLE)["gain"].mean() > 0


def test_the_agent_pays_on_the_real_history(persons):
    together = pd.concat([mine.assign(person=name) for name, mine in persons.items() if len(mine) >= 200])
    few = {name: POLICIES[name] for name in (AGENT, PRIORITY, FIRST_COME, *SIMPLE)}
    found = simulate(together, projects=40, replications=14, ask=Ask.DAY, policies=few)
    for usual in (PRIORITY, FIRST_COME):
        assert (found.gains(usual)["gain_high"] >= 0.2).all()  # few replications: with 50 the gains themselves
        assert found.gains(usual)["gain"].mean() >= 0.3
    assert (found.gains(EARLIEST, SHORTEST)["gain"] >= -0.01).all()


def test_heavy_priorities_cost_projects_on_time():
    heavy = Rule(weights={"low": 0.01, "medium": 1.0, "high": 100.0, "urgent": 10_000.0})
    alone = {AGENT: POLICIES[AGENT]}
    assert small(policies=alone, rule=heavy)["on_time"].mean() < small(policies=alone)["on_time"].mean() - 0.05
