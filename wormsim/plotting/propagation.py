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
    for k in dict.fromkeys([*apart[:NAMED], *apart[-NAMED:]]):
        ax.annotate(some.loc[k, "stimulated"], (some.loc[k, "nuisance"], some.loc[k, "auroc"]), fontsize=7, xytext=(4, 2), textcoords="offset points")
    ax.set(xlabel="AUROC of the nuisance model", ylabel="AUROC of the simulator alone", xlim=(0.2, 1.01), ylim=(0.1, 1.01))
    return figure
