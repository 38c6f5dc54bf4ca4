"""What `import wormsim` costs, what it offers, and that imports inside it go downward only."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import wormsim

# What takes longer to load than all of a quick command may take; numpy is here because pandas and numba need it.
HEAVY = {
    "brian2", "numba", "llvmlite", "matplotlib", "pandas", "pyarrow", "xarray", "scipy", "networkx", "numpy", "h5py",
    "h5netcdf", "sympy", "dask", "distributed", "joblib", "jinja2", "openpyxl", "pydantic", "typer", "rich",
}

PROBE = """
import json, sys
before = set(sys.modules)
import wormsim
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_import_loads_nothing_that_takes_long():
    """Seconds say what the machine was doing; the list of newly loaded modules says why an import is fast."""
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    modules = json.loads(done.stdout)
    assert {m.partition(".")[0] for m in modules} & HEAVY == set()
    assert [m for m in modules if m.startswith("wormsim.")] == []


def test_public_names_are_few_and_all_there():
    public = [name for name in wormsim.__all__ if name != "__version__"]
    assert len(public) <= 25
    assert len(set(public)) == len(public)
    for name in public:
        value = getattr(wormsim, name)
        assert (value.__doc__ or "").strip(), f"wormsim.{name} has no docstring"
        assert name in dir(wormsim)


def test_unknown_attribute_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'simulat'"):
        _ = wormsim.simulat
    assert not hasattr(wormsim, "__path_to_nowhere__")


def lint_imports(folder: Path, config: Path) -> subprocess.CompletedProcess[str]:
    """The import linter, run in `folder` on the contracts of `config`."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--config", str(config)]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)


def test_imports_go_downward_only(root):
    done = lint_imports(root, root / "pyproject.toml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("module", "line", "contract"), [
    ("connectome.py", "from wormsim import experiment", "Layers"),
    ("connectome.py", "import brian2", "Brian2"),
    ("kernels/loop.py", "import pandas", "Kernels"),
    ("stray.py", "", "Layers"),
])
def test_a_breach_is_found(root, tmp_path, module, line, contract):
    """The contracts can fail: each is broken once in a copy of the package whose modules are empty."""
    package = tmp_path / "wormsim"
    package.mkdir()
    for real in (root / "wormsim").iterdir():
        if (real / "__init__.py").is_file():
            (package / real.name).mkdir()
            (package / real.name / "__init__.py").touch()
        elif real.suffix == ".py":
            (package / real.name).touch()
    (package / "engines" / "brian2_engine.py").write_text("import brian2\n")
    config = tmp_path / "pyproject.toml"
    config.write_text((root / "pyproject.toml").read_text())
    assert lint_imports(tmp_path, config).returncode == 0
    (package / module).write_text(line + "\n")
    done = lint_imports(tmp_path, config)
    assert done.returncode != 0
    assert re.search(rf"^{contract}.* BROKEN", done.stdout, re.MULTILINE), done.stdout
