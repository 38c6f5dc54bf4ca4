"""Observed: what a microscope saw of many variants, each of which is a recorded animal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ..recorded import About, RecordedActivity

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, eq=False)
class Observed:
    """Imaged activity of many variants.

    Attributes
    ----------
    dataset : xarray.Dataset
        Dims (variant, time, cell). One variable, named as in :data:`wormsim.recorded.SIGNALS`; not-a-number where a cell is
        gone. Coordinates: ``time`` in s, the true ``cell``, ``label``, ``sample`` and ``stream`` along variant, and
        ``written`` (variant, cell), the name that the cell carries in that animal, and ``recorded`` (variant, cell).
    """

    dataset: xr.Dataset

    @classmethod
    def build(cls, seen, time_s, cells, labels, recorded, source: xr.Dataset, signal: str, indicator: str, settings: str) -> Observed:
        """Put it together; arrays are (variant, time, cell) and (variant, cell), `source` is the simulation."""
        import xarray as xr

        both = ("variant", "cell")
        coords = {"time": ("time", time_s, {"unit": "s"}), "cell": np.array(cells, object), "written": (both, labels),
                  "recorded": (both, recorded)}
        coords |= {name: source[name].variable for name in ("label", "sample", "stream")}
        return cls(xr.Dataset({signal: (("variant", "time", "cell"), seen)}, coords,
                              {"indicator": indicator, "settings": settings}))

    @property
    def signal(self) -> str:
        """Scale of the activity."""
        return next(iter(self.dataset.data_vars))

    @property
    def activity(self) -> xr.DataArray:
        """All of it, (variant, time, cell), by the true cell."""
        return self.dataset[self.signal]

    def __len__(self) -> int:
        return self.dataset.sizes["variant"]

    def __iter__(self) -> Iterator[RecordedActivity]:
        return (self.animal(k) for k in range(len(self)))

    def animal(self, variant: int) -> RecordedActivity:
        """One variant as a recording: its regions carry the written names; ``true_cell`` beside them says who they are.

        Parameters
        ----------
        variant : int
            Its number.
        """
        if not 0 <= variant < len(self):
            raise InputError(f"there is no variant {variant}: they are 0 to {len(self) - 1}")
        one = self.dataset.isel(variant=variant)
        there = one["recorded"].to_numpy()
        x = one[self.signal].to_numpy()[:, there]
        true, written = one["cell"].to_numpy()[there], one["written"].to_numpy()[there]
        about = About(
            source=f"simulation {one['label'].item()!r}, sample {one['sample'].item()}", format="simulated",
            subject=str(one["label"].item()), indicator=self.dataset.attrs["indicator"],
            notes=(f"calcium imaging: {self.dataset.attrs['settings']}",),
        )
        made = RecordedActivity.build({self.signal: x}, one["time"].to_numpy(), written.tolist(), about, known=set(true))
        there = np.isfinite(x)  # as the checks of a recording have it: a cell without variation is left out
        seen = np.where(there, x, np.inf).min(axis=0) < np.where(there, x, -np.inf).max(axis=0)
        return RecordedActivity(made.dataset.assign_coords(true_cell=("region", true[seen])))

    def __repr__(self) -> str:
        sizes = self.dataset.sizes
        return (f"Observed({sizes['variant']} variants x {sizes['time']} frames x {sizes['cell']} cells: {self.signal}; "
                f"{self.dataset.attrs['settings']})")
