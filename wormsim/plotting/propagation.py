"""Figures of a study of signal propagation, drawn from its tables alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..metrics.propagation_auroc import roc_curve, weighted_auroc
from ..studies import StudyFigure
from . import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SORT_COLOURS = {"model": style.RED, "ablation": style.BLUE, "control": style.GREY}
SHOWN = 40
NAMED = 6


def propagation_figures(tables: Mapping[str, pd.DataFrame], scores: pd.DataFrame) -> dict[str, StudyFigure]:
    """All figures, in the order of the report."""
    return {
        "added": StudyFigure(
            lambda: added_figure(tables["models"], tables["floors"]),
            "What each model adds to the nuisance model on stimulated neurons that were held out (right), and what it scores alone (left); "
            "bars: 95 % bootstrap over stimulated neurons. Red: the default model; blue: variations of it; grey: control wirings. Dashed left: "
            "chance and the gap-only resolvent; dotted: minus the distance between the somata; dashed right: nothing, and dotted the goal of 0.02."),
        "roc": StudyFigure(
            lambda: roc_figure(tables["pairs"]),
            "Receiver operating curves of the measured pairs of the wild type, all held out: the simulator alone, with shuffled wiring, minus the "
            "distance, the nuisance model, and nuisance with simulator."),
        "maps": StudyFigure(
            lambda: maps_figure(tables["pairs"]),
            f"Recorded beside simulated: the {SHOWN} neurons most often seen in both roles, in one order (by recorded responses of the rows). Left: "
            "recorded mean response where q < 0.05, pale where measured and not detected, white where not measured. Right: the simulator's score "
            "as a rank among the pairs that were measured."),
        "stimulated": StudyFigure(
            lambda: stimulated_figure(tables["responders"]),
            "How well responders are ranked, one point a stimulated neuron with at least five detected responders (larger: more of them): the "
            "simulator alone against the nuisance model; named are those that differ most."),
        "worm": StudyFigure(
            lambda: worm_figure(tables["responders"]),
            "The same on the worm, seen from its side, nose to the left (what was stimulated lies in the front of it): how well the responders "
            "of each stimulated neuron with at least two detected ones are ranked by the simulator alone, and by the nuisance model. Rings: "
            "one detected responder."),
    }


def added_figure(models: pd.DataFrame, floors: pd.DataFrame) -> Figure:
    """Simulator alone, and what it adds, for every model."""
    y = np.arange(len(models))[::-1]
    colours = [SORT_COLOURS[s] for s in models["sort"]]
    figure, axes = style.new_figure(9.0, 0.26 * len(models) + 1.0, 1, 2, sharey=True)
    for ax, value in zip(axes, ("auroc", "added"), strict=True):
        ax.hlines(y, models[f"{value}_low"], models[f"{value}_high"], color=colours, lw=2, alpha=0.6)
        ax.scatter(models[value], y, c=colours, s=28, zorder=3)
    floor = floors.set_index("predictor")["value"]
    axes[0].axvline(0.5, color=style.BLACK, lw=0.8, ls="--")
    axes[0].axvline(floor["gap-only resolvent"], color=style.BLACK, lw=0.8, ls="--")
    axes[0].axvline(floor["minus the distance of the somata"], color=style.BLACK, lw=0.8, ls=":")
    axes[1].axvline(0, color=style.BLACK, lw=0.8, ls="--")
    axes[1].axvline(0.02, color=style.BLACK, lw=0.8, ls=":")
    axes[0].set_yticks(y, models["model"])
    axes[0].set_xlabel("AUROC, simulator alone")
    axes[1].set_xlabel("AUROC added to nuisance")
    return figure


def roc_figure(pairs: pd.DataFrame) -> Figure:
    """Receiver operating curves with their controls."""
    figure, (ax,) = style.new_figure(5.2, 4.8)
    yes = pairs["detected"].to_numpy(bool)
    lines = [("both", "nuisance + simulator", style.RED), ("nuisance", "nuisance", style.BLACK), ("distance_au", "minus distance", style.PURPLE),
             ("score", "simulator alone", style.ORANGE), ("shuffled", "degree shuffle alone", style.GREY)]
    for column, label, colour in lines:
        if column in pairs:
            score = pairs[column].to_numpy(float) * (-1 if column == "distance_au" else 1)
            ax.plot(*roc_curve(score, yes), color=colour, lw=1.5, label=f"{label} ({weighted_auroc(score, yes, np.ones(len(yes))):.3f})")
    ax.plot([0, 1], [0, 1], color=style.LIGHT, lw=1, zorder=0)
    ax.set(xlabel="false-alarm rate", ylabel="hit rate", xlim=(0, 1), ylim=(0, 1.01))
    ax.legend(frameon=False, fontsize=8, loc="lower right")
    return figure


def maps_figure(pairs: pd.DataFrame) -> Figure:
    """Recorded and simulated responses of the neurons that were seen most."""
    from scipy.cluster.hierarchy import leaves_list, linkage

    both = pairs["stimulated"].value_counts().mul(pairs["responder"].value_counts(), fill_value=0)
    names = sorted(both.sort_values(ascending=False, kind="stable").index[:SHOWN])
    part = pairs[pairs["stimulated"].isin(names) & pairs["responder"].isin(names)]
    part = part.assign(rank=part["score"].rank(pct=True))

    def matrix(column: str) -> np.ndarray:
        return part.pivot(index="responder", columns="stimulated", values=column).reindex(index=names, columns=names).to_numpy(float)

    recorded, detected, simulated = matrix("amplitude"), matrix("detected"), matrix("rank")
    order = leaves_list(linkage(np.nan_to_num(detected), "average")) if len(names) > 2 else np.arange(len(names))
    names = [names[k] for k in order]
    recorded, detected, simulated = (m[np.ix_(order, order)] for m in (recorded, detected, simulated))
    figure, axes = style.new_figure(12.0, 6.2, 1, 2)
    top = np.nanquantile(np.abs(recorded[detected == 1]), 0.9) if (detected == 1).any() else 1.0
    shown = np.where(detected == 1, recorded, np.nan)
    axes[0].imshow(np.where(np.isfinite(detected), 0.12, np.nan), cmap="Greys", vmin=0, vmax=1, interpolation="nearest")
    images = [axes[0].imshow(shown, cmap="RdBu_r", vmin=-top, vmax=top, interpolation="nearest"),
              axes[1].imshow(simulated, cmap="viridis", vmin=0, vmax=1, interpolation="nearest")]
    words = (("recorded", "mean response where q < 0.05 (dF/F)"), ("simulated", "rank of the score"))
    for ax, image, (title, bar) in zip(axes, images, words, strict=True):
        ax.set_xticks(range(len(names)), names, rotation=90, fontsize=6)
        ax.set_yticks(range(len(names)), names, fontsize=6)
        ax.set(title=title, xlabel="stimulated", ylabel="responding")
        figure.colorbar(image, ax=ax, shrink=0.7, label=bar)
    return figure


def stimulated_figure(responders: pd.DataFrame) -> Figure:
    """Per stimulated neuron: simulator against nuisance."""
    figure, (ax,) = style.new_figure(5.4, 5.0)
    some = responders[responders["detected"] >= 5]
    ax.plot([0, 1], [0, 1], color=style.LIGHT, lw=1, zorder=0)
    ax.axhline(0.5, color=style.LIGHT, lw=1, ls="--", zorder=0)
    ax.scatter(some["nuisance"], some["auroc"], s=6 + 3 * some["detected"], color=style.BLUE, alpha=0.6, lw=0)
    apart = (some["auroc"] - some["nuisance"]).sort_values().index
    said: list[tuple[float, float]] = []
    for k in dict.fromkeys([*apart[:NAMED], *apart[:-NAMED - 1:-1]]):
        here = (some.loc[k, "nuisance"], some.loc[k, "auroc"])
        if any(abs(here[0] - x) < 0.09 and abs(here[1] - y) < 0.03 for x, y in said):
            continue  # its name would cover that of one that differs more
        said.append(here)
        ax.annotate(some.loc[k, "stimulated"], (some.loc[k, "nuisance"], some.loc[k, "auroc"]), fontsize=7, xytext=(4, 2), textcoords="offset points")
    ax.set(xlabel="AUROC of the nuisance model", ylabel="AUROC of the simulator alone", xlim=(0.2, 1.01), ylim=(0.1, 1.01))
    return figure


def worm_figure(responders: pd.DataFrame) -> Figure:
    """Per stimulated neuron, at the place of its cell body."""
    figure, axes = style.new_figure(9.0, 6.0, 2, 1, sharex=True, sharey=True)
    known = responders[responders["y"].notna()]
    few = known["detected"] < 2
    order = known[~few].sort_values("detected")  # those with most responders on top
    for ax, value, title in zip(axes, ("auroc", "nuisance"), ("simulator alone", "distance, trials, responder's rate"), strict=True):
        ax.scatter(known.loc[few, "y"], known.loc[few, "z"], s=14, facecolors="none", edgecolors=style.GREY, lw=0.5)
        shown = ax.scatter(order["y"], order["z"], c=order[value], s=18 + 3 * order["detected"], cmap="RdBu_r", vmin=0.0, vmax=1.0,
                           edgecolors=style.GREY, lw=0.4)
        for name, y, z, found in order.nsmallest(NAMED, value)[["stimulated", "y", "z", value]].itertuples(index=False):
            ax.annotate(f"{name} {found:.2f}", (y, z), fontsize=6, xytext=(5, 3), textcoords="offset points")
        ax.set(title=f"{title}; the lowest are named", yticks=[], xticks=[], ylabel="ventral to dorsal")
        figure.colorbar(shown, ax=ax, label="AUROC", pad=0.01)
    axes[1].set_xlabel("anterior to posterior")
    return figure
