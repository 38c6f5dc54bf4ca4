"""Modulator state: does a state, put on a circuit by its modulators, change a behaviour in the direction that was measured?

Every comparison is between two conditions of the same parameter sample under the same noise. It is made with the modulator
layer, with the connectome alone (no modulator; the releasing cells driven, so that their synapses can do what they can),
with the receptors dealt to other cells, with the wiring shuffled, and with none. A direction counts as predicted where
the whole interval of its share of the samples lies above one half; a prediction is then a hit or a miss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from .. import catalog
from ..ensemble import LEAST_SAMPLES, accept
from ..errors import InputError
from ..modulator import load_modulator
from ..screen import assay_of, circuit_of, setting
from . import StudyFigure, StudyResult, score_table
from ._modulator_runs import directions, respond
from ._modulator_text import CAPTIONS, CONTROLS, score_rows, summary_text
from ._screen_check import MOST_SAMPLES, REAL, SEEDS

if TYPE_CHECKING:
    from ..runner import Runner

CHUNK_SAMPLES = 16


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelTable(_Table):
    """What is simulated."""

    circuit: str
    neurons: list[str] = Field(min_length=1)
    parameters: dict[str, float | tuple[Literal["uniform", "loguniform"], float, float]] = Field(default_factory=dict)


class BehaviourTable(_Table):
    """What the animal is made to do, and what is read."""

    name: str
    assay: str = Field(description="an assay; with drive and read, the one whose times, criteria and priors are taken")
    drive: list[str] = Field(default_factory=list, description="cells that are driven instead of the assay's")
    margin: float = Field(gt=0, lt=1, description="a response that changes by less than this share is the same")
    read: list[str] = Field(default_factory=list, description="muscles whose mean depolarisation is read instead of the assay's")

    def table(self) -> str | dict:
        """What :func:`wormsim.screen.assay_of` takes."""
        if not (self.drive or self.read):
            return self.assay
        return {"like": self.assay, "behaviour": self.name, "drive": self.drive, "read": self.read}


class Condition(_Table):
    """One side of a comparison."""

    state: list[str] = Field(default_factory=list, description='modulators and levels: ["serotonin:high"]')
    without: list[str] = Field(default_factory=list, description="receptors that are missing, as in a mutant")
    ablate: list[str] = Field(default_factory=list)


class Comparison(_Table):
    """A published difference between two conditions."""

    name: str
    reference: Condition = Condition()
    case: Condition
    alone: list[str] = Field(default_factory=list, description="cells driven in the case where the connectome is alone: the releasing ones")
    measured: Literal["down", "up"]
    finding: str
    source: str
    certainty: Literal["high", "medium", "low"]


class EnsembleTable(_Table):
    """How many samples, and how long to look for them."""

    samples: int = Field(ge=LEAST_SAMPLES, le=MOST_SAMPLES)
    most_candidates: int = Field(ge=LEAST_SAMPLES, le=MOST_SAMPLES)


class ControlsTable(EnsembleTable):
    """What the same is done to: receptors dealt to other cells, wirings that are shuffled, no wiring between neurons."""

    receptors: int = Field(ge=0, le=100)
    degree: int = Field(ge=0, le=100)
    none: bool = True


class Spec(_Table):
    """Settings of a study of states."""

    seed: int = Field(default=0, ge=0, lt=SEEDS)
    model: ModelTable
    behaviour: BehaviourTable
    comparison: list[Comparison] = Field(min_length=1)
    ensemble: EnsembleTable
    controls: ControlsTable

    def setting(self, neuron: str, wiring: dict, state: dict) -> dict:
        """What the chunks of one ensemble need to know."""
        parameters = {k: list(v) if isinstance(v, tuple) else v for k, v in self.model.parameters.items()}
        return {"assay": self.behaviour.table(), "circuit": self.model.circuit, "wiring": wiring, "neuron": neuron,
                "parameters": parameters, "seed": self.seed, "state": state}

    def arms(self) -> list[dict]:
        """What every comparison is made in: name of the control ("" for the model itself), wiring, and what becomes of receptors."""
        first, n = 1000 * self.seed, self.controls
        return [
            {"arm": "", "wiring": REAL, "layer": True, "shuffle": None},
            {"arm": "connectome alone", "wiring": REAL, "layer": False, "shuffle": None},
            *({"arm": "receptors shuffled", "wiring": REAL, "layer": True, "shuffle": first + k} for k in range(n.receptors)),
            *({"arm": "degree shuffles", "wiring": {"kind": "degree", "seed": first + k}, "layer": True, "shuffle": None}
              for k in range(n.degree)),
            *([{"arm": "no neuron-neuron wiring", "wiring": {"kind": "none", "seed": 0}, "layer": True, "shuffle": None}] if n.none else []),
        ]


def check(spec: Spec) -> None:
    """Raise what is wrong with the settings before a results folder is made: names, groups, states, receptors."""
    if bool(spec.behaviour.drive) != bool(spec.behaviour.read):
        raise InputError("behaviour: give both drive and read, or neither for the assay's own")
    names = [c.name for c in spec.comparison]
    if len(set(names)) < len(names):
        raise InputError("two comparisons have the same name")
    circuit = circuit_of(spec.model.circuit, REAL)
    _, circuit = assay_of(spec.behaviour.table(), circuit)
    known: set[str] = set()
    for neuron in spec.model.neurons:
        catalog.load("neurons", neuron)
        for c in spec.comparison:
            for condition in (c.reference, c.case):
                _, model = setting(spec.setting(neuron, REAL, _state(condition)))
                known |= set(model.parameters)
                if condition.ablate:
                    circuit.select(*condition.ablate)
            if c.alone:
                circuit.select(*c.alone)
    for key in spec.model.parameters:
        if key.partition("[")[0] not in known:
            raise InputError(f"model.parameters.{key}: no neuron model here has it")
    if any(c.reference == c.case for c in spec.comparison):
        raise InputError("a comparison has the same condition on both sides")


def run(spec: Spec, runner: Runner) -> StudyResult:
    """Make every comparison in every arm; see the module."""
    check(spec)
    found, acceptance = [], {}
    for neuron in spec.model.neurons:
        for arm in spec.arms():
            sizes = spec.ensemble if arm["arm"] in ("", "connectome alone") else spec.controls
            for comparison in spec.comparison:
                sides = _sides(comparison, arm)
                if sides is None:
                    continue
                reference, case = sides
                of = spec.setting(neuron, arm["wiring"], {k: reference[k] for k in ("state", "without", "shuffle")})
                label = ", ".join(filter(None, (neuron, arm["arm"])))
                ensemble = accept(of, sizes.samples, sizes.most_candidates, runner, f"intact animals: {label}, {comparison.name}")
                table = _compare(of, ensemble.accepted, reference, case, runner, f"compared: {label}, {comparison.name}")
                key = {"neuron": neuron, "arm": arm["arm"], "seed": _seed(arm), "comparison": comparison.name}
                found.append((key, table))
                state = " ".join(reference["state"]) or "no modulator"
                acceptance[neuron, arm["arm"], _seed(arm), state] = ensemble.acceptance()
    said = directions(found, spec.behaviour.margin, LEAST_SAMPLES)
    keys = ["neuron", "arm", "seed", "reference"]
    tables = {
        "directions": _with_measured(said, spec),
        "comparisons": pd.DataFrame([{"comparison": c.name, "measured": c.measured, "finding": c.finding, "certainty": c.certainty,
                                      "source": c.source} for c in spec.comparison]),
        "acceptance": pd.DataFrame([dict(zip(keys, key, strict=True)) | row for key, row in acceptance.items()]),
        "responses": pd.concat([table.assign(**key) for key, table in found], ignore_index=True),
        "parameters": pd.concat([_parameters(spec, neuron) for neuron in spec.model.neurons], ignore_index=True),
    }
    scores = score_table(score_rows(tables["directions"]))
    circuit = circuit_of(spec.model.circuit, REAL)
    result = StudyResult(
        summary=summary_text(spec, tables), scores=scores, tables=tables, captions=CAPTIONS, controls=CONTROLS,
        citations=[str(circuit.connectome.provenance.get("citation", circuit.connectome.name)), *_sources(spec)])
    result.figures = figures(result)
    return result


def figures(result: StudyResult) -> dict[str, StudyFigure]:
    """Drawn from the tables alone."""
    from ..plotting.modulator_state import directions_figure

    return {"directions": StudyFigure(
        lambda: directions_figure(result.tables["directions"]),
        "Share of the samples in which the response goes down, stays the same or goes up, with the modulator layer and in every control "
        "(the mean, where there are several of a kind). Outlined: the direction that was measured. Beyond the dashed line at one half "
        "with its whole interval, a direction counts as predicted.")}


def _state(condition: Condition, shuffle: int | None = None) -> dict:
    return {"state": condition.state, "without": condition.without, "shuffle": shuffle}


def _seed(arm: dict) -> int:
    return int(arm["shuffle"] if arm["shuffle"] is not None else arm["wiring"]["seed"])


def _sides(comparison: Comparison, arm: dict) -> tuple[dict, dict] | None:
    """Reference and case as an arm has them; None where the arm cannot tell them apart."""
    sides = []
    for condition in (comparison.reference, comparison.case):
        layer = arm["layer"] and condition.state  # without a modulator there is nothing to deal out, and the ensemble is the same
        state = _state(condition, arm["shuffle"]) if layer else {"state": [], "without": [], "shuffle": None}
        drive = comparison.alone if not arm["layer"] and condition is comparison.case else []
        sides.append({**state, "ablate": condition.ablate, "drive": list(drive)})
    return None if sides[0] == sides[1] else (sides[0], sides[1])


def _compare(of: dict, samples: list[int], reference: dict, case: dict, runner: Runner, stage: str) -> pd.DataFrame:
    shared = {k: v for k, v in of.items() if k != "state"}
    specs = [{**shared, "samples": samples[k:k + CHUNK_SAMPLES], "conditions": {"reference": reference, "case": case}}
             for k in range(0, len(samples), CHUNK_SAMPLES)]
    empty = pd.DataFrame({"sample": [], "reference": [], "case": [], "fresh": []})
    return pd.concat(runner.map(respond, specs, stage), ignore_index=True) if specs else empty


def _with_measured(said: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    measured = {c.name: c.measured for c in spec.comparison}
    said = said.assign(measured=said["comparison"].map(measured))
    hit = said["predicted"] == said["measured"]
    said["verdict"] = ["no prediction" if p == "no prediction" else "hit" if h else "miss" for p, h in zip(said["predicted"], hit, strict=True)]
    return said


def _parameters(spec: Spec, neuron: str) -> pd.DataFrame:
    """Parameters of all conditions of one neuron model: value or prior, certainty, source."""
    tables = [setting(spec.setting(neuron, REAL, _state(side)))[1].parameter_table()
              for c in spec.comparison for side in (c.reference, c.case)]
    table = pd.concat(tables)
    return table[~table.index.duplicated()].reset_index().assign(neuron=neuron)


def _sources(spec: Spec) -> list[str]:
    """Papers of the findings and of the receptors."""
    from ..modulation import parse_state

    names = {name for c in spec.comparison for side in (c.reference, c.case) for name in parse_state(side.state)}
    texts = [c.source for c in spec.comparison] + [r.source for name in sorted(names) for r in load_modulator(name).receptors]
    return sorted({part.strip() for text in texts for part in text.split(";") if part.strip()})
