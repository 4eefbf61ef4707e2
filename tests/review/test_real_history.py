"""Ten years of one real person: every number of the page is in the JSON, and the sentences hold."""

import os
from pathlib import Path

import pytest

from orc_lab.importers.record import Options
from orc_lab.importers.run import commit, plan
from orc_lab.model.week import Week
from orc_lab.review.blocks import Review
from orc_lab.review.reading import read_frames
from orc_lab.review.view import plain
from orc_lab.review.weekly import weekly_review
from orc_lab.workbench.bench import Workbench
from tests.review.shown import NUMBER, numbers_known, text_of

SIP = Path(os.environ.get("ORC_SIP") or Path(__file__).parents[3] / "shared" / "data" / "sip_tasks.csv")
NOW = 1_767_225_600  # 2026

pytestmark = pytest.mark.skipif(
    not SIP.exists(), reason="The SiP task history isn't here: name its sip_tasks.csv in ORC_SIP."
)


@pytest.fixture(scope="module")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Review]:
    with Workbench.init(tmp_path_factory.mktemp("sip") / "sip.db", zone="Europe/London") as bench:
        commit(bench, plan(bench, SIP, options=Options(person="58")))
        weeks = [Week.parse(name) for name in ("2012-W20", "2004-W10", "2003-W01")]
        return {str(week): weekly_review(read_frames(bench, week, NOW), week=week) for week in weeks}


def test_the_week_is_told(reviews: dict[str, Review]) -> None:
    review = reviews["2012-W20"]
    done, plan, risk, _ = (answer.lead.text for answer in review.answers)
    assert done == "7 todos done this week, 28\N{NO-BREAK SPACE}h of work."
    assert plan == "No week has been planned here yet, so there is no plan that could hold."
    assert risk == "2 of 4 active projects need a look; 1 more is worth a glance."
    assert review.reconstructed


@pytest.mark.parametrize("week", ["2012-W20", "2004-W10", "2003-W01"])
def test_every_number_that_is_read_is_in_the_json(reviews: dict[str, Review], week: str) -> None:
    known = numbers_known(plain(reviews[week]))
    assert [number for number in NUMBER.findall(text_of(reviews[week])) if number not in known] == []


def test_before_the_first_task_there_is_nothing(reviews: dict[str, Review]) -> None:
    assert "Nothing is open. Write down what comes next" in text_of(reviews["2003-W01"])
