"""Manifest: hashes that change with what they stand for, and nothing that names a host or a user."""

import getpass
import hashlib
import json
import socket
from pathlib import Path

import wormsim
from wormsim import chunks, manifest


def test_the_environment_is_told_and_json_able():
    found = manifest.environment()
    assert json.loads(json.dumps(found)) == found
    assert found["wormsim"] == wormsim.__version__
    assert found["packages"]["numpy"] == __import__("numpy").__version__
    assert "pytest" not in found["packages"]
    assert found["platform"]["cores"] >= 1
    assert found["platform"]["cpu"]


def test_no_host_and_no_user_in_it():
    text = json.dumps(manifest.environment())
    assert socket.gethostname() not in text
    assert f"/{getpass.getuser()}/" not in text
    assert str(Path.home()) not in text


def test_data_hashes_are_of_the_shipped_files():
    found = manifest.data_hashes()
    folder = Path(wormsim.__file__).parent / "data"
    name = next(iter(found))
    assert found[name] == hashlib.sha256((folder / name).read_bytes()).hexdigest()
    assert "cook2019_male.parquet" in found


def test_identity_changes_with_every_part(tmp_path):
    table = tmp_path / "wiring.csv"
    table.write_text("pre,post\n")
    base = manifest.identity("a", "k", 1, {"x": {"y": 1}, "file": str(table)})
    assert base == manifest.identity("a", "k", 1, {"file": str(table), "x": {"y": 1}})
    assert base["inputs"] == {str(table): hashlib.sha256(b"pre,post\n").hexdigest()}
    table.write_text("pre,post,kind\n")
    others = [manifest.identity("a", "k", 1, {"x": {"y": 1}, "file": str(table)}),
              manifest.identity("b", "k", 1, {"x": {"y": 1}}), manifest.identity("a", "l", 1, {"x": {"y": 1}}),
              manifest.identity("a", "k", 2, {"x": {"y": 1}}), manifest.identity("a", "k", 1, {"x": {"y": 2}})]
    assert len({base["sha256"], *(o["sha256"] for o in others)}) == 6


def test_differences_name_the_key_and_both_values():
    ours, theirs = {"a": {"b": 2, "c": 1}, "d": 1}, {"a": {"b": 3, "c": 1}, "e": 5}
    assert manifest.differences(ours, theirs) == ["a.b: 3 there, 2 here", "d: nothing there, 1 here",
                                                  "e: 5 there, nothing here"]


def test_the_content_version_follows_source_that_computes(tmp_path, monkeypatch):
    """A copy of the package: editing what computes changes the version, editing what presents does not."""
    import shutil

    copy = tmp_path / "wormsim"
    shutil.copytree(Path(wormsim.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(chunks, "__file__", str(copy / "chunks.py"))

    def version():
        chunks.content_version.cache_clear()
        return chunks.content_version()

    try:
        first = version()
        (copy / "report.py").write_text("# edited\n")
        (copy / "cli" / "running.py").write_text("# edited\n")
        assert version() == first
        (copy / "connectome.py").write_text("# edited\n")
        second = version()
        (copy / "data" / "cook2019_male.parquet").write_bytes(b"edited")
        assert len({first, second, version()}) == 3
    finally:
        monkeypatch.undo()
        chunks.content_version.cache_clear()
