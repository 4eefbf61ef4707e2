"""`orc backtest`: a CSV or one's own history, walked forward, as tables, JSON and a page."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from orc_lab.cli import histories
from orc_lab.errors import InvalidValue
from orc_lab.importers.tables import mapping
from tests.agents.lives import finished
from tests.cli.conftest import Orc

COLUMNS = ["id", "created", "started", "completed", "project", "category", "priority", "estimate_hours", "actual_hours"]
FAST = ("--only", "estimates")


@pytest.fixture
def csv(here: Path) -> Path:
    """Two persons' tasks, in the columns that the help names."""
    persons = [finished(60, seed=seed).assign(person=name) for seed, name in ((1, "ann"), (2, "bob"))]
    table = pd.concat(persons, ignore_index=True)
    table["project"] = table["project_id"]
    table["keep"] = (table.index % 2).astype(str)
    path = here / "tasks.csv"
    table[[*COLUMNS, "person", "keep"]].to_csv(path, index=False)
    return path


def test_tables_and_a_page(csv: Path, orc: Orc) -> None:
    ran = orc("backtest", "--csv", csv, *FAST)
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert lines[0] == f"120 finished tasks of 2 persons, each on their own past, walked forward: {csv}."
    for model in ("orc_lab", "own estimate", "ratio-50", "log–linear"):
        assert any(model in line for line in lines), model
    assert "person ann" in ran.out
    assert lines[-1] == "reports/backtest.html"
    page = Path(lines[-1]).read_text(encoding="utf-8")
    assert page.count("plotly.js v") == 1
    assert "80% band held" in page


def test_json_is_all_of_it_and_the_same_again(csv: Path, orc: Orc) -> None:
    once = orc("backtest", "--csv", csv, *FAST, "--json", "--out", "elsewhere")
    document = json.loads(once.out)
    assert document["finished"] == 120
    assert list(document["families"]) == ["estimates"]
    assert document["families"]["estimates"]["rows"][0]["n"] == 120
    assert Path("elsewhere/backtest.html").exists()
    assert orc("backtest", "--csv", csv, *FAST, "--json", "--out", "elsewhere").out == once.out


def test_one_person_and_some_rows(csv: Path, orc: Orc) -> None:
    ran = orc("backtest", "--csv", csv, *FAST, "--person", "bob", "--where", "keep=1", "--json")
    document = json.loads(ran.out)
    assert (document["persons"], document["finished"]) == (1, 30)
    assert "where keep = 1" in document["source"]


def test_a_history_too_short_says_what_is_needed(csv: Path, orc: Orc) -> None:
    rows = csv.read_text().splitlines()[:5]
    csv.write_text("\n".join(rows))
    ran = orc("backtest", "--csv", csv)
    assert ran.code == 0, ran.err
    assert ran.out.count("too little data.") == 6


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--csv", "tasks.csv", "--where", "keep"), "--where can't be 'keep': expected COLUMN=VALUE"),
        (("--csv", "tasks.csv", "--where", "none=1"), "--where can't be 'none': expected one of id, created"),
        (("--csv", "tasks.csv", "--person", "eve"), "Nobody in it is called 'eve'"),
        (("--csv", "tasks.csv", "--map", "person=owner"), "a mapped column can't be 'owner'"),
        (("--where", "keep=1"), "one that goes with --csv FILE"),
        (("--csv", "none.csv"), "there is no such file"),
        (("--csv", "tasks.csv", "--only", "guesses"), "invalid choice: 'guesses'"),
        ((), "There is no database"),
    ],
)
def test_what_is_wrong_is_said(csv: Path, orc: Orc, words: tuple[str, ...], told: str) -> None:
    ran = orc("backtest", *words)
    assert ran.code != 0
    assert told in ran.err
    assert not Path("reports").exists()


def test_the_first_few_odd_rows_are_named_with_line_and_reason(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(
        "id,created,completed,estimate_hours,actual_hours,title\n"
        '1,2026-02-03,2026-02-05,1,1,"two\nlines"\n'
        "\n"
        "2,someday,2026-02-05,1,2,a\n"
        "3,2026-02-03,2026-02-05,lots,1,b\n"
        "4,2026-02-03,2026-02-05,1,1,c,d,e\n"
        "5,2026-02-03,2026-02-05,1,1,f\n"
        "5,2026-02-03,2026-02-05,1,1,f\n"
    )
    assert list(histories.of_csv(str(path)).notes) == [
        "2 rows were left out, as an import would: line 7, its row has more fields than the header: a quote may be "
        "missing; line 8, the same record stands in the file again.",
        "2 rows were read with something lost or guessed: line 5, its created date can't be read: left empty; "
        "line 6, its estimate is no amount of hours: left empty.",
    ]
    path.write_text(path.read_text() + "".join(f"{n},never,2026-02-05,1,1,x\n" for n in range(9, 14)))
    assert (
        histories.of_csv(str(path))
        .notes[-1]
        .endswith("line 10, its created date can't be read: left empty; and 4 more.")
    )


def test_one_odd_row_is_one(csv: Path) -> None:
    csv.write_text(csv.read_text() + "a,b,c,d,e,f,g,h,i,j,k,l,m\n")
    assert histories.of_csv(str(csv)).notes[-1].startswith("1 row was left out, as an import would: line 122, its row")


GARBAGE = {
    "noise": np.random.default_rng(0).bytes(20_000), "archive": b"PK\x03\x04zip", "nothing": b"\x00" * 99,
    "picture": b"\x89PNG\r\n\x1a\na,b\n1,2", "quotes": b'"a' * 5_000, "other table": b"a,b\n1,2\n",
    "wide": b"\xff\xfe" + b"ab" * 999, "database": b"SQLite format 3\x00" + bytes(range(256)) * 9,
}  # fmt: skip


@pytest.mark.parametrize("content", GARBAGE.values(), ids=GARBAGE.keys())
def test_what_is_no_history_is_one_sentence(content: bytes, here: Path, orc: Orc) -> None:
    Path("garbage.csv").write_bytes(content)
    ran = orc("backtest", "--csv", "garbage.csv", *FAST)
    assert (ran.code, ran.out) == (6, "")
    assert ran.err.startswith("orc: garbage.csv can't be read: ")
    assert ran.err.count("\n") == 1
    assert len(ran.err) < 300
    assert not Path("reports").exists()


def test_ones_own_history(sample: Path, orc: Orc) -> None:
    ran = orc("backtest", "--db", sample, *FAST)
    assert ran.code == 0, ran.err
    assert "finished tasks of one person, walked forward: the sample life." in ran.out


def test_a_csv_is_read_as_the_import_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(
        "Nr;Wer;Erstellt;Fertig;Schätzung (min);Stunden;Prio\n"
        "1;Ann;03.02.2026;05.02.2026;90;1:30;hoch\n"
        "2;Ann;04.02.2026;13.02.2026;60;0,5;\n"
        "3;;04.02.2026;;30;;\n"
    )
    told = mapping.ColumnMapping(
        columns={"id": "Nr", "person": "Wer", "created": "Erstellt", "completed": "Fertig",
                 "estimate": "Schätzung (min)", "actual": "Stunden", "priority": "Prio"},
        priorities={"hoch": "high"},
    )  # fmt: skip
    found = histories.of_csv(str(path), mapping=told)
    assert list(found.tasks) == ["Ann", "(nobody)"]
    ann = found.tasks["Ann"]
    assert ann["completed"].dt.strftime("%Y-%m-%d").tolist() == ["2026-02-05", "2026-02-13"]
    assert ann["estimate_hours"].tolist() == [1.5, 1.0]
    assert ann["actual_hours"].tolist() == [1.5, 0.5]
    assert ann["priority"].tolist() == ["high", "medium"]
    assert ann["title"].isna().all(), "an id is no title"
    assert found.tasks["(nobody)"]["completed"].isna().all()


def test_conditions_are_pairs() -> None:
    assert histories.conditions(["a = b", "c=d=e"]) == {"a": "b", "c": "d=e"}
    with pytest.raises(InvalidValue):
        histories.conditions(["=1"])
