"""Figure of a study of states, drawn from its table of directions alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_COLOURS = {"down": style.BLUE, "same": style.LIGHT, "up": style.ORANGE}


def directions_figure(said: pd.DataFrame) -> Figure:
    """One panel a comparison and neuron model, one bar an arm: shares of samples that go down, stay, go up."""
    from matplotlib.patches import Patch

    panels = list(said.groupby(["comparison", "neuron"], sort=False))
    most = max(rows["arm"].nunique() for _, rows in panels)
    figure, axes = style.new_figure(7.5, 0.6 + len(panels) * (0.55 + 0.24 * most), len(panels), 1, sharex=True)
    for ax, ((comparison, neuron), rows) in zip(axes, panels, strict=True):
        measured = rows["measured"].iloc[0]
        arms = rows.groupby("arm", sort=False)[list(_COLOURS)].mean()
        for y, (_, shares) in enumerate(arms.iterrows()):
            left = 0.0
            if shares.isna().any():
                ax.text(0.01, y, "no animal does it", va="center", fontsize=8, color=style.GREY)
                continue
            for way, colour in _COLOURS.items():
                edge = style.BLACK if way == measured else "none"
                ax.barh(y, shares[way], 0.62, left, color=colour, edgecolor=edge, linewidth=1.2)
                left += shares[way]
        n = rows.groupby("arm", sort=False)["seed"].nunique()
        ax.set_yticks(range(len(arms)), [f"{arm or 'modulator layer'}{f' ({n[arm]})' if n[arm] > 1 else ''}" for arm in arms.index])
        ax.invert_yaxis()
        ax.axvline(0.5, color=style.GREY, linestyle="--", linewidth=0.8)
        ax.set_xlim(0, 1)
        ax.set_title(f"{comparison}, {neuron} (measured: {measured})", loc="left")
    axes[-1].set_xlabel("share of samples")
    handles = [Patch(color=colour, label=way) for way, colour in _COLOURS.items()]
    handles.append(Patch(facecolor="none", edgecolor=style.BLACK, label="measured"))
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False, fontsize=8)
    return figure
