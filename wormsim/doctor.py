"""Doctor: what this installation is, and whether it computes what it should."""

from __future__ import annotations

import importlib.util
import time
from dataclasses import dataclass

from . import cache, manifest
from .errors import InputError, WormsimError

_CHECK_MS = 20.0
_LEAST_SWING_MV = 0.01  # far above the tolerance
_CHECKED_MODELS = ("lif", "graded")
_EXTRAS = {"cluster": "distributed", "atlas": "wormneuroatlas", "rebuild": "cect"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True)
class Examination:
    """What :func:`examine` saw: facts to read, and findings that can be wrong."""

    facts: list[tuple[str, object]]
    findings: list[Finding]


def examine() -> Examination:
    """Versions, machine, cache and data of this installation; simulates nothing."""
    found = manifest.environment()
    machine, git = found["platform"], found["git"]
    commit = f", commit {git['commit'][:12]}{' with changes' if git['modified'] else ''}" if git else ""
    memory = f", {machine['memory_GiB']} GiB" if machine["memory_GiB"] else ""
    facts = [
        ("wormsim", f"{found['wormsim']}{commit}"),
        ("python", found["python"]),
        ("machine", f"{machine['cpu']}, {machine['cores']} cores{memory}"),
        ("system", machine["system"]),
        *((name, version) for name, version in found["packages"].items()),
        *((f"extra {name}", "installed" if importlib.util.find_spec(module) else "not installed")
          for name, module in _EXTRAS.items()),
    ]
    absent = [name for name, version in found["packages"].items() if version == "absent"]
    findings = [
        Finding("packages", not absent, f"{len(found['packages'])} wanted, missing: {', '.join(absent) or 'none'}"),
        _cache_finding(), _data_finding(),
    ]
    return Examination(facts, findings)


def _cache_finding() -> Finding:
    try:
        place = cache.folder()
        probe = place / ".probe"
        probe.write_bytes(b"")
        probe.unlink()
    except (InputError, OSError) as error:
        return Finding("cache", False, str(error))
    parts = cache.contents()
    size = sum(n for _, n in parts.values()) / 2**20
    return Finding("cache", True, f"{place}: {sum(n for n, _ in parts.values())} files, {size:.1f} MiB")


def _data_finding() -> Finding:
    from .readers import connectome_names, load_connectome

    began = time.perf_counter()
    try:
        names = connectome_names()
        for name in names:
            load_connectome(name)
    except Exception as error:  # whatever is wrong with a table, it is the finding
        return Finding("connectomes", False, f"{type(error).__name__}: {error}")
    per_ms = 1e3 * (time.perf_counter() - began) / max(1, len(names))
    return Finding("connectomes", bool(names), f"all {len(names)} load, {per_ms:.0f} ms each")


def self_check() -> list[Finding]:
    """Run a small network of real wiring in both engines and compare them.

    Returns
    -------
    list of Finding
        One for each neuron model looked at; ok when potentials agree to rounding and every spike is the same.
    """
    return [_compare_engines(neuron) for neuron in _CHECKED_MODELS]


def _compare_engines(neuron: str) -> Finding:
    from .engines import conformance
    from .model import Model
    from .readers import load_connectome
    from .variants import Variants

    name = f"numba against brian2: {neuron}"
    began = time.perf_counter()
    try:
        circuit = conformance.ray_circuit(load_connectome("cook2019_male"))
        model = conformance.driven(Model.build(circuit, neuron))
        row = conformance.compare(model, Variants.cross(model.nominal()), _CHECK_MS).iloc[0]
    except WormsimError as error:
        return Finding(name, False, str(error))
    apart, spikes = float(row["max_difference_mV"]), row.get("spikes")
    moved = float(row["swing_mV"]) > _LEAST_SWING_MV  # two engines that do nothing agree as well
    ok = apart <= conformance.TOLERANCE_MV and row.get("spikes_equal") in (None, True) and moved
    said = f"{len(circuit.connectome.cells)} cells, {_CHECK_MS:g} ms: greatest difference {apart:.1e} mV"
    if spikes is not None:
        said += f", {int(spikes)} spikes {'equal' if row['spikes_equal'] else 'NOT equal'}"
    return Finding(name, ok, f"{said} ({time.perf_counter() - began:.1f} s with compiling)")
