"""Atomic writes: whole or not at all."""

import os
import time

import pytest

from wormsim import atomic


def test_a_write_that_fails_leaves_the_old_file_and_no_rest(tmp_path):
    path = tmp_path / "new folder" / "a.txt"
    atomic.write_text(path, "old ü")
    assert path.read_text(encoding="utf-8") == "old ü"

    def fail(part):
        part.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        atomic.write_with(path, fail)
    assert path.read_text(encoding="utf-8") == "old ü"
    assert [p.name for p in path.parent.iterdir()] == ["a.txt"]


def test_readers_see_old_or_new_and_nothing_between(tmp_path, monkeypatch):
    path = tmp_path / "a.bin"
    atomic.write_bytes(path, b"old")
    seen = []
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda a, b: (seen.append((path.read_bytes(), a.read_bytes())), replace(a, b)))
    atomic.write_bytes(path, b"new")
    assert seen == [(b"old", b"new")]
    assert path.read_bytes() == b"new"


def test_only_old_leftovers_are_removed(tmp_path):
    old, young, other = (tmp_path / n for n in (".a.parquet.1-aa.part", ".b.parquet.2-bb.part", "c.parquet"))
    for path in (old, young, other):
        path.write_bytes(b"x")
    os.utime(old, (time.time() - 7200,) * 2)
    assert atomic.remove_leftovers(tmp_path) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == [young.name, other.name]
