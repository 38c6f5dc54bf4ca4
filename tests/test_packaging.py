"""The wheel: only `wormsim` at the top level, with its tables, circuits, experiments and templates inside."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
import yaml

import wormsim


@pytest.fixture(scope="module")
def source(root, tmp_path_factory) -> Path:
    """A copy of what git would hand out, so that building leaves the working tree alone."""
    folder = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "LICENSE", "README.md"):
        if (root / name).is_file():
            shutil.copy(root / name, folder)
    for name in ("wormsim", "circuits", "experiments"):
        shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture(scope="module")
def wheel(source, tmp_path_factory) -> Path:
    """The built wheel."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    [path] = out.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def names(wheel) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


def test_only_wormsim_is_top_level(names):
    top = {name.partition("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"wormsim"}
    assert len(top) == 2


def test_every_file_of_the_package_is_in_the_wheel(source, names):
    """Nothing that lies in the package's folders stays behind: a new folder must be named in pyproject.toml."""
    shipped = {".py", ".parquet", ".csv", ".toml", ".json", ".html", ".j2", ".css", ".typed", ".txt", ".md"}
    expected = set()
    for folder, inside in (("wormsim", "wormsim"), ("circuits", "wormsim/circuits"),
                           ("experiments", "wormsim/experiments")):
        for path in (source / folder).rglob("*"):
            if path.is_file() and (path.suffix in shipped or path.name == "py.typed"):
                expected.add(f"{inside}/{path.relative_to(source / folder).as_posix()}")
    assert expected - names == set()
    assert "wormsim/py.typed" in names


def test_no_stray_files(names):
    assert [n for n in names if "__pycache__" in n or n.endswith((".pyc", ".nbi", ".nbc")) or "/tests/" in n] == []


def test_metadata(root, wheel, names):
    with zipfile.ZipFile(wheel) as archive:
        [metadata] = [n for n in names if n.endswith(".dist-info/METADATA")]
        text = archive.read(metadata).decode()
    assert re.search(r"^Name: wormsim-circuits$", text, re.MULTILINE)
    assert re.search(rf"^Version: {re.escape(wormsim.__version__)}$", text, re.MULTILINE)
    assert re.search(r"^License-Expression: BSD-3-Clause$", text, re.MULTILINE)
    assert re.search(r"^Requires-Python: >=3.11$", text, re.MULTILINE)
    # A user's install pulls in no GPL package: those are in extras, which the user asks for.
    plain = [line for line in text.splitlines() if line.startswith("Requires-Dist") and "extra ==" not in line]
    assert not [line for line in plain if "wormneuroatlas" in line or "cect" in line]
    assert any(n.endswith("/licenses/LICENSE") for n in names)
    assert (root / "LICENSE").read_text().startswith("BSD 3-Clause License")


def test_constraints_name_versions_and_nothing_else(root):
    """Each line pins one package; no index, no host, no address; both ways of the Python split are there."""
    pin = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([0-9][\w.]*)( ; .+)?$")
    pins: dict[str, list[tuple[str, str]]] = {}
    for line in (root / "constraints.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            found = pin.match(line)
            assert found, line
            pins.setdefault(found[1], []).append((found[2], found[3] or ""))
    text = (root / "constraints.txt").read_text()
    assert "://" not in text
    assert not re.search(r"--(index|extra-index|find-links|trusted)", text)
    assert {(v.rpartition(".")[0], m.strip("; ")) for v, m in pins["brian2"]} == {
        ("2.9", "python_full_version < '3.12'"), ("2.10", "python_full_version >= '3.12'")}
    assert all(tuple(map(int, v.split(".")[:2])) < (2, 4) for v, m in pins["numpy"] if ">=" not in m)
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    asked = list(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        asked += extra
    wanted = {re.match(r"[A-Za-z0-9_-]+", line)[0].lower().replace("_", "-") for line in asked}
    assert wanted - set(pins) == set()


def test_citation_file(root):
    citation = yaml.safe_load((root / "CITATION.cff").read_text())
    for key in ("cff-version", "message", "title", "authors", "version", "license", "type", "references"):
        assert citation.get(key), key
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] == "software"
    assert citation["license"] == "BSD-3-Clause"
    assert citation["version"] == wormsim.__version__
    dois = []
    for reference in citation["references"]:
        needed = {"article": ("journal", "year", "volume", "start"), "software": ("version", "license", "url")}
        for key in ("title", "authors", *needed[reference["type"]]):
            assert reference.get(key), (reference.get("title"), key)
        for author in reference["authors"]:
            assert author.get("family-names") or author.get("name"), reference["title"]
        if "doi" in reference:
            assert re.fullmatch(r"10\.\d{4,9}/\S+", reference["doi"]), reference["doi"]
            dois.append(reference["doi"].lower())
        else:
            assert reference.get("url") or reference.get("notes"), f"{reference['title']}: no way to find it"
    assert len(dois) == len(set(dois))
    sources = tomllib.loads((root / "wormsim" / "data" / "citations.toml").read_text("utf-8"))
    of_tables = {family["doi"].lower() for family in sources["family"].values() if family.get("doi")}
    assert of_tables - set(dois) == set(), "a shipped table whose source CITATION.cff does not name"


def test_readme_is_the_description_where_there_is_one(root):
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert (root / "README.md").is_file() == ("readme" in project), 'README.md and `readme = "README.md"` go together'


@pytest.mark.slow
def test_wheel_runs_in_a_new_environment(root, wheel, tmp_path):
    """Installed from the wheel alone, away from the repository, the command line lists what is inside."""
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "-c", str(root / "constraints.txt"), str(wheel)], check=True,
                   cwd=tmp_path)
    probe = "import wormsim, sys; print(wormsim.__file__); print('circuits' in sys.modules)"
    done = subprocess.run([python, "-c", probe], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert str(tmp_path) in done.stdout
    done = subprocess.run([tmp_path / "env" / "bin" / "wormsim", "list"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for name in ("cook2019_male", "mating_turn", "lif"):
        assert name in done.stdout
    done = subprocess.run([python, "-c", "import circuits"], capture_output=True, text=True, cwd=tmp_path)
    assert "ModuleNotFoundError" in done.stderr
