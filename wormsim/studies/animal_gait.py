"""How calibrated animals move, beside real worms: gait on agar and in water, posture over a minute, and a run to look at.

Calibration asked for a gait; posture (eigenworm shares, phase speed, time backward, reversals) it did not see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from .. import catalog
from ..animal import Wiring
from ..behaviour_assay import BehaviourAssay, run_assay, window
from ..body.muscles import innervation, place
from ..body.senses import Touch
from ..calibrated import check_sex, label_of, load_animals, parameters_of, plain, wiring_of
from ..circuit import load_circuit
from ..closed_loop import World, simulate_animals
from ..data import tables
from ..errors import InputError
from ..ethogram import STATES, events, states, summary
from ..metrics.gait import contradiction
from ..metrics.posture import Posture, postures
from ..perturbations import Ablate
from . import StudyFigure, StudyResult, score_table

if TYPE_CHECKING:
    import xarray as xr

    from ..circuit import Circuit
    from ..runner import Runner

_STATS = ("share_a1", "share_a2", "share_a3", "share_a4", "share_a5", "undulation_peak", "phase_speed", "backward_share")
#: Of the run that is kept to be looked at: when it is touched in front and behind, s.
SHOWN_S, FRONT_S, BACK_S = 24.0, 8.0, 16.0


class GaitTable(BaseModel):
    """Who is watched, and how long."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    circuit: str
    animals: str
    most: int = Field(default=24, ge=1)
    minutes: float = Field(default=1.0, gt=0.1, description="of crawling, for posture")


class Spec(BaseModel):
    """Settings of a survey of gait."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = Field(default=0, ge=0, lt=2**20)
    survey: GaitTable


def one_animal(spec: dict) -> pd.DataFrame:
    """Chunk: gait in both media and a minute of posture of one animal."""
    row = pd.Series(spec["animal"])
    wiring = wiring_of(row, load_circuit(spec["circuit"]))
    parameters = parameters_of(pd.DataFrame([row])).astype(float)
    out = {}
    for name in ("crawl", "swim"):
        assay: BehaviourAssay = catalog.load("assays", name).ASSAY
        out |= {f"{name} {k}": float(v[0]) for k, v in run_assay(assay, wiring, parameters, seed=spec["seed"]).items()}
    long = simulate_animals(wiring, parameters, World.of("agar"), duration_s=60 * spec["minutes"] + 4, seeds=[spec["seed"]])
    x, y, dt_s = window(long, 4.0, np.inf)
    if str(long["failed"].to_numpy()[0]):
        stats, turned = dict.fromkeys(_STATS, np.nan), np.nan
    else:
        p = postures(x, y, dt_s)[0]
        stats = dict(zip(_STATS, [*p.shares, p.peak_Hz, p.phase_speed_Hz, p.backward], strict=True))
        turned = summary(events(x, y, dt_s))["reversals_per_min"].iloc[0] if len(events(x, y, dt_s)) else 0.0
    return pd.DataFrame([{"animal": label_of(row), **out, **stats, "reversals_per_min": float(turned)}])


def shown(wiring: Wiring, parameters: pd.DataFrame, seed: int) -> xr.Dataset:
    """One animal to look at: touched in front and behind, intact and without AVA, with every neuron and muscle."""
    world = World.of("agar", Touch("touch_front", FRONT_S, FRONT_S + 1), Touch("touch_back", BACK_S, BACK_S + 1))
    two = pd.concat([parameters] * 2, ignore_index=True)
    run = simulate_animals(wiring, two, world, [(), (Ablate("AVA"),)], duration_s=SHOWN_S, every_ms=100.0, seeds=[seed] * 2,
                           record=["kind=neuron"], record_muscles=True)
    x, y, dt_s = window(run, 0.0, np.inf)
    run["state"] = (("variant", "time"), np.array(STATES, dtype=str)[states(x, y, dt_s)])
    where = innervation(wiring.circuit, [m for m in wiring.muscle_names if place(m)])
    run = run.assign_coords(variant=["intact", "without AVA"], place=("cell", [where.get(c, np.nan) for c in run["cell"].to_numpy()]),
                            side=("cell", [{"D": 1.0, "V": -1.0}.get(c[0] if c[0] in "DV" else c[3:4], 0.0) for c in run["cell"].to_numpy()]))
    run.attrs["assay"] = "touch in front at 8 s, behind at 16 s"
    return run


def check(spec: Spec) -> None:
    """Refuse, before a results folder is made, an ensemble that is not there, of which nobody was accepted, or of the other sex than the circuit."""
    _watched(spec, load_circuit(spec.survey.circuit))


def _watched(spec: Spec, circuit: Circuit) -> pd.DataFrame:
    animals = load_animals(spec.survey.animals)
    animals = animals[animals["kind"] == "real"].head(spec.survey.most)
    if animals.empty:
        raise InputError(f"no animal of the ensemble {spec.survey.animals} was accepted by its calibration: there is nobody to watch")
    check_sex(animals, circuit, spec.survey.animals)
    return animals


def run(spec: Spec, runner: Runner) -> StudyResult:
    """Do it; see the module."""
    circuit = load_circuit(spec.survey.circuit)
    animals = _watched(spec, circuit)
    table = pd.concat(runner.map(one_animal, [{"circuit": spec.survey.circuit, "animal": plain(row), "seed": spec.seed,
                                               "minutes": spec.survey.minutes} for _, row in animals.iterrows()], "gait and posture"),
                      ignore_index=True)
    targets = tables.read_csv("gait_targets")
    rows = []
    for quantity, medium, column in (
            ("frequency", "agar", "crawl frequency_Hz"), ("wavelength", "agar", "crawl wavelength"), ("speed", "agar", "crawl speed_mm_s"),
            ("frequency", "water", "swim frequency_Hz"), ("wavelength", "water", "swim wavelength"), ("speed", "water", "swim speed_mm_s"),
            *((name, "agar", name) for name in _STATS), ("reversals", "agar", "reversals_per_min")):
        published = targets[(targets["quantity"] == quantity) & (targets["medium"] == medium)]
        p = published.iloc[0] if len(published) else None
        x = table[column].to_numpy(float)
        known = x[np.isfinite(x)]
        low, mid, high = np.quantile(known, [0.025, 0.5, 0.975]) if len(known) else (np.nan,) * 3
        inside = "" if p is None else _beside(mid, p["low"], p["high"])
        rows.append({"quantity": quantity, "medium": medium, "median": mid, "low": low, "high": high, "animals": len(known),
                     "published low": np.nan if p is None else p["low"], "published high": np.nan if p is None else p["high"],
                     "asked for": column.startswith(("crawl", "swim")), "median is": inside, "source": "" if p is None else p["source"]})
    found = pd.DataFrame(rows)
    scores = score_table([{"metric": f"{r['quantity']}, {r['medium']}", "value": r["median"], "low": r["low"], "high": r["high"],
                           "n": r["animals"], "group": "asked for in part" if r["asked for"] else "not asked for",
                           "verdict": r["median is"]} for r in rows])
    worse = [f"{r['quantity']} ({r['medium']}): {r['median']:.3g}, {r['median is']}" for r in rows if str(r["median is"]).startswith("outside")]
    better = [f"{r['quantity']} ({r['medium']}): {r['median']:.3g}" for r in rows if str(r["median is"]).startswith("within")]
    first = animals.iloc[0]
    trace = shown(wiring_of(first, circuit), parameters_of(pd.DataFrame([first])).astype(float), spec.seed)
    result = StudyResult(
        summary=[f"{len(table)} calibrated animals. Medians outside of what is published: {'; '.join(worse) or 'none'}. "
                 f"Within: {'; '.join(better) or 'none'}.",
                 "What was published does not all go together: " + contradiction((0.3, 0.5), 0.65, (0.15, 0.30)) + "."],
        scores=scores, tables={"beside_real_worms": found, "animals": table}, traces={"touched": trace},
        captions={"beside_real_worms": "Medians over animals with the range of 95 % of them, beside published values.",
                  "animals": "Every animal."},
        citations=sorted({s for text in found["source"] for s in str(text).split("; ") if s}))
    result.figures = figures(result)
    return result


def _beside(x: float, low: float, high: float) -> str:
    """Where a median lies; of a single published value, within a tenth of it counts as near."""
    if low < high:
        return "within" if low <= x <= high else f"outside of {low:g}-{high:g}"
    return f"{'within' if abs(x - low) <= 0.1 * abs(low) else 'outside of'} a tenth of {low:g}"


def figures(result: StudyResult) -> dict[str, StudyFigure]:
    """Posture beside a real worm, and the run that is kept."""
    from ..plotting import gait as draw

    table = result.tables["animals"]
    own = [Posture(row[list(_STATS[:5])].to_numpy(float), row["undulation_peak"], row["phase_speed"], row["backward_share"])
           for _, row in table.iterrows() if np.isfinite(row["share_a1"])]
    out = {"posture": StudyFigure(lambda: draw.posture_figure({"calibrated animals": own}), "Eigenworm shares, undulation, phase speed and "
                                  "backward share of calibrated animals (bars: medians, dots: animals) beside one recorded worm. None of it "
                                  "was asked for.", "Bars beside bars")}
    trace = result.traces.get("touched")
    if trace is not None:
        x, y, dt_s = window(trace, 0.0, np.inf)
        out["touched"] = StudyFigure(lambda: draw.gait_figure(x[0], y[0], dt_s), f"Curvature, velocity and ethogram of one animal, touched in "
                                     f"front at {FRONT_S:g} s and behind at {BACK_S:g} s.",
                                     "Kymograph of curvature with a strip of states and a trace of velocity")
    return out


