"""Figures of ablated whole animals: every published row with what is left, and what intact animals do under the controls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..effects import ENHANCED_ABOVE, IMPAIRED_BELOW, LOST_BELOW, NO_PREDICTION
from ..studies import StudyFigure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {"lost": "#b2182b", "impaired": "#ef8a62", "normal": "#4393c3", "enhanced": "#7b3294"}
LEAST, MOST = -0.2, 2.2


def behaviour_figures(tables: dict[str, pd.DataFrame]) -> dict[str, StudyFigure]:
    """Figures of a behaviour_ablation, from its tables."""
    rows = tables["published_rows"]
    out = {"published_rows": StudyFigure(
        lambda: published(rows), "What is left of each behaviour after each published removal: the median over individuals with its interval. "
        "Colour: what was published. Bands: what counts as lost, impaired, normal and enhanced. Open dots: no prediction (too few "
        "individuals do it, or the interval is too wide); at an edge with a number: beyond it. "
        "Grey labels: true by construction or only assumed, and not scored.",
        "Dots with intervals, one line for each published removal, beside bands of lost, impaired, normal, enhanced")}
    out["confusion"] = StudyFigure(
        lambda: matrix(tables["confusion"]), "What was published against what the ensemble says, in published rows that are scored; a row that is "
        "told in several lines counts once, each line for its share. On the diagonal both agree.",
        "Table of published categories against verdicts, darker with more rows")
    return out | control_figures(tables["without"])


def control_figures(controls: pd.DataFrame) -> dict[str, StudyFigure]:
    """What is left under the controls, from that table; nothing where there is no row."""
    if controls.empty:
        return {}
    once = controls[controls["animals"] > 0].drop_duplicates(["assay", "measure"])
    shown = ", ".join(f"{r.assay} {r.measure} by {r.animals} of {r.of}" for r in once.itertuples()) or "nothing"
    done = ", ".join(controls["control"].unique())
    return {"without": StudyFigure(lambda: survival(controls), f"What intact animals still do under each control: {done}. "
                                   "Left of the line, less than half is left; what stands at an edge lies beyond it, by the number beside it. "
                                   f"Medians over the animals that show it intact: {shown}.",
                                   "Dots of the share left under the controls, one line for each measure")}


def published(rows: pd.DataFrame) -> Figure:
    """One line a row."""
    from matplotlib.figure import Figure

    here = rows[rows["left"].notna()].iloc[::-1] if "left" in rows else rows.iloc[:0]
    figure = Figure(figsize=(8.5, max(2.5, 0.27 * len(here) + 1.4)), layout="constrained")
    axes = figure.subplots()
    for low, high, name in ((LEAST, LOST_BELOW, "lost"), (LOST_BELOW, IMPAIRED_BELOW, "impaired"), (IMPAIRED_BELOW, ENHANCED_ABOVE, "normal"),
                            (ENHANCED_ABOVE, MOST, "enhanced")):
        axes.axvspan(low, high, color=COLOURS[name], alpha=0.10, lw=0)
        axes.text((low + high) / 2, len(here) - 0.35, name, ha="center", va="bottom", fontsize=8, color=COLOURS[name])
    undecided = (here["model says"] == NO_PREDICTION).to_numpy()
    for y, row in enumerate(here.itertuples()):
        colour = COLOURS.get(row.expected, "0.5")
        low, high = np.clip([row.low, row.high], LEAST, MOST)
        axes.plot([low, high], [y, y], color=colour, lw=2, alpha=0.6, solid_capstyle="butt")
        fill = "white" if undecided[y] else colour
        axes.plot(np.clip(row.left, LEAST, MOST), y, "o", color=colour, mfc=fill, ms=5, clip_on=False)
        _beyond(axes, row.left, y)
    axes.set_yticks(range(len(here)), [f"{r.cells} ({r.manipulation}) {r.assay}: {r.measure}"[:64] for r in here.itertuples()], fontsize=7)
    for label, role in zip(axes.get_yticklabels(), here["role"], strict=True):
        label.set_color("black" if role == "scored" else "0.6")
    axes.set(xlim=(LEAST, MOST), ylim=(-0.7, len(here) + 0.3), xlabel="response left (1: as in the same animal intact)")
    axes.legend(handles=[axes.plot([], [], "o", color=c, label=f"published: {n}")[0] for n, c in COLOURS.items()], fontsize=7, ncols=4,
                loc="upper center", bbox_to_anchor=(0.4, -0.9 / figure.get_size_inches()[1]), frameon=False)
    return figure


def _beyond(axes: Axes, left: float, y: float) -> None:
    """The number of a dot that stands at the edge, beside it."""
    if left > MOST:
        axes.annotate(f"{left:.1f}", (MOST, y), (6, 0), textcoords="offset points", va="center", fontsize=7, annotation_clip=False)
    elif left < LEAST:
        axes.annotate(f"{left:.1f}", (LEAST, y), (6, 0), textcoords="offset points", va="center", fontsize=7)


def matrix(table: pd.DataFrame) -> Figure:
    """Published categories down, verdicts across; the counts are written in."""
    from matplotlib.figure import Figure

    said = [name for name in table.columns if name != "published"]
    count = table[said].to_numpy(float)
    figure = Figure(figsize=(5.5, 3.6), layout="constrained")
    axes = figure.subplots()
    most = max(count.max(), 1.0)
    axes.imshow(count, cmap="Greys", vmin=0, vmax=1.4 * most, aspect="auto")
    for (row, column), n in np.ndenumerate(count):
        axes.text(column, row, f"{n:.3g}", ha="center", va="center", color="white" if n > 0.8 * most else "0.6" if n == 0 else "black")
    axes.set_xticks(range(len(said)), [name.replace(" ", "\n") for name in said])
    axes.set_yticks(range(len(table)), table["published"])
    axes.set(xlabel="the ensemble says", ylabel="published")
    return figure


def survival(table: pd.DataFrame) -> Figure:
    """One line a measure, one colour a control."""
    from matplotlib.figure import Figure

    table = table[table["animals"] > 0]  # of what nobody does intact nothing can be left
    names = list(dict.fromkeys(zip(table["assay"], table["measure"], strict=True)))[::-1]
    figure = Figure(figsize=(7.5, 0.36 * len(names) + 1.6), layout="constrained")
    axes = figure.subplots()
    count = table["control"].nunique()
    for k, (control, here) in enumerate(table.groupby("control", sort=False)):
        y = [names.index(pair) + 0.16 * ((count - 1) / 2 - k) for pair in zip(here["assay"], here["measure"], strict=True)]
        axes.plot(np.clip(here["left"], LEAST, MOST), y, "oDs^v"[k % 5], ms=4.5, label=control, clip_on=False)
        for left, at in zip(here["left"], y, strict=True):
            _beyond(axes, left, at)
    axes.axvline(0.5, color="0.5", lw=1, ls=":")
    axes.axvline(1.0, color="0.8", lw=1)
    axes.set_yticks(range(len(names)), [f"{a}: {m}" for a, m in names], fontsize=7)
    axes.set(xlim=(LEAST, MOST), ylim=(-0.6, len(names) - 0.4), xlabel="left of the intact behaviour (median over animals)")
    figure.legend(fontsize=7, loc="outside upper center", ncols=4, frameon=False)
    return figure
