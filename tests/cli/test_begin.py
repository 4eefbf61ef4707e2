"""init: the first minute; and which database a command finds."""

import json
import os
from pathlib import Path

import pytest

import orc_lab
from orc_lab import config
from orc_lab.cli import begin, place
from orc_lab.errors import DatabaseExists
from orc_lab.model.entities import Todo
from orc_lab.workbench.bench import Workbench
from tests.cli.conftest import Orc


def test_init_makes_a_workbench(orc: Orc, here: Path) -> None:
    ran = orc("init", "mine", "--zone", "Asia/Tokyo")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Made mine/data/creation-os.db (time zone Asia/Tokyo).\nNext: cd mine, then ")
    assert sorted(path.name for path in (here / "mine").rglob("*")) == ["creation-os.db", "data", "reports"]
    with Workbench.open("mine/data/creation-os.db") as wb:
        assert (wb.settings().zone, wb.settings(at=1).zone, wb.sample) == ("Asia/Tokyo", "Asia/Tokyo", False)


def test_init_takes_this_computers_zone(orc: Orc, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/Lima")
    assert json.loads(orc("init", "--json").out)["zone"] == "America/Lima"


@pytest.mark.parametrize("zone", ["", "Mars", "../zone", ":"])
def test_a_zone_that_nobody_knows_is_not_taken(monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    monkeypatch.setenv("TZ", zone)
    assert config.local_zone() not in ("", zone)


def test_init_never_writes_over_a_database(orc: Orc, own: Path) -> None:
    orc("add", "A")
    ran = orc("init")
    assert (ran.code, ran.out) == (5, "")
    assert "is there already" in ran.err
    assert "A" in orc("list").out


def test_a_wrong_zone_makes_nothing(orc: Orc, here: Path) -> None:
    assert orc("init", "mine", "--zone", "Mars").code == 2
    assert list(here.iterdir()) == []


def test_an_interrupted_init_leaves_nothing(here: Path) -> None:
    def interrupted(path: str) -> None:
        Workbench.init(path).close()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        begin.made("new.db", interrupted)
    assert list(here.iterdir()) == []


def test_of_two_inits_at_once_one_loses(here: Path) -> None:
    def slow(path: str) -> None:
        Workbench.init(path).close()
        Workbench.init("new.db", zone="Asia/Tokyo").close()

    with pytest.raises(DatabaseExists):
        begin.made("new.db", slow)
    with Workbench.open("new.db") as wb:
        assert wb.settings().zone == "Asia/Tokyo"
    assert [path.name for path in here.iterdir()] == ["new.db"]


def test_demo_holds_the_sample_life(orc: Orc, sample: Path) -> None:
    ran = orc("list")
    assert ran.err.startswith("This is the sample life (data/sample.db).")
    assert len(ran.out.splitlines()) > 20
    assert not (sample.parent / "creation-os.db").exists()
    assert json.loads(orc("settings", "--json").out)["sample"] is True


@pytest.mark.parametrize(
    "words",
    [
        ["add", "A"], ["edit", "x", "title=y"], ["done", "x"], ["undo"], ["start", "x"], ["set", "zone", "UTC"],
        ["project", "add", "A"], ["goal", "add", "A"], ["week", "--confirm"], ["capacity", "today", "0"],
        ["commit", "x"],
    ],
)  # fmt: skip
def test_the_sample_stays_as_it_is(orc: Orc, sample: Path, words: list[str]) -> None:
    before = sample.read_bytes()
    ran = orc(*words)
    assert (ran.code, ran.out) == (4, "")
    assert "only the sample life here (data/sample.db)" in ran.err
    assert sample.read_bytes() == before


def test_the_sample_can_be_edited_by_its_name(orc: Orc, sample: Path) -> None:
    assert orc("--db", "data/sample.db", "add", "A").code == 0
    ran = orc("--db", "data/sample.db", "list", "--status", "dumped")
    assert (ran.code, ran.err) == (0, "")


def test_a_demo_beside_ones_own_says_how_to_see_it(orc: Orc, own: Path) -> None:
    ran = orc("init", "--demo")
    assert (ran.code, ran.err) == (0, "")
    assert "`orc --db data/sample.db review`" in ran.out
    assert "There are no todos yet" in orc("list").out


def test_ones_own_comes_before_the_sample(orc: Orc, sample: Path) -> None:
    assert orc("init").code == 0
    ran = orc("list")
    assert ran.out.startswith("There are no todos yet.")
    assert ran.err == ""


def test_the_nearest_folder_counts(orc: Orc, own: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    orc("add", "Outer")
    (here / "notebooks" / "deep").mkdir(parents=True)
    monkeypatch.chdir(here / "notebooks" / "deep")
    assert "Outer" in orc("list").out
    assert orc("add", "From below").code == 0
    orc("init", here / "inner")
    monkeypatch.chdir(here / "inner" / "data")
    assert "There are no todos yet" in orc("list").out


def test_orc_db_names_one(orc: Orc, own: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    orc("init", "other")
    monkeypatch.setenv("ORC_DB", str(here / "other/data/creation-os.db"))
    orc("add", "Elsewhere")
    assert "Elsewhere" in orc("list").out
    assert "Elsewhere" not in orc("list", "--db", own).out


def test_an_empty_name_is_no_name(orc: Orc, own: Path) -> None:
    assert orc("--db", "", "add", "A").code == 2
    assert orc("add", "A", "--db", "").code == 2


@pytest.mark.parametrize(("path", "root"), [("a/data/x.db", "a"), ("a/x.db", "a"), ("data/x.db", "."), ("x.db", ".")])
def test_the_root_of_a_database(here: Path, path: str, root: str) -> None:
    assert Path(place.root(path)) == here / root if root != "." else here


def test_initialize_storage_makes_or_opens(here: Path) -> None:
    with orc_lab.initialize_storage() as wb:
        wb.add_todo("A")
    assert (here / "data" / "creation-os.db").is_file()
    with orc_lab.initialize_storage() as wb:
        assert wb.count(Todo) == 1
    with orc_lab.initialize_storage(here / "x.db") as wb:
        assert wb.count(orc_lab.Todo) == 0


@pytest.mark.parametrize("name", sorted(set(dir(orc_lab)) - {"__version__"}))
def test_the_package_offers_its_names(name: str) -> None:
    assert getattr(orc_lab, name).__name__ == {"Recommender": "Scheduler"}.get(name, name)  # one thing, two names


def test_what_can_be_driven_without_a_database_comes_with_the_package() -> None:
    pure = {"Estimator", "HealthModel", "Scheduler", "backtest", "forecast_completion", "forecast_throughput"}
    assert pure <= set(dir(orc_lab))


def test_the_package_has_no_other_names() -> None:
    with pytest.raises(AttributeError, match="nope"):
        orc_lab.nope  # type: ignore[attr-defined]  # noqa: B018


def test_a_path_is_shown_from_here(here: Path) -> None:
    from orc_lab.cli.output import where

    assert where(str(here / "data" / "x.db")) == os.path.join("data", "x.db")
    assert where(str(here.parent / "x.db")) == str(here.parent / "x.db")


def test_init_makes_the_database_that_is_named(orc: Orc, here: Path) -> None:
    ran = orc("--db", "deep/x.db", "init", "--zone", "Asia/Tokyo")
    assert (ran.code, ran.err) == (0, "")
    assert "Made deep/x.db (time zone Asia/Tokyo).\nNext: `orc --db deep/x.db add " in ran.out
    assert sorted(path.name for path in here.rglob("*")) == ["deep", "x.db"]
    assert orc("--db", "deep/x.db", "init").code == 5


def test_init_makes_the_sample_life_where_it_is_told(orc: Orc, here: Path) -> None:
    ran = orc("init", "--demo", "--db", "x.db")
    assert (ran.code, [path.name for path in here.iterdir()]) == (0, ["x.db"])
    assert "`orc --db x.db review`" in ran.out
    with Workbench.open("x.db") as wb:
        assert wb.sample


def test_init_heeds_orc_db_where_no_folder_is_given(orc: Orc, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORC_DB", str(here / "x.db"))
    assert "\nNext: `orc add " in orc("init").out
    assert [path.name for path in here.iterdir()] == ["x.db"]
    ran = orc("init", "mine")
    assert ran.out.startswith("Made mine/data/creation-os.db")
    assert "ORC_DB names another database (x.db)" in ran.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["init", ""], "DIR can't be ''"),
        (["--db", "", "init"], "--db can't be ''"),
        (["--db", "", "init", "--demo"], "--db can't be ''"),
        (["--db", "x.db", "init", "mine"], "no folder beside --db x.db"),
        (["init", "--zone", ""], "zone can't be ''"),
    ],
)
def test_init_takes_no_half_said_place(orc: Orc, here: Path, words: list[str], told: str) -> None:
    ran = orc(*words)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert list(here.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="This system has no /proc.")
@pytest.mark.parametrize("words", [["init", "/proc/x"], ["--db", "/proc/x/y.db", "init"]])
def test_init_where_nothing_can_be_made(orc: Orc, words: list[str]) -> None:
    ran = orc(*words)
    assert (ran.code, ran.out) == (5, "")
    assert "can't be written" in ran.err


def test_the_zone_is_looked_up_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for zone in ("America/Lima", "Asia/Tokyo"):
        monkeypatch.setenv("TZ", zone)
        assert config.local_zone() == zone
