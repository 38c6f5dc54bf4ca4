"""Figure of a dose-response curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def dose_figure(table: pd.DataFrame) -> Figure:
    """Response left at each dose: every sample a grey line, the median and the middle half in front.

    Parameters
    ----------
    table : DataFrame
        Of :func:`wormsim.dose_response.dose_response`.
    """
    wide = table.pivot_table(index="concentration", columns="sample", values="keep").sort_index()
    doses = wide.index.to_numpy(float)
    least = doses[doses > 0].min() if (doses > 0).any() else 1.0
    # a logarithmic axis has no 0: it stands a decade below the smallest dose and is labelled as what it is
    x = np.where(doses > 0, np.log10(np.where(doses > 0, doses, least)), np.log10(least) - 1)
    figure, (ax,) = style.new_figure(5.0, 3.4)
    ax.plot(x, wide.to_numpy(), color=style.LIGHT, linewidth=0.8)
    low, middle, high = wide.quantile([0.25, 0.5, 0.75], axis=1).to_numpy()
    ax.fill_between(x, low, high, color=style.SKY, alpha=0.4, linewidth=0)
    ax.plot(x, middle, color=style.BLUE, marker="o", markersize=4)
    ax.axhline(1.0, color=style.GREY, linestyle="--", linewidth=0.8)
    ax.set_xticks(x, [f"{d:.2g}" for d in doses])
    ax.set_xlabel(f"{table['modulator'].iloc[0]} (half-saturating concentrations)")
    ax.set_ylabel("response, share of that without")
    spread = np.nanquantile(wide.to_numpy(), [0.02, 0.98])
    ax.set_ylim(min(0.0, spread[0]) - 0.05, max(1.2, spread[1]) + 0.05)
    return figure
