"""Do the engines compute what Brian2 computes? ``python -m wormsim.engines.conformance`` prints the answer.

Every neuron model is run with each synapse model that it goes with, and with all its own together, on real wiring: the
ray neurons of the male's tail with every cell that they touch (Cook et al. 2019), intact and with everything that can be
done to a cell. Then come small deterministic networks (:mod:`.corner_cases`) with delays, refractory times, simultaneous
spikes and self-connections. All engines get the same arrays and the same random streams; what is compared is the membrane
potential at every frame and the spikes of every cell. The same table is what ``tests/conformance`` asserts on.
"""

from __future__ import annotations

import argparse
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd

from .. import catalog
from ..circuit import Circuit
from ..connectome import Connectome
from ..errors import DataWarning, InputError
from ..model import Model
from ..network import Effects, Lanes, Record
from ..perturbations import Ablate, BlockGapJunctions, BlockRelease, Clamp, Scale, Silence, Stimulate
from ..signs import assign_signs
from ..variants import Variants, effects
from .corner_cases import DT_MS, N_CELLS, N_STEPS, corner_cases

# Two orderings of the same sums differ by about 1e-16 of their largest term in each step, and these models forget
# errors instead of amplifying them (but at a spike, which either falls in the same step or does not): what was found
# is below 1e-11 mV, and a wrong term in an equation shows at 1e-3 mV and more.
TOLERANCE_MV = 1e-9
# Single precision: a spike may fall a step earlier or later, and what follows from it. Bounds on the share of spikes in
# the same step, on the change of their number, and on the voltage of cells that do not spike.
LEAST_SAME_STEP, MOST_RATE_CHANGE, SINGLE_MV = 0.95, 0.01, 1e-3
ENGINES = (("numba", "float64"), ("numba", "float32"), ("event", "float64"))


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
        "clamped": (Clamp(busy, others[4], start_ms=12.0, stop_ms=45.0, v_mV=-30.0),),
        "altered": (Scale("rays", factor=0.5, start_ms=25.0), BlockGapJunctions(busy, start_ms=10.0, stop_ms=50.0, fraction=0.8)),
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
            engines: tuple[tuple[str, str], ...] = ENGINES[:1]) -> pd.DataFrame:
    """Run the variants in Brian2, in double precision, and in other engines.

    Parameters
    ----------
    model, variants, duration_ms, dt_ms
    every : int
        Steps between the frames that are compared.
    engines : tuple of (name, dtype)
        The event engine, which integrates exactly, is held to Brian2's method "exact"; what it refuses has no row.

    Returns
    -------
    DataFrame
        One row for each engine and label: neuron, synapses, engine, case, variants, ``swing_mV`` (how far any cell moved
        from where it started), ``effect_mV`` (how far any cell of any variant is from the first label's, so that a case
        that does nothing is seen), ``max_difference_mV`` (between the engines; infinite where only one of the two is NaN),
        spikes, ``spikes_equal`` (every cell, every frame), ``same_step`` (share of spikes in the same frame) and
        ``rate_change``, the relative change of their number.
    """
    network = model.lower(variants.samples)
    dt_ms = model.neuron.dt_ms if dt_ms is None else dt_ms
    n_steps = round(duration_ms / dt_ms)
    record = Record(np.arange(len(network.cells), dtype=np.int32), every, True, bool(model.neuron.threshold))
    labels = np.array([v.label for v in variants.variants])

    def run(engine: str, some: Variants, dtype: str = "float64", **options) -> dict[str, np.ndarray]:
        done = effects(model, some, dt_ms, n_steps, network)
        return catalog.load("engines", engine).run(network, done, some.lanes(), n_steps, dt_ms, record, dtype, 1, **options)

    rows, references = [], {}
    for engine, dtype in engines:
        method = "exact" if engine == "event" else None
        whole = None if engine == "event" else run(engine, variants, dtype)
        for label in dict.fromkeys(labels):
            at = labels == label
            some = Variants(variants.samples, tuple(v for v in variants.variants if v.label == label))
            try:
                fast = {k: x[at] for k, x in whole.items()} if whole else run(engine, some, dtype)
            except InputError:
                continue
            if (label, method) not in references:
                references[label, method] = run("brian2", some, method=method)
            slow = references[label, method]
            first = next((x["v"] for (_, m), x in references.items() if m == method), slow["v"])
            rows.append({"neuron": model.neuron.name, "synapses": " + ".join(s.name for s in model.synapses),
                         "engine": f"{engine} {dtype}", "case": label, "variants": int(at.sum()),
                         "swing_mV": float(np.nanmax(np.abs(slow["v"] - slow["v"][:, :1]))),
                         "effect_mV": float(np.nanmax(np.abs(slow["v"] - first))), **differences(fast, slow)})
    return pd.DataFrame(rows)


def differences(fast: dict[str, np.ndarray], slow: dict[str, np.ndarray]) -> dict[str, object]:
    """What parts two runs: see :func:`compare`."""
    a, b = fast["v"], slow["v"]
    apart = np.where(np.isnan(a) & np.isnan(b), 0.0, np.abs(a - b))
    out = {"max_difference_mV": float(np.where(np.isnan(apart), np.inf, apart).max()), "spikes": None, "spikes_equal": None,
           "same_step": None, "rate_change": None}
    if "spikes" in slow:
        ours, theirs = fast["spikes"].astype(int), slow["spikes"].astype(int)
        n_ours, n_theirs = int(ours.sum()), int(theirs.sum())
        out |= {"spikes": n_theirs, "spikes_equal": bool(np.array_equal(ours, theirs)),
                "same_step": 2 * int(np.minimum(ours, theirs).sum()) / max(n_ours + n_theirs, 1),
                "rate_change": abs(n_ours - n_theirs) / max(n_theirs, 1)}
    return out


def compare_corners(engines: tuple[tuple[str, str], ...] = ENGINES) -> pd.DataFrame:
    """The small deterministic networks, every step of them; in the numba engine alone and eight side by side.

    Returns
    -------
    DataFrame
        As from :func:`compare`; what an engine refuses has no row.
    """
    record = Record(np.arange(N_CELLS, dtype=np.int32), 1, True, True)
    rows = []
    for name, (network, effect) in corner_cases().items():
        def run(engine, dtype="float64", lanes=1, network=network, effect=effect, **options):
            return catalog.load("engines", engine).run(
                network, [_widened(effect, lanes)], Lanes(np.zeros(lanes, np.int32), np.zeros(lanes, np.uint64)), N_STEPS,
                DT_MS, record, dtype, 1, **options)

        slow = {method: run("brian2", method=method) for method in (None, "exact")}
        for engine, dtype in engines:
            for lanes in (1, 8) if engine == "numba" else (1,):
                reference = slow["exact" if engine == "event" else None]
                reference = {k: np.repeat(x, lanes, axis=0) for k, x in reference.items()}
                try:
                    found = differences(run(engine, dtype, lanes), reference)
                except InputError:  # the event engine takes no delays that differ between cells
                    continue
                rows.append({"case": name, "engine": f"{engine} {dtype}" + f" x {lanes}" * (lanes > 1), **found})
    return pd.DataFrame(rows)


def _widened(effect: Effects, lanes: int) -> Effects:
    """The effects of one variant for several of them."""
    wide = {k: np.repeat(getattr(effect, k), lanes, axis=1) for k in (
        "alive", "release", "current_pA", "conductance_nS", "conductance_reversal_pA")}
    p = effect.poisson
    return replace(effect, **wide, poisson=replace(p, probability=np.repeat(p.probability, lanes, axis=1),
                                                   size_pA=np.repeat(p.size_pA, lanes, axis=1)))


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
            variants = Variants.cross(model.sample(n_samples, seed=1), cases(model))
            engines = ENGINES if _fits_event(model) else ENGINES[:2]
            parts.append(compare(model, variants, duration_ms, every=1, engines=engines))
    return pd.concat(parts, ignore_index=True), notes


def agreed(rows: pd.DataFrame) -> pd.Series:
    """Whether each row is within its bounds: spikes equal and voltages to rounding, or those of single precision."""
    equal = ~rows["spikes_equal"].isin([False]) & (rows["max_difference_mV"] <= TOLERANCE_MV)
    same, rate = (pd.to_numeric(rows[k]) for k in ("same_step", "rate_change"))
    close = np.where(same.isna(), rows["max_difference_mV"] <= SINGLE_MV, (same >= LEAST_SAME_STEP) & (rate <= MOST_RATE_CHANGE))
    return equal.where(~rows["engine"].str.contains("float32"), close).astype(bool)


def _fits_event(model: Model) -> bool:
    from . import linear

    network = model.lower(model.nominal())
    try:
        linear.structure_of(network.neuron, network.pathways, linear.pathway_of(network).synapse)
    except InputError:
        return False
    return True


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


def main(arguments: list[str] | None = None) -> int:
    """Print the tables; exit code 1 if the engines disagree."""
    from ..readers import load_connectome

    parser = argparse.ArgumentParser(prog="python -m wormsim.engines.conformance", description=__doc__.split("\n")[0])
    parser.add_argument("--samples", type=int, default=2, help="parameter samples a case")
    parser.add_argument("--duration-ms", type=float, default=80.0)
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore", DataWarning)  # the cases do several things to one cell on purpose
    circuit = ray_circuit(load_connectome("cook2019_male"))
    kinds = circuit.connectome.edges["kind"].value_counts()
    print(f"{len(circuit.connectome.cells)} cells, {kinds.get('chemical', 0)} chemical and "
          f"{kinds.get('electrical', 0)} electrical edges, {options.samples} samples, {options.duration_ms:g} ms.\n"
          "Each against Brian2 in double precision: greatest difference of v in mV, and '=' where every spike of every cell "
          "falls in the same step;\nin single precision the share of spikes in the same step and the change of their number")
    found, notes = table(circuit, options.samples, options.duration_ms)
    corners = compare_corners()
    _print(found.assign(row=found["neuron"] + ": " + found["synapses"]), "row", "case")
    spikes = found[found["engine"] == "numba float64"].groupby(["neuron", "synapses"], sort=False)["spikes"].sum()
    print("\nSpikes compared, all cases:", ", ".join(f"{n}: {s} {k}" for (n, s), k in spikes.items() if k))
    for note in notes:
        print("no such pair:", note)
    print(f"\nDeterministic spiking, {N_CELLS} cells, {N_STEPS} steps")
    _print(corners.assign(all=""), "case", "engine", by="all")
    agree = agreed(found).all() and agreed(corners).all()
    print("\nThe engines agree" if agree else f"\nThe engines DISAGREE by more than {TOLERANCE_MV:g} mV or in spikes, or by "
          f"more than the bounds of single precision (same step {LEAST_SAME_STEP:.0%}, number {MOST_RATE_CHANGE:.0%}, "
          f"{SINGLE_MV:g} mV)")
    return 0 if agree else 1


def _print(rows: pd.DataFrame, down: str, across: str, by: str = "engine") -> None:
    """One block for each value of `by`, in the order of the rows."""
    rows = rows.assign(text=[_text(r) + ("" if ok else " !") for r, ok in zip(rows.itertuples(), agreed(rows), strict=True)])
    for name, part in rows.groupby(by, sort=False):
        shown = part.pivot(index=down, columns=across, values="text")
        shown = shown.reindex(index=part[down].unique(), columns=rows[across].unique()).dropna(axis=1, how="all")
        print(f"\n{name}".rstrip())
        print(shown.fillna("-").rename_axis(None).rename_axis(None, axis=1).to_string())


def _text(row) -> str:
    if row.same_step is None or np.isnan(row.same_step):
        return f"{row.max_difference_mV:.0e}"
    if "float32" in row.engine:
        return f"{row.same_step:.1%} {row.rate_change:.1%}"
    return f"{row.max_difference_mV:.0e} {'=' if row.spikes_equal else 'SPIKES DIFFER'}"


if __name__ == "__main__":
    raise SystemExit(main())
