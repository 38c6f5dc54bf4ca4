"""Dose and response: a behaviour at several concentrations of one modulator, in the same parameter samples under the same noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from .ensemble import LEAST_SAMPLES, accept
from .errors import InputError
from .modulator_rules import concentration
from .perturbations.modulate import Modulate
from .screen import setting, trials
from .variants import Variants

if TYPE_CHECKING:
    from .runner import Runner

DOSES = ("none", 0.03, "low", 0.3, 1.0, 3.0, "high")


def dose_response(modulator: str, levels: Sequence[float | str] = DOSES, *, assay: str = "mating_turn", circuit: str | None = None,
                  model: str = "lif", samples: int = LEAST_SAMPLES, seed: int = 0, runner: Runner | None = None) -> pd.DataFrame:
    """How a behaviour depends on the concentration of a modulator.

    Parameters
    ----------
    modulator : str
    levels : sequence of float or str
        Relative concentrations or levels by name, each once; see :data:`wormsim.modulator_rules.LEVELS`.
    assay : str
    circuit : str, optional
        The assay's own by default.
    model : str
        Neuron model.
    samples : int
        Parameter samples whose animal does the behaviour without the modulator.
    seed : int
    runner : Runner, optional
        Where chunks are kept; by default in wormsim's cache.

    Returns
    -------
    DataFrame
        One row a sample and level: ``modulator, level, concentration, sample, response_mV, keep`` (share of the same animal's
        response without the modulator).

    Raises
    ------
    InputError
        A concentration that is negative, not a number or given twice; fewer accepted samples than :data:`LEAST_SAMPLES`.
    """
    from . import catalog
    from .cache import folder
    from .runner import Runner

    doses = {str(level): concentration(level) for level in levels}
    if len(set(doses.values())) < len(levels) or not doses:
        raise InputError(f"levels {', '.join(map(str, levels))}: give each concentration once, and at least one")
    name = circuit or catalog.load("assays", assay).ASSAY.circuit
    spec = {"assay": assay, "circuit": name, "wiring": {"kind": "real", "seed": 0}, "neuron": model, "parameters": {}, "seed": seed}
    the_assay, unmoved = setting(spec)
    bath = Modulate(modulator, 0.0).resolve(unmoved.circuit)
    cases = {level: (bath.at(c),) for level, c in doses.items()}
    found = accept(spec, samples, 64 * samples, runner or Runner(folder() / "ablate"), "intact animals")
    if len(found.accepted) < LEAST_SAMPLES:
        raise InputError(f"only {len(found.accepted)} of {len(found.candidates)} samples of the {model} model make an animal that does "
                         f"{the_assay.behaviour} at all; a curve needs {LEAST_SAMPLES}: ask for more samples")
    driven = unmoved.perturbed(*the_assay.stimulus(unmoved.neuron)).prepared_for(*(p for ps in cases.values() for p in ps))
    drawn = driven.sample(max(found.accepted) + 1, seed).take(found.accepted)
    response = trials(spec)(the_assay, driven, Variants.cross(drawn, {"": (), **cases}, seeds=(seed,))).reshape(len(drawn), -1)
    rows = [(modulator, level, doses[level], number, value, value / own[0])
            for number, own in zip(found.accepted, response, strict=True) for level, value in zip(doses, own[1:], strict=True)]
    return pd.DataFrame(rows, columns=["modulator", "level", "concentration", "sample", "response_mV", "keep"])


def summarise_doses(table: pd.DataFrame) -> pd.DataFrame:
    """Median and middle half of the responses at each dose, in ascending order of concentration."""
    grouped = table.groupby(["level", "concentration"])["keep"]
    quantiles = grouped.quantile([0.25, 0.5, 0.75]).unstack()
    quantiles.columns = ["keep_low", "keep_median", "keep_high"]
    return quantiles.assign(n=grouped.count()).reset_index().sort_values("concentration", ignore_index=True)
