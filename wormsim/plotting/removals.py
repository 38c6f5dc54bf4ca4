"""Figure of every removal by every measure of whole animals, published or not, with the controls below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..effects import IMPAIRED, LEAST_INDIVIDUALS, NO_PREDICTION
from ..studies import StudyFigure
from ..studies._behaviour_removals import BY_CONSTRUCTION, CONTROL
from .behaviour import COLOURS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

#: Share of its colour that a cell keeps of which the ensemble says nothing and only the median falls somewhere.
PALE = 0.25
#: Longest label of a case, letters.
LONGEST = 46


def removal_figures(table: pd.DataFrame | None) -> dict[str, StudyFigure]:
    """The figure, of the measures that enough individuals show after some removal; none without any, and of results of older versions."""
    if table is None or not {"individuals", "kind"} <= set(table.columns):
        return {}
    most = table[table["kind"] != CONTROL].groupby(["assay", "measure"])["individuals"].max()
    measures = set(most.index[most >= LEAST_INDIVIDUALS])
    if not measures:
        return {}
    shown = table[[pair in measures for pair in zip(table["assay"], table["measure"], strict=True)]]
    return {"removals": StudyFigure(
        lambda: removals(shown), "What is left after every removal that was run, published or not: the median over the individuals that show the "
        "measure, most spoiled rows first (by the median of their numbers), controls below the line. Full colour: the ensemble says so (an "
        "interval across lost and impaired counts as impaired, whatever the median); pale: only the median does, as too few individuals are left "
        "or the interval is too wide. In brackets: to be so by construction. -: it can be measured in nobody, who failed or does not move so. "
        "Empty: not run in that assay. A column of one colour is a behaviour that most removals spoil: a loss there says little of the cells "
        "removed.",
        "Grid of removals by measures, coloured by lost, impaired, normal and enhanced, with what is left written in")}


def removals(table: pd.DataFrame) -> Figure:
    """One line a case, one column a measure.

    Parameters
    ----------
    table : DataFrame
        Rows of ``removals`` (:func:`wormsim.studies._behaviour_removals.removal_table`), at least one.
    """
    from matplotlib.colors import to_rgb
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    columns = list(dict.fromkeys(zip(table["assay"], table["measure"], strict=True)))
    control = table.groupby("case", sort=False)["kind"].first() == CONTROL
    order = table.groupby("case", sort=False)["left"].median().sort_values(kind="stable", na_position="first").index
    cases = [case for case in order if not control[case]] + [case for case in order if control[case]]
    colour = np.ones((len(cases), len(columns), 3))
    figure = Figure(figsize=(3.6 + 0.85 * len(columns), 1.9 + 0.21 * len(cases)), layout="constrained")
    axes = figure.subplots()
    told = zip(*(table[name] for name in ("case", "assay", "measure", "kind", "model says", "median says", "left", "failed")), strict=True)
    for case, assay, measure, kind, said, median, left, failed in told:
        at = cases.index(case), columns.index((assay, measure))
        only_median = said == NO_PREDICTION
        name = median if only_median else said
        if np.isfinite(left) and name in COLOURS:
            share = PALE if only_median else 1.0
            colour[at] = share * np.array(to_rgb(COLOURS[name])) + 1 - share
        number = f"{left:.2f}" if np.isfinite(left) else "-" if failed else ""
        dark = only_median or name == IMPAIRED
        axes.text(at[1], at[0], f"({number})" if number and kind == BY_CONSTRUCTION else number, ha="center", va="center", fontsize=6.5,
                  color="black" if dark else "white")
    axes.imshow(colour, aspect="auto")
    first = sum(not control[case] for case in cases)
    axes.axhline(first - 0.5, color="black", lw=1)
    axes.set_yticks(range(len(cases)), [case if len(case) <= LONGEST else case[: LONGEST - 3] + "..." for case in cases], fontsize=7)
    axes.set_xticks(range(len(columns)), [f"{assay}: {measure}" for assay, measure in columns], fontsize=7, rotation=35, ha="right")
    axes.set_xticks(np.arange(len(columns) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(cases) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", lw=1.2)
    axes.tick_params(which="both", length=0)
    figure.legend(handles=[Patch(color=c, label=name) for name, c in COLOURS.items()], fontsize=7, ncols=4, loc="outside upper center", frameon=False)
    return figure
