"""Figures of studies that compare recorded animals, drawn from their tables alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..studies import StudyFigure
from . import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SHOWN = 24
LABELS = 34  # of the neurons of a matrix, evenly spaced


def decoding_figures(tables: Mapping[str, pd.DataFrame]) -> dict[str, StudyFigure]:
    """Figures of a leave-one-animal-out study."""
    return {
        "decoding": StudyFigure(lambda: decoding_figure(tables["decoding"]),
                                "Correlation of predicted with recorded behaviour, one dot an animal that was left out, bar: mean."),
        "predicted": StudyFigure(lambda: predicted_figure(tables["predicted"]),
                                 "Recorded (black) and predicted (orange) behaviour of each animal, from a decoder that never saw it; z-scores."),
        "tuning": StudyFigure(lambda: tuning_figure(tables["tuning"]),
                              f"Tuning of single neurons: mean correlation with behaviour over animals and standard deviation; the {SHOWN} "
                              "largest among neurons named in at least three animals."),
    }


def decoding_figure(decoded: pd.DataFrame) -> Figure:
    """One panel a behaviour, one row a way to learn."""
    behaviours = list(dict.fromkeys(decoded["behaviour"]))
    ways = list(dict.fromkeys(decoded["from"]))
    figure, axes = style.new_figure(3.4 * len(behaviours) + 2.4, 0.36 * len(ways) + 1.0, 1, len(behaviours), sharey=True)
    y = np.arange(len(ways))[::-1]
    for ax, behaviour in zip(axes, behaviours, strict=True):
        for height, way in zip(y, ways, strict=True):
            r = decoded.loc[(decoded["behaviour"] == behaviour) & (decoded["from"] == way), "r"]
            colour = style.GREY if way.startswith(("control", "reference")) else style.BLUE
            ax.plot(r, np.full(len(r), height), "o", color=colour, ms=5, alpha=0.6)
            ax.plot([r.mean()] * 2, [height - 0.3, height + 0.3], color=colour, lw=2.5)
        ax.axvline(0, color=style.BLACK, lw=0.8, ls="--")
        ax.set(title=behaviour.replace("_", " "), xlabel="correlation, animal left out")
    axes[0].set_yticks(y, ways)
    return figure


def predicted_figure(predicted: pd.DataFrame) -> Figure:
    """Recorded and predicted behaviour over time."""
    behaviours, animals = (list(dict.fromkeys(predicted[c])) for c in ("behaviour", "animal"))
    figure, axes = style.new_figure(5.2 * len(behaviours), 1.1 * len(animals) + 0.8, len(animals), len(behaviours), sharex=True)
    for k, (animal, behaviour) in enumerate((a, b) for a in animals for b in behaviours):
        part = predicted[(predicted["animal"] == animal) & (predicted["behaviour"] == behaviour)]
        ax = axes[k]
        ax.plot(part["time_s"], part["recorded"], color=style.BLACK, lw=0.7, label="recorded")
        ax.plot(part["time_s"], part["predicted"], color=style.ORANGE, lw=0.9, label="predicted")
        ax.set_ylim(-4, 4)
        if k < len(behaviours):
            ax.set_title(behaviour.replace("_", " "))
        if k % len(behaviours) == 0:
            ax.set_ylabel(animal, fontsize=7)
        if k >= len(behaviours) * (len(animals) - 1):
            ax.set_xlabel("time (s)")
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, frameon=False, fontsize=8, loc="outside upper right", ncols=2)
    return figure


def tuning_figure(tuning: pd.DataFrame) -> Figure:
    """The most tuned neurons of each behaviour."""
    behaviours = list(dict.fromkeys(tuning["behaviour"]))
    figure, axes = style.new_figure(2.9 * len(behaviours), 0.19 * SHOWN + 1.0, 1, len(behaviours))
    for ax, behaviour in zip(axes, behaviours, strict=True):
        part = tuning[(tuning["behaviour"] == behaviour) & (tuning["animals"] >= 3)]
        part = part.loc[part["mean"].abs().nlargest(SHOWN).index].sort_values("mean")
        colours = np.where(part["mean"] > 0, style.RED, style.BLUE)
        y = np.arange(len(part))
        ax.hlines(y, part["mean"] - part["sd"], part["mean"] + part["sd"], color=colours, lw=1.5, alpha=0.5)
        ax.scatter(part["mean"], y, c=colours, s=16, zorder=3)
        ax.axvline(0, color=style.BLACK, lw=0.8)
        ax.set_yticks(y, part["cell"], fontsize=7)
        ax.set(title=behaviour.replace("_", " "), xlabel="correlation")
    return figure


def correlation_figures(tables: Mapping[str, pd.DataFrame]) -> dict[str, StudyFigure]:
    """Figures of a study of correlation matrices."""
    return {
        "similarity": StudyFigure(lambda: similarity_figure(tables["predictors"]),
                                  "Similarity of the recorded correlation matrix of each animal (dots) to what each predictor says, and the "
                                  "mean (bar). "
                                  "Orange: fitted on the other animals; blue: no weights fitted; red: simulator and anatomy, fitted on the other "
                                  "animals; grey: wiring shuffled; black: other animals, the ceiling."),
        "matrices": StudyFigure(lambda: matrices_figure(tables["matrix"]),
                                "Correlations of pairs of neurons side by side, the neurons in one order (by the recorded matrix): one "
                                "animal, the mean "
                                "of the others, and the prediction fitted on the others. Each with a colour scale of its own, since similarity does "
                                "not depend on scale."),
    }


def similarity_figure(predictors: pd.DataFrame) -> Figure:
    """Similarity by predictor."""
    order = predictors.groupby("predictor", sort=False)["similarity"].mean().sort_values().index
    colours = {"anatomy": style.BLUE, "simulator": style.BLUE, "fitted": style.ORANGE, "fitted with simulator": style.RED, "control": style.GREY,
               "ceiling": style.BLACK}
    figure, (ax,) = style.new_figure(6.6, 0.3 * len(order) + 0.9)
    for y, name in enumerate(order):
        part = predictors[predictors["predictor"] == name]
        colour = colours[part["sort"].iloc[0]]
        ax.plot(part["similarity"], np.full(len(part), y), "o", color=colour, ms=4, alpha=0.5)
        ax.plot([part["similarity"].mean()] * 2, [y - 0.3, y + 0.3], color=colour, lw=2.5)
    ax.axvline(0, color=style.BLACK, lw=0.8, ls="--")
    ax.set_yticks(range(len(order)), order)
    ax.set_xlabel("similarity to an animal's correlation matrix")
    return figure


def matrices_figure(matrix: pd.DataFrame) -> Figure:
    """Three matrices side by side."""
    from scipy.cluster.hierarchy import leaves_list, linkage

    names = sorted(set(matrix["first"]) | set(matrix["second"]))
    at = {name: k for k, name in enumerate(names)}
    i, j = matrix["first"].map(at).to_numpy(), matrix["second"].map(at).to_numpy()

    def full(column: str) -> np.ndarray:
        m = np.full((len(names), len(names)), np.nan)
        m[i, j] = m[j, i] = matrix[column]
        return m

    columns = ("recorded", "others", "predicted")
    matrices = [full(c) for c in columns]
    order = leaves_list(linkage(np.nan_to_num(matrices[0]), "average"))
    figure, axes = style.new_figure(13.5, 5.0, 1, 3)
    for ax, m, title in zip(axes, matrices, (f"recorded: {matrix['animal'].iloc[0]}", "mean of the other animals", "predicted"), strict=True):
        top = np.nanquantile(np.abs(m), 0.98)
        image = ax.imshow(m[np.ix_(order, order)], cmap="RdBu_r", vmin=-top, vmax=top, interpolation="nearest")
        ticks = range(0, len(names), -(-len(names) // LABELS))
        ax.set_xticks(ticks, [names[order[k]] for k in ticks], rotation=90, fontsize=6)
        ax.set_yticks(ticks, [names[order[k]] for k in ticks], fontsize=6)
        ax.tick_params(length=0)
        ax.set_title(title)
        figure.colorbar(image, ax=ax, shrink=0.6)
    return figure
