"""Does the fast engine compute what Brian2 computes? ``python -m wormsim.engines.conformance`` prints the answer.

Every neuron model is run with each synapse model that it goes with, and with all its own together, on real wiring: the
ray neurons of the male's tail with every cell that they touch (Cook et al. 2019). Both engines get the same arrays and
the same random streams; what is compared is the membrane potential at every frame and the spike counts of every cell.
The same table is what ``tests/conformance`` asserts on.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd

from .. import catalog
from ..circuit import Circuit
from ..connectome import Connectome
from ..errors import InputError
from ..model import Model
from ..network import Record
from ..perturbations import Ablate, BlockRelease, Silence, Stimulate
from ..signs import assign_signs
from ..variants import Variants, effects

# Two orderings of the same sums differ by about 1e-16 of their largest term in each step, and these models forget
# errors instead of amplifying them (but at a spike, which either falls in the same step or does not): what was found
# is below 1e-11 mV, and a wrong term in an equation shows at 1e-3 mV and more.
TOLERANCE_MV = 1e-9


def ray_circuit(connectome: Connectome) -> Circuit:
    """The ray neurons R1A ... R9B, every cell that they synapse on or share a gap junction with."""
    edges = connectome.edges[connectome.edges["kind"].isin(["chemical", "electrical"])]
    rays = connectome.resolve("R[1-9][AB]*")
    from_rays = edges.loc[edges["pre"].isin(rays), "post"]
    coupled = edges.loc[edges["post"].isin(rays) & (edges["kind"] == "electrical"), "pre"]
    keep = sorted({*rays, *from_rays, *coupled})
    part = assign_signs(connectome.select(*keep, kinds=("chemical", "electrical")))
    return Circuit("rays_and_targets", part, {"rays": tuple(rays)}, "Ray neurons and the cells that they touch",
                   connectome.provenance.get("citation", ""))


def cases(model: Model) -> dict[str, tuple]:
    """One case for each thing that can be done to a model, mostly to the busiest cell behind the rays."""
    busy, *others = _busiest(model.circuit)
    drive = _drive_pA(model)
    out = {
        "intact": (),
        "ablated": (Ablate(busy, others[0]),),
        "release blocked": (BlockRelease(busy, others[1], start_ms=20.0, stop_ms=60.0),),
        "silenced": (Silence(busy, others[2], start_ms=15.0, stop_ms=55.0),),
        "pulse": (Stimulate(busy, others[3], start_ms=30.0, stop_ms=50.0, current_pA=2 * drive),),
    }
    if any(s.poisson_target for s in model.synapses):
        out["Poisson"] = (Stimulate(*others[4:24], start_ms=10.0, stop_ms=70.0, rate_Hz=200.0, size_pA=drive),)
        out["all at once"] = (*out["ablated"], BlockRelease("rays", start_ms=40.0), *out["silenced"], *out["pulse"],
                              *out["Poisson"])
    return out


def driven(model: Model) -> Model:
    """The model with a steady current into every ray, so that there is activity to compare."""
    return model.perturbed(Stimulate("rays", start_ms=5.0, current_pA=_drive_pA(model)))


def compare(model: Model, variants: Variants, duration_ms: float = 80.0, dt_ms: float | None = None, every: int = 3,
            dtype: str = "float64") -> pd.DataFrame:
    """Run the variants in both engines; Brian2 in double precision whatever the `dtype` of the fast one.

    Returns
    -------
    DataFrame
        One row for each label: neuron, synapses, variants, ``swing_mV`` (how far any cell moved from where it started),
        ``effect_mV`` (how far any cell of any variant is from the first label's, so that a case that does nothing is
        seen), ``max_difference_mV`` (between the engines; infinite where only one of the two is NaN), spikes,
        ``spikes_equal`` (every cell, every frame).
    """
    (fast, slow), _ = run_both(model, variants, duration_ms, dt_ms, every, dtype)
    difference = _difference(fast["v"], slow["v"])
    labels = np.array([v.label for v in variants.variants])
    rows, first = [], slow["v"][labels == labels[0]]
    for label in dict.fromkeys(labels):
        at = labels == label
        v = slow["v"][at]
        row = {"neuron": model.neuron.name, "synapses": " + ".join(s.name for s in model.synapses), "case": label,
               "variants": int(at.sum()), "swing_mV": float(np.nanmax(np.abs(v - v[:, :1]))),
               "effect_mV": float(np.nanmax(np.abs(v - first))),
               "max_difference_mV": float(difference[at].max()), "spikes": None, "spikes_equal": None}
        if model.neuron.threshold:
            row["spikes"] = int(slow["spikes"][at].sum())
            row["spikes_equal"] = bool(np.array_equal(fast["spikes"][at], slow["spikes"][at]))
        rows.append(row)
    return pd.DataFrame(rows)


def run_both(model: Model, variants: Variants, duration_ms: float, dt_ms: float | None = None, every: int = 1,
             dtype: str = "float64", engines: tuple[str, ...] = ("numba", "brian2")):
    """Raw arrays of each engine on one thread, and the wall times in seconds."""
    dt_ms = model.neuron.dt_ms if dt_ms is None else dt_ms
    n_steps = round(duration_ms / dt_ms)
    network = model.lower(variants.samples)
    record = Record(np.arange(len(network.cells), dtype=np.int32), every, True, bool(model.neuron.threshold))
    done = effects(model, variants, dt_ms, n_steps)
    wall, raw = [], []
    for name in engines:
        engine = catalog.load("engines", name)
        began = time.perf_counter()
        raw.append(engine.run(network, done, variants.lanes(), n_steps, dt_ms, record, dtype, threads=1))
        wall.append(time.perf_counter() - began)
    return raw, wall


def fitting(circuit: Circuit) -> tuple[list[str], list[str]]:
    """Neuron models whose own synapse models take the whole wiring; and of the others, why not."""
    found, refused = [], []
    for neuron in catalog.names("neurons"):
        try:
            Model.build(circuit, neuron)
        except InputError as error:
            refused.append(f"{neuron}: {error}")
        else:
            found.append(neuron)
    return found, refused


def combinations(circuit: Circuit, neuron: str) -> tuple[list[Model], list[str]]:
    """Models of one neuron model with each synapse model alone and with its own set; and what does not combine."""
    own = catalog.load("neurons", neuron).MODEL.synapses
    models, refused = [], []
    for chosen in dict.fromkeys([own, *((name,) for name in catalog.names("synapses"))]):
        try:
            model = Model.build(circuit, neuron, chosen)
            if any(s.on_pre for s in model.synapses) and not model.neuron.threshold:
                raise InputError("the cell never spikes and the synapse only passes on spikes")
            model.lower(model.nominal())
        except InputError as error:
            refused.append(f"{neuron} + {' + '.join(chosen)}: {error}")
        else:
            models.append(driven(model))
    return models, refused


def table(circuit: Circuit, n_samples: int = 2, duration_ms: float = 80.0) -> tuple[pd.DataFrame, list[str]]:
    """The whole comparison, and the combinations that do not exist, each with the reason."""
    parts = []
    neurons, notes = fitting(circuit)
    for neuron in neurons:
        models, refused = combinations(circuit, neuron)
        notes += refused
        for model in models:
            todo = cases(model) if len(model.synapses) > 1 else {"intact": ()}
            parts.append(compare(model, Variants.cross(model.sample(n_samples, seed=1), todo), duration_ms))
    return pd.concat(parts, ignore_index=True), notes


def _busiest(circuit: Circuit) -> list[str]:
    """Neurons other than the rays, by number of edges, most first."""
    edges, cells = circuit.connectome.edges, circuit.connectome.cells
    count = pd.concat([edges["pre"], edges["post"]]).value_counts()
    neurons = [n for n in cells.index[cells["kind"] == "neuron"] if n not in set(circuit.groups["rays"])]
    return sorted(neurons, key=lambda n: (-count.get(n, 0), n))


def _drive_pA(model: Model) -> float:
    """A current that moves a lone cell by 30 mV, enough to make every spiking model here fire."""
    leak = model.parameters.get("g_leak_nS")
    return 30.0 * (leak.value if leak else 1.0)


def _difference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Greatest difference of each variant; infinite where only one of the two is NaN."""
    apart = np.where(np.isnan(a) & np.isnan(b), 0.0, np.abs(a - b))
    return np.where(np.isnan(apart), np.inf, apart).max(axis=(1, 2))


def main(arguments: list[str] | None = None) -> int:
    """Print the table and the wall times; exit code 1 if the engines disagree."""
    from ..readers import load_connectome

    parser = argparse.ArgumentParser(prog="python -m wormsim.engines.conformance", description=__doc__.split("\n")[0])
    parser.add_argument("--samples", type=int, default=2, help="parameter samples a case")
    parser.add_argument("--duration-ms", type=float, default=80.0)
    parser.add_argument("--samples-timed", type=int, default=3, help="samples of the timed ensemble; 0 times nothing")
    parser.add_argument("--timed-ms", type=float, default=500.0, help="duration of the timed ensemble")
    options = parser.parse_args(arguments)
    circuit = ray_circuit(load_connectome("cook2019_male"))
    kinds = circuit.connectome.edges["kind"].value_counts()
    print(f"{len(circuit.connectome.cells)} cells, {kinds.get('chemical', 0)} chemical and "
          f"{kinds.get('electrical', 0)} electrical edges, {options.duration_ms:g} ms, double precision")
    found, notes = table(circuit, options.samples, options.duration_ms)
    print(_text(found))
    for note in notes:
        print("no such pair:", note)
    worst = found.groupby(["neuron", "synapses"], sort=False)["max_difference_mV"].max()
    print("\nGreatest difference in v, mV\n" + worst.map("{:.1e}".format).to_string())
    print("\nThe same in single precision, which is what simulate() runs unless told otherwise; nothing is asserted of it")
    models = [driven(Model.build(circuit, neuron)) for neuron in fitting(circuit)[0]]
    single = [compare(m, Variants.cross(m.sample(2, seed=1)), options.duration_ms, dtype="float32") for m in models]
    print(_text(pd.concat(single, ignore_index=True)))
    if options.samples_timed:
        print(f"\nWall time of the same ensemble, {options.samples_timed} samples x (intact and 7 ablations) x "
              f"{options.timed_ms:g} ms, on one thread, seconds")
        print(_timed(circuit, options.samples_timed, options.timed_ms).to_string(index=False, float_format="{:.2f}".format))
    agree = (found["max_difference_mV"] <= TOLERANCE_MV).all() and not found["spikes_equal"].isin([False]).any()
    print("\nThe engines agree" if agree else f"\nThe engines DISAGREE by more than {TOLERANCE_MV:g} mV or in spikes")
    return 0 if agree else 1


def _timed(circuit: Circuit, n_samples: int, duration_ms: float) -> pd.DataFrame:
    rows = []
    for neuron in fitting(circuit)[0]:
        model = driven(Model.build(circuit, neuron))
        ablations = {name: (Ablate(name),) for name in _busiest(circuit)[:7]}
        variants = Variants.cross(model.sample(n_samples, seed=2), {"intact": (), **ablations})
        wall = {}
        for dtype in ("float64", "float32"):
            _, (_, wall[dtype]) = run_both(model, variants, duration_ms, None, 10, dtype, ("numba", "numba"))
        _, (brian,) = run_both(model, variants, duration_ms, None, 10, engines=("brian2",))
        rows.append({"neuron": neuron, "variants": len(variants), "numba float64": wall["float64"],
                     "numba float32": wall["float32"], "Brian2": brian, "Brian2/float64": brian / wall["float64"]})
    return pd.DataFrame(rows)


def _text(rows: pd.DataFrame) -> str:
    whole, yes = (lambda x: "" if pd.isna(x) else f"{x:.0f}"), (lambda x: "" if pd.isna(x) else "yes" if x else "NO")
    return rows.to_string(index=False, formatters={
        "max_difference_mV": "{:.1e}".format, "swing_mV": "{:.1f}".format, "effect_mV": "{:.2g}".format, "spikes": whole,
        "spikes_equal": yes})


if __name__ == "__main__":
    raise SystemExit(main())
