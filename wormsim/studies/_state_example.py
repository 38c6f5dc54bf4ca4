"""Voltages of one network in every state, for the figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._pyloric_networks import CELLS, reference, run
from ._state_actions import actions_text

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
    said = ["", *(actions_text(condition["actions"]) for condition in asked.values())]
    window = window.drop_vars(["sample", "stream"]).assign_coords({
        name: ("variant", np.array(texts, object)) for name, texts in (("label", names), ("certainty", certainty), ("actions", said))})
    return window.drop_attrs().assign_attrs(network=spec.example.network)
