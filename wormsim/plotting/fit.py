"""Figures of a fit, drawn from its tables and scores alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..parameter import Prior
from ..studies import StudyFigure
from . import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_REAL = "real wiring"


def fit_figures(tables: Mapping[str, pd.DataFrame], scores: pd.DataFrame) -> dict[str, StudyFigure]:
    """All figures of a fit, in the order of the report."""
    return {
        "held_out": StudyFigure(
            lambda: held_out_figure(scores),
            "Score on the folds that a fit did not see, and its controls (bars: 95 % intervals, units resampled). Dashed: samples of the "
            "priors; dotted: what the noise of the data allows.",
        ),
        "parameters": StudyFigure(
            lambda: parameters_figure(tables["parameters"], tables["members"]),
            "Where the members of the fitted ensemble lie in the prior of each parameter (dots; bar: their middle 95 %). "
            "Red line: the true value, where the data were made with one.",
        ),
        "search": StudyFigure(
            lambda: search_figure(tables["search"]),
            "Score on the fitted part by generation: median over chains of each generation's best candidate. This is what the search "
            "was told and no prediction.",
        ),
    }


def held_out_figure(scores: pd.DataFrame) -> Figure:
    """The held-out score of the real wiring and of each control."""
    rows = scores[scores["metric"] == "held_out_score"].reset_index(drop=True)
    figure, (ax,) = style.new_figure(6.4, 0.9 + 0.42 * len(rows))
    for y, row in rows.iterrows():
        colour = style.RED if row["control"] == _REAL else style.GREY
        ax.plot([row["low"], row["high"]], [y, y], color=colour, lw=2, solid_capstyle="butt")
        ax.plot(row["value"], y, "o", color=colour, ms=6)
        ax.annotate(f"{row['value']:.2f}", (row["value"], y), xytext=(0, 6), textcoords="offset points", ha="center", fontsize=8,
                    color=colour, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8})
    ax.axvline(rows["floor"].iloc[0], color=style.BLACK, lw=0.8, ls="--")
    ax.axvline(rows["ceiling"].iloc[0], color=style.BLACK, lw=0.8, ls=":")
    ax.set_yticks(range(len(rows)), [f"{name} (fitted)" if name == _REAL else name for name in rows["control"]])
    ax.set_ylim(len(rows) - 0.4, -0.8)
    ax.set_xlabel("held-out score")
    return figure


def parameters_figure(parameters: pd.DataFrame, members: pd.DataFrame) -> Figure:
    """One row a parameter, the prior from left to right."""
    n = len(parameters)
    figure, (ax,) = style.new_figure(6.4, 0.8 + 0.5 * n)
    for y, row in parameters.iterrows():
        prior = Prior(row["prior"], row["prior_low"], row["prior_high"])
        x = prior.inverse(members[row["parameter"]].to_numpy())
        low, high = prior.inverse(row["low"]), prior.inverse(row["high"])
        ax.plot([0, 1], [y, y], color=style.LIGHT, lw=6, solid_capstyle="butt", zorder=0)
        ax.plot([low, high], [y, y], color=style.SKY, lw=6, solid_capstyle="butt", zorder=1)
        ax.plot(x, np.full(len(x), y), "o", color=style.BLUE, ms=4, alpha=0.6, zorder=2, mec="none")
        if "truth" in parameters:
            true = prior.inverse(row["truth"])
            ax.plot([true, true], [y - 0.28, y + 0.28], color=style.RED, lw=2, zorder=3)
        for at, value, align in ((0, row["prior_low"], "left"), (1, row["prior_high"], "right")):
            ax.annotate(f"{value:g}", (at, y), xytext=(0, -11), textcoords="offset points", ha=align, fontsize=7, color=style.GREY)
    ax.set_yticks(range(n), [f"{p}{' (log)' if k == 'loguniform' else ''}"
                             for p, k in zip(parameters["parameter"], parameters["prior"], strict=True)])
    ax.set_ylim(n - 0.3, -0.6)
    ax.set_xlim(-0.02, 1.02)
    ax.set_xlabel("place in the prior")
    ax.set_xticks([0, 0.5, 1])
    return figure


def search_figure(search: pd.DataFrame) -> Figure:
    """Best score of each generation, by wiring."""
    figure, (ax,) = style.new_figure(6.4, 3.0)
    best = search.groupby(["wiring", "generation"], sort=False)["best"].median().unstack("wiring")
    best = best[[_REAL, *(name for name in best if name != _REAL)]]
    named = set()
    for name in best:
        kind = name.rpartition(" shuffle ")[0] or name
        colour = {_REAL: style.RED, "degree": style.GREY, "weights": style.SKY, "signs": style.PURPLE}.get(kind, style.BLACK)
        label = kind if kind in (_REAL, name) else f"{kind} shuffles"
        ax.plot(best.index + 1, best[name], color=colour, lw=2 if name == _REAL else 1, label=None if label in named else label,
                zorder=3 if name == _REAL else 2, ls="-" if kind != name or name == _REAL else ":")
        named.add(label)
    ax.set_xlabel("generation")
    ax.set_ylabel("best score, fitted part")
    ax.legend(frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), ncols=4)
    return figure
