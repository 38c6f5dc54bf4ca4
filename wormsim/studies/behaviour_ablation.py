"""Ablate calibrated animals with a body, and hold what they do against published removals of cells.

Order of work: the intact animals of the ensemble; every published removal that the assays can express, on every animal; the same on
shuffled wirings that were calibrated in the same way; the intact animals again without wiring between neurons, with that wiring
shuffled, without the tonic drive, without stretch receptors, and as they are under another noise; then the scores, and every removal beside every
measure. Animals are one chunk each, and all removals of an animal are lanes of its kernel calls.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from .. import catalog
from ..behaviour_assay import BehaviourAssay, values_of, window
from ..behaviour_evidence import RUN, cases, contacts_of, read_behaviour
from ..calibrated import (
    ENSEMBLES,
    INDIVIDUAL,
    alternatives_of,
    first_individuals,
    label_of,
    load_animals,
    parameters_of,
    parts_of,
    wiring_of,
)
from ..circuit import load_circuit
from ..effects import MEASURES
from ..errors import InputError
from . import StudyFigure, StudyResult, score_table
from ._behaviour_controls import score_rows
from ._behaviour_removals import CAPTION as REMOVALS
from ._behaviour_removals import removal_table, removals_text
from ._behaviour_scores import INTACT, REAL, Scoring, confusion_table, pair_table, verdict_table
from ._behaviour_text import CAPTIONS, CONTROLS, summary_text
from ._body_controls import WITHOUT, control_table, control_text, without

if TYPE_CHECKING:
    import xarray as xr

    from ..runner import Runner

SHUFFLES = "degree shuffle"
#: Worlds of an animal that are kept to be looked at.
SHOWN = 3


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelTable(_Table):
    """Which animals."""

    circuit: str
    animals: str = Field(description=f"calibrated ensemble: {', '.join(ENSEMBLES)}, the path of a .parquet file, or several of them joined by a "
                         "plus, or by a bar: of each individual the first that was accepted")
    most: int = Field(default=24, ge=2, description="individuals of the real wiring that take part, the first ones accepted")
    assays: list[str] = Field(min_length=1)


class ScoreTable(_Table):
    """What they are held against."""

    evidence: str = Field(description="packaged table of published rows, or the path of a CSV")
    bootstrap: int = Field(default=2000, ge=100)


class ControlsTable(_Table):
    """What else is run."""

    shuffles: int = Field(default=8, ge=0, description="calibrated shuffles that take part, at most")
    without: list[str] = Field(default_factory=lambda: list(WITHOUT), description=f"any of {', '.join(WITHOUT)}")


class Spec(_Table):
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
    for name in spec.model.assays:
        assay_of(name)
    if unknown := [name for name in spec.controls.without if name not in WITHOUT]:
        raise InputError(f"controls.without: {', '.join(unknown)}; there are {', '.join(WITHOUT)}")
    evidence = read_behaviour(spec.score.evidence)
    evidence = evidence[~evidence["role"].isin(RUN) | evidence["assay"].isin(spec.model.assays)]
    if not evidence["role"].isin(RUN).any():
        raise InputError(f"{spec.score.evidence} has no row for the assays {', '.join(spec.model.assays)}")
    animals = load_animals(spec.model.animals)
    real = first_individuals(animals[animals["kind"] == "real"], spec.model.most)
    if len(real) < 2:
        raise InputError(f"{spec.model.animals}: {len(real)} accepted animals of the real wiring; at least 2 are needed")
    return circuit, evidence, real, first_individuals(animals[animals["kind"] == "degree"], spec.controls.shuffles)


def assay_of(name: str) -> BehaviourAssay:
    """An assay with a body by name; InputError for one without."""
    assay = catalog.load("assays", name).ASSAY
    if not isinstance(assay, BehaviourAssay):
        raise InputError(f"the assay {name} has no body: it is for the studies of circuits (`wormsim run mating_turn`)")
    return assay


def one_animal(spec: dict) -> pd.DataFrame:
    """Chunk: one animal, intact and after every removal, in every assay; VALUE_COLUMNS without the wiring, and `outcome`: "" where the value is
    that of a measure; else `measure` is an event, and the value says how often it ended so.
    """
    circuit = load_circuit(spec["circuit"])
    row = pd.Series(spec["animal"])
    wiring = wiring_of(row, circuit)
    parameters = parameters_of(pd.DataFrame([row])).astype(float)
    evidence = read_behaviour(spec["evidence"])
    out = []
    for name in spec["assays"]:
        assay = assay_of(name)
        here = evidence[evidence["assay"] == name]
        done = cases(here, wiring.circuit) if len(here) else {}
        acts = [(), *((p,) for p in done.values())]
        labels = [INTACT, *done]
        # one intact animal stands beside each removal: with the same noise, so that what differs is the removal
        recorded = assay.run(wiring, pd.concat([parameters] * len(acts), ignore_index=True), acts, seed=spec["seed"])
        out += _rows(assay, recorded, labels)
        for control in spec["without"]:
            changed, how = without(control, wiring, spec["seed"])
            out += _rows(assay, assay.run(changed, parameters, **{"seed": spec["seed"], **how}), [control])
    return pd.DataFrame(out, columns=["assay", "case", "measure", "outcome", "value"]).assign(animal=spec["label"])


def _rows(assay: BehaviourAssay, recorded: xr.Dataset, cases: list[str]) -> list[tuple]:
    """Every measure of every case (one animal a case), and what is counted in the first."""
    rows = [(assay.name, case, measure, "", float(x)) for measure, values in values_of(assay, recorded, len(cases)).items() if measure in MEASURES
            for case, x in zip(cases, values, strict=True)]
    if assay.counts:
        own = recorded.isel(variant=slice(0, None, len(cases)))
        rows += [(assay.name, cases[0], event, outcome, number) for (event, outcome), number in assay.counts(own).items()]
    return rows


def run(spec: Spec, runner: Runner) -> StudyResult:
    """Do it; see the module."""
    circuit, evidence, real, shuffled = _checked(spec)
    common = {"circuit": spec.model.circuit, "assays": spec.model.assays, "evidence": spec.score.evidence, "seed": spec.seed}

    def specs(table: pd.DataFrame, without: list[str]) -> list[dict]:
        return [{**common, "animal": _plain(row), "label": label_of(row), "without": without}
                for _, row in table.iterrows()]

    found = runner.map(one_animal, specs(real, spec.controls.without), "animals of the real wiring")
    parts = [pd.concat(found).assign(wiring="real wiring")]
    if len(shuffled):
        there = runner.map(one_animal, specs(shuffled, []), "animals of shuffled wirings")
        # each shuffle is one individual; together they are an ensemble, and stand as one control
        parts.append(pd.concat(there).assign(wiring=f"{SHUFFLES}s"))
    values = pd.concat(parts, ignore_index=True)
    counted = values["outcome"] != ""
    happened, values = values[counted & (values["wiring"] == "real wiring")], values[~counted].drop(columns="outcome")
    planned = {} if len(shuffled) else {f"{SHUFFLES}s": 0}
    scoring = Scoring(values, evidence, contacts_of(evidence, circuit), planned, spec.score.bootstrap, spec.seed)
    verdicts = verdict_table(scoring)
    scores = score_table(score_rows(scoring, verdicts))
    removals = removal_table(scoring)
    bodies = values[values["wiring"] == REAL]
    survives = control_table(bodies, spec.controls.without)
    result = StudyResult(
        summary=[*summary_text(verdicts, scores), *removals_text(removals), *control_text(survives), *_elsewhere_text(spec),
                 _animals_text(spec, real, shuffled)],
        scores=scores,
        tables={"published_rows": verdicts, "confusion": confusion_table(verdicts), "pairs": pair_table(verdicts), "removals": removals,
                "without": survives, "intact": intact_table(values), "values": values},
        traces={spec.model.assays[0]: shown(spec, real, bodies[bodies["case"] == INTACT])},
        captions={**CAPTIONS, "removals": REMOVALS,
                  "without": "What intact animals still do without wiring between neurons, with that wiring shuffled (one shuffle for "
                  "each animal, by its number, which draws signs and factors of its pairs anew; strengths as calibrated in the real wiring), without "
                  "the tonic drive of AVB, without stretch receptors, and as they are under the next seed: medians over those that show it intact; "
                  "`show_then` counts all that show it under the control. "
                  "A behaviour of which half or more is left without wiring, or which as many animals show then, is not explained by it. "
                  "One that is gone needs some wiring. One that is there with the wiring shuffled did not need "
                  "this one in these shuffles; where it is gone then, it may be for strengths that were found for the real wiring: only "
                  "shuffles that were calibrated in the same way can tell.",
                  "intact": "What intact animals do, by wiring: number of animals, and quantiles, each of one animal, as a time may be infinite.",
                  "values": "Every number: wiring, animal, assay, case, measure."},
        controls=CONTROLS,
        citations=sorted({paper.strip() for text in evidence["source"].dropna() for paper in str(text).split(";") if paper.strip()}),
    )
    if len(happened):
        result.tables["happened"] = happened_table(happened)
        result.captions["happened"] = (
            "What happened in all runs of all animals of the real wiring together, intact and under the controls: how often an event ended in which "
            "way, with its share of the event when intact (empty where there was none), and the seconds spent in each state.")
    if len(parts_of(spec.model.animals)) > 1:
        if len(happened):
            result.tables["happened_by_ensemble"] = _each(spec, real, happened, happened_table)
            result.captions["happened_by_ensemble"] = (
                "What happened (as in the table `happened`) to the animals of each calibration alone (`ensemble`).")
        result.tables["without_by_ensemble"] = _each(spec, real, bodies, lambda part: control_table(part, spec.controls.without))
        result.captions["without_by_ensemble"] = (
            "What intact animals still do under each control, for the animals of each calibration alone (`ensemble`).")
    result.figures = figures(result)
    return result


def _each(spec: Spec, real: pd.DataFrame, table: pd.DataFrame, made: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    """What is made of the rows of each ensemble that was joined, below one another."""
    out = []
    for part in parts_of(spec.model.animals):
        own = pd.MultiIndex.from_frame(load_animals(part)[INDIVIDUAL])
        labels = [label_of(row) for _, row in real[pd.MultiIndex.from_frame(real[INDIVIDUAL]).isin(own)].iterrows()]
        if len(labels):
            found = made(table[table["animal"].isin(labels)])
            found.insert(0, "ensemble", part)
            out.append(found)
    return pd.concat(out, ignore_index=True)


def happened_table(counted: pd.DataFrame) -> pd.DataFrame:
    """Counts of all animals together, one column for each case; `share` is that of an outcome in its event, when intact."""
    named = counted.rename(columns={"measure": "event"})
    table = named.groupby(["assay", "event", "outcome", "case"], sort=False)["value"].sum().unstack(fill_value=0.0)
    table = table[[INTACT, *(case for case in WITHOUT if case in table.columns)]]
    share = table[INTACT] / table[INTACT].groupby(level=["assay", "event"]).transform("sum")
    table.insert(0, "share", share)
    return table.sort_index(level=["assay", "event"], sort_remaining=False).reset_index().rename_axis(columns=None)


def intact_table(values: pd.DataFrame) -> pd.DataFrame:
    """What intact animals do: count and quantiles. No mean, since a stop that never comes takes for ever."""
    found = values[values["case"] == INTACT].groupby(["wiring", "assay", "measure"], sort=False)["value"]
    shares = found.quantile([0.0, 0.025, 0.5, 0.975, 1.0], interpolation="nearest").unstack()
    shares.columns = ["min", "2.5%", "50%", "97.5%", "max"]
    return shares.assign(count=found.count()).reset_index()


def shown(spec: Spec, real: pd.DataFrame, intact: pd.DataFrame) -> xr.Dataset:
    """For `wormsim animate`, in worlds of the first assay: the first animal and, last, the first who stops at a vulva if it is another one.

    Who stops is told by the values of intact animals; whose a variant is stands in the coordinate `animal`.
    """
    import xarray as xr

    stops = intact[(intact["assay"] == spec.model.assays[0]) & (intact["measure"] == "stops_at_vulva") & (intact["value"] > 0)]
    labels = real.apply(label_of, axis=1)
    stopper = real[labels.isin(stops["animal"])].head(1)
    parts = [_shown(spec, real.iloc[0], stopping=bool(len(stopper)) and stopper.index[0] == real.index[0])]
    if len(stopper) and stopper.index[0] != real.index[0]:
        parts.append(_shown(spec, stopper.iloc[0], stopping=True))
    return xr.concat(parts, dim="variant", data_vars="minimal", coords="minimal", compat="override", join="exact", combine_attrs="drop_conflicts")


def _shown(spec: Spec, row: pd.Series, stopping: bool = False) -> xr.Dataset:
    """One animal, intact, in SHOWN worlds: the first ones, or those first in which he stops at the vulva."""
    assay, wiring = assay_of(spec.model.assays[0]), wiring_of(row, load_circuit(spec.model.circuit))
    run = assay.run(wiring, parameters_of(pd.DataFrame([row])).astype(float), seed=spec.seed, record=["kind=neuron"],
                    record_muscles=True)
    worlds = run.sizes["variant"] // (2 if assay.twins else 1)
    run, twins = run.isel(variant=slice(worlds)), run.isel(variant=slice(worlds, None)) if assay.twins else None
    first: list[int] = []
    if "mate_x_mm" in run:
        from ..mating_ethogram import STATES, ethogram

        found = ethogram(run, twins)
        state = found.state
        if stopping:
            first = found.measures.query("measure == 'stops_at_vulva' and value > 0")["variant"].tolist()
    else:
        from ..ethogram import STATES, states

        x, y, dt_s = window(run, 0.0, np.inf)
        state = states(x, y, dt_s)
    run["state"] = (("variant", "time"), np.array(STATES, dtype=str)[state])
    run.attrs["assay"] = assay.name
    label = label_of(row)
    run = run.assign_coords(variant=[f"{assay.name} {k + 1}, animal {label}" for k in range(worlds)], animal=("variant", [label] * worlds))
    return run.isel(variant=sorted(range(worlds), key=lambda k: k not in first)[:SHOWN])


def figures(result: StudyResult) -> dict[str, StudyFigure]:
    """Scorecard, confusion, controls and removals from the tables; and, of males with a mate, a turn and a stop frame by frame."""
    from ..plotting import behaviour as draw
    from ..plotting.removals import removal_figures

    out = draw.behaviour_figures(result.tables) | removal_figures(result.tables.get("removals"))
    for trace in result.traces.values():
        if "mate_x_mm" in trace:
            from ..plotting.mating_strip import mating_figures

            out |= mating_figures(trace)
    return out


def _animals_text(spec: Spec, real: pd.DataFrame, shuffled: pd.DataFrame) -> str:
    parts = [alternatives_of(part) for part in parts_of(spec.model.animals)]
    text = " ".join(dict.fromkeys(said for names in parts for name in names for said in _calibration_texts(name)))
    chosen = [" or else ".join(f"'{name}'" for name in names) for names in parts if len(names) > 1]
    which = "".join(f"An individual takes part with its animal of {names}, the first that accepted it. " for names in chosen)
    return (f"{'These are animals of several calibrations, which asked for different things. ' if len(parts) > 1 or chosen else ''}{which}{text} "
            f"{len(real)} animals of {real['number'].nunique()} individuals of the real wiring took part, and {len(shuffled)} of shuffles"
            f"{'' if len(shuffled) else ', so that there is no such control'}. None of the rows scored here was seen by a calibration.")


def _calibration_texts(name: str) -> list[str]:
    """How many of those tried one calibration accepted, and the one from whose animals it went on."""
    table = load_animals(name, accepted=False)
    tried = table[table["animal"] == 0].groupby("kind")["accepted"]
    size, good = tried.size(), tried.sum()
    if "further" in table:
        before = table["further"].iloc[0]
        own = f"the best that was found of them for '{before}', which refused them" if table["refused"].any() else f"their animals of '{before}'"
        return [f"Of {size['real']} individuals of '{name}', searched further from {own}, {good['real']} were accepted.",
                *(_calibration_texts(before) if before in ENSEMBLES else [])]
    shuffles = (f", and {good['degree']} of {size['degree']} degree-preserving shuffles, searched in the same way" if size.get("degree", 0)
                else "; no shuffled wiring was tried")
    return [f"Of {size['real']} individuals of '{name}' (real wiring) {good['real']} were accepted{shuffles}."]


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


def _plain(row: pd.Series) -> dict:
    """A row as JSON can hold it: what is not a number is left out, which no parameter is."""
    return {k: (v.item() if isinstance(v, np.generic) else v) for k, v in row.items() if not (isinstance(v, float) and np.isnan(v))}


