"""Files are whole: the old content or the new one, and nothing left beside."""

import errno
import os
from pathlib import Path

import pytest

from orc_lab.charts.files import write_atomically, write_together
from orc_lab.errors import DiskFull, NotWritable


def test_text_and_bytes_are_written_with_their_folders(tmp_path: Path) -> None:
    page = tmp_path / "reports" / "2026-W47" / "page.html"
    assert write_atomically(page, "grün ✓") == page
    assert page.read_bytes() == "grün ✓".encode()
    write_atomically(page, b"\x89PNG")
    assert page.read_bytes() == b"\x89PNG"
    assert list(page.parent.iterdir()) == [page]


def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("", encoding="utf-8")
    written = write_atomically(tmp_path / "page.html", "")
    assert written.stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize(
    ("number", "error"), [(errno.ENOSPC, DiskFull), (errno.EDQUOT, DiskFull), (errno.EIO, NotWritable)]
)
def test_a_failure_leaves_the_old_file_and_nothing_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type[Exception]
) -> None:
    page = write_atomically(tmp_path / "page.html", "old")

    def full(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(error, match=r"page\.html"):
        write_atomically(page, "new")
    assert page.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [page]


def test_a_folder_that_is_a_file_is_not_writable(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("", encoding="utf-8")
    with pytest.raises(NotWritable, match=r"can't be written"):
        write_atomically(tmp_path / "reports" / "page.html", "")
    with pytest.raises(NotWritable):
        write_atomically(tmp_path, "a folder is in the way")
    assert [path.name for path in tmp_path.iterdir()] == ["reports"]


@pytest.mark.skipif(os.name != "posix", reason="Limits of a file's size are of POSIX systems.")
def test_files_that_belong_together_change_together(tmp_path: Path) -> None:
    import resource

    places = [tmp_path / name for name in ("a", "b", "c")]
    write_together(dict.fromkeys(places, "old"))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(NotWritable, match=r"/c "):
            write_together({**dict.fromkeys(places, "new"), places[2]: "new" * 1000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.read_text(encoding="utf-8") for path in places] == ["old"] * 3
    assert sorted(tmp_path.iterdir()) == places
    write_together(dict.fromkeys(places, "new"))
    assert [path.read_text(encoding="utf-8") for path in places] == ["new"] * 3
