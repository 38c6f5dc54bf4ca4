"""Calibrate animals: draw individuals, search the strengths with which each behaves when intact, keep those that do, step by step.

Shuffled wirings go the same way: the same targets, first candidates, population and rules by which a search ends. The table ``animals`` of the
results is what ``[model] animals`` of an ablation takes: copy it, or give its path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from ..animal import individual
from ..body.form import MALE
from ..body.parameters import BY_KEY
from ..calibrated import OTHERS, alternatives_of, are_males, load_animals, parameters_of, parts_of, seed_of
from ..calibration import from_unit, missed, to_unit
from ..calibration_race import DOUBT, EACH, LOOKS
from ..calibration_search import calibrate
from ..calibration_steps import steps, steps_of_males
from ..circuit import load_circuit
from ..errors import InputError, UnknownNameError, warn_data
from ..hermaphrodite_calibration import hermaphrodite_steps
from ..metrics.proportion import wilson
from . import StudyResult, score_table

if TYPE_CHECKING:
    from ..runner import Runner


class HowTable(BaseModel):
    """How one individual is searched, and how long."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    asked: list[str] = Field(min_length=1, description="steps, in their order: wormsim.calibration_steps")
    circuit: str
    animals: int = Field(default=1, ge=1, le=100, description="animals of every individual: the same signs and factors, other strengths")
    pilots: str = Field(default="", description="table of animals near which some first candidates are drawn, first step only (a .parquet "
                        "file, or a packaged one)")
    draws: int = Field(default=128, ge=0, description="first candidates from the priors, first step only")
    near: int = Field(default=640, ge=1, description="first candidates near the pilots, or near the animals of the step before (a "
                      "later step without a sieve: at most `kept`)")
    near_home: int = Field(default=256, ge=1, description="the same for further animals of an individual, near the first one")
    kept: int = Field(default=96, ge=1, description="first candidates that are observed after a sieve, or in a later step")
    spread: float = Field(default=0.05, gt=0, le=1, description="how far from them, in the unit cube")
    sigma: float = Field(default=0.004, gt=0, le=0.03, description="smallest change of the search, in the unit cube; the largest is 30 times that")
    generations: int = Field(default=40, ge=1)
    unmet: float = Field(default=0.0, ge=0, description="what a candidate costs more for each band of acceptance that it misses, while the best "
                         "are chosen")
    doubt: float = Field(default=DOUBT, ge=0, description="what a candidate costs more, divided by the number of its looks, while the best are "
                         "chosen; in a step that looks anew")
    goes_on: bool = Field(default=False, description="where the looks at the end accept nobody, go on with the generations that are left; in a "
                          "step that looks anew")


class SearchTable(HowTable):
    """Who is searched, and how."""

    individuals: int = Field(ge=1, le=100_000, description="draws of the real wiring that are tried; of an ensemble, at most so many of its own")
    further: str = Field(default="", description="ensemble whose individuals are searched further, each from its own animal, in place of pilots, "
                         "draws and shuffles; `first` says nothing then")
    refused: bool = Field(default=False, description="of that ensemble search those who were searched and refused (not those given up "
                          "at their first candidates), the cheapest first")
    first: int = Field(default=100, ge=0, description="number of the first individual")
    shuffles: int = Field(default=0, ge=0, le=1000, description="degree-preserving shuffles, one individual of each")


class Spec(BaseModel):
    """Settings of a calibration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = Field(default=0, ge=0, lt=2**31, description="of signs, strength factors and noise")
    search: SearchTable


def check(spec: Spec) -> None:
    """Refuse, before a folder is made: a circuit without muscles or motor neurons that feel the body, steps of the other sex, looks that
    would be made twice or too few of them, pilots that are not there or are of the individuals that are searched, and an ensemble that cannot
    be searched further.
    """
    search = spec.search
    if search.refused and not search.further:
        raise InputError("search.refused = true: name the ensemble that refused them (search.further)")
    if search.further and (search.pilots or search.draws or search.shuffles or search.animals > 1):
        raise InputError(f"search.further = {search.further!r}: each individual starts from its own animal, so that there are no pilots, draws, "
                         "shuffles or further animals; leave pilots out and set draws = 0, shuffles = 0 and animals = 1")
    for name in search.asked:
        if name not in steps():
            raise UnknownNameError("step of a calibration", name, steps())
    male = individual(load_circuit(search.circuit), 0, spec.seed).form is MALE  # refuses a circuit without muscles
    own = steps_of_males() if male else hermaphrodite_steps()
    if others := [name for name in search.asked if name not in own]:
        raise InputError(f"asked = {', '.join(others)}: these are no steps of a {'male' if male else 'hermaphrodite'}, which circuit = "
                         f"{search.circuit!r} is of; there are {', '.join(own)}")
    often = [name for name in search.asked if steps()[name].often]
    if often and (len(often) > 1 or not LOOKS <= search.generations < EACH - LOOKS):
        raise InputError(f"asked = {', '.join(often)}: a calibration has one step that looks anew in every generation, with {LOOKS} generations or "
                         f"more and fewer than {EACH - LOOKS}; here are {len(often)}, with {search.generations}")
    anew = sorted({"doubt", "goes_on"} & search.model_fields_set)
    if anew and not often:
        raise InputError(f"search.{anew[0]} = {getattr(search, anew[0])}: it is for a step that looks anew in every generation, and none of asked = "
                         f"{', '.join(search.asked)} does; leave it out")
    if search.goes_on and search.generations < 2 * LOOKS:
        raise InputError(f"search.goes_on: after looks at the end there is no generation left of {search.generations}; ask for {2 * LOOKS} or more")
    if search.further:
        if male != are_males(own_animals(search, spec.seed)):
            raise InputError(f"search.further = {search.further!r} holds {'hermaphrodites' if male else 'males'}, and circuit = {search.circuit!r} "
                             f"is of a {'male' if male else 'hermaphrodite'}")
        return
    pilots = pilots_of(search.pilots)
    if pilots is None and not search.draws:
        raise InputError("a search needs pilots, or first candidates from the priors (search.draws)")
    if search.first + max(search.individuals, search.shuffles) > OTHERS:
        raise InputError(f"search.first = {search.first}: numbers of individuals have to stay below {OTHERS}")
    if pilots is not None and "number" not in pilots.columns:
        warn_data(len(pilots), f"pilots of {search.pilots!r} do not say of which individuals they are (no column 'number'): that none of them "
                  "is searched here cannot be checked")
    elif pilots is not None:
        of_this_seed = pilots[pilots.get("seed", pd.Series(0, pilots.index)) == spec.seed]
        searched = range(search.first, search.first + max(search.individuals, search.shuffles))
        if same := sorted({int(number) for number in of_this_seed["number"]} & set(searched)):
            raise InputError(f"pilots = {search.pilots!r} holds animals of the individuals {', '.join(map(str, same))}, which are searched here; "
                             "pilots are animals of other individuals: set search.first")


def own_animals(search: SearchTable, seed: int) -> pd.DataFrame:
    """The animals of an ensemble that are searched further: the first of every individual of the real wiring that was accepted.

    Of those `refused` the best that was found, where anything was searched: who was given up at the first candidates is not among them. The
    cheapest come first, every band of acceptance that is missed counted as in a search.
    """
    name = search.further
    table = load_animals(name, accepted=not search.refused)
    if table["refused"].any():
        raise InputError(f"search.further = {name!r} holds animals that were searched further after they had been refused: another search would "
                         "have looks that they were chosen by; take the ensemble that refused them, with more generations")
    if "held" in table and any(steps()[step].often for step in search.asked) and not search.refused:
        raise InputError(f"search.further = {name!r} holds animals that were accepted by looks made anew in every generation, which this search "
                         "would have again; search those further that it refused (search.refused = true), or ask a step with fixed looks")
    table = table[(table["kind"] == "real") & (table["animal"] == 0)]
    if search.refused:
        table = _refused(table, search)
    if table.empty:
        raise InputError(f"search.further = {name!r}: no animal of the real wiring was {'searched and refused' if search.refused else 'accepted'}")
    if other := sorted(set(table.get("seed", [0])) - {seed}):
        raise InputError(f"search.further = {name!r} holds individuals of the seed {other[0]}, and this calibration has seed = {seed}")
    return table


def _refused(table: pd.DataFrame, search: SearchTable) -> pd.DataFrame:
    """Those of an ensemble who were searched in the last step that is asked for here, and refused, the cheapest first."""
    name, targets = search.further, steps()[search.asked[-1]].targets
    if len(parts_of(name)) > 1 or len(alternatives_of(name)) > 1:
        raise InputError(f"search.further = {name!r}: with search.refused give one ensemble, as whom one refused another may have accepted")
    if "generations" not in table.columns:
        raise InputError(f"search.further = {name!r}: the column generations is missing, which says who was searched; a calibration of another "
                         "version made it")
    if missing := [t.name for t in targets if t.name not in table.columns]:
        raise InputError(f"search.further = {name!r}: the columns {', '.join(missing)} are missing: nobody was refused for what "
                         f"'{search.asked[-1]}' asks")
    table = table[~table["accepted"] & (table["generations"] > 0)]
    # of who was refused at an earlier step, or failed, nothing is known of what is asked here
    known = table[[t.name for t in targets]].notna().all(axis=1)
    if not known.all():
        warn_data(int((~known).sum()), f"individuals of {name!r} were refused at an earlier step or failed: they are not searched further")
    table = table[known]
    short = missed(targets, {t.name: table[t.name].to_numpy(float) for t in targets})
    return table.iloc[np.lexsort((table["number"], table["cost"] + search.unmet * short))]


def pilots_of(name: str) -> pd.DataFrame | None:
    """The pilots' parameters, None where there are none."""
    from importlib import resources

    if not name:
        return None
    path = resources.files("wormsim.populations") / f"{name}.parquet" if not name.endswith(".parquet") else name
    try:
        table = pd.read_parquet(path)
    except OSError as error:
        raise InputError(f"pilots = {name!r}: no such table of animals ({error})") from error
    if missing := [key for key in BY_KEY if key not in table.columns]:
        raise InputError(f"pilots = {name!r}: the columns {', '.join(missing)} are missing; a calibration of another version made it")
    if "accepted" in table.columns:
        table = table[table["accepted"]]
    if table.empty:
        raise InputError(f"pilots = {name!r}: no animal of it was accepted")
    return table


def one(spec: dict) -> pd.DataFrame:
    """Chunk: one individual."""
    settings = HowTable(**spec["settings"])
    circuit, number, shuffle = load_circuit(settings.circuit), spec["number"], spec["shuffle"]
    wiring = individual(circuit if shuffle is None else circuit.shuffle("degree", shuffle), number, spec["seed"])
    asked = [steps()[name] for name in settings.asked]
    how = {"near": settings.near, "kept": settings.kept, "spread": settings.spread, "sigma": settings.sigma, "generations": settings.generations,
           "unmet": settings.unmet, "doubt": settings.doubt, "goes_on": settings.goes_on}
    own = spec.get("own")
    pilots = pilots_of(settings.pilots) if own is None else pd.DataFrame([own])
    refused = bool(spec.get("refused"))
    found = [calibrate(wiring, asked, seed_of(number, refused=refused), pilots=pilots, draws=settings.draws, own=own is not None, **how)]
    keys = asked[-1].keys
    for k in range(1, settings.animals if found[0]["accepted"] else 1):
        # others of this individual: from where it is, shaken, in the last step alone, under another noise
        here = to_unit(pd.DataFrame([found[0]]), keys)
        shaken = here + settings.spread / 2 * np.random.default_rng([number, k]).standard_normal((8, len(keys)))
        found.append(calibrate(wiring, asked[-1:], seed_of(number, k), pilots=from_unit(shaken, keys), draws=0,
                               **how | {"near": settings.near_home}))
    label = {"wiring": "real wiring", "kind": "real", "shuffle_seed": 0} if shuffle is None else {
        "wiring": f"degree shuffle {shuffle}", "kind": "degree", "shuffle_seed": shuffle}
    if own is not None:
        label |= {"further": spec["further"], "refused": refused}
    # a result holds nothing that differs from run to run
    return pd.DataFrame([{**label, "number": number, "seed": spec["seed"], "animal": k,
                          **{name: x for name, x in animal.items() if name != "seconds"}} for k, animal in enumerate(found)])


def run(spec: Spec, runner: Runner) -> StudyResult:
    """Do it; see the module."""
    check(spec)
    search = spec.search
    # a chunk is what is done with one individual, however many are tried
    common = {"settings": search.model_dump(mode="json", include=set(HowTable.model_fields)), "seed": spec.seed}
    refused = 0
    if search.further:
        own = own_animals(search, spec.seed)
        refused, own = len(own), own.head(search.individuals)
        tried = [{**common, "number": int(number), "shuffle": None, "further": search.further, "refused": search.refused,
                  "own": {key: float(x) for key, x in animal.items()}}
                 for number, (_, animal) in zip(own["number"], parameters_of(own).iterrows(), strict=True)]
    else:
        tried = [{**common, "number": search.first + k, "shuffle": None} for k in range(search.individuals)]
    shuffled = [{**common, "number": search.first + k, "shuffle": k} for k in range(search.shuffles)]
    animals = pd.concat(runner.map(one, [*tried, *shuffled], f"calibration: {', '.join(search.asked)}"), ignore_index=True)
    asked = [steps()[name] for name in search.asked]
    rows, text = [], []
    for name, here in animals.groupby("kind", sort=False):
        others = int(here.loc[here["animal"] > 0, "accepted"].sum())
        here = here[here["animal"] == 0]
        n, good, given_up = len(here), int(here["accepted"].sum()), int((~here["accepted"] & (here["generations"] == 0)).sum())
        again = int((here["accepted"] & (here["held"] > 1)).sum()) if "held" in here else 0
        value, (low, high) = good / n, wilson(good, n)
        said = "real wiring" if name == "real" else "degree shuffles"
        rows.append({"metric": "acceptance", "group": said, "value": value, "low": low, "high": high, "n": n,
                     "verdict": f"{good} of {n} individuals meet every required band of '{search.asked[-1]}'"})
        text.append(f"{said}: {good} of {n} individuals were calibrated ({value:.2f}, 95 % interval {low:.2f}-{high:.2f})"
                    + (f"; of these {others} more animals with other strengths" if others else "")
                    + (f"; {given_up} were given up at their first candidates" if given_up else "")
                    + (f"; all had been refused for '{search.further}'" if search.refused else "")
                    + (f"; {again} of those accepted had been refused before{' here as well' if search.refused else ''}, by other looks at the end"
                       if again else "") + ".")
        passed = {step: int((here["reached"] > k).sum()) for k, step in enumerate(search.asked[:-1])}  # the last step is the acceptance
        for step, count in passed.items():
            low, high = wilson(count, n)
            rows.append({"metric": "reached", "group": f"{said}: {step}", "value": count / n, "low": low, "high": high, "n": n,
                         "verdict": f"{count} of {n} individuals meet every required band of '{step}'"})
        if passed:
            text.append("Step by step: " + ", ".join(f"{count} met '{step}'" for step, count in {**passed, search.asked[-1]: good}.items()) + ".")
    table = []
    for t in asked[-1].targets:
        for name, here in animals[animals["accepted"]].groupby("kind", sort=False):
            x = here[t.name]
            table.append({"property": t.name, "wiring": name, "animals": len(x), "median": x.median(), "least": x.min(), "most": x.max(),
                          "aimed at": f"{t.low:g} to {t.high:g}", "accepted": f"{t.accept_low:g} to {t.accept_high:g}",
                          "required": t.required, "source": t.source})
    return StudyResult(
        summary=[" ".join(text), _how_text(search, refused)],
        scores=score_table(rows), tables={"animals": animals, "targets": pd.DataFrame(table)},
        captions={"animals": "Every individual tried: whether it was accepted, what was measured, and its parameters.",
                  "targets": "What accepted animals do, beside the band aimed at and the band of acceptance; where that is not required, nobody was "
                             "refused for missing it."},
        controls={"degree shuffles": "The same search on wirings whose contacts were exchanged with every cell's numbers of partners kept."}
        if search.shuffles else {},
    )


def _how_text(search: SearchTable, refused: int) -> str:
    """What was settled before, and where the search began; `refused` individuals could be searched further."""
    start = "Nothing was ablated. Bands, first candidates and the rules by which a search ends stood in the code before this ran, after trials"
    if not search.further:
        return start + (" on other individuals; pilots, where there are any, are animals of other individuals, as far as their table says whose "
                        "they are.")
    before = load_animals(search.further, accepted=False).query("kind == 'real' and animal == 0")["accepted"]
    if search.refused:
        return start + (f". Each individual starts from the best that was found of it for '{search.further}', where it was searched and refused, as "
                        f"{refused} of the {len(before)} were that were tried then; the cheapest come first. Its looks, or the noise of those that "
                        "are fixed, are others than it had; the looks by which it was refused then are not in `held`. No shuffled wiring was "
                        "searched.")
    return start + (f". Each individual starts from its own animal of '{search.further}', which holds {before.sum()} of the {len(before)} "
                    "individuals that were tried then: the share above is of those. No shuffled wiring was searched.")
