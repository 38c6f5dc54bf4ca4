"""Every removal that was run, by every measure of its assay, published or not: whether a loss is of that removal, or of most of them.

A published line asks of one removal what it does to one behaviour. A behaviour that most removals spoil is spoiled by that one as well, and
that says little of its cells; so each removal stands here beside all others, and beside the controls.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..behaviour_evidence import BY_CONSTRUCTION, case_of
from ..effects import LEAST_INDIVIDUALS, NO_PREDICTION, NORMAL
from ._behaviour_scores import INTACT, REAL, Scoring, columns_of, effect_of
from ._body_controls import AGAIN, WITHOUT

REMOVAL, CONTROL = "removal", "control"
UNCHANGED = (NORMAL, NO_PREDICTION)
CAPTION = ("Every removal that was run, by every measure of its assay, and the controls: verdict, median of what is left with its interval, and "
           "shares of the individuals; most spoiled first, before them those after which it can be measured in nobody. `kind`: removal, control, or "
           "by construction (a published line of that measure is so); `animals` were compared, and `failed` more could not be measured. The "
           "removals are those of the published lines, most of which are of other behaviours: a loss that stands among many others is not one "
           "that these cells alone bring about.")


def removal_table(s: Scoring) -> pd.DataFrame:
    """One row for each measure and case, animals of the real wiring alone.

    Returns
    -------
    DataFrame
        Columns assay, measure, case, kind ("removal", "by construction" where a published line of that measure is so, "control"), model says,
        and what :func:`wormsim.studies._behaviour_scores.columns_of` gives. A measure that no intact animal shows has no row.
    """
    built = {(row["assay"], row["measure"], case_of(row)) for _, row in s.lines(BY_CONSTRUCTION).iterrows()}
    rows = []
    for (assay, measure), table in s.wide(REAL).items():
        found = []
        for case in table.columns.drop(INTACT):
            said = effect_of(table, case, measure)
            kind = CONTROL if case in WITHOUT else BY_CONSTRUCTION if (assay, measure, case) in built else REMOVAL
            if said.individuals or said.failed:
                found.append({"assay": assay, "measure": measure, "case": case, "kind": kind, "model says": said.verdict, **columns_of(said)})
        rows += sorted(found, key=lambda row: (not np.isnan(row["left"]), row["left"], row["case"]))
    return pd.DataFrame(rows, columns=["assay", "measure", "case", "kind", "model says"] if not rows else None)


def removals_text(table: pd.DataFrame) -> list[str]:
    """How many removals change each measure, beside the animals looked at again, where enough individuals show it."""
    parts = []
    for (assay, measure), here in table.groupby(["assay", "measure"], sort=False):
        own, built, again = here[here["kind"] == REMOVAL], here[here["kind"] == BY_CONSTRUCTION], here[here["case"] == AGAIN]
        if own.empty or own["individuals"].max() < LEAST_INDIVIDUALS:
            continue
        normal, unsaid = (int((own["model says"] == name).sum()) for name in (NORMAL, NO_PREDICTION))
        medians = f"{int((own['left'] < 0.5).sum())} leave less than half, {int((own['median says'] == NORMAL).sum())} leave it normal"
        parts.append(f"{assay} {measure}: of {len(own)} removals {len(own) - normal - unsaid} change it, {normal} leave it normal, {unsaid} have no "
                     f"prediction (by medians {medians}; {own['left'].median():.2f} is left in the median of them all)"
                     + "".join(f"; {AGAIN}: {r.left:.2f} left ({r.low:.2f} to {r.high:.2f})" for r in again.itertuples())
                     + (f"; of {len(built)} removals that should change it by construction {int((~built['model says'].isin(UNCHANGED)).sum())} do"
                        if len(built) else ""))
    text = "**Every removal beside every measure** (table `removals`), published for it or not: what most removals spoil is not tied to one of them. "
    return [text + ". ".join(parts) + "."] if parts else []
