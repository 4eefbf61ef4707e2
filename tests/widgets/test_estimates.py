"""The calibrated estimate of a typed line: what `orc estimate` says, in a thread, the latest question only."""

import threading
import time
from pathlib import Path

import pytest

from orc_lab.agents.forecast import QUANTILES, figure
from orc_lab.cli import answers
from orc_lab.errors import InvalidValue
from orc_lab.model.week import Week
from orc_lab.sample.life import make
from orc_lab.widgets import estimates
from orc_lab.widgets.estimates import Estimates
from orc_lab.workbench.bench import Workbench
from tests.widgets.conftest import Talk, eventually


def test_it_says_what_the_command_says(tmp_path: Path) -> None:
    make(tmp_path / "sample.db", end=Week(2026, 46), weeks=20, todos=200)
    with Workbench.open(tmp_path / "sample.db") as wb:
        asked, said = Estimates(wb), list[str]()
        asked.ask("Write draft 2h #deep", said.append)
        eventually(lambda: said)
        asked.close()
        forecast = answers.estimate(answers.desk(wb, answers.seen(wb, None)[0]), "Write draft 2h #deep", None)
    low, high = forecast.quantiles[QUANTILES[0]], forecast.quantiles[QUANTILES[-1]]
    assert said == [f"you say 2 h; your past says {figure(low)}–{figure(high)} h"]


def test_only_the_latest_question_is_answered(wb: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()

    def loaded(_: Workbench) -> object:
        go.wait(60)
        return str.upper

    monkeypatch.setattr(estimates, "_loaded", loaded)
    asked, said = Estimates(wb), list[str]()
    asked.ask("first", said.append)
    eventually(lambda: asked._asked is None)
    for text in ("second", "third"):
        asked.ask(text, said.append)
    go.set()
    eventually(lambda: len(said) == 2)
    asked.close()
    assert said == ["FIRST", "THIRD"]
    asked.ask("after the end", said.append)
    time.sleep(0.05)
    assert said == ["FIRST", "THIRD"]


def test_an_odd_history_ends_no_answers(wb: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    def say(text: str) -> str:
        if text == "odd":
            raise InvalidValue("hours", "x", "hours")
        return text

    monkeypatch.setattr(estimates, "_loaded", lambda _: say)
    asked, said = Estimates(wb), list[str]()
    asked.ask("odd", said.append)
    eventually(lambda: said == [""])
    asked.ask("fine", said.append)
    eventually(lambda: said == ["", "fine"])
    asked.close()


def test_the_page_is_told_beside_what_the_line_says(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimates, "_loaded", lambda _: lambda text: f"about {text}")
    assert talk.ask("typed", text="Draft 2h")["read"]["hours"] == 2.0
    eventually(lambda: talk.heard[-1]["kind"] == "estimate")
    assert talk.heard[-1] == {"view": "one", "n": talk.n, "kind": "estimate", "said": "about Draft 2h"}
