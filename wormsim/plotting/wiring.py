"""The wiring of a connectome as a matrix: chemical contacts below, gap junctions beside them."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from ..connectome import UNDIRECTED_KINDS
from . import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..connectome import Connectome

LETTERS_AN_INCH = 12  # of a title at 10 points; more run over the edge

_KIND_ORDER = {"neuron": 0, "muscle": 1, "other": 2}


def wiring_figure(connectome: Connectome) -> Figure:
    """One panel for each kind of edge: dots at (post, pre), darker for more contacts where they differ.

    Parameters
    ----------
    connectome : Connectome

    Returns
    -------
    matplotlib.figure.Figure
        Cells are ordered by kind, then role where it is known, then name; lines stand between the kinds.
    """
    cells = connectome.cells
    order = sorted(cells.index, key=lambda name: _place(cells.loc[name], name))
    position = {name: i for i, name in enumerate(order)}
    kinds = list(dict.fromkeys(connectome.edges["kind"]))
    figure, axes = style.new_figure(4.6 * max(1, len(kinds)) + 0.6, 4.9, 1, max(1, len(kinds)))
    for ax, kind in zip(axes, kinds, strict=False):
        edges = connectome.edges[connectome.edges["kind"] == kind]
        pre, post = (edges[end].map(position).to_numpy() for end in ("pre", "post"))
        contacts = edges["contacts"].to_numpy(float)
        if kind in UNDIRECTED_KINDS:  # one row a junction; it has two ends
            pre, post, contacts = np.r_[pre, post], np.r_[post, pre], np.r_[contacts, contacts]
        drawn = np.argsort(contacts, kind="stable")
        several = len(np.unique(contacts)) > 1  # one shade needs no scale
        shade = np.log10(np.maximum(contacts[drawn], 1e-9))
        dots = ax.scatter(
            post[drawn],
            pre[drawn],
            c=shade if several else style.BLUE,
            s=max(0.6, 500 / len(order)),
            cmap="viridis_r" if several else None,
            linewidths=0,
            rasterized=True,
        )
        if several:
            bar = figure.colorbar(dots, ax=ax, shrink=0.6, pad=0.02)
            bar.set_label("contacts (log10)", fontsize=8)
            bar.ax.tick_params(labelsize=7)
        _frame(ax, [str(cells.loc[name, "kind"]) for name in order])
        ax.set(
            xlim=(-1, len(order)), ylim=(len(order), -1), title=f"{kind}: {len(edges)} edges", aspect="equal"
        )
        ax.title.set_size(10)
        ax.set_xlabel("to" if kind not in UNDIRECTED_KINDS else "cell")
        ax.set_ylabel("from" if kind not in UNDIRECTED_KINDS else "cell")
    unit = str(connectome.provenance.get("weight_unit") or "unknown unit")
    title = f"{connectome.name}: {len(order)} cells. Contacts: {unit}"
    figure.suptitle(textwrap.fill(title, int(LETTERS_AN_INCH * figure.get_figwidth())), fontsize=10)
    return figure


def _place(cell, name: str) -> tuple:
    role = cell.get("role")
    return _KIND_ORDER.get(cell["kind"], 3), role if isinstance(role, str) else "~", name


def _frame(ax, kinds: list[str]) -> None:
    starts = [i for i, kind in enumerate(kinds) if i == 0 or kind != kinds[i - 1]]
    ends = [*starts[1:], len(kinds)]
    for start in starts[1:]:
        ax.axhline(start - 0.5, color=style.GREY, linewidth=0.6)
        ax.axvline(start - 0.5, color=style.GREY, linewidth=0.6)
    middles = [(a + b) / 2 for a, b in zip(starts, ends, strict=True)]
    labels = [f"{kinds[a]}s" if kinds[a] != "other" else "other" for a in starts]
    ax.set_xticks(middles, labels)
    ax.set_yticks(middles, labels, rotation=90, va="center")
