"""States of the pyloric circuit: what modulators or ablations do to its rhythm, in many networks that make the same rhythm.

Order of work, none of which looks back: networks are accepted on their unmodulated rhythm alone; every state is run in all of them, with
one dose for all; then the same with the actions on other cells, with permuted strengths and without synapses; then the directions of
change are held against the published ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from ..chunks import canonical_json
from ..errors import InputError, UnknownNameError
from ..synapses.modulatory_current import form
from . import StudyFigure, StudyResult, score_table
from . import _state_scores as scoring
from ._pyloric_networks import SYNAPSES, drawn, parameters, permuted, reference, run_conditions, try_networks
from ._state_actions import actions_text, applied, read_states, same_targets, turned
from ._state_example import example
from ._state_text import CAPTIONS, CONTROLS, citations, summary_text

if TYPE_CHECKING:
    from ..runner import Runner

_NETWORKS_A_CHUNK, _CANDIDATES_A_CHUNK = 8, 128
_INTACT: dict = {}
WIRINGS = {"real": "real wiring", "strengths": "strengths permuted", "none": "no synapses"}


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StatesTable(_Table):
    """What is done and what is published to follow."""

    table: str = Field(description="packaged table of states, or path of a CSV")


class NetworksTable(_Table):
    """In which networks."""

    count: int = Field(ge=1, le=10_000, description="drawn networks with a pyloric-like rhythm")
    most_candidates: int = Field(ge=1, le=1_000_000)
    reference: bool = Field(default=True, description="and those of prinz2004_reference.csv")


class DoseTable(_Table):
    """How much; the same for all states."""

    conductance_nS: float = Field(default=16.0, ge=0)
    form: str = Field(default="swensen2001", description="of I_MI")
    down: float = Field(default=0.5, ge=0, le=1)
    up: float = Field(default=2.0, ge=1)


class MeasureTable(_Table):
    """When a rhythm is measured, and what counts as a change."""

    settle_ms: float = Field(gt=0)
    duration_ms: float = Field(gt=0)
    least_change: float = Field(ge=0, description="share of the value before")
    least_phase: float = Field(ge=0, description="share of the cycle")


class ControlsTable(_Table):
    """What the same is done to."""

    targets: bool = True
    strengths: bool = True
    none: bool = True


class SensitivityTable(_Table):
    """What else is tried; never scored."""

    networks: int = Field(default=24, ge=1, description="the first of all; for doses and forms")
    conductance_nS: list[float] = []
    forms: list[str] = []
    least_change: list[float] = []


class ExampleTable(_Table):
    """The network of the figure of voltages."""

    network: str
    window_ms: float = Field(default=3000.0, gt=0)


class Spec(_Table):
    """Settings of the states of a circuit."""

    seed: int = Field(default=0, ge=0, lt=2**32)
    states: StatesTable
    networks: NetworksTable
    dose: DoseTable = DoseTable()
    measure: MeasureTable
    controls: ControlsTable = ControlsTable()
    sensitivity: SensitivityTable = SensitivityTable()
    example: ExampleTable


def check(spec: Spec) -> None:
    """Raise what is wrong with the settings: table, forms, times, the network of the example."""
    states = read_states(spec.states.table)
    for name in (spec.dose.form, *spec.sensitivity.forms):
        form(name)
    base = parameters(reference().iloc[0])
    for actions in states["actions"]:
        applied(_condition(actions, spec.dose), base)
    if spec.measure.settle_ms >= spec.measure.duration_ms:
        raise InputError(f"measure.settle_ms = {spec.measure.settle_ms:g} must lie before measure.duration_ms = "
                         f"{spec.measure.duration_ms:g}")
    if spec.example.window_ms > spec.measure.duration_ms - spec.measure.settle_ms:
        raise InputError(f"example.window_ms = {spec.example.window_ms:g} is longer than what is measured")
    if spec.example.network not in reference().index:
        raise UnknownNameError("network of prinz2004_reference.csv", spec.example.network, reference().index)


def run(spec: Spec, runner: Runner) -> StudyResult:
    """Run all states in all networks; see the module."""
    check(spec)
    states = read_states(spec.states.table)
    networks, candidates = _networks(spec, runner)
    wirings = {"real": networks}
    if spec.controls.strengths:
        wirings["strengths"] = permuted(networks, spec.seed)
    if spec.controls.none:
        wirings["none"] = networks.assign(**dict.fromkeys(SYNAPSES, 0.0))
    asked = {i: _condition(row["actions"], spec.dose) for i, row in states.iterrows() if row["actions"]}
    scored = {i: condition for i, condition in asked.items() if states.loc[i, "certainty"] != "uncertain"}
    moved = {(i, times): _condition(turned(states.loc[i, "actions"], times), spec.dose) for i in scored for times in (1, 2)
             if spec.controls.targets and not same_targets(turned(states.loc[i, "actions"], times), states.loc[i, "actions"])}
    found = {name: _run_all(rows, [_INTACT, *([*asked.values(), *moved.values()] if name == "real" else scored.values())], spec, runner,
                            f"states: {WIRINGS[name]}") for name, rows in wirings.items()}

    def shares(wiring: str, of: dict, **options) -> pd.DataFrame:
        runs = {i: found[wiring][_key(c)] for i, c in of.items()}
        how = {"least_change": spec.measure.least_change, "least_phase": spec.measure.least_phase} | options
        return scoring.shares(states, runs, found[wiring][_key(_INTACT)], **how)

    real = shares("real", scored)
    turns = {times: shares("real", {i: c for (i, t), c in moved.items() if t == times}) for times in (1, 2)}
    elsewhere = pd.concat(turns.values(), ignore_index=True)
    controls = {WIRINGS[name]: shares(name, scored) for name in wirings if name != "real"}
    trials = {f"a change is more than {least:.0%}": shares("real", scored, least_change=least) for least in spec.sensitivity.least_change}
    trials |= _doses(spec, states.loc[list(scored)], networks, runner)
    everything = shares("real", asked, scored_only=False)
    scores = [*scoring.state_rows(states, everything, elsewhere, len(networks)),
              *_overall_rows(states, real, elsewhere, controls), *_sensitivity_rows(trials), _acceptance_row(candidates)]
    tables = {
        "directions": everything,
        "states": _states_table(states, asked, found["real"]),
        "controls": pd.concat([real.assign(control="real wiring"), elsewhere.assign(control="actions on other cells"),
                               *(t.assign(control=name) for name, t in controls.items())], ignore_index=True),
        "sensitivity": pd.concat([t.assign(trial=name) for name, t in trials.items()], ignore_index=True) if trials else pd.DataFrame(),
        "networks": networks.join(found["real"][_key(_INTACT)]).reset_index(),
        "candidates": candidates,
    }
    result = StudyResult(
        summary=summary_text(states, asked, real, elsewhere, controls, tables, len(networks)), scores=score_table(scores),
        tables={name: table for name, table in tables.items() if len(table)}, traces={"rhythms": example(spec, states, asked)},
        captions=CAPTIONS, controls=CONTROLS, citations=citations(states), engines={"prinz2004": "numba (float32)"})
    result.figures = figures(result)
    return result


def figures(result: StudyResult) -> dict[str, StudyFigure]:
    """Figures from the tables and traces of a result."""
    from ..plotting import rhythms

    tables = result.tables
    return {
        "rhythms": StudyFigure(lambda: rhythms.rhythms_figure(result.traces["rhythms"]), CAPTIONS["figure rhythms"]),
        "directions": StudyFigure(lambda: rhythms.directions_figure(tables["directions"]), CAPTIONS["figure directions"]),
        "phases": StudyFigure(lambda: rhythms.phases_figure(tables["states"]), CAPTIONS["figure phases"]),
    }


def _networks(spec: Spec, runner: Runner) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Reference networks and the first drawn ones that are pyloric-like (cells and synapses only), and all candidates."""
    wanted, measure = spec.networks.count, spec.measure
    tried, accepted, first = [], 0, 0
    while accepted < wanted and first < spec.networks.most_candidates:
        # as many chunks at a time as it takes at one in eight, so that few are computed in vain
        chunks = []
        while first < spec.networks.most_candidates and len(chunks) * _CANDIDATES_A_CHUNK < 8 * (wanted - accepted):
            n = min(_CANDIDATES_A_CHUNK, spec.networks.most_candidates - first)
            chunks.append({"seed": spec.seed, "first": first, "n": n, "settle_ms": measure.settle_ms, "duration_ms": measure.duration_ms})
            first += n
        tried += runner.map(try_networks, chunks, "networks with a pyloric rhythm")
        accepted = sum(int(t["pyloric"].sum()) for t in tried)
    candidates = pd.concat(tried, ignore_index=True)
    if accepted < wanted:
        raise InputError(f"only {accepted} of {len(candidates)} drawn networks have a pyloric-like rhythm and networks.count is {wanted}: "
                         "raise networks.most_candidates or lower networks.count")
    chosen = drawn(spec.seed, 0, len(candidates)).loc[candidates.loc[candidates["pyloric"], "id"].head(wanted)]
    if spec.networks.reference:
        chosen = pd.concat([reference()[chosen.columns], chosen])
    return chosen.rename_axis("id"), candidates


def _condition(actions: list, dose: DoseTable, **change) -> dict:
    return {"actions": actions, **dose.model_dump(), **change} if actions else _INTACT


def _key(condition: dict) -> str:
    return canonical_json(condition)


def _run_all(networks: pd.DataFrame, conditions: list[dict], spec: Spec, runner: Runner, stage: str) -> dict[str, pd.DataFrame]:
    """Measures (a row a network) of each condition; what is the same condition is run once."""
    once = {_key(c): c for c in conditions}
    rows = networks.reset_index().to_dict("records")
    chunks = [{"networks": rows[k : k + _NETWORKS_A_CHUNK], "conditions": list(once.values()), "settle_ms": spec.measure.settle_ms,
               "duration_ms": spec.measure.duration_ms} for k in range(0, len(rows), _NETWORKS_A_CHUNK)]
    table = pd.concat(runner.map(run_conditions, chunks, stage), ignore_index=True)
    return {key: table[table["condition"] == k].drop(columns="condition").set_index("id").loc[networks.index]
            for k, key in enumerate(once)}


def _doses(spec: Spec, states: pd.DataFrame, networks: pd.DataFrame, runner: Runner) -> dict[str, pd.DataFrame]:
    """Shares with other doses and other forms of I_MI, in the first networks, and with the chosen ones in the same networks."""
    trials = {"as scored": {}} | {f"{g:g} nS": {"conductance_nS": g} for g in spec.sensitivity.conductance_nS}
    trials |= {f"I_MI of {name}": {"form": name} for name in spec.sensitivity.forms}
    if len(trials) == 1:
        return {}
    asked = {what: {i: _condition(actions, spec.dose, **change) for i, actions in states["actions"].items()}
             for what, change in trials.items()}
    few = networks.head(spec.sensitivity.networks)
    found = _run_all(few, [_INTACT, *(c for of in asked.values() for c in of.values())], spec, runner, "other doses and forms")
    return {what: scoring.shares(states, {i: found[_key(c)] for i, c in of.items()}, found[_key(_INTACT)], spec.measure.least_change,
                                 spec.measure.least_phase) for what, of in asked.items()}


def _overall_rows(states: pd.DataFrame, real: pd.DataFrame, elsewhere: pd.DataFrame, controls: dict[str, pd.DataFrame]) -> list[dict]:
    """Statements that hold in most networks, and the mean share of networks: real, controls, the constant guess."""
    def rows(table: pd.DataFrame, control: str, group: str = "all statements") -> list[dict]:
        if not table["share"].notna().any():
            return []
        all_of = scoring.overall(table)
        return [{"metric": "statements_in_most_networks", "group": group, "value": all_of["value"], "low": all_of["low"],
                 "high": all_of["high"], "floor": scoring.CHANCE, "ceiling": 1.0, "n": all_of["n"], "control": control,
                 "verdict": f"{all_of['most']} of {all_of['n']}; mean share of networks {all_of['mean_share']:.2f}"}]

    out = rows(real, "real wiring")
    for name, table in controls.items():
        out += rows(table, name)
    if len(elsewhere):
        same = "statements of states whose actions can move"
        out += rows(real[real["id"].isin(elsewhere["id"])], "real wiring", same) + rows(elsewhere, "actions on other cells", same)
    stated = scoring.statements(states)
    for guess, (hits, n), said in (
            ("constant guess", scoring.constant_guess(stated), "each observable always in the direction most often published"),
            ("no-change guess", scoring.no_change_guess(stated), "nothing ever changes")):
        if n:
            out.append({"metric": "statements_in_most_networks", "group": "all statements", "value": hits / n, "floor": scoring.CHANCE,
                        "ceiling": 1.0, "n": n, "control": guess, "verdict": f"{hits} of {n}: {said}"})
    return out


def _sensitivity_rows(trials: dict[str, pd.DataFrame]) -> list[dict]:
    rows = []
    for what, table in trials.items():
        all_of = scoring.overall(table)
        rows.append({"metric": "sensitivity_statements_in_most_networks", "group": what, "value": all_of["value"], "low": all_of["low"],
                     "high": all_of["high"], "floor": scoring.CHANCE, "ceiling": 1.0, "n": all_of["n"],
                     "verdict": f"{all_of['most']} of {all_of['n']}; mean share {all_of['mean_share']:.2f} of {table['networks'].max()} "
                                "networks"})
    return rows


def _acceptance_row(candidates: pd.DataFrame) -> dict:
    accepted = int(candidates["pyloric"].sum())
    low, high = scoring.wilson(accepted, len(candidates))
    return {"metric": "acceptance_rate", "group": "drawn networks", "value": accepted / len(candidates), "low": float(low),
            "high": float(high), "floor": 0.0, "ceiling": 1.0, "n": len(candidates),
            "verdict": f"{accepted} of {len(candidates)} have a pyloric-like rhythm; the first are used"}


def _states_table(states: pd.DataFrame, asked: dict, found: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Median rhythm of every state over the networks, the unmodulated one first; and which states are the same run."""
    rows = []
    first: dict[str, str] = {}
    for i, condition in {"": _INTACT, **asked}.items():
        measured = found[_key(condition)]
        name = states.loc[i, "state"] if i else "nothing added"
        same = first.setdefault(_key(condition), name)
        rows.append({"id": i, "state": name, "actions": actions_text(condition.get("actions", [])),
                     "certainty": states.loc[i, "certainty"] if i else "", "same run as": "" if same == name else same,
                     "pyloric": float(measured["pyloric"].mean()), "rhythm lost": float(measured["period_ms"].isna().mean()),
                     **measured.drop(columns=["pyloric"]).median().to_dict()})
    return pd.DataFrame(rows)
