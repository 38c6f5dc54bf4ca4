"""Voltages of one network in every state, for the figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._pyloric_networks import CELLS, reference, run

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from .pyloric_states import Spec


def example(spec: Spec, states: pd.DataFrame, asked: dict[str, dict]) -> xr.Dataset:
    """v_mV (state, time, cell) of the network ``spec.example.network``: the last ``window_ms``, without anything and in each state."""
    network = reference().loc[spec.example.network].to_dict()
    once = {str(c): c for c in ({}, *asked.values())}
    dataset = run([network], list(once.values()), spec.measure.duration_ms, every_ms=1.0)
    at = {key: k for k, key in enumerate(once)}
    order = [at[str(c)] for c in ({}, *asked.values())]
    window = dataset[["v_mV"]].isel(variant=order).sel(cell=list(CELLS))
    window = window.sel(time=window["time"] >= spec.measure.duration_ms - spec.example.window_ms)
    names = ["nothing added", *(states.loc[i, "state"] for i in asked)]
    certainty = ["", *(states.loc[i, "certainty"] for i in asked)]
    window = window.drop_vars(["sample", "stream"]).assign_coords(label=("variant", np.array(names, object)),
                                                                  certainty=("variant", np.array(certainty, object)))
    return window.drop_attrs().assign_attrs(network=spec.example.network)
