"""Kernels on disk: generated once for a model, compiled once for a machine, shared by all processes.

A kernel is a Python module in ``<folder>/kernels/<key>/``, with what numba compiled from it beside it. The key is a hash
of the model's text and units, the layout and precision, the sources of the code generator and of the functions that kernels call,
the versions of numba, Brian2 and sympy, and the CPU. When the module is there, Brian2 is not imported at all.

Files appear whole or not at all, so any number of processes may start at once. Where the folder cannot be written
(read-only, full), kernels go to a private folder under the system's temporary one, and failing that are compiled in
memory; both with a warning.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import stat
import sys
import tempfile
import threading
from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

from ..cache import place
from ..dynamics import NeuronModel, SynapseModel
from ..errors import warn_data

_WRITERS = ("checks", "codegen", "codegen_cells", "equations", "expressions", "linear", "rates")
_LOADED: dict[str, ModuleType] = {}
_LOCK = threading.RLock()
_WARNED: set[str] = set()


def folder() -> Path:
    """Where kernels are kept: a part of the cache."""
    return place() / "kernels"


def info() -> dict[str, object]:
    """Folder, number of kernels and bytes on disk."""
    root = folder()
    files = [p for p in root.rglob("*") if p.is_file()] if root.is_dir() else []
    return {"folder": str(root), "kernels": sum(p.parent.parent == root and p.suffix == ".py" for p in files),
            "bytes": sum(p.stat().st_size for p in files)}


def clear() -> int:
    """Delete all kernels, on disk and in this process; returns how many there were on disk."""
    with _LOCK:
        count = int(info()["kernels"])
        _LOADED.clear()
        if folder().is_dir():
            shutil.rmtree(folder())
    return count


def kernel(neuron: NeuronModel, synapses: tuple[SynapseModel, ...], layout: str, dtype: str) -> ModuleType:
    """The kernel module of a model, from memory, from disk, or newly written.

    Parameters
    ----------
    neuron : NeuronModel
    synapses : tuple of SynapseModel
    layout : {"shared", "lanes", "cells"}
    dtype : {"float32", "float64"}
    """
    return module(neuron, synapses, layout, dtype, lambda: _generate(neuron, synapses, layout, dtype))


def module(neuron: NeuronModel, synapses: tuple[SynapseModel, ...], kind: str, detail: str, write: Callable[[], str]) -> ModuleType:
    """The module of some kind that `write` makes of a model, from memory, from disk, or newly written."""
    key = _key(neuron, synapses, kind, detail)
    with _LOCK:
        if key not in _LOADED:
            _LOADED[key] = _load(key, write)
        return _LOADED[key]


def shipped(name: str) -> ModuleType:
    """The module ``wormsim.kernels.NAME`` as a copy in the cache folder, compiled once for a machine like the generated ones."""
    key = _shipped_key(name)
    with _LOCK:
        if key not in _LOADED:
            text = _shipped_source(name).read_text(encoding="utf-8").replace("CACHE = False", "CACHE = True", 1)
            _LOADED[key] = _load(key, lambda: text)
        return _LOADED[key]


def _shipped_source(name: str) -> Path:
    return Path(__file__).parent.parent / "kernels" / f"{name}.py"


def _shipped_key(name: str) -> str:
    return _digest(["shipped", name])


def _digest(told: list) -> str:
    """A key of what is told, the machine, and every source that writes kernels or is called by one."""
    return hashlib.sha256(repr([*told, *_surroundings()]).encode()).hexdigest()[:24]


@lru_cache
def _surroundings() -> tuple[str, ...]:
    import llvmlite.binding as llvm

    root = Path(__file__).parent.parent
    sources = [*sorted((root / "kernels").glob("*.py")), *(root / "engines" / f"{name}.py" for name in _WRITERS)]
    return (str(sys.version_info[:2]), *(version(name) for name in ("numba", "brian2", "sympy")), llvm.get_host_cpu_name(),
            str(llvm.get_host_cpu_features().flatten()), *(hashlib.sha256(s.read_bytes()).hexdigest() for s in sources))


def compiled(module: ModuleType, arguments: tuple) -> ModuleType:
    """The module with ``run`` compiled for these arguments; another one in memory where the disk took no more."""
    from numba import typeof

    types = tuple(typeof(a) for a in arguments)
    with _LOCK:
        if not hasattr(module.run, "compile"):  # numba is switched off
            return module
        try:
            module.run.compile(types)
            return module
        except OSError as error:
            _warn(Path(module.__file__).parent, error)
        key = module.__name__.removeprefix("wormsim_kernel_")
        _LOADED[key] = _in_memory(key, Path(module.__file__).read_text(encoding="utf-8"))
        _LOADED[key].run.compile(types)
        return _LOADED[key]


def _generate(neuron, synapses, layout, dtype) -> str:
    from .codegen import generate  # imports Brian2

    return generate(neuron, synapses, layout, dtype)


def _key(neuron: NeuronModel, synapses: tuple[SynapseModel, ...], layout: str, dtype: str) -> str:
    told = [neuron.name, neuron.equations, neuron.threshold, neuron.reset, neuron.refractory, sorted(neuron.initial.items()),
            sorted((p.symbol, p.unit) for p in neuron.parameters)]
    for s in synapses:
        told += [s.name, s.kind, s.cell_equations, sorted(s.summed.items()), s.on_pre, s.delay, s.current, s.reset,
                 [(e.symbol, e.scale) for e in s.edge], sorted(s.initial.items()),
                 sorted(s.derived.items()), s.poisson_target, sorted((p.symbol, p.unit) for p in s.parameters)]
    return _digest([*told, layout, dtype])


def _load(key: str, generate) -> ModuleType:
    text = None
    for root in (folder, _temporary):
        path = None
        try:
            path = root() / key / f"wormsim_kernel_{key}.py"
            if not path.is_file():
                text = text or generate()
                _write(path, text)
            return _import(key, path)
        except OSError as error:
            _warn(path.parent if path else Path(tempfile.gettempdir()), error)
    return _in_memory(key, text or generate())


def _write(path: Path, text: str) -> None:
    """Make the file unless another process has just made it; never a part of it, never twice."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        try:
            os.link(name, path)  # keeps the first one: numba's index holds its time stamp
        except FileExistsError:
            pass
        except OSError:
            os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)


def _temporary() -> Path:
    """A folder under the system's temporary one that belongs to this user alone."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    path = Path(tempfile.gettempdir()) / f"wormsim-kernels-{user}"
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or (hasattr(os, "getuid") and found.st_uid != user) or found.st_mode & 0o022:
        raise PermissionError(f"{path} belongs to somebody else")
    return path


def _import(key: str, path: Path) -> ModuleType:
    name = f"wormsim_kernel_{key}"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except RuntimeError as error:  # numba found no place for what it compiles
        raise OSError(str(error)) from error
    return module


def _in_memory(key: str, text: str) -> ModuleType:
    module = ModuleType(f"wormsim_kernel_{key}")
    module.__file__ = f"<kernel {key}>"
    text = text.replace("CACHE = True", "CACHE = False", 1)
    sys.modules[module.__name__] = module
    exec(compile(text, module.__file__, "exec"), module.__dict__)
    return module


def _warn(path: Path, error: OSError) -> None:
    if str(path.parent) not in _WARNED:
        _WARNED.add(str(path.parent))
        warn_data(1, f"kernel could not be kept in {path.parent} ({error.strerror or error}); set WORMSIM_CACHE_DIR to a "
                     "folder that can be written", stacklevel=5)
