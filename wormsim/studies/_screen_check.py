"""What can be said of a screen's settings before anything is simulated: a mistake must cost no run and claim no folder."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .. import catalog
from ..assay import Assay
from ..engines.choice import choose
from ..ensemble import LEAST_SAMPLES
from ..errors import InputError, UnknownNameError
from ..evidence import perturbation
from ..fitted import FittedEnsemble
from ..parameter import Prior
from ..scope import general_key
from ..screen import circuit_of, setting, stimulated

if TYPE_CHECKING:
    import pandas as pd

    from ..circuit import Circuit

REAL = {"kind": "real", "seed": 0}
# A response is one number for each sample and case: with the 500 cases of a whole animal this many samples fill 0.4 GB, and
# an interval of 0.3 % is narrower than any question that is asked here.
MOST_SAMPLES = 100_000
SEEDS = 2**32  # seeds are 0 to SEEDS - 1


def check_ensemble(assay: str, circuit: str | None, neurons: Iterable[str], parameters: dict, seed: int,
                   samples: int = LEAST_SAMPLES) -> tuple[Assay, Circuit]:
    """The assay and the circuit of an ensemble that can be simulated.

    Parameters
    ----------
    assay : str
    circuit : str or None
        None: the assay's own.
    neurons : iterable of str
    parameters : dict
        Key -> value, or [kind, low, high].
    seed, samples : int

    Raises
    ------
    InputError
        Unknown assay, circuit, neuron model or parameter; a circuit without the groups of the assay; a prior that is none;
        seed or samples out of range.
    """
    if not isinstance(seed, int) or not 0 <= seed < SEEDS:
        raise InputError(f"seed = {seed}: a seed is a whole number from 0 to {SEEDS - 1}")
    if not isinstance(samples, int):
        raise InputError(f"samples = {samples!r}: a number of samples is a whole number")
    if samples < LEAST_SAMPLES:
        raise InputError(f"samples = {samples}: an interval needs at least {LEAST_SAMPLES}")
    if samples > MOST_SAMPLES:
        raise InputError(f"samples = {samples}: at most {MOST_SAMPLES} are taken; more would not narrow an interval that matters")
    for key, value in parameters.items():
        try:
            _ = Prior(*value) if isinstance(value, list) else None
        except InputError as error:
            raise InputError(f"model.parameters.{key} = {value}: {error}") from error
    the_assay = catalog.load("assays", assay).ASSAY
    if not isinstance(the_assay, Assay):
        raise InputError(f"the assay {assay} has no behaviour that could be lost; `wormsim list assays` shows the others")
    known: set[str] = set()
    name = circuit or the_assay.circuit
    for neuron in neurons:
        catalog.load("neurons", neuron)  # before the circuit, which takes longer
    for neuron in neurons:
        of = {"assay": assay, "circuit": name, "wiring": REAL, "neuron": neuron, "parameters": parameters}
        known |= set(setting(of)[1].parameters)
    # A key that none of the models has is a mistake; one that only some have concerns only those.
    for key in parameters:
        if general_key(key) not in known:
            raise UnknownNameError("parameter", key, known, "`wormsim show MODEL` lists those of a neuron model")
    return the_assay, circuit_of(name, REAL)


def check_fitted(settings: list[dict]) -> None:
    """Raise InputError unless the fitted ensemble that the settings name is of the model that each of them describes."""
    for of in settings:
        try:
            FittedEnsemble.load(of["fitted"]).check(setting(of)[1])
        except InputError as error:
            raise InputError(f"{of['fitted']}: {error}") from error


def engines_of(spec) -> dict[str, str]:
    """Which engine runs each neuron model, and why."""
    found = {}
    for neuron in spec.model.neurons:
        engine, reason = spec.model.engine, "asked for"
        if engine == "auto":
            engine, reason = choose(stimulated(spec.setting(neuron, REAL))[1])
        catalog.load("engines", engine)
        found[neuron] = f"{engine} ({reason})"
    return found


def row_cases(evidence: pd.DataFrame, circuit: Circuit) -> dict[str, tuple[str, list[str]]]:
    """Every published row that the model can express: "row <id>" -> manipulation and cells, which the circuit must have."""
    rows = evidence[evidence["role"].isin(["needed", "not needed", "by construction"])]
    cases = {}
    for i, row in rows.iterrows():
        try:
            cases[f"row {i}"] = (row["manipulation"], list(perturbation(row).resolve(circuit).resolved))
        except InputError as error:
            raise InputError(f"row {i} of the published ablations, cells {row['cells']!r}: {error}") from error
    return cases
