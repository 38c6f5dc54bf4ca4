"""Traces of single cells and of groups of cells, one colour a variant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..errors import EmptySelectionError
from . import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..circuit import Circuit
    from ..recording import Recording

COLOURS = (style.BLACK, style.RED, style.BLUE, style.GREEN, style.ORANGE, style.PURPLE, style.SKY)


def plot_traces(recording: Recording, cells: Sequence[str]) -> Figure:
    """Membrane potential of some cells, a panel each.

    Parameters
    ----------
    recording : Recording
        Variants with the same label (other samples or seeds) are drawn in one colour.
    cells : sequence of str
        Canonical names, recorded.
    """
    picked = recording.cells(cells)
    panels = [(name, picked.v_mV.sel(cell=name).to_numpy()) for name in cells]
    return _panels(recording, panels, "mV")


def plot_groups(recording: Recording, circuit: Circuit, groups: Sequence[str]) -> Figure:
    """Mean membrane potential of groups of cells, such as the muscles of one side, a panel each.

    Parameters
    ----------
    recording : Recording
    circuit : Circuit
    groups : sequence of str
        Names of groups of the circuit; their recorded cells are averaged.
    """
    recorded = set(recording.dataset["cell"].to_numpy())
    panels = []
    for group in groups:
        members = [cell for cell in circuit.select(group) if cell in recorded]
        if not members:
            raise EmptySelectionError(f"no cell of the group {group} was recorded")
        mean = np.nanmean(recording.cells(members).v_mV.to_numpy(), axis=2)
        panels.append((f"{group.replace('_', ' ')}\n({len(members)} cells)", mean))
    return _panels(recording, panels, "mV, mean")


def _panels(recording: Recording, panels: list[tuple[str, np.ndarray]], unit: str) -> Figure:
    labels = recording.dataset["label"].to_numpy()
    time = recording.time_ms.to_numpy()
    colours = {label: COLOURS[k % len(COLOURS)] for k, label in enumerate(dict.fromkeys(labels))}
    figure, axes = style.new_figure(7.0, 1.1 * len(panels) + 0.8, len(panels), 1, sharex=True)
    for ax, (name, traces) in zip(axes, panels, strict=True):
        for label, trace in zip(labels, traces, strict=True):
            ax.plot(time, trace, color=colours[label], lw=0.9, alpha=0.8)
        if np.isnan(traces).all(axis=1).any():
            gone = dict.fromkeys(
                label for label, trace in zip(labels, traces, strict=True) if np.isnan(trace).all()
            )
            ax.text(
                1,
                1,
                f"ablated: {', '.join(gone)}",
                transform=ax.transAxes,
                ha="right",
                va="top",
                fontsize=7,
                color=style.GREY,
            )
        ax.set_ylabel(name, rotation=0, ha="right", va="center")
    axes[-1].set_xlabel(f"time (ms); potentials in {unit}")
    handles = [axes[0].plot([], [], color=colour, label=label)[0] for label, colour in colours.items()]
    figure.legend(
        handles=handles, frameon=False, fontsize=8, loc="outside upper center", ncols=min(4, len(handles))
    )
    return figure
