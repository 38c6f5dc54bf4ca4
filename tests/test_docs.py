"""The pages: every Python block runs, the worked example meets the contracts of the house, the counts are right."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import wormsim
from wormsim.errors import DataWarning

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = sorted(DOCS.glob("*.md"))
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"^# (my_wormsim/\S+)\n")


def run_blocks(page: Path) -> dict:
    """Write the files that a page shows and run its Python blocks, in order, in the current folder."""
    blocks = _BLOCK.findall(page.read_text("utf-8"))
    for language, text in blocks:
        if named := _FILE.match(text):
            path = Path(named[1])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text if language != "csv" else text.partition("\n")[2], "utf-8")
    names: dict = {"__name__": page.stem}
    for language, text in blocks:
        if language == "python" and not _FILE.match(text):
            exec(compile(text, f"{page.name}", "exec"), names)  # the pages are our own
    return names


@pytest.fixture
def in_tmp(tmp_path, monkeypatch):
    """A folder to run in; what a page adds to the plural folders is taken out again."""
    from wormsim import readers

    monkeypatch.chdir(tmp_path)
    folders = [importlib.import_module(f"wormsim.{name}") for name in ("readers", "neurons", "metrics", "objectives")]
    before = {folder: list(folder.__path__) for folder in folders}
    loaded = set(sys.modules)
    readers._modules.cache_clear()
    yield tmp_path
    for folder, paths in before.items():
        folder.__path__[:] = paths
    for name in set(sys.modules) - loaded:
        if name.startswith("wormsim.") and str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            parent, _, child = name.rpartition(".")
            del sys.modules[name]
            if hasattr(sys.modules[parent], child):
                delattr(sys.modules[parent], child)
    readers._modules.cache_clear()


@pytest.mark.parametrize("page", [p for p in PAGES if p.stem != "extending"], ids=lambda p: p.stem)
def test_python_blocks_run(page, in_tmp):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        run_blocks(page)


def test_worked_example_meets_the_contracts(in_tmp, monkeypatch):
    """What the page on extending shows is held to the very tests that hold the house's own files."""
    import test_contracts as contracts

    monkeypatch.syspath_prepend(str(in_tmp))
    importlib.import_module("brian2")  # takes over the showing of warnings when it is first imported
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", DataWarning)
        run_blocks(DOCS / "extending.md")
    assert [str(w.message).partition(" in ")[0] for w in caught] == ["1 cell names"]
    contracts.test_neuron("moving_threshold")
    contracts.test_metric("hit_rate")
    with pytest.warns(DataWarning):
        contracts.test_connectome("touch_sketch", "touch_sketch")
    for folder, name in (("neurons", "moving_threshold"), ("readers", "touch_sketch"), ("metrics", "hit_rate")):
        contracts.test_module_and_what_it_offers_are_described(folder, name)
        assert name in wormsim.catalog.names(folder)


def test_the_example_leaves_nothing_behind():
    assert "moving_threshold" not in wormsim.catalog.names("neurons")


def test_counts_in_the_table_are_those_of_the_readers():
    text = (DOCS / "connectomes.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)`" + r" \| (\d+)" * 5 + r" \|", text, re.MULTILINE)
    assert len(rows) == 16
    for name, *counts in rows:
        connectome = wormsim.load_connectome(name)
        cells, edges = connectome.cells["kind"].value_counts(), connectome.edges["kind"].value_counts()
        found = [cells.get(kind, 0) for kind in ("neuron", "muscle", "other")]
        found += [edges.get(kind, 0) for kind in ("chemical", "electrical")]
        assert found == [int(count) for count in counts], name


def test_share_of_variable_connections_is_the_one_stated():
    stated = int(re.search(r"About (\d+) % of the chemical connections", (DOCS / "connectomes.md").read_text())[1])
    shares = wormsim.Cohort.witvliet().variable_share(["witvliet2021_7", "witvliet2021_8"])
    assert list(100 * shares) == pytest.approx([stated, stated], abs=1.5)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+\.md)(?:#[^)]*)?\)", page.read_text("utf-8")):
        assert (page.parent / target).is_file(), target


def test_every_public_name_is_in_the_pages():
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    missing = [name for name in wormsim.__all__ if name != "__version__" and not re.search(rf"\b{name}\b", text)]
    assert missing == []


def test_commands_in_the_pages_exist():
    """Each ``wormsim COMMAND`` that a page shows answers ``--help``."""
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    shown = set(re.findall(r"\bwormsim ([a-z]+)\b", " ".join(re.findall(r"`[^`\n]*`|^\$ .*$", text, re.MULTILINE))))
    assert {"run", "ablate", "list", "show", "doctor"} <= shown
    done = subprocess.run([sys.executable, "-m", "wormsim", "--help"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for command in shown:
        assert re.search(rf"\b{command}\b", done.stdout), command


@pytest.mark.slow
def test_pages_build_without_a_warning(root, tmp_path):
    pytest.importorskip("mkdocs", reason="the extra [docs] is not installed")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root)
    assert done.returncode == 0, done.stdout + done.stderr
    text = (tmp_path / "site" / "engines.html").read_text("utf-8")
    assert text.count("<math") > 10
    assert "$$" not in text
    loaded = re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=\"([^\"]+)\"", text)
    assert [address for address in loaded if "//" in address] == []
