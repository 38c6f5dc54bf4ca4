"""Recording: what was measured in a run, as named arrays with their manifest."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import EmptySelectionError, InputError, UnknownNameError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


@dataclass(frozen=True, eq=False)
class Recording:
    """Traces of many variants.

    Attributes
    ----------
    dataset : xarray.Dataset
        Dims (variant, time, cell); ``v_mV`` and, where asked for, ``spikes`` (counts from one frame to the next) and
        further states. Coordinates: time in ms, cell names, and ``label``, ``sample`` and ``stream`` along variant.
        An ablated cell is NaN. The manifest is in ``dataset.attrs["manifest"]`` as JSON.
    """

    dataset: xr.Dataset

    @property
    def v_mV(self) -> xr.DataArray:
        """Membrane potential (variant, time, cell)."""
        return self.dataset["v_mV"]

    @property
    def spikes(self) -> xr.DataArray:
        """Spike counts from one frame to the next (variant, time, cell)."""
        if "spikes" not in self.dataset:
            raise InputError("no spikes were recorded: pass spikes=True to simulate, with a spiking model")
        return self.dataset["spikes"]

    @property
    def time_ms(self) -> xr.DataArray:
        """Time of each frame."""
        return self.dataset["time"]

    @property
    def manifest(self) -> dict:
        """How the recording was made."""
        return json.loads(self.dataset.attrs.get("manifest", "{}"))

    def variant(self, label: str) -> Recording:
        """The variants with this label."""
        labels = self.dataset["label"].to_numpy()
        if label not in labels:
            raise UnknownNameError("variant", label, sorted(set(labels)))
        return Recording(self.dataset.isel(variant=labels == label))

    def cells(self, names) -> Recording:
        """Some of the recorded cells, by canonical name."""
        names = list(names)
        known = list(self.dataset["cell"].to_numpy())
        for name in names:
            if name not in known:
                raise UnknownNameError("recorded cell", name, known)
        if not names:
            raise EmptySelectionError("no cell was selected from the recording")
        return Recording(self.dataset.sel(cell=names))

    def to_frame(self, variable: str = "v_mV") -> pd.DataFrame:
        """One variable as a long table: label, sample, time_ms, cell, value."""
        frame = self.dataset[variable].to_dataframe().reset_index()
        return frame.rename(columns={"time": "time_ms"})

    def save(self, path: str | Path) -> Path:
        """Write as netCDF, whole or not at all."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
        packed = {name: {"zlib": True, "complevel": 4} for name in self.dataset.data_vars}
        self.dataset.to_netcdf(partial, engine="h5netcdf", encoding=packed)
        os.replace(partial, path)
        return path

    @classmethod
    def load(cls, path: str | Path) -> Recording:
        """Read what :meth:`save` wrote."""
        import xarray as xr

        path = Path(path)
        if not path.is_file():
            raise InputError(f"no such recording: {path}")
        try:
            return cls(xr.load_dataset(path, engine="h5netcdf"))
        except (OSError, ValueError) as error:
            raise InputError(f"{path} is not a recording that wormsim wrote (netCDF): {error}") from error

    def __repr__(self) -> str:
        sizes = self.dataset.sizes
        return (
            f"Recording({sizes['variant']} variants x {sizes['time']} frames x {sizes['cell']} cells: "
            f"{', '.join(map(str, self.dataset.data_vars))})"
        )
