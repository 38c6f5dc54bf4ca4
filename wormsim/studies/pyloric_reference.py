"""Agreement of the pyloric circuit with an independent simulator: period, phases and spikes of its twelve networks, side by side.

Nothing is fitted. Each network of ``prinz2004_reference.csv`` starts at -60 mV with m = 0 and h = 1 and is measured as that table was:
from 10 to 20 s; networks whose cycles differ there by more than `irregular_cv` are measured for longer, because five cycles, no two
alike, say too little of a mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from ..errors import InputError
from . import StudyFigure, StudyResult, score_table
from ._pyloric_networks import CELLS, measures, reference
from ._pyloric_networks import run as run_networks

if TYPE_CHECKING:
    from ..runner import Runner

PHASES = {"PD_off_phase": "off_ABPD", "LP_on_phase": "on_LP", "LP_off_phase": "off_LP", "PY_on_phase": "on_PY", "PY_off_phase": "off_PY"}
SPIKES = {"PD_spikes": "spikes_ABPD", "LP_spikes": "spikes_LP", "PY_spikes": "spikes_PY"}
_CITATION = "Prinz AA, Bucher D, Marder E (2004) Similar network activity from disparate circuit parameters. Nat Neurosci 7:1345-1352"


class Spec(BaseModel):
    """Settings of the comparison."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    settle_ms: float = Field(default=10_000.0, gt=0)
    duration_ms: float = Field(default=20_000.0, gt=0)
    irregular_cv: float = Field(default=0.005, gt=0, description="networks of a greater period_cv in the table run to irregular_ms")
    irregular_ms: float = Field(default=50_000.0, gt=0)
    period_tolerance: float = Field(default=0.02, gt=0, description="of the period")
    phase_tolerance: float = Field(default=0.02, gt=0, description="of the cycle")
    irregular_phase_tolerance: float = Field(default=0.03, gt=0)
    dtype: Literal["float32", "float64"] = "float64"


def check(spec: Spec) -> None:
    """Raise if a window ends before it begins."""
    if min(spec.duration_ms, spec.irregular_ms) <= spec.settle_ms:
        raise InputError(f"settle_ms = {spec.settle_ms:g} must lie before duration_ms = {spec.duration_ms:g} and irregular_ms = "
                         f"{spec.irregular_ms:g}")


def run_networks_chunk(spec: dict) -> pd.DataFrame:
    """Chunk: the named networks of the reference, their rhythm from ``settle_ms`` to ``duration_ms``."""
    rows = reference().loc[spec["networks"]]
    dataset = run_networks(rows.reset_index().to_dict("records"), [{}], spec["duration_ms"], spec["dtype"], every_ms=0.5)
    found = measures(dataset, spec["settle_ms"], spec["duration_ms"])
    found.insert(0, "id", list(rows.index))
    return found


def run(spec: Spec, runner: Runner) -> StudyResult:
    """Run the twelve and hold them against the table."""
    check(spec)
    table = reference()
    irregular = table["period_cv"] > spec.irregular_cv
    chunks = [{"networks": list(table.index[here]), "settle_ms": spec.settle_ms, "dtype": spec.dtype, "duration_ms": duration}
              for here, duration in ((~irregular, spec.duration_ms), (irregular, spec.irregular_ms)) if here.any()]
    ours = pd.concat(runner.map(run_networks_chunk, chunks, "networks of the reference")).set_index("id")
    rows, scores = [], []
    for name, theirs in table.iterrows():
        here = ours.loc[name]
        off = np.array([here[mine] - theirs[column] for column, mine in PHASES.items()])
        period = here["period_ms"] / theirs["period_ms"] - 1
        bound = spec.irregular_phase_tolerance if irregular[name] else spec.phase_tolerance
        agrees = bool(here["pyloric"] and abs(period) <= spec.period_tolerance and np.abs(off).max() <= bound)
        row = {"network": name, "cells": "-".join(str(theirs[c]) for c in CELLS), "period_ms": here["period_ms"],
               "theirs period_ms": theirs["period_ms"], "period_error": period, "largest phase_error": float(np.abs(off).max())}
        for column, mine in {**PHASES, **SPIKES}.items():
            row |= {column: here[mine], f"theirs {column}": theirs[column]}
        rows.append(row | {"PD, LP, PY in order": bool(here["pyloric"]), "agrees": agrees})
        said = f"{'agrees' if agrees else 'DOES NOT AGREE'}; largest phase error {np.abs(off).max():.4f} of the cycle"
        scores.append({"metric": "period_error", "group": name, "value": period, "floor": spec.period_tolerance, "ceiling": 0.0,
                       "n": int(here["cycles"]), "verdict": said + (" (irregular)" if irregular[name] else "")})
    networks = pd.DataFrame(rows)
    regular = networks[~irregular.to_numpy()]
    irregular_error = networks.loc[irregular.to_numpy(), "largest phase_error"].max()
    right = int(networks["agrees"].sum())
    scores.append({"metric": "networks_that_agree", "group": "all", "value": right / len(networks), "floor": 0.0, "ceiling": 1.0,
                   "n": len(networks), "verdict": f"{right} of {len(networks)}"})
    summary = [
        f"**{right} of {len(networks)} networks agree** with the independent simulator within {spec.period_tolerance:.0%} of the period "
        f"and {spec.phase_tolerance:g} of the cycle in every phase ({spec.irregular_phase_tolerance:g} where cycles are irregular: "
        f"{len(networks) - len(regular)} of them, whose largest error is {irregular_error:.4f}). Largest errors of the {len(regular)} regular "
        f"ones: period "
        f"{regular['period_error'].abs().max():.2%}, phase {regular['largest phase_error'].max():.4f}. "
        f"{int(networks['PD, LP, PY in order'].sum())} of {len(networks)} fire in the order PD, LP, PY.",
    ]
    result = StudyResult(summary=summary, scores=score_table(scores), tables={"networks": networks}, citations=[_CITATION],
                         captions={"networks": "Period, phases (of the cycle, from the first spike of PD) and spikes in a burst, ours and "
                                               "theirs. cells: numbers of AB/PD, LP and PY in the paper's Table 2."},
                         engines={"prinz2004": f"numba ({spec.dtype})"})
    result.figures = figures(result)
    return result


def figures(result: StudyResult) -> dict[str, StudyFigure]:
    """Bursts of the twelve networks, ours over theirs."""
    from ..plotting.rhythms import reference_figure

    table = result.tables["networks"]
    return {"bursts": StudyFigure(
        lambda: reference_figure(table),
        "Bursts of PD, LP and PY over one cycle of each network: filled bars, ours; black frames, the independent simulator's.")}
