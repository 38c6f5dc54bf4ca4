"""What calibrated animals do intact and under the controls, in tables and words; and which of their runs are kept to be looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..behaviour_assay import window
from ..calibrated import (
    ENSEMBLES,
    INDIVIDUAL,
    alternatives_of,
    label_of,
    load_animals,
    parameters_of,
    parts_of,
    wiring_of,
)
from ..circuit import load_circuit
from ._behaviour_runs import assay_of
from ._behaviour_scores import INTACT, REAL
from ._body_controls import WITHOUT, control_table

if TYPE_CHECKING:
    import xarray as xr

    from ._behaviour_runs import ModelTable

#: Worlds of an animal that are kept to be looked at.
SHOWN = 3
CAPTIONS = {
    "without": "What intact animals still do under each control: without wiring between neurons; with that wiring shuffled (one shuffle for "
    "each animal, by its number, which draws signs and factors of its pairs anew; strengths as calibrated in the real wiring); without "
    "the tonic drive of AVB; without stretch receptors; as they are, looked at again under the next seed; those that were asked for. "
    "Medians over those that show it intact; "
    "`show_then` counts all that show it under the control. "
    "A behaviour of which half or more is left without wiring, or which as many animals show then, is not explained by it. "
    "One that is gone needs some wiring. One that is there with the wiring shuffled did not need "
    "this one in these shuffles; where it is gone then, it may be for strengths that were found for the real wiring: only "
    "shuffles that were calibrated in the same way can tell.",
    "intact": "What intact animals do, by wiring: number of animals, and quantiles, each of one animal, as a time may be infinite.",
    "values": "Every number: wiring, animal, assay, case, measure.",
    "happened": "What happened in all runs of all animals of the real wiring together, intact and under the controls: how often an event ended in "
    "which way, with its share of the event when intact (empty where there was none), and the seconds spent in each state.",
    "happened_by_ensemble": "What happened (as in the table `happened`) to the animals of each calibration alone (`ensemble`).",
    "without_by_ensemble": "What intact animals still do under each control, for the animals of each calibration alone (`ensemble`).",
}


def tables_of(found: pd.DataFrame, ensembles: str, real: pd.DataFrame, controls: list[str]) -> dict[str, pd.DataFrame]:
    """The tables of CAPTIONS, of what :func:`wormsim.studies._behaviour_runs.one_animal` gave, with a column `wiring`.

    `real` are the animals of the real wiring that took part.
    """
    counted = found["outcome"] != ""
    happened, values = found[counted & (found["wiring"] == REAL)], found[~counted].drop(columns="outcome")
    bodies = values[values["wiring"] == REAL]
    tables = {"without": control_table(bodies, controls), "intact": intact_table(values), "values": values}
    if len(happened):
        tables["happened"] = happened_table(happened)
    if len(parts_of(ensembles)) > 1:
        if len(happened):
            tables["happened_by_ensemble"] = by_ensemble(ensembles, real, happened, happened_table)
        tables["without_by_ensemble"] = by_ensemble(ensembles, real, bodies, lambda part: control_table(part, controls))
    return tables


def by_ensemble(ensembles: str, real: pd.DataFrame, table: pd.DataFrame, made: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    """What is made of the rows of each ensemble that was joined, below one another."""
    out = []
    for part in parts_of(ensembles):
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


def shown(model: ModelTable, seed: int, real: pd.DataFrame, values: pd.DataFrame) -> xr.Dataset:
    """For `wormsim animate`, in worlds of the first assay: the first animal and, last, the first who stops at a vulva if it is another one.

    Who stops is told by the values of intact animals; whose a variant is stands in the coordinate `animal`.
    """
    import xarray as xr

    intact = values[(values["wiring"] == REAL) & (values["case"] == INTACT) & (values["assay"] == model.assays[0])]
    stop = set(intact[(intact["measure"] == "vulva_stop") & (intact["value"] > 0)]["animal"])
    labels = [label_of(row) for _, row in real.iterrows()]
    rows = dict.fromkeys((0, next((k for k, label in enumerate(labels) if label in stop), 0)))
    return xr.concat([_shown(model, seed, real.iloc[k]) for k in rows], dim="variant", data_vars="minimal", combine_attrs="drop_conflicts")


def _shown(model: ModelTable, seed: int, row: pd.Series) -> xr.Dataset:
    """One animal, intact, in SHOWN worlds: those in which he stops at the vulva, then the others in their order."""
    assay, wiring = assay_of(model.assays[0]), wiring_of(row, load_circuit(model.circuit))
    run = assay.run(wiring, parameters_of(pd.DataFrame([row])).astype(float), seed=seed, record=["kind=neuron"],
                    record_muscles=True)
    worlds = run.sizes["variant"] // (2 if assay.twins else 1)
    run, twins = run.isel(variant=slice(worlds)), run.isel(variant=slice(worlds, None)) if assay.twins else None
    stops: set[int] = set()
    if "mate_x_mm" in run:
        from ..mating_ethogram import STATES, ethogram

        found = ethogram(run, twins)
        state = found.state
        stops = set(found.measures.query("measure == 'vulva_stop' and value > 0")["variant"])
    else:
        from ..ethogram import STATES, states

        x, y, dt_s = window(run, 0.0, np.inf)
        state = states(x, y, dt_s)
    run["state"] = (("variant", "time"), np.array(STATES, dtype=str)[state])
    run.attrs["assay"] = assay.name
    label = label_of(row)
    run = run.assign_coords(variant=[f"{assay.name} {k + 1}, animal {label}" for k in range(worlds)], animal=("variant", [label] * worlds))
    return run.isel(variant=sorted(range(worlds), key=lambda k: k not in stops)[:SHOWN])


def animals_text(ensembles: str, real: pd.DataFrame, shuffled: pd.DataFrame | None = None) -> str:
    """Of which calibrations the animals are that took part, and how many of those tried these accepted; of shuffles where they were asked for."""
    parts = [alternatives_of(part) for part in parts_of(ensembles)]
    text = " ".join(dict.fromkeys(said for names in parts for name in names for said in calibration_texts(name)))
    chosen = [" or else ".join(f"'{name}'" for name in names) for names in parts if len(names) > 1]
    which = "".join(f"An individual takes part with its animal of {names}, the first that accepted it. " for names in chosen)
    others = "" if shuffled is None else (f", and {len(shuffled)} of shuffles{'' if len(shuffled) else ', so that there is no such control'}. "
                                          "None of the rows scored here was seen by a calibration")
    return (f"{'These are animals of several calibrations, which asked for different things. ' if len(parts) > 1 or chosen else ''}{which}{text} "
            f"{len(real)} animals of {real['number'].nunique()} individuals of the real wiring took part{others}.")


def calibration_texts(name: str) -> list[str]:
    """How many of those tried one calibration accepted, and the one from whose animals it went on."""
    table = load_animals(name, accepted=False)
    tried = table[table["animal"] == 0].groupby("kind")["accepted"]
    size, good = tried.size(), tried.sum()
    if "further" in table:
        before = table["further"].iloc[0]
        own = f"the best that was found of them for '{before}', which refused them" if table["refused"].any() else f"their animals of '{before}'"
        return [f"Of {size['real']} individuals of '{name}', searched further from {own}, {good['real']} were accepted.",
                *(calibration_texts(before) if before in ENSEMBLES else [])]
    shuffles = (f", and {good['degree']} of {size['degree']} degree-preserving shuffles, searched in the same way" if size.get("degree", 0)
                else "; no shuffled wiring was tried")
    return [f"Of {size['real']} individuals of '{name}' (real wiring) {good['real']} were accepted{shuffles}."]
