"""Every removal that was run, by every measure of its assay, published or not: whether a loss is of that removal, or of most of them.

A published line asks of one removal what it does to one behaviour. A behaviour that most removals spoil is spoiled by that one as well, and
that says little of its cells; so each removal stands here beside all others. And beside none: the same animals intact, looked at AGAIN at other
moments or with other mates, as whoever did it in a few tries may not do it in the next ones.
"""

from __future__ import annotations

import pandas as pd

from ..calibrated import individual_of
from ..cases import INTACT
from ..effects import CATEGORIES, LEAST_INDIVIDUALS, NO_PREDICTION, NORMAL, effect

AGAIN = "nothing removed, looked at again"
CAPTION = ("Every removal that was run, by every measure of its assay: verdict, median of what is left with its interval, and shares of the "
           "individuals; most spoiled first. The removals are those of the published lines, most of which are of other behaviours: a loss that "
           "stands among many others is not one that these cells alone bring about. 'Nothing removed': the same intact animals under another noise, "
           "at other moments or with other mates; what is missing then is chance, and that those are asked who did it the first time.")
COLUMNS = ("assay", "measure", "case", "says", "left", "low", "high", "median says", "individuals", *(f"share {name}" for name in CATEGORIES))


def removal_table(values: pd.DataFrame) -> pd.DataFrame:
    """One row for each measure and removal, animals of the real wiring alone.

    Parameters
    ----------
    values : DataFrame
        Columns assay, case, measure, value, animal, wiring; without controls.

    Returns
    -------
    DataFrame
        COLUMNS. Where no individual can be compared there is no row.
    """
    rows = []
    for (assay, measure), here in values[values["wiring"] == "real wiring"].groupby(["assay", "measure"], sort=False):
        table = here.pivot(index="animal", columns="case", values="value")
        whose = individual_of(table.index.to_numpy())
        found = [(case, effect(table[INTACT], table[case], measure, individual=whose)) for case in table.columns.drop(INTACT)]
        found = [(case, said) for case, said in found if said.individuals]
        rows += [(assay, measure, case, said.verdict, said.value, said.low, said.high, said.leaning, said.individuals, *said.shares.values())
                 for case, said in sorted(found, key=lambda pair: (pair[1].value, pair[0]))]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def removals_text(table: pd.DataFrame) -> list[str]:
    """How many removals leave each measure as it was, where enough individuals show it."""
    parts = []
    for (assay, measure), here in table.groupby(["assay", "measure"], sort=False):
        if here["individuals"].max() < LEAST_INDIVIDUALS:
            continue
        again, here = here[here["case"] == AGAIN], here[here["case"] != AGAIN]
        says = here["says"]
        normal, unsaid = int((says == NORMAL).sum()), int((says == NO_PREDICTION).sum())
        by_medians, left = int((here["median says"] == NORMAL).sum()), here["left"].median()
        parts.append(f"{assay} {measure}: of {len(here)} removals {len(here) - normal - unsaid} change it, {normal} leave it normal, {unsaid} have "
                     f"no prediction (by medians {by_medians} leave it normal; {left:.2f} is left in the median of them all" + "".join(
                         f"; with nothing removed, looked at again, {r.left:.2f}, {r.low:.2f} to {r.high:.2f}" for r in again.itertuples()) + ")")
    text = "**Every removal beside every measure** (table `removals`), published for it or not: what most removals spoil is not tied to one of them. "
    return [text + "; ".join(parts) + "."] if parts else []
