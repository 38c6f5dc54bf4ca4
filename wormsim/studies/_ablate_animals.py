"""One question to the calibrated animals: what does the loss of some cells do to how they behave?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..behaviour_assay import BehaviourAssay, run_assay
from ..calibrated import (
    alternatives_of,
    check_sex,
    first_individuals,
    load_animals,
    parameters_of,
    parts_of,
    wiring_of,
)
from ..circuit import load_circuit
from ..effects import LEAST_INDIVIDUALS, MEASURES, effect, median_interval
from ..errors import InputError
from ..perturbations import Ablate

_DEFAULT = {"whole_hermaphrodite": "hermaphrodite", "whole_male": "turning+male"}


def ablate_animals(cells: list[str], assay: BehaviourAssay, circuit: str | None = None, samples: int | None = None, seed: int = 0,
                   animals: str | None = None) -> dict:
    """What every measure of the assay says; the layout is that of :func:`wormsim.studies.ablation_screen.ablate`.

    Parameters
    ----------
    cells : list of str
    assay : BehaviourAssay
    circuit : str, optional
        The assay's own by default.
    samples : int, optional
        At most so many individuals, the first ones.
    seed : int
        Of noise and worlds.
    animals : str, optional
        Ensemble, or path of one; by default the one that the assay names, or that of the circuit's sex.

    Raises
    ------
    InputError
        Unknown cells, a circuit without an ensemble, or one without an accepted animal.
    """
    name = circuit or assay.circuit
    if not (animals or assay.animals) and name not in _DEFAULT:
        raise InputError(f"there are no calibrated animals of the circuit {name}; there are of {', '.join(_DEFAULT)}")
    the_circuit = load_circuit(name)
    chosen = list(the_circuit.select(*cells))
    asked = animals or assay.animals or _DEFAULT[name]
    table = load_animals(asked)
    table = first_individuals(table[table["kind"] == "real"], samples)
    if len(table) == 0:
        raise InputError(f"no animal of the ensemble {asked} was accepted by its calibration: there is nobody to ask")
    check_sex(table, the_circuit, asked)
    found: dict[str, list] = {}
    for _, row in table.iterrows():
        wiring = wiring_of(row, the_circuit)
        two = pd.concat([parameters_of(pd.DataFrame([row])).astype(float)] * 2, ignore_index=True)
        for measure, x in run_assay(assay, wiring, two, [(), (Ablate(*cells),)], seed=seed).items():
            if measure in MEASURES:
                found.setdefault(measure, []).append(x)
    label = table["number"].to_numpy()
    behaviours = []
    for measure, pairs in found.items():
        intact, ablated = np.array(pairs).T
        e = effect(intact, ablated, measure, individual=label)
        intact, ablated = (pd.Series(x).groupby(label).median().to_numpy() for x in (intact, ablated))
        behaviours.append({"behaviour": assay.behaviour, "measure": measure, "intact": _middle(intact), "ablated": _middle(ablated),
                           "response_left": {"median": e.value, "low": e.low, "high": e.high}, "verdict": e.verdict, "median_says": e.leaning,
                           "individuals": e.individuals, "show_it_intact": e.intact, "animals": e.animals, "failed": e.failed, "why": e.reason})
    individuals = table["number"].nunique()
    notes = [f"{len(table)} calibrated animals of {individuals} individuals of the real wiring; each is compared with itself. {assay.limits}"]
    parts = [alternatives_of(part) for part in parts_of(asked)]
    if len(names := [name for part in parts for name in part]) > 1:
        each = {name: _acceptance(name) for name in names}
        notes.append("They are of calibrations that asked for different things: "
                     + ", ".join(f"{name} ({n['accepted']} of {n['candidates']} accepted)" for name, n in each.items())
                     + "".join(f"; an individual takes part with its animal of {' or else '.join(part)}" for part in parts if len(part) > 1)
                     + (f"; of these the first {samples} individuals were asked" if samples else ""))
    if individuals < LEAST_INDIVIDUALS:
        notes.append(f"{individuals} individuals are fewer than the {LEAST_INDIVIDUALS} that a verdict needs")
    return {"assay": assay.name, "circuit": name, "model": "graded, with a body", "state": {}, "cells": chosen, "samples": len(table), "seed": seed,
            "acceptance": _acceptance(asked), "behaviours": behaviours, "notes": notes}


def _middle(x: np.ndarray) -> dict:
    known = x[np.isfinite(x)]
    if len(known) == 0:
        return {"value": float("nan"), "low": float("nan"), "high": float("nan")}
    low, high = median_interval(known)
    return {"value": float(np.median(known)), "low": low, "high": high}


def _acceptance(animals: str) -> dict:
    every = load_animals(animals, accepted=False)
    every = every[(every["kind"] == "real") & (every["animal"] == 0)]
    return {"accepted": int(every["accepted"].sum()), "candidates": len(every)}
