"""Is it the wiring that does it? Intact animals without wiring between neurons, without the tonic drive, without stretch receptors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from ..animal import Wiring, edges_of
from ..effects import measure_of, response_left

NO_WIRING, NO_DRIVE, NO_STRETCH = WITHOUT = ("no neuron-neuron wiring", "no tonic drive", "no proprioception")
#: From this share of the intact response on, a behaviour is said to survive (chosen here).
SURVIVES = 0.5


def without(control: str, wiring: Wiring) -> tuple[Wiring, dict]:
    """The wiring of a control, and what is said to the simulation.

    Without wiring between neurons thresholds are those of the animals so wired: every cell sits at the midpoint that its own
    rest gives it, as an intact one does; else silence would be all that was tested.
    """
    if control == NO_DRIVE:
        return wiring, {"tonic": False}
    if control == NO_STRETCH:
        return wiring, {"proprioception": False}
    cells = wiring.circuit.connectome.cells
    edges = wiring.circuit.connectome.edges
    neurons = set(cells.index[cells["kind"] == "neuron"])
    between = edges["pre"].isin(neurons) & edges["post"].isin(neurons)
    left = wiring.circuit.connectome.with_edges(edges[~between].reset_index(drop=True), name=NO_WIRING)
    bare = wiring.circuit.with_connectome(left)
    model = wiring.model.with_circuit(bare)
    excitatory, inhibitory, gap = edges_of(model.lower(wiring.samples))
    return replace(wiring, model=model, excitatory=excitatory, inhibitory=inhibitory, gap=gap), {}


def control_table(values: pd.DataFrame, controls: list[str]) -> pd.DataFrame:
    """Intact behaviours and what of them is left under each control: medians over the animals that show the behaviour when intact."""
    out = []
    for (assay, measure), here in values.groupby(["assay", "measure"], sort=False):
        wide = here.pivot(index="animal", columns="case", values="value")
        how = measure_of(measure)
        if how.from_zero or how.slower_is_worse:
            continue
        for control in controls:
            if control not in wide:
                continue
            left = response_left(wide["intact"], wide[control], how)
            there = left[~np.isnan(left)]
            if len(there) == 0:
                continue
            out.append({"assay": assay, "measure": measure, "control": control, "animals": len(there), "intact": float(wide["intact"].median()),
                        "then": float(wide[control].median()), "left": float(np.median(there)), "survive": float((there >= SURVIVES).mean()),
                        "failed": int((wide["intact"].notna() & wide[control].isna()).sum())})
    columns = ["assay", "measure", "control", "animals", "intact", "then", "left", "survive", "failed"]
    return pd.DataFrame(out, columns=columns)


def control_text(table: pd.DataFrame) -> list[str]:
    """What survives without wiring, said in words."""
    out = []
    for control in table["control"].unique():
        here = table[table["control"] == control]
        kept = here[here["survive"] > 0.5]
        lost = here[here["survive"] <= 0.5]

        def name(rows: pd.DataFrame) -> str:
            return ", ".join(f"{r.assay} {r.measure} ({r.left:.2f} left, survives in {r.survive:.0%} of {r.animals})"
                             for r in rows.itertuples()) or "nothing"

        so = " and so are **not explained by the wiring between neurons**" if control == NO_WIRING and len(kept) else ""
        out.append(f"With {control}: still there in most animals are {name(kept)}{so}. Gone in most: {name(lost)}.")
    return out
