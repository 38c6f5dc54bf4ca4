"""Look at calibrated animals with a body before anything is removed: what they do intact, and which of it is left under the controls of an ablation.

Assays, meetings and controls are those that a `behaviour_ablation` of the same assays and seed has; so the animals of a calibration
are looked at in other meetings than its own, without a removal being seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from pydantic import Field

from ..circuit import load_circuit
from ..effects import shows
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
from ._behaviour_scores import INTACT, REAL
from ._body_controls import behaviours_of, control_text

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
    counts = show_it(tables["values"], spec.controls.without)
    result = StudyResult(
        summary=[_answer(counts), *control_text(tables["without"]), animals_text(spec.model.animals, real)],
        scores=score_table(_scores(counts)), tables=tables,
        traces={spec.model.assays[0]: shown(spec.model, spec.seed, real, tables["values"])},
        captions={name: CAPTIONS[name] for name in tables},
    )
    result.figures = figures(result)
    return result


def show_it(values: pd.DataFrame, controls: list[str]) -> pd.DataFrame:
    """How many animals show each behaviour that any of them shows: a row for intact ones, and one for each control.

    Columns ``assay, measure, case, show_it, of, median``, the last over those that show it (not-a-number where nobody does).
    """
    out = []
    for assay, measure, wide, how in behaviours_of(values):
        cases = {case: shows(wide[case], how) for case in (INTACT, *controls) if case in wide}
        if any(done.any() for done in cases.values()):
            out += [(assay, measure, case, int(done.sum()), len(wide), float(wide[case][done].median())) for case, done in cases.items()]
    return pd.DataFrame(out, columns=["assay", "measure", "case", "show_it", "of", "median"])


def _answer(counts: pd.DataFrame) -> str:
    intact = counts[(counts["case"] == INTACT) & (counts["show_it"] > 0)]
    said = ", ".join(f"{r.assay} {r.measure} {r.show_it} of {r.of} ({r.median:.3g} in the median of these)" for r in intact.itertuples())
    return f"**Intact, and nothing removed, animals show: {said or 'nothing'}.**"


def _scores(counts: pd.DataFrame) -> list[dict]:
    out = []
    for r in counts.itertuples():
        low, high = wilson(r.show_it, r.of)
        out.append({"metric": "show_it", "group": f"{r.assay} {r.measure}", "value": r.show_it / r.of, "low": low, "high": high, "n": r.of,
                    "control": "" if r.case == INTACT else r.case, "verdict": f"{r.show_it} of {r.of} animals show it"})
    return out


def figures(result: StudyResult) -> dict[str, StudyFigure]:
    """What is left under the controls, and, of males with a mate, a turn and a stop frame by frame."""
    from ..plotting.behaviour import control_figures
    from ..plotting.mating_strip import mating_figures

    out = control_figures(result.tables["without"])
    for trace in result.traces.values():
        out |= mating_figures(trace)
    return out
