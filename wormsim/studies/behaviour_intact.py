"""Look at calibrated animals with a body before anything is removed: what they do intact, and which of it is left under the controls of an ablation.

Assays, meetings and controls are those that a `behaviour_ablation` of the same assays and seed has; a calibration can so be looked at elsewhere
without a removal being seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from pydantic import Field

from ..circuit import load_circuit
from ..metrics.proportion import wilson
from . import StudyFigure, StudyResult, score_table
from ._behaviour_intact import CAPTIONS, animals_text, shown, tables_of
from ._behaviour_runs import (
    ModelTable,
    SettingsTable,
    WithoutTable,
    chunks_of,
    of_the_real_wiring,
    one_animal,
    taking_part,
)
from ._behaviour_scores import REAL
from ._body_controls import control_text

if TYPE_CHECKING:
    from ..runner import Runner


class Spec(SettingsTable):
    """Settings of a look at whole animals."""

    seed: int = Field(default=0, ge=0, lt=2**20)
    model: ModelTable
    controls: WithoutTable = WithoutTable()


def check(spec: Spec) -> None:
    """Refuse unknown assays, controls or animals before a results folder is made."""
    load_circuit(spec.model.circuit)
    taking_part(spec.model, spec.controls)


def run(spec: Spec, runner: Runner) -> StudyResult:
    """Do it; see the module."""
    real = of_the_real_wiring(taking_part(spec.model, spec.controls), spec.model)
    chunks = chunks_of(real, spec.model.circuit, spec.model.assays, spec.seed, spec.controls.without)
    found = pd.concat(runner.map(one_animal, chunks, "animals, intact and under the controls"), ignore_index=True).assign(wiring=REAL)
    tables = tables_of(found, spec.model.animals, real, spec.controls.without)
    result = StudyResult(
        summary=[_answer(tables["without"]), *control_text(tables["without"]), animals_text(spec.model.animals, real)],
        scores=score_table(_scores(tables["without"])), tables=tables,
        traces={spec.model.assays[0]: shown(spec.model, spec.seed, real, tables["values"])},
        captions={name: CAPTIONS[name] for name in tables},
    )
    result.figures = figures(result)
    return result


def _answer(without: pd.DataFrame) -> str:
    intact = without.drop_duplicates(["assay", "measure"])
    said = ", ".join(f"{r.assay} {r.measure} {r.animals} of {r.of} ({r.intact:.3g} in the median of these)" for r in intact.itertuples())
    return f"**Intact, and nothing removed, animals show: {said or 'nothing'}.**"


def _scores(without: pd.DataFrame) -> list[dict]:
    """How many show each behaviour, intact and under each control."""
    out = []
    for (assay, measure), here in without.groupby(["assay", "measure"], sort=False):
        first = here.iloc[0]
        rows = [(None, int(first["animals"])), *zip(here["control"], here["show_then"], strict=True)]
        for control, count in rows:
            low, high = wilson(count, first["of"])
            out.append({"metric": "show_it", "group": f"{assay} {measure}", "value": count / first["of"], "low": low, "high": high,
                        "n": int(first["of"]), "verdict": f"{count} of {first['of']} animals show it", **({"control": control} if control else {})})
    return out


def figures(result: StudyResult) -> dict[str, StudyFigure]:
    """What is left under the controls, and, of males with a mate, a turn and a stop frame by frame."""
    from ..plotting.behaviour import control_figures
    from ..plotting.mating_strip import mating_figures

    out = control_figures(result.tables["without"])
    for trace in result.traces.values():
        out |= mating_figures(trace)
    return out
