"""`orc report`: which agent, which week, where to; what is written is tested with the review."""

import json
from pathlib import Path
from typing import Any

import pytest

from orc_lab.errors import ReviewFailed
from orc_lab.model.week import Week
from orc_lab.review import report
from orc_lab.review.publish import Published
from tests.cli.conftest import Orc

WEEK = Week.parse("2026-W40")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[Any, ...]]:
    """What `publish_report` is asked for, instead of running a kernel."""
    calls: list[tuple[Any, ...]] = []

    def written(database: str, agent: str, week: Week | None, reports: str) -> Published:
        calls.append((Path(database).name, agent, week, reports))
        files = {kind: tmp_path / f"{agent}.{kind}" for kind in ("html", "ipynb", "json")}
        files["json"].write_text(json.dumps({"report": agent}))
        return Published(week=week or WEEK, html=files["html"], notebook=files["ipynb"], json=files["json"])

    monkeypatch.setattr(report, "publish_report", written)
    return calls


def test_an_agent_s_report(sample: Path, orc: Orc, asked: list[tuple[Any, ...]]) -> None:
    ran = orc("report", "velocity", "--db", sample)
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[0] == "Reported velocity, 2026-W40."
    assert ran.out.splitlines()[-1].endswith("velocity.html")
    (call,) = asked
    assert call[:3] == (sample.name, "velocity", None)
    assert call[3] == str(sample.parent.parent / "reports")


def test_a_week_and_a_folder(sample: Path, orc: Orc, asked: list[tuple[Any, ...]]) -> None:
    assert orc("report", "health", "--week", "2026-W40", "--out", "here", "--db", sample).code == 0
    assert asked == [(sample.name, "health", WEEK, "here")]


def test_json(sample: Path, orc: Orc, asked: list[tuple[Any, ...]]) -> None:
    assert json.loads(orc("report", "estimation", "--json", "--db", sample).out) == {"report": "estimation"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "the following arguments are required: agent"),
        (("weather",), "invalid choice: 'weather'"),
        (("health", "--week", "2026-W77"), "is not a week"),
    ],
)
def test_what_is_wrong_is_said(sample: Path, orc: Orc, words: tuple[str, ...], told: str) -> None:
    ran = orc("report", *words, "--db", sample)
    assert ran.code == 2
    assert told in ran.err


def test_a_notebook_that_fails_has_the_code_of_the_review(
    sample: Path, orc: Orc, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Published:
        raise ReviewFailed("cell 3 raised ZeroDivisionError", "velocity.failed.ipynb", "velocity report")

    monkeypatch.setattr(report, "publish_report", fails)
    ran = orc("report", "velocity", "--db", sample)
    assert ran.code == 7
    assert "The velocity report could not be executed: cell 3 raised ZeroDivisionError." in ran.err
