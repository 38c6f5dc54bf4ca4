"""Ablate calibrated animals with a body, and hold what they do against published removals of cells.

Order of work: the intact animals of the ensemble; every published removal that the assays can express, on every animal; the same on
shuffled wirings that were calibrated in the same way; the intact animals again without wiring between neurons, with that wiring
shuffled, without the tonic drive, without stretch receptors, and as they are under another noise; then the scores, and every removal beside every
measure. Animals are one chunk each, and all removals of an animal are lanes of its kernel calls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from pydantic import Field

from .. import catalog
from ..behaviour_evidence import RUN, contacts_of, read_behaviour
from ..calibrated import first_individuals
from ..circuit import load_circuit
from ..errors import InputError
from . import StudyFigure, StudyResult, score_table
from ._behaviour_controls import score_rows
from ._behaviour_intact import CAPTIONS as INTACT_CAPTIONS
from ._behaviour_intact import animals_text, shown, tables_of
from ._behaviour_removals import CAPTION as REMOVALS
from ._behaviour_removals import removal_table, removals_text
from ._behaviour_runs import (
    ModelTable,
    SettingsTable,
    WithoutTable,
    chunks_of,
    of_the_real_wiring,
    one_animal,
    taking_part,
)
from ._behaviour_scores import REAL, Scoring, confusion_table, pair_table, verdict_table
from ._behaviour_text import CAPTIONS, CONTROLS, summary_text
from ._body_controls import control_text

if TYPE_CHECKING:
    from ..runner import Runner

SHUFFLES = "degree shuffle"


class ScoreTable(SettingsTable):
    """What they are held against."""

    evidence: str = Field(description="packaged table of published rows, or the path of a CSV")
    bootstrap: int = Field(default=2000, ge=100)


class ControlsTable(WithoutTable):
    """What else is run."""

    shuffles: int = Field(default=8, ge=0, description="calibrated shuffles that take part, at most")


class Spec(SettingsTable):
    """Settings of an ablation of whole animals."""

    seed: int = Field(default=0, ge=0, lt=2**20)
    model: ModelTable
    score: ScoreTable
    controls: ControlsTable = ControlsTable()


def check(spec: Spec) -> None:
    """Refuse unknown assays, cells, controls or animals before a results folder is made."""
    _checked(spec)


def _checked(spec: Spec):
    circuit = load_circuit(spec.model.circuit)
    animals = taking_part(spec.model, spec.controls)
    evidence = read_behaviour(spec.score.evidence)
    evidence = evidence[~evidence["role"].isin(RUN) | evidence["assay"].isin(spec.model.assays)]
    if not evidence["role"].isin(RUN).any():
        raise InputError(f"{spec.score.evidence} has no row for the assays {', '.join(spec.model.assays)}")
    shuffled = first_individuals(animals[animals["kind"] == "degree"], spec.controls.shuffles)
    return circuit, evidence, of_the_real_wiring(animals, spec.model), shuffled


def run(spec: Spec, runner: Runner) -> StudyResult:
    """Do it; see the module."""
    circuit, evidence, real, shuffled = _checked(spec)

    def chunks(animals: pd.DataFrame, controls: list[str]) -> list[dict]:
        return chunks_of(animals, spec.model.circuit, spec.model.assays, spec.seed, controls, spec.score.evidence)

    parts = [pd.concat(runner.map(one_animal, chunks(real, spec.controls.without), "animals of the real wiring")).assign(wiring=REAL)]
    if len(shuffled):
        there = runner.map(one_animal, chunks(shuffled, []), "animals of shuffled wirings")
        # each shuffle is one individual; together they are an ensemble, and stand as one control
        parts.append(pd.concat(there).assign(wiring=f"{SHUFFLES}s"))
    intact = tables_of(pd.concat(parts, ignore_index=True), spec.model.animals, real, spec.controls.without)
    planned = {} if len(shuffled) else {f"{SHUFFLES}s": 0}
    scoring = Scoring(intact["values"], evidence, contacts_of(evidence, circuit), planned, spec.score.bootstrap, spec.seed)
    verdicts = verdict_table(scoring)
    scores = score_table(score_rows(scoring, verdicts))
    removals = removal_table(scoring)
    result = StudyResult(
        summary=[*summary_text(verdicts, scores), *removals_text(removals), *control_text(intact["without"]), *_elsewhere_text(spec),
                 animals_text(spec.model.animals, real, shuffled)],
        scores=scores,
        tables={"published_rows": verdicts, "confusion": confusion_table(verdicts), "pairs": pair_table(verdicts), "removals": removals, **intact},
        traces={spec.model.assays[0]: shown(spec.model, spec.seed, real, intact["values"])},
        captions={**CAPTIONS, "removals": REMOVALS, **{name: INTACT_CAPTIONS[name] for name in intact}},
        controls=CONTROLS,
        citations=sorted({paper.strip() for text in evidence["source"].dropna() for paper in str(text).split(";") if paper.strip()}),
    )
    result.figures = figures(result)
    return result


def figures(result: StudyResult) -> dict[str, StudyFigure]:
    """Scorecard, confusion, controls and removals from the tables; and, of males with a mate, a turn and a stop frame by frame."""
    from ..plotting.behaviour import behaviour_figures
    from ..plotting.mating_strip import mating_figures
    from ..plotting.removals import removal_figures

    out = behaviour_figures(result.tables) | removal_figures(result.tables.get("removals"))
    for trace in result.traces.values():
        out |= mating_figures(trace)
    return out


def _elsewhere_text(spec: Spec) -> list[str]:
    """The lines that could be run, though not by the assays of this experiment: none may go missing unsaid."""
    evidence = read_behaviour(spec.score.evidence)
    others = evidence[evidence["role"].isin(RUN) & ~evidence["assay"].isin(spec.model.assays)]
    if others.empty:
        return []
    known = catalog.names("assays")
    parts = [f"{name} ({', '.join(here.index)}){'' if name in known else ', which no file of assays/ is, so that they are run nowhere'}"
             for name, here in others.groupby("assay", sort=False)]
    return [f"**Other assays.** {len(others)} lines of the table are of assays that were not asked for here: {'; '.join(parts)}."]
