"""RecordedActivity: what a microscope recorded, or what a simulated one would have, under one description.

Readers in ``wormsim/recordings/`` make it from files, and ``wormsim.observables`` from simulations, so that whatever
compares activity takes either. Times are in seconds, the unit of the field's recordings.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import atomic
from .errors import EmptySelectionError, InputError, UnknownNameError, warn_data
from .normalisation import dff, zscore
from .recorded_checks import Checked, check
from .resampling import resampled

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from .connectome import Connectome

#: The scales on which a trace can be, and what each is.
SIGNALS = {
    "z": "z-score",
    "dff": "dF/F",
    "ratio": "indicator over reference fluorescence",
    "fluorescence": "fluorescence, arbitrary unit",
}


@dataclass(frozen=True)
class About:
    """Where a recording is from.

    Attributes
    ----------
    source : str
        File, and what in it, or the simulation.
    format : str
        Name of the reader.
    subject, strain, indicator, citation, doi, licence : str
        Empty where the source does not say.
    notes : tuple of str
        What a user of these data has to know.
    """

    source: str
    format: str = ""
    subject: str = ""
    strain: str = ""
    indicator: str = ""
    citation: str = ""
    doi: str = ""
    licence: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class RecordedActivity:
    """Activity of the regions of one animal, with their names, and its behaviour.

    Attributes
    ----------
    dataset : xarray.Dataset
        Dims (time, region). One variable for each scale of the activity, named as in :data:`SIGNALS`, float64, the one
        that the source works with first; not-a-number where nothing was recorded. Variables with attribute
        ``behaviour`` are behaviour channels (time) or (time, NAME_point). Coordinates: ``time`` in s from the first
        frame; along region ``label`` (as the source writes it), ``cell`` (canonical name, or "" if the label does not
        name one cell), ``candidates`` (all cells it can mean, joined by blanks), ``level`` (see
        :class:`wormsim.labels.Label`; "duplicate" where another region has the cell), ``doubtful``, and ``confidence``
        (0 to 1, the source's own scale divided by its top; not-a-number where it has none).
    """

    dataset: xr.Dataset

    @classmethod
    def build(
        cls,
        signals: Mapping[str, Any],
        time_s,
        labels: Sequence[str],
        about: About,
        *,
        confidence=None,
        behaviours: Mapping[str, tuple[Any, str]] | None = None,
        rate_Hz: float | None = None,
        known: Collection[str] = (),
    ) -> RecordedActivity:
        """Check a recording and put it together; every reader ends here.

        Parameters
        ----------
        signals : mapping of str to (frames, regions) array
            Keys of :data:`SIGNALS`; the first is the main one.
        time_s : (frames,) array
            Any zero; it is moved to the first frame.
        labels : sequence of str
            One a region, "" where it has no name.
        about : About
        confidence : (regions,) array, optional
            From 0 to 1.
        behaviours : mapping of str to (array, unit), optional
            (frames,) or (frames, points) arrays.
        rate_Hz : float, optional
            What the source states, held against the times.
        known : collection of str
            Labels that are names of cells as they stand (those of a simulated animal, of any species).

        Raises
        ------
        InputError
            Shapes that do not agree, times that do not ascend, a stated rate more than 5 % off the times, no region left.

        Warns
        -----
        DataWarning
            Counts of gaps, of regions without a finite frame or without variation (left out), of labels that no known
            neuron has (kept without a name), of cells named twice (the surer one keeps the name).
        """
        import xarray as xr

        unknown = [name for name in signals if name not in SIGNALS]
        if unknown:
            raise UnknownNameError("signal", unknown[0], SIGNALS, f"a trace is one of {', '.join(SIGNALS)}")
        checked: Checked = check(signals, time_s, labels, confidence, behaviours or {}, rate_Hz, about.source, known)
        data = {name: (("time", "region"), x, {"long_name": SIGNALS[name]}) for name, x in checked.signals.items()}
        for name, (x, unit) in checked.behaviours.items():
            dims = ("time",) if x.ndim == 1 else ("time", f"{name}_point")
            data[name] = (dims, x, {"behaviour": 1, "unit": unit})
        coords = {"time": ("time", checked.time_s, {"unit": "s"})}
        coords |= {name: ("region", x) for name, x in checked.regions.items()}
        attrs = {"about": json.dumps(dataclasses.asdict(about)), "excluded": json.dumps(checked.excluded)}
        return cls(xr.Dataset(data, coords, attrs))

    # ------------------------------------------------------------ what there is

    @property
    def about(self) -> About:
        """Where it is from."""
        said = json.loads(self.dataset.attrs["about"])
        return About(**{**said, "notes": tuple(said["notes"])})

    @property
    def excluded(self) -> dict[str, list[str]]:
        """What the checks left out or took the name from: reason to labels."""
        return json.loads(self.dataset.attrs["excluded"])

    @property
    def time_s(self) -> np.ndarray:
        """Time of each frame, from the first one."""
        return self.dataset["time"].to_numpy()

    @property
    def rate_Hz(self) -> float:
        """One over the median time between frames."""
        return 1.0 / float(np.median(np.diff(self.time_s)))

    @property
    def cells(self) -> tuple[str, ...]:
        """Canonical names of the regions that stand for one cell, in the order of the recording."""
        return tuple(name for name in self.dataset["cell"].to_numpy() if name)

    @property
    def signals(self) -> tuple[str, ...]:
        """Scales on which the activity is there; the main one first."""
        return tuple(name for name in self.dataset.data_vars if name in SIGNALS)

    @property
    def behaviours(self) -> tuple[str, ...]:
        """Names of the behaviour channels."""
        return tuple(name for name, x in self.dataset.data_vars.items() if x.attrs.get("behaviour"))

    def behaviour(self, name: str) -> xr.DataArray:
        """One behaviour channel, (time) or (time, NAME_point); its unit is in ``attrs["unit"]``."""
        if name not in self.behaviours:
            raise UnknownNameError("behaviour channel", name, self.behaviours,
                                   f"recorded are {', '.join(self.behaviours) or 'none'}")
        return self.dataset[name]

    def signal(self, name: str | None = None) -> xr.DataArray:
        """Activity of all regions, named or not, (time, region)."""
        if name is None:
            return self.dataset[self.signals[0]]
        if name not in self.signals:
            raise UnknownNameError("signal", name, self.signals, f"recorded are {', '.join(self.signals)}")
        return self.dataset[name]

    def traces(self, cells: Sequence[str] | None = None, signal: str | None = None) -> xr.DataArray:
        """Activity of named cells, (time, cell).

        Parameters
        ----------
        cells : sequence of str, optional
            Canonical names, in the order wanted; all named ones if not given.
        signal : str, optional
            A scale that is there; the main one if not given.
        """
        names = list(self.cells if cells is None else cells)
        at = {name: k for k, name in enumerate(self.dataset["cell"].to_numpy()) if name}
        for name in names:
            if name not in at:
                raise UnknownNameError("recorded cell", name, at)
        x = self.signal(signal).isel(region=[at[name] for name in names])
        return x.drop_vars("label").swap_dims(region="cell")

    def to_frame(self, signal: str | None = None) -> pd.DataFrame:
        """Traces of the named cells as a table: index ``time_s``, one column a cell."""
        x = self.traces(signal=signal)
        import pandas as pd

        return pd.DataFrame(x.to_numpy(), index=pd.Index(self.time_s, name="time_s"), columns=list(x["cell"].to_numpy()))

    def regions(self) -> pd.DataFrame:
        """One row a region: label, cell, candidates, level, doubtful, confidence."""
        import pandas as pd

        columns = ("label", "cell", "candidates", "level", "doubtful", "confidence")
        return pd.DataFrame({name: self.dataset[name].to_numpy() for name in columns})

    # ------------------------------------------------------------ parts of it

    def select(self, *selectors: str, min_confidence: float = 0.0, doubtful: bool = True) -> RecordedActivity:
        """Regions that stand for one cell, some or all of them.

        Parameters
        ----------
        *selectors : str
            Names, classes, globs or ``attribute="value"`` of the table of cells; all named cells if not given.
        min_confidence : float
            Least confidence, 0 to 1; a region without one does not pass if this is above 0.
        doubtful : bool
            Whether labels that say themselves that they are not sure pass.

        Raises
        ------
        EmptySelectionError
            Nothing is left.
        InputError
            A least confidence, but the source gives none.
        """
        from .data.tables import cells as all_cells
        from .names import select_cells

        names = self.dataset["cell"].to_numpy()
        sure = self.dataset["confidence"].to_numpy()
        keep = names != ""
        if selectors:
            table = all_cells().reindex(list(self.cells))  # a simulated animal may be of another species
            keep &= np.isin(names, select_cells(table, selectors))
        if min_confidence > 0:
            if not np.isfinite(sure).any():
                raise InputError(f"{self.about.source} states no confidence of its names: leave out min_confidence")
            keep &= np.nan_to_num(sure, nan=-1.0) >= min_confidence
        if not doubtful:
            keep &= ~self.dataset["doubtful"].to_numpy().astype(bool)
        return self._keep(keep, f"no cell of {self.about.source} passes min_confidence = {min_confidence}, doubtful = {doubtful}")

    def in_connectome(self, connectome: Connectome) -> RecordedActivity:
        """Named cells that the connectome has; how many it lacks is a :class:`~wormsim.errors.DataWarning`."""
        names = self.dataset["cell"].to_numpy()
        has = np.isin(names, connectome.cells.index.to_numpy(str))
        lacking = [name for name in names[~has] if name]
        warn_data(len(lacking), f"recorded cells left out: {connectome.name} lacks them", lacking)
        return self._keep(has, f"{connectome.name} has none of the {len(self.cells)} cells of {self.about.source}")

    def window(self, start_s: float, stop_s: float) -> RecordedActivity:
        """Frames from `start_s` up to, not including, `stop_s`; times keep their zero."""
        inside = (self.time_s >= start_s) & (self.time_s < stop_s)
        if inside.sum() < 2:
            raise EmptySelectionError(f"fewer than two frames lie between {start_s} and {stop_s} s; the recording runs from "
                                      f"{self.time_s[0]:g} to {self.time_s[-1]:g} s")
        return RecordedActivity(self.dataset.isel(time=inside))

    def resample(self, rate_Hz: float, max_gap_s: float | None = None) -> RecordedActivity:
        """On a regular grid of frames, with gaps left not-a-number; see :func:`wormsim.resampling.resampled`.

        Parameters
        ----------
        rate_Hz : float
            Frames a second.
        max_gap_s : float, optional
            Between frames further apart than this nothing is filled in; 1.5 times the median distance if not given.
        """
        return RecordedActivity(resampled(self.dataset, rate_Hz, max_gap_s))

    def zscored(self, signal: str | None = None) -> RecordedActivity:
        """The same with the signal's z-score, taken over the frames that are here, as its only scale."""
        return self._rescaled("z", zscore(self.signal(signal).to_numpy()))

    def dff(self, signal: str | None = None, kind: str = "percentile", percentile: float = 20.0) -> RecordedActivity:
        """The same with (F - F0)/F0 of the signal as its only scale; F0 as in :func:`wormsim.normalisation.baseline`."""
        return self._rescaled("dff", dff(self.signal(signal).to_numpy(), kind, percentile))

    def _rescaled(self, name: str, values: np.ndarray) -> RecordedActivity:
        made = (("time", "region"), values, {"long_name": SIGNALS[name]})
        return RecordedActivity(self.dataset.drop_vars(self.signals).assign({name: made}))

    def _keep(self, keep: np.ndarray, otherwise: str) -> RecordedActivity:
        if not keep.any():
            raise EmptySelectionError(otherwise)
        return RecordedActivity(self.dataset.isel(region=keep))

    # ------------------------------------------------------------ on disk

    def save(self, path: str | Path) -> Path:
        """Write as netCDF, whole or not at all."""
        path = Path(path)
        packed = {name: {"zlib": True, "complevel": 4} for name in self.dataset.data_vars}
        atomic.write_with(path, lambda part: self.dataset.to_netcdf(part, engine="h5netcdf", encoding=packed))
        return path

    @classmethod
    def load(cls, path: str | Path) -> RecordedActivity:
        """Read what :meth:`save` wrote."""
        import xarray as xr

        path = Path(path)
        if not path.is_file():
            raise InputError(f"no such recording: {path}")
        try:
            dataset = xr.load_dataset(path, engine="h5netcdf")
        except (OSError, ValueError) as error:
            raise InputError(f"{path} is not a recording that wormsim wrote (netCDF): {error}") from error
        if not {"about", "excluded"} <= dataset.attrs.keys():
            raise InputError(f"{path} holds no recorded activity that wormsim wrote; `load_recording` reads other layouts")
        return cls(dataset)

    def __repr__(self) -> str:
        sizes = self.dataset.sizes
        return (f"RecordedActivity({self.about.source}: {sizes['time']} frames at {self.rate_Hz:.3g} Hz x {sizes['region']} "
                f"regions, {len(self.cells)} named; {', '.join(self.signals)}; "
                f"behaviours: {', '.join(self.behaviours) or 'none'})")
