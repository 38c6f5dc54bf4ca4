"""One calibrated animal with a body: intact, after every removal, and under every control. What a study of behaviour is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from .. import catalog
from ..behaviour_assay import BehaviourAssay, values_of
from ..behaviour_evidence import cases, read_behaviour
from ..calibrated import (
    ENSEMBLES,
    check_sex,
    first_individuals,
    label_of,
    load_animals,
    parameters_of,
    plain,
    wiring_of,
)
from ..circuit import load_circuit
from ..effects import MEASURES
from ..errors import InputError
from ._behaviour_scores import INTACT
from ._body_controls import WITHOUT, without

if TYPE_CHECKING:
    import xarray as xr


class SettingsTable(BaseModel):
    """A table of settings: nothing that is not known, nothing that changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelTable(SettingsTable):
    """Which animals."""

    circuit: str
    animals: str = Field(description=f"calibrated ensemble: {', '.join(ENSEMBLES)}, the path of a .parquet file, or several of them joined by a "
                         "plus, or by a bar: of each individual the first that was accepted")
    most: int = Field(default=24, ge=2, description="individuals of the real wiring that take part, the first ones accepted")
    assays: list[str] = Field(min_length=1)


class WithoutTable(SettingsTable):
    """Under which controls intact animals are run again."""

    without: list[str] = Field(default_factory=lambda: list(WITHOUT), description=f"any of {', '.join(WITHOUT)}")


def taking_part(model: ModelTable, controls: WithoutTable) -> pd.DataFrame:
    """All accepted animals of the ensemble, once assays and controls are known ones.

    Raises
    ------
    InputError
        An assay without a body, a control that is none, either of them twice, animals of the other sex than the circuit's, fewer than two
        animals of the real wiring.
    """
    for name in model.assays:
        assay_of(name)
    for setting, names in (("model.assays", model.assays), ("controls.without", controls.without)):
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise InputError(f"{setting}: {', '.join(twice)} stands there twice")
    if unknown := [name for name in controls.without if name not in WITHOUT]:
        raise InputError(f"controls.without: {', '.join(unknown)}; there are {', '.join(WITHOUT)}")
    animals = load_animals(model.animals)
    if (real := int((animals["kind"] == "real").sum())) < 2:
        raise InputError(f"{model.animals}: {real} accepted animals of the real wiring; at least 2 are needed")
    check_sex(animals, load_circuit(model.circuit), model.animals)
    return animals


def of_the_real_wiring(animals: pd.DataFrame, model: ModelTable) -> pd.DataFrame:
    """Those that take part."""
    return first_individuals(animals[animals["kind"] == "real"], model.most)


def assay_of(name: str) -> BehaviourAssay:
    """An assay with a body by name; InputError for one without."""
    assay = catalog.load("assays", name).ASSAY
    if not isinstance(assay, BehaviourAssay):
        raise InputError(f"the assay {name} has no body: it is for the studies of circuits (`wormsim run mating_turn`)")
    return assay


def chunks_of(animals: pd.DataFrame, circuit: str, assays: list[str], seed: int, controls: list[str], evidence: str = "") -> list[dict]:
    """What :func:`one_animal` takes, for each animal; without the removals where no table of them is named."""
    return [{"circuit": circuit, "assays": assays, "evidence": evidence, "seed": seed, "animal": plain(row), "label": label_of(row),
             "without": controls} for _, row in animals.iterrows()]


def one_animal(spec: dict) -> pd.DataFrame:
    """Chunk: one animal, intact and after every removal, in every assay; VALUE_COLUMNS without the wiring, and `outcome`: "" where the value is
    that of a measure; else `measure` is an event, and the value says how often it ended so.
    """
    circuit = load_circuit(spec["circuit"])
    row = pd.Series(spec["animal"])
    wiring = wiring_of(row, circuit)
    parameters = parameters_of(pd.DataFrame([row])).astype(float)
    evidence = read_behaviour(spec["evidence"]) if spec["evidence"] else pd.DataFrame({"assay": []})
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
