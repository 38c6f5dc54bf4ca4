"""Simulate: many variants of one model in one call."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Literal

import numpy as np

from . import __version__, catalog
from .engines.choice import choose
from .errors import InputError, SimulationError
from .model import Model
from .network import Record
from .recording import Recording
from .units import to_internal, to_number
from .variants import Variants, effects

MAX_RECORDING_BYTES = 8 * 2**30


def simulate(
    model: Model,
    variants: Variants | None = None,
    *,
    duration_ms: float,
    dt_ms: float | None = None,
    record: Sequence[str] | str = "all",
    every_ms: float = 1.0,
    spikes: bool = False,
    states: Sequence[str] = (),
    engine: str = "auto",
    dtype: Literal["float32", "float64"] = "float32",
    threads: int | None = None,
    on_failure: Literal["raise", "mark"] = "raise",
    check_step: bool = True,
) -> Recording:
    """Run every variant of a model.

    Parameters
    ----------
    model : Model
    variants : Variants, optional
        By default the intact model at its nominal parameters (``model.nominal()``).
    duration_ms : float or brian2.Quantity
    dt_ms : float or brian2.Quantity, optional
        Step; the neuron model's recommended one by default.
    record : sequence of str or "all"
        Cells to record, as in ``circuit.select``.
    every_ms : float
        Time between frames, a whole number of steps.
    spikes : bool
        Also count the spikes from one frame to the next.
    states : sequence of str
        Further states to record, by their name in the equations.
    engine : str
        "numba"; "event" for large sparse networks of spiking cells without gap junctions; "brian2", the reference; or
        "auto": numba or event, by the model alone (:mod:`wormsim.engines.choice`). What ran, and why, is in the manifest.
    dtype : {"float32", "float64"}
    threads : int, optional
        By default all cores.
    on_failure : {"raise", "mark"}
        What to do when a variant runs away: raise, naming the cell, or set its traces to NaN and list it in the
        manifest.
    check_step : bool
        Warn (:class:`~wormsim.errors.DataWarning`) of cells whose fastest state wants a shorter step, or whose slowest one
        wants double precision. Only the numba engine looks; see :mod:`wormsim.engines.step_length`.

    Returns
    -------
    Recording
        Its memory is variants x frames x recorded cells x 4 or 8 bytes for each variable.

    Raises
    ------
    InputError, UnknownNameError
        Bad times or names, or a recording above 8 GiB.
    SimulationError
        A state became not-a-number or left the range, with ``on_failure="raise"``.
    """
    import xarray as xr

    if variants is None:
        variants = Variants.cross(model.nominal())
    dt = to_number(dt_ms if dt_ms is not None else model.neuron.dt_ms, "ms", "dt_ms")
    n_steps, every = _steps(duration_ms, dt, "duration_ms"), _steps(every_ms, dt, "every_ms")
    if dtype not in ("float32", "float64"):
        raise InputError(f"dtype {dtype!r} is not one of 'float32', 'float64'")
    index = model.circuit.connectome.cells.index
    cells = (
        list(index)
        if record == "all"
        else list(model.circuit.select(*([record] if isinstance(record, str) else record)))
    )
    n_frames = -(-n_steps // every)
    size = len(variants) * n_frames * len(cells) * (np.dtype(dtype).itemsize * (1 + len(states)) + 2 * spikes)
    if size > MAX_RECORDING_BYTES:
        raise InputError(
            f"the recording would take {size / 2**30:.1f} GiB; record fewer cells, raise every_ms or use fewer variants"
        )
    if spikes and not model.neuron.threshold:
        raise InputError(f"the model {model.neuron.name} does not spike: record v_mV instead")

    network = model.lower(variants.samples)
    wanted = Record(index.get_indexer(cells).astype(np.int32), every, True, spikes, tuple(states))
    reason = "asked for"
    if engine == "auto":
        engine, reason = choose(model, network)
    module = catalog.load("engines", engine)
    began = time.perf_counter()
    looks = {"check_step": check_step} if engine == "numba" else {}
    raw = module.run(
        network, effects(model, variants, dt, n_steps, network), variants.lanes(), n_steps, dt, wanted, dtype, threads, **looks
    )
    wall_s = time.perf_counter() - began
    failed = _failed(raw.pop("failed", None), raw.pop("failed_steps", None), dt, variants, index, on_failure)

    names = {"v": "v_mV"}
    data = {names.get(k, k): (("variant", "time", "cell"), x) for k, x in raw.items()}
    table = variants.table()
    coords = {
        "time": np.arange(n_frames) * every * dt,
        "cell": np.array(cells, dtype=object),
        "label": ("variant", table["label"].to_numpy(object)),
        "sample": ("variant", table["sample"].to_numpy()),
        "stream": ("variant", table["stream"].to_numpy(np.uint64)),
    }
    dataset = xr.Dataset(data, coords)
    if failed:
        dataset["v_mV"][list(failed)] = np.nan
    dataset.attrs["manifest"] = json.dumps(
        {
            "wormsim": __version__,
            "engine": engine,
            "engine_reason": reason,
            "dtype": dtype,
            "dt_ms": dt,
            "n_steps": n_steps,
            "wall_s": round(wall_s, 4),
            "circuit": model.circuit.name,
            "connectome": model.circuit.connectome.name,
            "neuron": model.neuron.name,
            "synapses": [s.name for s in model.synapses],
            "perturbations": [p.describe() for p in model.perturbations],
            "cases": _cases(variants, model),
            "parameter_seed": variants.samples.seed,
            "failed_variants": failed,
        },
        default=str,
    )
    return Recording(dataset)


def _cases(variants: Variants, model: Model) -> dict[str, list]:
    """What is done beside the model's own perturbations, by label; variants of one label that differ are numbered."""
    found: dict[str, dict[tuple, list]] = {}
    for v in variants.variants:
        key = tuple(map(id, v.perturbations))
        of_label = found.setdefault(v.label, {})
        if key not in of_label:
            of_label[key] = [p.on(model.circuit).describe() for p in v.perturbations]
    out = {}
    for label, sets in found.items():
        distinct = [x for k, x in enumerate(sets.values()) if x not in list(sets.values())[:k]]
        out |= {label if not k else f"{label} ({k + 1})": x for k, x in enumerate(distinct)}
    return out


def _steps(value, dt: float, name: str) -> int:
    ms = to_internal(to_number(value, "ms", name), "ms")
    n = round(ms / dt) if np.isfinite(ms) and dt > 0 else 0
    if n < 1 or abs(n * dt - ms) > 1e-6 * ms:
        raise InputError(f"{name} = {value} must be a whole number of steps of dt_ms = {dt} ms, at least one")
    return n


def _failed(bad_cell, steps, dt: float, variants: Variants, index, on_failure: str) -> dict[int, dict]:
    """Variants that ran away: number -> the first cell that did, and after and by when (ms)."""
    if bad_cell is None or not (bad_cell >= 0).any():
        return {}
    failed = {
        int(v): {"cell": index[bad_cell[v]], "between_ms": [float(f"{s * dt:.10g}") for s in steps[v]]}
        for v in np.flatnonzero(bad_cell >= 0)
    }
    if on_failure == "raise":
        v, first = next(iter(failed.items()))
        variant = variants.variants[v]
        raise SimulationError(
            f"{len(failed)} of {len(variants)} variants ran away; the first is {variant.label!r} (sample {variant.sample}) in cell "
            f"{first['cell']} between {first['between_ms'][0]:.10g} and {first['between_ms'][1]:.10g} ms. "
            "Take a smaller dt_ms, check the parameters, or pass on_failure='mark' to keep the others"
        )
    return failed
