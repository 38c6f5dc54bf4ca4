"""Rhythms of three cells: voltages side by side, bursts over a cycle, published against predicted directions of change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import style

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

COLOURS = {"PD": style.BLUE, "LP": style.RED, "PY": style.GREEN}


def reference_figure(table: pd.DataFrame) -> Figure:
    """Bursts over a cycle, a row a network: ours filled, theirs framed.

    Parameters
    ----------
    table : DataFrame
        ``networks`` of the study pyloric_reference.
    """
    figure, (ax,) = style.new_figure(6.5, 0.42 * len(table) + 0.9)
    for row, (_, network) in enumerate(table.iterrows()):
        for k, (cell, colour) in enumerate(COLOURS.items()):
            y = -row + 0.25 - 0.25 * k
            ends = {}
            for who in ("", "theirs "):
                on = 0.0 if cell == "PD" else network[f"{who}{cell}_on_phase"]
                ends[who] = (on, network[f"{who}{cell}_off_phase"] - on)
            ax.broken_barh([ends[""]], (y - 0.1, 0.2), color=colour, lw=0, label=cell if row == 0 else None)
            ax.broken_barh([ends["theirs "]], (y - 0.1, 0.2), facecolors="none", edgecolors=style.BLACK, lw=0.7)
    labels = [f"{n}  {p:.0f} / {t:.0f} ms" for n, p, t in zip(table["network"], table["period_ms"], table["theirs period_ms"], strict=True)]
    ax.set_yticks(-np.arange(len(table)), labels)
    ax.set(xlim=(0, 1), ylim=(-len(table) + 0.4, 0.6), xlabel="phase of the cycle")
    figure.legend(frameon=False, fontsize=8, loc="outside upper right", ncols=3)
    return figure


def rhythms_figure(dataset: xr.Dataset) -> Figure:
    """Voltages of the three cells, a panel a state, the first without anything added.

    Parameters
    ----------
    dataset : Dataset
        ``v_mV`` (variant, time, cell), with ``label``, ``certainty`` and ``actions`` along variant.
    """
    labels, certainty, actions = ([str(x) for x in dataset[name].to_numpy()] for name in ("label", "certainty", "actions"))
    columns = min(3, len(labels))
    rows = -(-len(labels) // columns)
    figure, axes = style.new_figure(2.9 * columns + 0.3, 1.6 * rows + 0.4, rows, columns, sharex=True, sharey=True)
    time = (dataset["time"].to_numpy() - float(dataset["time"][0])) / 1e3
    for k, (ax, v) in enumerate(zip(axes, dataset["v_mV"].to_numpy(), strict=False)):
        for cell, colour in enumerate(COLOURS.values()):
            ax.plot(time, v[:, cell] - 110.0 * cell, color=colour, lw=0.5)
        unsure = certainty[k] == "uncertain"
        ax.set_title(f"[{labels[k]}]" if unsure else labels[k], fontsize=9, loc="left", pad=11,
                     color=style.GREY if unsure else style.BLACK)
        ax.annotate(actions[k], (0, 1), xytext=(0, 3), xycoords="axes fraction", textcoords="offset points", fontsize=6.5,
                    color=style.GREY, annotation_clip=False)
        ax.spines["left"].set_visible(False)
        ax.set_yticks([-50.0 - 110.0 * cell for cell in range(len(COLOURS))], list(COLOURS))
        ax.tick_params(axis="y", length=0, labelleft=ax.get_subplotspec().is_first_col())
    for ax in axes[len(labels):]:
        ax.set_axis_off()
    for ax in axes[max(0, len(labels) - columns) : len(labels)]:
        ax.tick_params(labelbottom=True)
    figure.supxlabel("time (s)", fontsize=9)
    axes[0].plot([time[-1]] * 2, [-50.0, 0.0], color=style.BLACK, lw=1.5)
    axes[0].annotate("50 mV", (time[-1], -25.0), xytext=(3, 0), textcoords="offset points", fontsize=7, va="center",
                     annotation_clip=False)
    return figure


def directions_figure(table: pd.DataFrame) -> Figure:
    """Shares of the networks by direction, a bar a published statement; the published direction is framed.

    Parameters
    ----------
    table : DataFrame
        ``directions`` of the study pyloric_states.
    """
    figure, (ax,) = style.new_figure(7.5, 0.24 * len(table) + 1.1)
    colours = {"down": style.BLUE, "same": style.LIGHT, "up": style.ORANGE, "lost": style.GREY}
    said = {"down": "falls, earlier", "same": "same", "up": "rises, later", "lost": "lost"}
    y = np.arange(len(table))[::-1]
    left = np.zeros(len(table))
    for name, colour in colours.items():
        width = table[name].to_numpy(float)
        ax.barh(y, width, left=left, height=0.7, color=colour, label=said[name], lw=0)
        for k, published in enumerate(table["published"]):
            if name in _published(published) and width[k] > 0:
                ax.barh(y[k], width[k], left=left[k], height=0.7, facecolor="none", edgecolor=style.BLACK, lw=1.2, zorder=3,
                        clip_on=False)
        left += width
    ax.set_yticks(y, [f"{'[' if c == 'uncertain' else ''}{s}: {o.replace('_', ' ')} {p}{']' if c == 'uncertain' else ''}" for s, o, p, c in
                      zip(table["state"], table["observable"], table["published"], table["certainty"], strict=True)])
    ax.set(xlim=(0, 1), ylim=(-0.7, len(table) - 0.3), xlabel="share of the networks")
    figure.legend(frameon=False, fontsize=8, loc="outside upper right", ncols=4)
    return figure


def _published(direction: str) -> tuple[str, ...]:
    if direction == "longer or stopped":
        return ("up", "lost")
    if direction in ("shorter", "less", "earlier"):
        return ("down",)
    return ("same",) if direction == "same" else ("up",)


def phases_figure(table: pd.DataFrame) -> Figure:
    """Median bursts over the cycle, a row a state; faint where most networks are no longer pyloric-like.

    Parameters
    ----------
    table : DataFrame
        ``states`` of the study pyloric_states.
    """
    figure, (ax,) = style.new_figure(7.5, 0.34 * len(table) + 0.9)
    for row, (_, state) in enumerate(table.iterrows()):
        for k, (name, cell) in enumerate(zip(COLOURS, ("ABPD", "LP", "PY"), strict=True)):
            on, off = state[f"on_{cell}"], state[f"off_{cell}"]
            if np.isfinite([on, off]).all():
                ax.broken_barh([(on, off - on)], (-row + 0.16 - 0.22 * k, 0.2), color=COLOURS[name], lw=0,
                               alpha=1.0 if state["pyloric"] >= 0.5 else 0.35)
    periods = [f"{p:.0f} ms" if np.isfinite(p) else "no cycle" for p in table["period_ms"]]
    ax.set_yticks(-np.arange(len(table)), [f"{'[' + s + ']' if c == 'uncertain' else s}  {p}" for s, c, p in
                                           zip(table["state"], table["certainty"], periods, strict=True)])
    for name, colour in COLOURS.items():
        ax.barh(0, 0, color=colour, label=name)
    ax.set(xlim=(0, 1.1), ylim=(-len(table) + 0.4, 0.6), xlabel="phase of the cycle (from the first spike of PD)")
    figure.legend(frameon=False, fontsize=8, loc="outside upper right", ncols=3)
    return figure
