"""The two computations of a screen: find samples whose intact animal does the behaviour, then remove cells from them.

Both are pure functions of a spec that is plain JSON, so that they can be chunks of a run on any machine.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from . import catalog
from .assay import Assay, Contact
from .circuit import Circuit, load_circuit
from .engines.choice import choose
from .evidence import MANIPULATIONS
from .fitted import FittedEnsemble
from .model import Model
from .parameter import Prior
from .perturbation import Perturbation
from .samples import Samples
from .scope import general_key
from .variants import Variant, Variants, stream_of

INTACT, FRESH = "intact", "intact, fresh noise"


def circuit_of(name: str, wiring: dict) -> Circuit:
    """A circuit by name, with its real wiring or that of a control.

    Parameters
    ----------
    name : str
    wiring : dict
        ``{"kind": k, "seed": s}`` with kind real; degree, weights, signs: shuffled (see
        :meth:`Connectome.shuffle`); none: every connection between two neurons removed.
    """
    return _circuit(name, wiring["kind"], int(wiring.get("seed", 0)))


@functools.lru_cache(maxsize=4)
def _circuit(name: str, kind: str, seed: int) -> Circuit:
    circuit = load_circuit(name)
    if kind == "real":
        return circuit
    if kind == "none":
        return circuit.with_connectome(circuit.connectome.without(pre="kind=neuron", post="kind=neuron"))
    return circuit.with_connectome(circuit.connectome.shuffle(kind, seed))


def setting(spec: dict) -> tuple[Assay, Model]:
    """The assay and its unstimulated model that a spec names.

    ``spec["assay"]`` is a name, or a table of what is driven and read (see :func:`assay_of`); ``spec["state"]``, where there is one,
    has the arguments of :func:`wormsim.modulation.in_state`.
    """
    wanted = ("assay", "circuit", "wiring", "neuron", "parameters", "state")
    return _setting(json.dumps({k: spec[k] for k in wanted if k in spec}, sort_keys=True))


def in_setting(levels: dict) -> dict:
    """What a spec has of a state: nothing where there is none."""
    return {"state": {"state": levels}} if levels else {}


def assay_of(which: str | dict, circuit: Circuit) -> tuple[Assay, Circuit]:
    """An assay by name; or the protocol of one (``"like"``: times, criteria, priors) with other cells driven and read.

    Parameters
    ----------
    which : str or dict
        ``{"like": name, "behaviour": text, "drive": selectors, "read": selectors}``.
    circuit : Circuit

    Returns
    -------
    Assay, Circuit
        The circuit with the groups that the assay asks for.
    """
    if isinstance(which, str):
        return catalog.load("assays", which).ASSAY, circuit
    like = catalog.load("assays", which["like"]).ASSAY
    groups = {f"{part}_cells": circuit.select(*which[part]) for part in ("drive", "read")}
    contact = Contact("drive_cells", min(c.start_ms for c in like.contacts), max(c.stop_ms for c in like.contacts))
    made = replace(like, name=f"{which['behaviour']} like {like.name}", behaviour=which["behaviour"], circuit=circuit.name,
                   contacts=(contact,), readout={"read_cells": 1.0})
    return made, replace(circuit, groups={**circuit.groups, **groups})


@functools.lru_cache(maxsize=4)
def _setting(text: str) -> tuple[Assay, Model]:
    spec = json.loads(text)
    assay, circuit = assay_of(spec["assay"], circuit_of(spec["circuit"], spec["wiring"]))
    model = assay.build(circuit, spec["neuron"], **spec.get("state", {}))
    # A key of another neuron model does not concern this one; the study has checked that some model has it.
    given = {key: value for key, value in spec["parameters"].items() if general_key(key) in model.parameters}
    return assay, model.with_parameters(
        {k: Prior(*v) if isinstance(v, list) else v for k, v in given.items()}
    )


def samples_of(spec: dict, model: Model, first: int, n: int) -> Samples:
    """Samples number `first` to ``first + n``: draws from the priors, or members of the fitted ensemble whose file is ``spec["fitted"]``."""
    if "fitted" not in spec:
        return model.sample(n, spec["seed"], first)
    members = FittedEnsemble.load(spec["fitted"]).samples_for(model, same_wiring=spec["wiring"]["kind"] == "real")
    return members.take(range(first, first + n))


def stimulated(spec: dict) -> tuple[Assay, Model]:
    """The assay and its model under the stimulus."""
    assay, model = setting(spec)
    return assay, model.perturbed(*assay.stimulus(model.neuron))


def trials(spec: dict) -> Callable[[Assay, Model, Variants], np.ndarray]:
    """What gives the response (mV) of every variant, not-a-number where it ran away: all with the engine of the stimulated model,
    since engines integrate differently.
    """
    engine = spec.get("engine") or choose(stimulated(spec)[1])[0]
    return lambda assay, model, variants: assay.response(assay.run(model, variants, engine), model)


def find_samples(spec: dict) -> pd.DataFrame:
    """Which of the candidate samples do the behaviour when intact, and only with the stimulus.

    Parameters
    ----------
    spec : dict
        ``assay, circuit, wiring, neuron, parameters, seed, first, n``; ``engine`` where it is not to be chosen, and ``fitted``
        where the samples are those of a file (:func:`samples_of`).

    Returns
    -------
    DataFrame
        One row a candidate: ``sample, response_mV, spontaneous_mV, ran_away, responds, reliable, accepted``.
        Reliable: it responds again under other noise; spontaneous: the largest response without the stimulus,
        measured only where it responds.
    """
    assay, model = setting(spec)
    samples = samples_of(spec, model, spec["first"], spec["n"])
    numbers = samples.values.index.to_numpy()
    driven, trial = stimulated(spec)[1], trials(spec)
    response = trial(assay, driven, Variants.cross(samples, seeds=(spec["seed"],)))
    responds = response >= assay.min_response_mV
    reliable, spontaneous, ran_away = responds.copy(), np.full(len(samples), np.nan), np.isnan(response)
    if responds.any():
        # Only those that turned once go on: again under other noise, and under both noises without the stimulus.
        some = samples.take(numbers[responds])
        numbered = intact_trials(model)
        again = response[responds]
        if numbered[1:]:
            again = trial(assay, driven, Variants.cross(some, seeds=(spec["seed"],), trials=numbered[1:]))
        again = again.reshape(len(some), -1)
        unasked = np.abs(trial(assay, model, Variants.cross(some, seeds=(spec["seed"],), trials=numbered)))
        unasked = unasked.reshape(len(some), -1)
        reliable[responds] = (again >= assay.min_response_mV).all(axis=1)
        spontaneous[responds] = unasked.max(axis=1)
        ran_away[responds] = np.isnan(again).any(axis=1) | np.isnan(unasked).any(axis=1)
    quiet = responds & (spontaneous < assay.max_spontaneous * response)
    return pd.DataFrame(
        {
            "sample": numbers,
            "response_mV": response,
            "spontaneous_mV": spontaneous,
            "ran_away": ran_away,
            "responds": responds,
            "reliable": reliable,
            "accepted": reliable & quiet,
        }
    )


def intact_trials(model: Model) -> tuple[int, ...]:
    """Trials that an intact animal must pass: two where the model has noise, else one."""
    return (0, 2) if model.neuron.threshold else (0,)


def remove_cells(spec: dict) -> pd.DataFrame:
    """Response of accepted samples with each case of removed cells.

    Parameters
    ----------
    spec : dict
        That of :func:`find_samples` less ``first, n``, and ``samples`` (numbers), ``cases`` (label -> [kind, [cells]]).

    Returns
    -------
    DataFrame
        ``sample, case, response_mV, keep``; `keep` is the share of the same animal's intact response. Two cases are
        always there: the intact animal, and the intact animal with other noise.
    """
    assay, model = stimulated(spec)
    cases: dict[str, tuple[Perturbation, ...]] = {INTACT: ()}
    for label, (kind, cells) in spec["cases"].items():
        cases[label] = (MANIPULATIONS[kind](*cells).resolve(model.circuit),)
    first = min(spec["samples"])
    samples = samples_of(spec, model, first, max(spec["samples"]) - first + 1).take(spec["samples"])
    variants = []
    for number in spec["samples"]:
        stream, fresh = stream_of(spec["seed"], number), stream_of(spec["seed"], number, trial=1)
        variants += [Variant(label, number, stream, done) for label, done in cases.items()]
        variants.append(Variant(FRESH, number, fresh))
    response = trials(spec)(assay, model, Variants(samples, tuple(variants)))
    response = response.reshape(len(samples), -1)
    keep = response / response[:, :1]
    labels = [*cases, FRESH]
    return pd.DataFrame(
        {
            "sample": np.repeat(spec["samples"], len(labels)),
            "case": labels * len(samples),
            "response_mV": response.ravel(),
            "keep": keep.ravel(),
        }
    )
