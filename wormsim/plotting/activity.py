"""Recorded and simulated activity side by side: the same cells, rows, colours and scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..errors import EmptySelectionError, InputError
from . import style
from .traces import COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..recorded import RecordedActivity

_MOST = 40
_STEP = 3.0  # standard deviations between rows


def plot_activity(activities: Mapping[str, RecordedActivity], cells: Sequence[str] | None = None, signal: str | None = None) -> Figure:
    """Traces of the same cells in several animals, recorded or simulated, one column each.

    Every trace is drawn as a z-score over its own column, so that what is compared is its course and not its size; a bar
    shows two standard deviations. A cell that an animal lacks has an empty row there, marked with a dash.

    Parameters
    ----------
    activities : mapping of str to RecordedActivity
        Title of each column and what it shows.
    cells : sequence of str, optional
        Canonical names, top to bottom, at most 40; those that all columns have if not given.
    signal : str, optional
        A scale that all have; the main one of each if not given.

    Raises
    ------
    InputError
        Nothing to draw, or too many cells.
    EmptySelectionError
        No cell is in all columns, or a column has none of the cells.
    """
    if not activities:
        raise InputError("no activity was given to draw")
    names = list(cells) if cells is not None else _common(activities)
    if not 0 < len(names) <= _MOST:
        raise InputError(f"{len(names)} cells are more than fit into a figure (from 1 to {_MOST}): name some with cells=")
    widths = {"width_ratios": [max(a.time_s[-1] - a.time_s[0], 1e-9) ** 0.25 for a in activities.values()]}
    figure, axes = style.new_figure(3.4 * len(activities) + 0.9, 0.34 * len(names) + 1.2, 1, len(activities), sharey=True,
                                    gridspec_kw=widths)
    for ax, (title, activity) in zip(axes, activities.items(), strict=True):
        there = [name for name in names if name in activity.cells]
        if not there:
            raise EmptySelectionError(f"{title} ({activity.about.source}) has none of the cells {', '.join(names[:8])}")
        picked = activity.zscored(signal)
        for row, name in enumerate(names):
            level = -_STEP * row
            if name in there:
                ax.plot(activity.time_s, level + picked.traces([name]).to_numpy()[:, 0], color=COLOURS[row % len(COLOURS)], lw=0.8)
            else:
                ax.text(activity.time_s[-1] / 2, level, "–", color=style.GREY, ha="center", va="center")
        ax.set_title(title)
        ax.set_xlabel("time (s)")
        ax.set_xlim(activity.time_s[0], activity.time_s[-1])
        ax.spines["left"].set_visible(False)
        ax.tick_params(axis="y", length=0)
    axes[0].set_yticks([-_STEP * row for row in range(len(names))], names)
    axes[0].set_ylim(-_STEP * (len(names) - 1) - 3.2, 4.2)
    for label, row in zip(axes[0].get_yticklabels(), range(len(names)), strict=True):
        label.set_color(COLOURS[row % len(COLOURS)])
    _bar(axes[-1])
    return figure


def _common(activities: Mapping[str, RecordedActivity]) -> list[str]:
    first, *others = activities.values()
    names = [name for name in first.cells if all(name in other.cells for other in others)]
    if not names:
        raise EmptySelectionError(f"no named cell is in all of {', '.join(activities)}")
    return sorted(names)


def _bar(ax) -> None:
    """Two standard deviations, outside on the right."""
    ax.plot([1.03, 1.03], [0, 2], color=style.BLACK, lw=1.5, clip_on=False, transform=ax.get_yaxis_transform())
    ax.text(1.06, 1, "2 SD", transform=ax.get_yaxis_transform(), fontsize=7, va="center", clip_on=False)
