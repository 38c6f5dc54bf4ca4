"""Is it the wiring that does it? Intact animals with other wiring between neurons, with none, without the tonic drive, without stretch receptors;
and as they are, looked at again: what is missing then is chance, and that those are asked who did it the first time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from ..animal import Wiring, edges_of, individual
from ..effects import Measure, measure_of, response_left, shows
from ..shuffle import shuffle

NO_WIRING, OTHER_WIRING, NO_DRIVE, NO_STRETCH, AGAIN = WITHOUT = (
    "no neuron-neuron wiring", "shuffled neuron-neuron wiring", "no tonic drive", "no proprioception", "nothing changed, looked at again")
#: What is said of behaviours that are still there in most animals.
SURVIVORS = {NO_WIRING: " and so are **not explained by the wiring between neurons**",
             OTHER_WIRING: " and so **did not need this wiring in these shuffles**, which keep every cell's numbers of partners"}
#: From this share of the intact response on, a behaviour is said to survive (chosen here).
SURVIVES = 0.5


def without(control: str, wiring: Wiring, seed: int) -> tuple[Wiring, dict]:
    """The wiring of a control, and keyword arguments for the assay's run, which has the seed `seed` where none is among them.

    Without wiring between neurons, or with other, thresholds are those of the animals so wired: every cell sits at the midpoint that its own
    rest gives it, as an intact one does; else silence would be all that was tested.

    Other wiring is a shuffle of that between neurons alone (:func:`wormsim.shuffle.shuffle`, ``degree``; its seed is the individual's number): what
    motor neurons do to muscles stays, so that a body is as able as before. The individual's number draws signs and factors anew for it, and
    its strengths, which were calibrated in the real wiring, stay.

    Looked at again: another noise, and in assays that draw them other mates or moments, those of the next seed.
    """
    if control == AGAIN:
        return wiring, {"seed": seed + 1}
    if control == NO_DRIVE:
        return wiring, {"tonic": False}
    if control == NO_STRETCH:
        return wiring, {"proprioception": False}
    connectome = wiring.circuit.connectome
    cells, edges = connectome.cells, connectome.edges
    neurons = set(cells.index[cells["kind"] == "neuron"])
    between = edges["pre"].isin(neurons) & edges["post"].isin(neurons)
    rest = edges[~between].reset_index(drop=True)
    if control == OTHER_WIRING:
        mixed = shuffle(connectome.with_edges(edges[between].reset_index(drop=True), name=OTHER_WIRING), "degree", wiring.number)
        whole = connectome.with_edges(pd.concat([mixed.edges, rest], ignore_index=True), name=mixed.name)
        return individual(wiring.circuit.with_connectome(whole), wiring.number, wiring.seed, wiring.form), {}
    bare = wiring.circuit.with_connectome(connectome.with_edges(rest, name=NO_WIRING))
    model = wiring.model.with_circuit(bare)
    excitatory, inhibitory, gap = edges_of(model.lower(wiring.samples))
    return replace(wiring, model=model, excitatory=excitatory, inhibitory=inhibitory, gap=gap), {}


def behaviours_of(values: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame, Measure]]:
    """Each behaviour that an animal can be said to show or not: assay, measure, its values (animals by cases), and how they are compared.

    Measures that are compared by their difference from 0, and times, of which more is worse, are left out: no value of them says that it was done.
    """
    for (assay, measure), here in values.groupby(["assay", "measure"], sort=False):
        how = measure_of(measure)
        if not (how.from_zero or how.slower_is_worse):
            yield assay, measure, here.pivot(index="animal", columns="case", values="value"), how


def control_table(values: pd.DataFrame, controls: list[str]) -> pd.DataFrame:
    """Intact behaviours and what of them is left under each control, over the animals that show the behaviour when intact.

    Rows count animals, not individuals. `left` is a median over those of them that can be measured under the control; `survive` a share of all of
    them, and `unmeasured` those that failed, or in which nothing is left to be measured (a body that does not undulate has no wavelength): they
    do not survive.
    """
    out = []
    for assay, measure, wide, how in behaviours_of(values):
        for control in controls:
            if control not in wide:
                continue
            shown, then = shows(wide["intact"], how), shows(wide[control], how)
            if not shown.any() and not then.any():
                continue
            left = response_left(wide["intact"], wide[control], how)[shown]
            known = left[~np.isnan(left)]
            out.append({"assay": assay, "measure": measure, "control": control, "of": len(wide), "animals": len(left),
                        "show_then": int(then.sum()), "intact": float(wide["intact"][shown].median()),
                        "then": float(wide[control][shown].median()), "left": float(np.median(known)) if len(known) else np.nan,
                        "survive": float((left >= SURVIVES).sum() / max(len(left), 1)), "unmeasured": len(left) - len(known)})
    columns = ["assay", "measure", "control", "of", "animals", "show_then", "intact", "then", "left", "survive", "unmeasured"]
    return pd.DataFrame(out, columns=columns)


def control_text(table: pd.DataFrame) -> list[str]:
    """What survives without wiring, said in words."""
    out = []
    for control in table["control"].unique():
        here = table[table["control"] == control]
        gained, here = here[here["animals"] == 0], here[here["animals"] > 0]
        # what as many animals show without it as with it is not explained by it, whoever they are
        there = (here["survive"] > 0.5) | (here["show_then"] >= here["animals"])
        kept, lost = here[there], here[~there]

        def name(rows: pd.DataFrame) -> str:
            return ", ".join(f"{r.assay} {r.measure} ({_left(r)}survives in {r.survive:.0%} of {r.animals}; {r.animals} of {r.of} show it intact, "
                             f"{r.show_then} then)" for r in rows.itertuples()) or "nothing"

        so = SURVIVORS.get(control, "") if len(kept) else ""
        out.append(f"With {control}: still there in most animals, or in as many, are {name(kept)}{so}. Gone in most: {name(lost)}.")
        if len(gained):
            out[-1] += " Nobody shows it in the first, intact run, and some do then: " + ", ".join(f"{r.assay} {r.measure} ({r.show_then} of {r.of})"
                                                                                  for r in gained.itertuples()) + "."
    return out


def _left(row) -> str:
    known = f"{row.left:.2f} left, " if row.left == row.left else ""
    return known + (f"{row.unmeasured} cannot be measured, " if row.unmeasured else "")
