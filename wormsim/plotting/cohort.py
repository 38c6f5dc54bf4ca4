"""Figure of a cohort: how many animals share a connection, and what share of each animal's wiring varies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..cohort import CLASSES, Cohort
from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CLASS_COLOURS = {
    "stable": style.BLUE,
    "increasing": style.GREEN,
    "decreasing": style.PURPLE,
    "variable": style.ORANGE,
}

#: Shares of variable connections and of variable synapses that Witvliet et al. 2021 state; see
#: :meth:`wormsim.cohort.Cohort.variable_share` for how sure that is.
PUBLISHED_SHARE = {"connections": 0.43, "contacts": 0.16}

#: Steps 2 to 4 of :meth:`wormsim.cohort.Cohort.classify` in a line.
VARIABLE_RULE = "variable: weak, or without a significant trend with age and missing in two or more animals"


def cohort_figure(cohort: Cohort, kind: str = "chemical") -> Figure:
    """Four panels: presence, variable share, classes by animal, disagreement of pairs.

    Parameters
    ----------
    cohort : Cohort
        With the animals' ages.
    kind : str
        Kind of edge.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, (presence, share, classes, pairs) = style.new_figure(9.6, 7.0, 2, 2)
    labels = _labels(cohort)
    _presence(presence, cohort, kind)
    _share(share, cohort, kind, labels)
    _classes(classes, cohort, kind, labels)
    _pairs(figure, pairs, cohort, kind, labels)
    for ax in (presence, share, classes, pairs):
        ax.title.set_size(10)
    figure.get_layout_engine().set(hspace=0.07)
    return figure


def _labels(cohort: Cohort) -> list[str]:
    return [f"{i + 1}\n{age:g} h" for i, age in enumerate(cohort.ages_h)]


def _presence(ax: Axes, cohort: Cohort, kind: str) -> None:
    table = cohort.classify(kind)
    animals = np.arange(1, len(cohort.animals) + 1)
    bottom = np.zeros(len(animals))
    for name in CLASSES:
        number = table.loc[table["connection_class"] == name, "n_animals"]
        height = np.array([(number == n).sum() for n in animals])
        ax.bar(animals, height, bottom=bottom, color=CLASS_COLOURS[name], label=name, width=0.8)
        bottom += height
    ax.set_xticks(animals)
    ax.set(
        xlabel="animals that have the connection",
        ylabel=f"{kind} connections",
        title=f"{len(table)} connections in the union",
    )
    ax.legend(frameon=False, fontsize=8)


def _share(ax: Axes, cohort: Cohort, kind: str, labels: list[str]) -> None:
    x = np.arange(len(cohort.animals))
    for by, marker, colour, word in (
        ("connections", "o", style.ORANGE, "connections"),
        ("contacts", "s", style.BLACK, "synapses"),
    ):
        ax.plot(
            x,
            100 * cohort.variable_share(kind=kind, by=by),
            marker=marker,
            color=colour,
            label=word,
            linewidth=1.5,
            markersize=5,
        )
        if cohort.name == "witvliet2021" and kind == "chemical":
            level = 100 * PUBLISHED_SHARE[by]
            ax.plot([-0.3, len(x) - 0.75], [level, level], color=colour, linestyle=":", linewidth=1)
            ax.text(len(x) - 0.65, level, f"published\n{level:.0f} %", fontsize=7, color=colour, va="center")
            ax.set_xlim(-0.4, len(x) + 0.35)
    ax.set_xticks(x, labels)
    ax.set(ylim=(0, 60), xlabel="animal, age", ylabel="variable (%)", title="Share classed as variable")
    ax.text(0.5, -0.235, VARIABLE_RULE, transform=ax.transAxes, fontsize=7, color=style.GREY, ha="center", va="top")
    ax.legend(frameon=False, fontsize=8, loc="upper left")


def _classes(ax: Axes, cohort: Cohort, kind: str, labels: list[str]) -> None:
    counts = cohort.class_counts(kind=kind)
    x = np.arange(len(cohort.animals))
    bottom = np.zeros(len(x))
    for name in CLASSES:
        ax.bar(x, counts[name], bottom=bottom, color=CLASS_COLOURS[name], width=0.8)
        bottom += counts[name].to_numpy()
    ax.set_xticks(x, labels)
    ax.set(xlabel="animal, age", ylabel=f"{kind} connections", title="Classes in each animal")


def _pairs(figure: Figure, ax: Axes, cohort: Cohort, kind: str, labels: list[str]) -> None:
    values = 100 * cohort.disagreement(kind).to_numpy()
    np.fill_diagonal(values, np.nan)
    image = ax.imshow(values, cmap="viridis_r")
    dark = np.nanmin(values) + 0.55 * (np.nanmax(values) - np.nanmin(values))
    for i, j in zip(*np.nonzero(np.isfinite(values)), strict=True):
        ax.text(
            j,
            i,
            f"{values[i, j]:.0f}",
            ha="center",
            va="center",
            fontsize=7,
            color="white" if values[i, j] > dark else style.BLACK,
        )
    ax.set_xticks(range(len(labels)), labels)
    ax.set_yticks(range(len(labels)), [label.replace("\n", ", ") for label in labels])
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    ax.set(xlabel="animal, age", title="Connections of either that only one has (%)")
    bar = figure.colorbar(image, ax=ax, shrink=0.8)
    bar.set_label("connections that differ (%)", fontsize=8)
    bar.ax.tick_params(labelsize=7)
