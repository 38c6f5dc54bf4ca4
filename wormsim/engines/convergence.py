"""How the error falls with the step: ``python -m wormsim.engines.convergence`` measures it for every neuron model.

Each model runs on real wiring (the male's ray neurons and what they touch) in double precision, and is held against
itself at a step of 1/640 ms. Exponential Euler holds the other cells for a step, so the error is of first order; of a lone
leaky cell with a constant current the solution is exact. Without spikes the error is the greatest difference of any
potential; with spikes the mean one, since a spike that moves by ``d`` changes the potential by millivolts for a time d. That
mean is of first order too, but roughly: a spike falls on a whole step, and one that barely happens may come or go.

The second table answers whether a model's recommended ``dt_ms`` will do. :func:`halving` asks that of a model of one's own.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
import pandas as pd

from ..circuit import Circuit
from ..model import Model
from ..network import Network, Record
from ..perturbations import Stimulate
from ..variants import Variants, effects
from . import numba_engine
from .conformance import driven, ray_circuit

STEPS_MS = (0.2, 0.1, 0.05, 0.025)
REFERENCE_MS = 1 / 640
DURATION_MS = 60.0
_WEAK = {"g_gap_contact_nS": 0.001, "g_chem_contact_nS": 0.001}


def cases(circuit: Circuit) -> dict[str, tuple[Model, bool]]:
    """Models by what they show, and whether the wiring is kept (else every cell is alone)."""

    def model(neuron: str, pA: float | None = None, **parameters: float) -> Model:
        made = Model.build(circuit, neuron, parameters={"v_threshold_mV": -45.0, **parameters} if neuron == "lif" else parameters)
        return driven(made) if pA is None else made.perturbed(Stimulate("rays", start_ms=5.0, current_pA=pA))

    return {
        "lif, lone cells, no spikes": (model("lif", 6.0), False),
        "lif, no spikes": (model("lif", 6.0), True),
        "lif, spikes": (model("lif", 60.0, g_gap_contact_nS=0.01), True),
        "adex, no spikes": (model("adex", 10.0), True),
        "adex, spikes": (model("adex", g_gap_contact_nS=0.01), True),
        "graded, weak synapses": (model("graded", 0.3, **_WEAK), True),
        "graded, published synapses": (model("graded"), True),
    }


def error(model: Model, wired: bool = True, steps_ms=STEPS_MS, reference_ms: float = REFERENCE_MS,
          duration_ms: float = DURATION_MS) -> pd.DataFrame:
    """Error at each step and the order from one step to the next.

    Returns
    -------
    DataFrame
        ``dt_ms, error_mV, order, spikes``; an order is log2 of how much the error falls when the step is halved.
    """
    exact, count = _run(model, wired, reference_ms, duration_ms)
    rows, before = [], np.nan
    for dt in steps_ms:
        v, spikes = _run(model, wired, dt, duration_ms)
        away = np.abs(v - exact)
        size = float(away.mean() if count else away.max())
        rows.append({"dt_ms": dt, "error_mV": size, "order": np.log2(before / size) if size > 0 else np.nan,
                     "spikes": spikes})
        before = size
    return pd.DataFrame(rows)


def halving(model: Model, variants: Variants | None = None, *, duration_ms: float, dt_ms: float | None = None,
            every_ms: float = 1.0) -> dict[str, float]:
    """What half the step changes: is ``dt_ms`` short enough for this model?

    Parameters
    ----------
    model : Model
    variants : Variants, optional
        By default the model at its nominal parameters.
    duration_ms : float
    dt_ms : float, optional
        Step to be judged, by default the neuron model's.
    every_ms : float
        Time between the frames that are compared.

    Returns
    -------
    dict
        ``dt_ms``; ``max_mV`` and ``mean_mV``, how far the potentials are apart; ``swing_mV``, how far they move; ``spikes`` at
        dt_ms and ``spikes_at_half``. Poisson stimuli are drawn step by step and are others at another step.
    """
    dt = model.neuron.dt_ms if dt_ms is None else dt_ms
    (v, spikes), (fine, more) = (_run(model, True, h, duration_ms, variants, every_ms) for h in (dt, dt / 2))
    away = np.abs(v - fine)
    return {"dt_ms": dt, "max_mV": float(np.nanmax(away)), "mean_mV": float(np.nanmean(away)),
            "swing_mV": float(np.nanmax(np.ptp(fine, axis=1))), "spikes": spikes, "spikes_at_half": more}


def _run(model: Model, wired: bool, dt_ms: float, duration_ms: float, variants: Variants | None = None,
         every_ms: float = 1.0) -> tuple[np.ndarray, int]:
    variants = Variants.cross(model.nominal()) if variants is None else variants
    steps = round(duration_ms / dt_ms)
    network = model.lower(variants.samples)
    record = Record(np.arange(len(network.cells), dtype=np.int32), round(every_ms / dt_ms), True, bool(model.neuron.threshold))
    out = numba_engine.run(network if wired else _lone(network), effects(model, variants, dt_ms, steps), variants.lanes(), steps,
                           dt_ms, record, "float64")
    return out["v"], int(out["spikes"].sum()) if "spikes" in out else 0


def _lone(network: Network) -> Network:
    """Without any edge."""
    return replace(network, pathways=tuple(
        replace(p, pre=p.pre[:0], post=p.post[:0], values={k: x[:0] for k, x in p.values.items()}) for p in network.pathways))


def main(arguments: list[str] | None = None) -> int:
    """Print both tables."""
    from ..readers import load_connectome

    parser = argparse.ArgumentParser(prog="python -m wormsim.engines.convergence", description=__doc__.split("\n")[0])
    parser.parse_args(arguments)
    circuit = ray_circuit(load_connectome("cook2019_male"))
    print(f"{len(circuit.connectome.cells)} cells, {DURATION_MS:g} ms, error against dt = {REFERENCE_MS:g} ms "
          "(greatest; with spikes the mean)\n")
    print(f"{'':<28}" + "".join(f"{f'dt {dt:g}':>10}" for dt in STEPS_MS) + f"{'order':>18}{'spikes':>8}")
    found = cases(circuit)
    for name, (model, wired) in found.items():
        rows = error(model, wired)
        orders = " ".join("exact" if e < 1e-10 else f"{o:.2f}" for o, e in zip(rows["order"][1:], rows["error_mV"][1:], strict=True))
        print(f"{name:<28}" + "".join(f"{e:>10.2g}" for e in rows["error_mV"]) + f"{orders:>18}{rows['spikes'].iloc[-1]:>8}")
    print(f"\nHalf the recommended step\n\n{'':<28}{'dt_ms':>8}{'max mV':>10}{'mean mV':>10}{'swing mV':>10}{'spikes':>8}{'at half':>9}")
    for name, (model, wired) in found.items():
        if wired:
            h = halving(model, duration_ms=DURATION_MS)
            print(f"{name:<28}{h['dt_ms']:>8g}{h['max_mV']:>10.2g}{h['mean_mV']:>10.2g}{h['swing_mV']:>10.1f}{h['spikes']:>8}"
                  f"{h['spikes_at_half']:>9}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
