"""Figures of an ablation screen, drawn from its tables and traces alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..studies import StudyFigure
from . import style

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

ROLE_COLOURS = {"needed": style.RED, "not needed": style.BLUE, "by construction": style.GREY}
GROUP_COLOURS = {"ventral_posterior": style.RED, "diagonal": style.ORANGE, "dorsal_posterior": style.BLUE}
SHOWN = 30


def screen_figures(
    tables: Mapping[str, pd.DataFrame], traces: Mapping[str, xr.Dataset], scores: pd.DataFrame
) -> dict[str, StudyFigure]:
    """All figures of a screen, in the order of the report."""
    models = [name.removeprefix("ranking_") for name in tables if name.startswith("ranking_")]
    default = models[0]
    figures = {
        "ranking": StudyFigure(
            lambda: ranking_figure(
                default,
                tables[f"ranking_{default}"],
                {m: tables[f"ranking_{m}"] for m in models[1:]},
                float(tables["noise_floor"].set_index("model").loc[default, "p_lost"]),
            ),
            f"Single cells and classes whose loss most often abolishes the behaviour in the {default} ensemble (dots, 95 % Wilson "
            f"intervals){'; open marks: the same removal in the other model' if len(models) > 1 else ''}; dashed: how often it is "
            "lost when nothing is removed and only the noise is drawn anew. Cells that the assay itself drives are left out. Those "
            "with equal chances are ordered by the response that is left.",
        ),
        "published_rows": StudyFigure(
            lambda: published_figure(tables["published_rows"]),
            "Every scored published ablation: chance that the behaviour is lost with the real wiring (dots, 95 % intervals) and, "
            "grey bars, the mean over degree-preserving shuffles. A model that knew the answer would put all orange dots (cells that "
            "were found needed) right of all blue ones. Grey rows remove the very cells that the assay drives and score nothing. The "
            "numbers (MM...) are those of the table of published rows, which has the source of each.",
        ),
        "controls": StudyFigure(
            lambda: controls_figure(scores),
            "AUROC of the published rows: the real wiring and its controls. Bars: 95 % intervals (Newcombe's method 5), or, for "
            "shuffles, the range of the shuffles. The dashed line is chance.",
        ),
    }
    for model, dataset in traces.items():
        figures[f"traces_{model}"] = StudyFigure(
            lambda dataset=dataset: traces_figure(dataset),
            f"One animal of the {model} ensemble, the one of median response: mean potential of the turning muscles (ventral, "
            "diagonal) and of the opposing ones (dorsal) against their baseline, intact, without the stimulus, and without the cells "
            "that rank first. Grey: the stimulus; darker: the window that the response is read in.",
        )
    if len(models) > 1:
        figures["agreement"] = StudyFigure(
            lambda: agreement_figure(
                tables[f"ranking_{default}"], tables[f"ranking_{models[1]}"], default, models[1]
            ),
            "Mean share of the intact response that is left after each removal, in the two models. Points on the diagonal: the "
            "models agree.",
        )
    figures["accepted"] = StudyFigure(
        lambda: accepted_figure(tables["parameters"], {m: tables[f"accepted_{m}"] for m in models}),
        "Where the accepted samples lie in the prior of each free parameter, from its lower to its upper bound (number of samples; "
        "'log': the axis is logarithmic, as the prior is). A flat histogram: the intact behaviour says nothing about that parameter.",
    )
    return figures


def ranking_figure(
    name: str, ranking: pd.DataFrame, others: Mapping[str, pd.DataFrame], noise: float
) -> Figure:
    """Dots and intervals of the first ranks of the model `name`; `noise` is how often an intact animal fails under other noise."""
    top = ranking[~ranking["driven by the assay"]].head(SHOWN)
    figure, (ax,) = style.new_figure(6.5, 0.19 * len(top) + 1.1)
    y = np.arange(len(top))[::-1]
    ax.hlines(y, top["low"], top["high"], color=style.RED, lw=1.5, alpha=0.6)
    ax.plot(top["p_lost"], y, "o", color=style.RED, ms=4, label=name)
    ax.axvline(noise, color=style.BLACK, lw=0.8, ls="--", label="nothing removed, other noise")
    for (second, other), marker in zip(others.items(), "Ds^", strict=False):
        p = other.set_index("removed")["p_lost"].reindex(top["removed"])
        ax.plot(p, y, marker, mfc="none", mec=style.BLUE, ms=4, label=second)
    labels = [f"{r} ({n} cells)" if n > 1 else r for r, n in zip(top["removed"], top["cells"], strict=True)]
    ax.set_yticks(y, labels)
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.8, len(top) - 0.2), xlabel="chance that the behaviour is lost")
    ax.grid(axis="x", color=style.LIGHT, lw=0.5)
    ax.legend(frameon=False, fontsize=8, loc="lower right")
    return figure


def published_figure(rows: pd.DataFrame) -> Figure:
    """The published rows, needed ones on top."""
    rows = rows[rows["role"].isin(ROLE_COLOURS)]
    figure, (ax,) = style.new_figure(7.5, 0.24 * len(rows) + 1.1)
    y = np.arange(len(rows))[::-1]
    for role, colour in ROLE_COLOURS.items():
        here = (rows["role"] == role).to_numpy()
        if here.any():
            ax.hlines(y[here], rows["low"][here], rows["high"][here], color=colour, lw=1.5, alpha=0.6)
            ax.plot(
                rows["p_lost"][here],
                y[here],
                "o",
                color=colour,
                ms=5,
                label={"by construction": "driven by the assay, not scored"}.get(role, role),
            )
    ax.plot(rows["p_lost, degree shuffles"], y, "|", color=style.GREY, ms=10, mew=2, label="degree shuffles")
    ax.set_yticks(y, [f"{_short(c)}   {i}" for c, i in zip(rows["cells"], rows["id"], strict=True)])
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.8, len(rows) - 0.2), xlabel="chance that the behaviour is lost")
    ax.grid(axis="x", color=style.LIGHT, lw=0.5)
    figure.legend(frameon=False, fontsize=8, loc="outside upper right", ncols=4)
    return figure


def _short(cells: str) -> str:
    """A selector as a reader would say it."""
    for name, said in (
        ("acetylcholine", "release of all ACh neurons"),
        ("GABA", "release of all GABA neurons"),
    ):
        if name in cells:
            return said
    return cells


def controls_figure(scores: pd.DataFrame) -> Figure:
    """AUROC of the real wiring above those of its controls."""
    rows = scores[scores["metric"] == "auroc"].reset_index(drop=True)
    figure, (ax,) = style.new_figure(6.5, 0.32 * len(rows) + 0.9)
    y = np.arange(len(rows))[::-1]
    real = (rows["control"] == "real wiring").to_numpy()
    for here, colour in ((real, style.RED), (~real, style.GREY)):
        ax.hlines(y[here], rows["low"][here], rows["high"][here], color=colour, lw=2, alpha=0.6)
        ax.plot(rows["value"][here], y[here], "o", color=colour, ms=6)
    ax.axvline(0.5, color=style.BLACK, lw=0.8, ls="--")
    ax.set_yticks(y, [f"{c} ({g})" for c, g in zip(rows["control"], rows["group"], strict=True)])
    ax.set(xlim=(0, 1.02), ylim=(-0.7, len(rows) - 0.3), xlabel="AUROC of published ablations")
    return figure


def traces_figure(dataset: xr.Dataset) -> Figure:
    """Muscle groups over time, one panel a case."""
    labels = [str(x) for x in dataset["label"].to_numpy()]
    figure, axes = style.new_figure(2.1 * len(labels) + 0.6, 2.6, 1, len(labels), sharey=True)
    time, group = dataset["time"].to_numpy(), dataset["group"].to_numpy()
    before = (time >= dataset.attrs["baseline_ms"][0]) & (time < dataset.attrs["baseline_ms"][1])
    driven = [g for g in dict.fromkeys(group) if g not in GROUP_COLOURS]
    for k, (ax, label) in enumerate(zip(axes, labels, strict=True)):
        for name, colour in GROUP_COLOURS.items():
            v = np.nanmean(dataset["v_mV"].to_numpy()[k][:, group == name], axis=1)
            ax.plot(time, v - v[before].mean(), color=colour, lw=1.2, label=name.replace("_", " "))
        if driven and label != "no stimulus":
            for part, alpha in (("drive_ms", 0.4), ("window_ms", 0.8)):
                ax.axvspan(*dataset.attrs[part], color=style.LIGHT, alpha=alpha, lw=0)
        ax.axhline(0, color=style.GREY, lw=0.5)
        ax.set(title=label, xlabel="time (ms)")
        ax.locator_params(axis="x", nbins=3)
    axes[0].set_ylabel("depolarisation (mV)")
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, frameon=False, fontsize=8, loc="outside upper center", ncols=3)
    return figure


def agreement_figure(first: pd.DataFrame, second: pd.DataFrame, name_first: str, name_second: str) -> Figure:
    """Response left in one model against the other, the largest effects named."""
    both = first.merge(second, on="removed", suffixes=("_a", "_b"))
    figure, (ax,) = style.new_figure(5.2, 5.0)
    driven = both["driven by the assay_a"].to_numpy()
    x, y = both["keep_mean_a"].clip(-0.5, 1.6).to_numpy(), both["keep_mean_b"].clip(-0.5, 1.6).to_numpy()
    ends = [min(x.min(), y.min()) - 0.05, max(x.max(), y.max()) + 0.1]
    ax.plot(ends, ends, color=style.LIGHT, lw=1, zorder=0)
    ax.plot(x[~driven], y[~driven], "o", color=style.BLUE, ms=3, alpha=0.6, label="cells and classes")
    ax.plot(x[driven], y[driven], "o", color=style.GREY, ms=3, alpha=0.6, label="driven by the assay")
    effect = np.where(driven, 0, np.abs(1 - x) + np.abs(1 - y))
    for k in np.argsort(-effect)[:12]:
        ax.annotate(both["removed"][k], (x[k], y[k]), fontsize=7, xytext=(3, 3), textcoords="offset points")
    ax.set(xlabel=f"response left, {name_first}", ylabel=f"response left, {name_second}")
    ax.legend(frameon=False, fontsize=8, loc="upper left")
    return figure


def accepted_figure(parameters: pd.DataFrame, accepted: Mapping[str, pd.DataFrame]) -> Figure:
    """Histogram of the accepted samples over each free parameter's prior."""
    free = parameters[parameters["prior"] != ""]
    n = len(free)
    columns = min(n, 5)
    figure, axes = style.new_figure(2.0 * columns, 1.7 * -(-n // columns), -(-n // columns), columns)
    for ax, (_, p) in zip(axes, free.iterrows(), strict=False):
        x = accepted[p["model"]][p["parameter"]].to_numpy()
        low, high = p["low"], p["high"]
        u = np.log(x / low) / np.log(high / low) if p["prior"] == "loguniform" else (x - low) / (high - low)
        ax.hist(u, bins=np.linspace(0, 1, 9), color=style.SKY)
        ax.set_title(f"{p['parameter']}\n{p['model']}", fontsize=8)
        ax.set(xticks=[0, 1], xticklabels=[f"{low:g}", f"{high:g}"])
        ax.set_xlabel("log" if p["prior"] == "loguniform" else "", fontsize=7, labelpad=-8)
        ax.locator_params(axis="y", nbins=3, integer=True)
    for ax in axes[n:]:
        ax.set_axis_off()
    return figure
