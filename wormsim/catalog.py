"""Registries without a register: a plural folder is the list, a file name is the key."""

from __future__ import annotations

import importlib
import pkgutil
from importlib import resources
from pathlib import Path
from types import ModuleType

from .errors import InputError, UnknownNameError

_SINGULAR = {
    "circuits": "circuit",
    "experiments": "experiment",
    "assays": "assay",
    "metrics": "metric",
    "modulators": "modulator",
    "neurons": "neuron model",
    "synapses": "synapse model",
    "engines": "engine",
    "readers": "reader",
    "datasets": "data set",
    "indicators": "calcium indicator",
    "observables": "observable",
    "recordings": "layout of recordings",
    "studies": "study",
    "objectives": "objective",
    "perturbations": "perturbation",
}
# Folders that hold more than what is registered: there, only files whose name ends so are keys, and the key goes without.
_SUFFIX = {"engines": "_engine"}


def names(folder: str) -> list[str]:
    """Keys in the folder `folder` ("neurons", "circuits", ...), sorted; of engines, the names that ``simulate`` takes."""
    package = importlib.import_module(f"wormsim.{folder}")
    modules = {m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_")}
    suffix = _SUFFIX.get(folder, "")
    modules = {m.removesuffix(suffix) for m in modules if m.endswith(suffix) and m != suffix}
    tables = {p.name[:-5] for root in package.__path__ for p in Path(root).glob("*.toml")}
    return sorted(modules | tables)


def load(folder: str, name: str) -> ModuleType:
    """The module `name` of the folder; unknown names raise with the closest ones."""
    known = names(folder)
    if name not in known:
        raise UnknownNameError(_SINGULAR.get(folder, folder), name, known)
    return importlib.import_module(f"wormsim.{folder}.{name}{_SUFFIX.get(folder, '')}")


def toml_path(folder: str, name: str | Path) -> Path:
    """Path of a packaged TOML by key, or of the user's own file when `name` ends in ``.toml``."""
    if str(name).endswith(".toml"):
        path = Path(name)
        if not path.is_file():
            raise InputError(f"no such file: {path}")
        return path
    known = names(folder)
    if name not in known:
        raise UnknownNameError(_SINGULAR.get(folder, folder), str(name), known, "or give a path that ends in .toml")
    return Path(str(resources.files(f"wormsim.{folder}") / f"{name}.toml"))
