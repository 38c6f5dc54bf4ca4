"""FittedEnsemble: parameters that fits arrived at, with what they were fitted to and what they are worth, as a file.

It stands where samples of a prior would stand: ``Variants.cross(ensemble.samples_for(model), ...)``.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from . import atomic
from .errors import InputError, UnknownNameError
from .samples import Samples

if TYPE_CHECKING:
    import xarray as xr

    from .circuit import Circuit
    from .model import Model

_SCORES = ("train", "held_out")
_MARK = "wormsim_fitted"


@dataclass(frozen=True, eq=False)
class FittedEnsemble:
    """Members, each a point in parameter space that one search arrived at.

    Attributes
    ----------
    values : DataFrame, shape (M, fitted parameters)
        Indexed by member.
    draws : ndarray of int64, shape (M,)
        Number of the draw of signs and strength factors that each member was fitted with.
    seed : int
        Of those draws.
    scores : DataFrame, shape (M, 3)
        ``fold``: what the member did not see; ``train``, ``held_out``: its score on what it saw and on what not.
    model : dict
        :func:`identity` of the model.
    about : dict
        Objective, settings, wiring, search and versions: what the ensemble came from.
    """

    values: pd.DataFrame
    draws: np.ndarray
    seed: int
    scores: pd.DataFrame
    model: dict
    about: dict

    def __len__(self) -> int:
        return len(self.values)

    def spread(self) -> pd.DataFrame:
        """By parameter: median and 2.5 and 97.5 % quantiles over members."""
        q = self.values.quantile([0.025, 0.5, 0.975])
        return pd.DataFrame({"low": q.loc[0.025], "median": q.loc[0.5], "high": q.loc[0.975]}).rename_axis("parameter")

    def samples_for(self, model: Model, same_wiring: bool = True) -> Samples:
        """The members as samples of a model.

        What the fit held fixed stays at its value; what the model frees and the fit did not know is drawn from its prior by the
        member's number.

        Parameters
        ----------
        model : Model
        same_wiring : bool
            False for a control, whose wiring is another on purpose.

        Raises
        ------
        InputError
            Another circuit, wiring, neuron or synapse model than the one that was fitted, or a fixed parameter that differs.
        """
        self.check(model, same_wiring)
        there = self.model["parameters"]
        values = {}
        drawn = {key: prior for key, prior in model.free.items() if key not in there}
        others = Samples.draw(drawn, len(self), self.seed).values if drawn else None
        for key in model.parameters:
            if key in self.values:
                values[key] = self.values[key].to_numpy()
            elif key in drawn:
                values[key] = others[key].to_numpy()
            elif key in model.free:
                values[key] = np.full(len(self), there[key]["value"])
        return Samples(pd.DataFrame(values, index=self.values.index), self.seed, draws=self.draws)

    def check(self, model: Model, same_wiring: bool = True) -> None:
        """Raise InputError unless the ensemble is of this model; see :meth:`samples_for`."""
        ours = identity(model)
        for key in ("circuit", "neuron", "synapses"):
            if self.model[key] != ours[key]:
                raise InputError(f"this ensemble was fitted on {key} {_said(self.model[key])}, not on {_said(ours[key])}; give a file "
                                 "that was fitted on the same, or fit one with `wormsim fit`")
        if same_wiring and self.model["wiring_sha256"] != ours["wiring_sha256"]:
            raise InputError(f"this ensemble was fitted on another wiring of {ours['circuit']} ({self.model['connectome']}, "
                             f"{self.model['wiring_sha256'][:12]}) than this one ({ours['connectome']}, {ours['wiring_sha256'][:12]})")
        for key in self.values:
            if key not in model.parameters:
                raise UnknownNameError("parameter", key, model.parameters, "it was fitted, and this model does not have it")
        for key, there in self.model["parameters"].items():
            here = ours["parameters"].get(key)
            if here is None or there["prior"] is not None or here["prior"] is not None:
                continue
            if here["value"] != there["value"]:
                raise InputError(f"this ensemble was fitted with {key} = {there['value']:g}, and this model has {here['value']:g}")

    def to_dataset(self) -> xr.Dataset:
        """Dims (member, parameter)."""
        import xarray as xr

        data = {"value": (("member", "parameter"), self.values.to_numpy(float)),
                "draw": ("member", np.asarray(self.draws, np.int64)),
                "fold": ("member", self.scores["fold"].to_numpy(np.int64))}
        data |= {name: ("member", self.scores[name].to_numpy(float)) for name in _SCORES}
        coords = {"member": self.values.index.to_numpy(np.int64), "parameter": np.array(self.values.columns, dtype=object)}
        attrs = {_MARK: 1, "seed": str(self.seed), "model": json.dumps(self.model, sort_keys=True),
                 "about": json.dumps(self.about, sort_keys=True)}
        return xr.Dataset(data, coords, attrs)

    @classmethod
    def from_dataset(cls, dataset: xr.Dataset) -> FittedEnsemble:
        """From what :meth:`to_dataset` gave."""
        index = pd.Index(dataset["member"].to_numpy(), name="sample")
        values = pd.DataFrame(dataset["value"].to_numpy(), index=index, columns=[str(k) for k in dataset["parameter"].to_numpy()])
        scores = pd.DataFrame({name: dataset[name].to_numpy() for name in ("fold", *_SCORES)}, index=index)
        return cls(values, dataset["draw"].to_numpy(), int(dataset.attrs["seed"]), scores,
                   json.loads(dataset.attrs["model"]), json.loads(dataset.attrs["about"]))

    def save(self, path: str | Path) -> Path:
        """Write as netCDF, whole or not at all."""
        path = Path(path)
        atomic.write_with(path, lambda part: self.to_dataset().to_netcdf(part, engine="h5netcdf"))
        return path

    @classmethod
    def load(cls, path: str | Path) -> FittedEnsemble:
        """Read what :meth:`save` or ``wormsim fit`` wrote.

        Raises
        ------
        InputError
            No such file, or not a fitted ensemble.
        """
        import xarray as xr

        path = Path(path)
        if not path.is_file():
            raise InputError(f"no such file: {path}; `wormsim fit` writes one to ensembles/fitted.nc in its results folder")
        try:
            dataset = xr.load_dataset(path, engine="h5netcdf")
        except (OSError, ValueError) as error:
            raise InputError(f"{path} is not netCDF that wormsim wrote: {error}") from error
        if _MARK not in dataset.attrs:
            raise InputError(f"{path} holds no fitted ensemble; `wormsim fit` writes one to ensembles/fitted.nc in its results folder")
        return cls.from_dataset(dataset)

    def __repr__(self) -> str:
        held_out = self.scores["held_out"].median()
        return (f"FittedEnsemble({len(self)} members of {self.model['neuron']} on {self.model['circuit']}, fitted to "
                f"{self.about['objective']}: {', '.join(self.values)}; median held-out score {held_out:.3g})")


def identity(model: Model) -> dict:
    """What makes a model this model, as far as fitted values depend on it: wiring, equations by name, fixed values."""
    parameters = {key: {"value": p.value, "prior": None if p.prior is None else [p.prior.kind, p.prior.low, p.prior.high]}
                  for key, p in model.parameters.items()}
    return {"circuit": model.circuit.name, "connectome": model.circuit.connectome.name,
            "wiring_sha256": wiring_sha256(model.circuit), "neuron": model.neuron.name,
            "synapses": [s.name for s in model.synapses], "parameters": parameters}


def wiring_sha256(circuit: Circuit) -> str:
    """SHA-256 of the cells and of the edges' ends, kinds, contacts and signs."""
    edges = circuit.connectome.edges
    columns = [c for c in ("pre", "post", "kind", "contacts", "sign", "sign_certainty") if c in edges]
    text = "\n".join(circuit.connectome.cells.index) + "\n" + edges[columns].to_csv(index=False, lineterminator="\n")
    return hashlib.sha256(text.encode()).hexdigest()


def _said(value: object) -> str:
    return " + ".join(value) if isinstance(value, list) else str(value)
