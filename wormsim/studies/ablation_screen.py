"""Ablation screen: remove every cell and every class from an ensemble of models, rank them, hold them against experiments.

Order of work, none of which looks back: fit (accept samples on the intact animal alone), screen, control (shuffled
wiring, no wiring, degree), score.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from .. import catalog
from ..behaviour_assay import BehaviourAssay
from ..ensemble import LEAST_SAMPLES, Ensemble, accept, screen, summarise, verdict
from ..errors import InputError, warn_data
from ..evidence import read_evidence
from ..fitted import FittedEnsemble
from ..metrics.rank_agreement import ceiling, jackknife_spearman
from ..modulation import parse_state
from ..screen import FRESH, in_setting
from ..signs import report as sign_report
from ..signs import warn_unsigned
from . import StudyFigure, StudyResult, score_table
from . import _screen_scores as scoring
from . import _screen_tables as tables_of
from ._ablate_animals import ablate_animals
from ._screen_check import MOST_SAMPLES, REAL, SEEDS, check_ensemble, check_fitted, engines_of, row_cases
from ._screen_text import CAPTIONS, CONTROLS, summary_text

if TYPE_CHECKING:
    from ..circuit import Circuit
    from ..runner import Runner

MOST_CANDIDATES = 64  # tried for each sample that is wanted, where no experiment says how many
MOST_SHUFFLES = 1000  # the seeds of one experiment's shuffles; the next seed's begin there (see _control_wirings)


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelTable(_Table):
    """What is simulated."""

    assay: str
    circuit: str
    neurons: list[str] = Field(
        min_length=1, description="neuron models; the first is the default, the others are compared to it"
    )
    parameters: dict[str, float | tuple[Literal["uniform", "loguniform"], float, float]] = Field(
        default_factory=dict,
        description="key = value fixes a parameter, key = [kind, low, high] gives it another prior",
    )
    engine: str = Field(default="auto", description='"auto", or what simulate takes')
    state: list[str] = Field(default_factory=list, description='modulators and their levels: ["serotonin:high"]')
    fitted: str | None = Field(
        default=None, description="file of a fitted ensemble (.nc) whose members take the place of draws from the priors"
    )


class EnsembleTable(_Table):
    """How many samples, and how long to look for them."""

    samples: int = Field(ge=LEAST_SAMPLES, le=MOST_SAMPLES)
    most_candidates: int = Field(ge=LEAST_SAMPLES, le=MOST_SAMPLES)


class ScreenTable(_Table):
    """What is removed."""

    cells: bool = True
    classes: bool = True


class ScoreTable(_Table):
    """What the ranking is held against."""

    evidence: str = Field(description="packaged table of ablations, or path of a CSV")
    bootstrap: int = Field(default=2000, ge=100)


class ControlsTable(_Table):
    """Wirings that the same is done to."""

    degree: int = Field(ge=0, le=MOST_SHUFFLES)
    weights: int = Field(default=0, ge=0, le=MOST_SHUFFLES)
    signs: int = Field(ge=0, le=MOST_SHUFFLES)
    none: bool = True
    samples: int = Field(ge=LEAST_SAMPLES, le=MOST_SAMPLES)
    most_candidates: int = Field(ge=LEAST_SAMPLES, le=MOST_SAMPLES)


class Spec(_Table):
    """Settings of an ablation screen."""

    seed: int = Field(default=0, ge=0, lt=SEEDS)
    model: ModelTable
    ensemble: EnsembleTable
    screen: ScreenTable = ScreenTable()
    score: ScoreTable
    controls: ControlsTable

    def setting(self, neuron: str, wiring: dict) -> dict:
        """What the chunks of one ensemble need to know."""
        return {
            "assay": self.model.assay,
            "circuit": self.model.circuit,
            "wiring": wiring,
            "neuron": neuron,
            "parameters": _plain(self.model.parameters),
            "seed": self.seed,
            **({} if self.model.engine == "auto" else {"engine": self.model.engine}),
            **({} if self.model.fitted is None else {"fitted": self.model.fitted}),
            **in_setting(parse_state(self.model.state)),
        }


def check(spec: Spec) -> None:
    """Raise what is wrong with the settings before a results folder is made: names, groups, parameters, published rows."""
    _checked(spec)
    engines_of(spec)


def _checked(spec: Spec):
    model = spec.model
    assay, circuit = check_ensemble(
        model.assay, model.circuit, model.neurons, _plain(model.parameters), spec.seed
    )
    if model.fitted is not None:
        check_fitted([spec.setting(neuron, REAL) for neuron in model.neurons])
    evidence = read_evidence(spec.score.evidence)
    scoring.scored_rows(evidence)
    return assay, circuit, evidence, row_cases(evidence, circuit), _cases(circuit, spec.screen)


def run(spec: Spec, runner: Runner) -> StudyResult:
    """Do the screen; see the module."""
    assay, circuit, evidence, rows, removed = _checked(spec)
    warn_unsigned(circuit.connectome)
    left_out = sum(n for kind, n in circuit.left_out.items() if kind != "edges")
    warn_data(left_out, f"cells of the connectome have no part in {circuit.name} ({circuit.left_out.get('edges', 0)} edges go with them)")
    cases = {**removed, **rows}

    ensembles, keeps, controls = {}, {}, {}
    default = spec.model.neurons[0]

    def accepted(neuron: str, wiring: dict, table: EnsembleTable | ControlsTable) -> tuple[str, Ensemble]:
        """The real wiring and the controls go the same way."""
        name = f"{neuron}, {wiring_name(wiring)}"
        ensembles[name] = accept(
            spec.setting(neuron, wiring), table.samples, table.most_candidates, runner, f"intact animals: {name}"
        )
        return name, ensembles[name]

    for neuron in spec.model.neurons:
        name, found = accepted(neuron, REAL, spec.ensemble)
        _require(found, neuron)
        keeps[neuron] = screen(found, cases, runner, f"cells removed: {name}")
    for wiring in _control_wirings(spec):
        name, found = accepted(default, wiring, spec.controls)
        if len(found.accepted) >= LEAST_SAMPLES:
            controls[name] = screen(found, rows, runner, f"cells removed: {name}")

    driven = assay.driven(circuit)
    rankings = {
        neuron: _ranking(keep, assay.margin, cases, circuit, driven) for neuron, keep in keeps.items()
    }
    planned = {kind: getattr(spec.controls, kind) for kind in scoring.SHUFFLES}
    scored = scoring.Scoring(
        keeps, controls, planned, evidence, rows, circuit, assay.margin, spec.score.bootstrap, spec.seed
    )
    published = scoring.published_table(scored, rankings[default], driven)
    scores = score_table(
        [
            *scoring.auroc_rows(scored),
            *scoring.verdict_rows(published, default),
            *_agreement_rows(keeps, rankings[default], assay.margin, spec),
            *scoring.acceptance_rows(ensembles),
        ]
    )
    tables = {
        "published_rows": published,
        "acceptance": pd.DataFrame([{"ensemble": name, **e.acceptance()} for name, e in ensembles.items()]),
        "noise_floor": pd.concat(
            [summarise(keep[[FRESH]], assay.margin).assign(model=neuron) for neuron, keep in keeps.items()]
        ).reset_index(drop=True),
        "signs": sign_report(circuit.connectome).reset_index(),
        "parameters": tables_of.parameter_table(spec, ensembles),
        **{f"ranking_{neuron}": table for neuron, table in rankings.items()},
        **{
            f"keep_{neuron}": keep.T.rename_axis("removed").reset_index().rename(columns=str)
            for neuron, keep in keeps.items()
        },
        **{
            f"accepted_{neuron}": tables_of.accepted_table(ensembles[f"{neuron}, real wiring"], spec, neuron)
            for neuron in spec.model.neurons
        },
    }
    traces = {
        neuron: tables_of.traces(spec, neuron, ensembles[f"{neuron}, real wiring"], rankings[neuron])
        for neuron in spec.model.neurons
    }
    result = StudyResult(
        summary=summary_text(spec, assay, tables, scores, rankings),
        scores=scores,
        ranking=rankings[default].head(40),
        tables=tables,
        traces=traces,
        captions=CAPTIONS,
        controls=CONTROLS,
        citations=_citations(circuit, evidence),
        engines=engines_of(spec),
    )
    result.figures = figures(result)
    return result


def figures(result: StudyResult) -> dict[str, StudyFigure]:
    """The figures of a screen, drawn from its tables and traces alone."""
    from ..plotting import screen as draw

    return draw.screen_figures(result.tables, result.traces, result.scores)


def ablate(
    cells: list[str], assay: str, circuit: str | None = None, model: str | None = None, samples: int | None = None, seed: int = 0,
    runner: Runner | None = None, state: str | list[str] | dict = (), fitted: str | Path | None = None,
) -> dict:
    """Predict what the loss of some cells does to a behaviour.

    Parameters
    ----------
    cells : list of str
        Removed together; names, classes, globs, groups or attributes.
    assay : str
    circuit : str, optional
        The assay's own by default.
    model : str, optional
        Neuron model; "lif" by default.
    samples : int, optional
        Size of the ensemble; 16 to 100000, 64 by default. Of an assay with a body: at most so many calibrated animals.
    seed : int
    runner : Runner, optional
        Where chunks are kept; by default a folder in wormsim's cache, so that the next question is answered faster.
    state : str, list of str or dict
        Modulators of the intact and the ablated animal and their levels: ``"serotonin:high"`` (:mod:`wormsim.modulation`).
    fitted : path, optional
        File of a fitted ensemble, whose members take the place of draws from the priors; its neuron model takes that of `model`.

    Returns
    -------
    dict
        ``assay, circuit, model, state, cells, samples, acceptance, behaviours, notes``; each behaviour has ``intact`` and
        ``ablated`` (value, low, high: share of the ensemble that does it, with its 95 % interval), ``response_left``
        and ``verdict``.
    """
    with_body = catalog.load("assays", assay).ASSAY
    if isinstance(with_body, BehaviourAssay):
        if given := [name for name, value in (("model", model), ("state", state), ("fitted", fitted)) if value]:
            raise InputError(f"the assay {assay} has a body and its own calibrated animals; it takes no {', '.join(given)}")
        return ablate_animals(cells, with_body, circuit, samples, seed)
    model, samples = model or "lif", samples or 64
    model = model if fitted is None else FittedEnsemble.load(fitted).model["neuron"]
    the_assay, the_circuit = check_ensemble(assay, circuit, [model], {}, seed, samples)
    name = circuit or the_assay.circuit
    chosen = list(the_circuit.select(*cells))
    runner = runner or _cached_runner()
    levels = parse_state(state)
    of = {"assay": assay, "circuit": name, "wiring": REAL, "neuron": model, "parameters": {}, "seed": seed} | in_setting(levels)
    if fitted is not None:
        of |= {"fitted": str(fitted)}
        check_fitted([of])
    found = accept(of, samples, MOST_CANDIDATES * samples, runner, "intact animals")
    notes = [
        f"{found.acceptance()['accepted']} of {len(found.candidates)} parameter samples make an intact animal that does it, and "
        "only with the stimulus"
    ]
    keep = (
        screen(found, {"ablated": ("ablate", chosen)}, runner, "cells removed")
        if found.accepted
        else pd.DataFrame({"ablated": [], FRESH: []})
    )
    said, numbers = verdict(
        keep["ablated"].to_numpy(float), keep[FRESH].to_numpy(float), the_assay.margin, LEAST_SAMPLES
    )
    if scoring.total_contacts(the_circuit, chosen) == 0:
        said = "no prediction"
        notes.append(
            "the wiring diagram shows no connection of these cells: there is nothing to predict from"
        )
    read = {cell for group in the_assay.readout for cell in the_circuit.groups[group]}
    if read & set(chosen):
        said = "no prediction"
        notes.append(
            f"the assay reads {len(read & set(chosen))} of these cells: they are muscles, not what moves them"
        )
    driven = the_assay.driven(the_circuit)
    if driven <= set(chosen):
        said = "no prediction"
        notes.append("these are the cells that the assay drives: the behaviour is lost by construction")
    elif driven & set(chosen):
        notes.append(f"the assay drives {len(driven & set(chosen))} of these cells itself")
    behaviour = {
        "behaviour": the_assay.behaviour,
        **numbers,
        "response_left": _quantiles(keep["ablated"]),
        "verdict": said,
    }
    return {
        "assay": assay,
        "circuit": name,
        "model": model,
        "state": levels,
        "cells": chosen,
        "samples": len(found.accepted),
        "seed": seed,
        "acceptance": found.acceptance(),
        "behaviours": [behaviour],
        "notes": notes,
    }


def rank(
    assay: str,
    circuit: str | None = None,
    model: str = "lif",
    samples: int = 16,
    seed: int = 0,
    cells: bool = True,
    classes: bool = True,
    runner: Runner | None = None,
) -> pd.DataFrame:
    """Every single neuron and every class of a circuit, the ones whose loss most often abolishes the behaviour first.

    This is the screen of an experiment without its scores and controls; arguments as in :func:`ablate`.

    Returns
    -------
    DataFrame
        ``rank, removed, cells, p_lost, low, high, keep_mean, ...`` (see :func:`wormsim.ensemble.summarise`).
    """
    the_assay, the_circuit = check_ensemble(assay, circuit, [model], {}, seed, samples)
    name = circuit or the_assay.circuit
    runner = runner or _cached_runner()
    of = {"assay": assay, "circuit": name, "wiring": REAL, "neuron": model, "parameters": {}, "seed": seed}
    found = accept(of, samples, MOST_CANDIDATES * samples, runner, "intact animals")
    _require(found, model)
    cases = _cases(the_circuit, ScreenTable(cells=cells, classes=classes))
    keep = screen(found, cases, runner, "cells removed")
    return _ranking(keep, the_assay.margin, cases, the_circuit, the_assay.driven(the_circuit))


def _cached_runner() -> Runner:
    """A runner whose chunks lie in wormsim's cache, so that the next question about the same ensemble is answered faster."""
    from ..cache import folder
    from ..runner import Runner

    try:
        return Runner(folder() / "ablate")
    except InputError as error:
        warn_data(1, f"answer that cannot be kept for the next time: {error}")
        return Runner(Path(tempfile.mkdtemp(prefix="wormsim-ablate-")))


def wiring_name(wiring: dict) -> str:
    """How a wiring is called in tables."""
    return {"real": "real wiring", "none": "no neuron-neuron wiring"}.get(
        wiring["kind"], f"{wiring['kind']} shuffle {wiring['seed'] % 1000}"
    )


def _quantiles(keep: pd.Series) -> dict:
    if len(keep) == 0:
        return {"median": None, "low": None, "high": None}
    low, median, high = keep.quantile([0.025, 0.5, 0.975])
    return {"median": float(median), "low": float(low), "high": float(high)}


def _require(found: Ensemble, neuron: str) -> None:
    if len(found.accepted) < LEAST_SAMPLES:
        raise InputError(
            f"only {len(found.accepted)} of {len(found.candidates)} samples of the {neuron} model make an intact animal that "
            f"does the behaviour; at least {LEAST_SAMPLES} are needed. Raise ensemble.most_candidates or free more parameters"
        )


def _cases(circuit: Circuit, table: ScreenTable) -> dict[str, tuple[str, list[str]]]:
    """Every single neuron, and every class of more than one."""
    cells = circuit.connectome.cells
    neurons = cells[cells["kind"] == "neuron"]
    cases = {}
    if table.cells:
        cases |= {name: ("ablate", [name]) for name in neurons.index}
    if table.classes:
        for cell_class, members in neurons.groupby("cell_class", sort=True):
            if len(members) > 1 or not table.cells:
                cases[str(cell_class)] = ("ablate", list(members.index))
    if not cases:
        raise InputError("screen.cells and screen.classes are both false: nothing would be removed")
    return cases


def _control_wirings(spec: Spec) -> list[dict]:
    """The wirings to compare with; another seed of the experiment shuffles anew."""
    first = 1000 * spec.seed
    wirings = [
        {"kind": kind, "seed": first + k}
        for kind in scoring.SHUFFLES
        for k in range(getattr(spec.controls, kind))
    ]
    return wirings + ([{"kind": "none", "seed": 0}] if spec.controls.none else [])


def _ranking(
    keep: pd.DataFrame, margin: float, cases: dict, circuit: Circuit, driven: set[str]
) -> pd.DataFrame:
    """All single cells and classes, the ones whose loss most often abolishes the behaviour first."""
    table = summarise(keep, margin)
    table = table.loc[[c for c in table.index if c in cases and not c.startswith("row ")]]
    table.insert(0, "cells", [len(cases[c][1]) for c in table.index])
    table["contacts"] = [scoring.total_contacts(circuit, cases[c][1]) for c in table.index]
    table["driven by the assay"] = [bool(driven & set(cases[c][1])) for c in table.index]
    table = table.sort_values(["p_lost", "keep_mean"], ascending=[False, True], kind="stable")
    table.insert(0, "rank", range(1, len(table) + 1))
    return table.rename_axis("removed").reset_index()


def _agreement_rows(
    keeps: dict[str, pd.DataFrame], ranking: pd.DataFrame, margin: float, spec: Spec
) -> list[dict]:
    """How far the other models' chances of loss rank cells and classes as the default one's do; driven cells left out."""
    default, *others = spec.model.neurons
    cases = list(ranking.loc[~ranking["driven by the assay"], "removed"])
    out = []
    for other in others:
        a, b = ((~(keeps[m][cases] >= margin)).to_numpy(float) for m in (default, other))
        value, low, high = jackknife_spearman(a, b)
        top = ceiling(a, b, spec.seed)
        said = "agree" if low > 0.5 * top else "agree in part" if low > 0 else "do not agree"
        out.append(
            {
                "metric": "ranking_agreement_spearman",
                "group": f"{default} and {other}",
                "value": value,
                "low": low,
                "high": high,
                "floor": 0.0,
                "ceiling": top,
                "n": len(cases),
                "verdict": f"{said}; two such ensembles that did agree would show {top:.2f}",
            }
        )
    return out


def _plain(parameters: dict) -> dict:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in parameters.items()}


def _citations(circuit: Circuit, evidence: pd.DataFrame) -> list[str]:
    own = str(circuit.connectome.provenance.get("citation", circuit.connectome.name))
    return [own, *sorted({paper.strip() for sources in evidence["source"] for paper in sources.split(";") if paper.strip()})]
