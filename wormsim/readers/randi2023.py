"""Randi et al. 2023: which neuron answers when another one is stimulated.

The significant pairs of the wild type are shipped (from cect, MIT). The whole atlas, with what was measured and not
significant, trial by trial, and with the unc-31 mutant, comes in the GPL package wormneuroatlas: :func:`read_atlas`
opens its file when that package is installed (extra ``atlas``), without importing it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..data.optional import file_of_package
from ..errors import InputError, UnknownNameError
from ._shipped import read_shipped

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from ..connectome import Connectome

NAMES = ("randi2023",)
STRAINS = {"wt": "wild type", "unc31": "unc-31(e928), without dense-core release"}

# AWC-on and AWC-off are told apart by what they express, not by side; the sides are those that cect and the
# package itself write, so that the atlas can be laid beside a wiring diagram
_SPELLED = {"AWCOF": "AWCL", "AWCOFF": "AWCL", "AWCON": "AWCR"}


def read(name: str) -> Connectome:
    """Read the pairs with q < 0.05 of the wild type; contacts is the absolute mean response (dF/F)."""
    return read_shipped(name, NAMES)


@dataclass(frozen=True, eq=False)
class FunctionalAtlas:
    """Responses of every neuron to stimulation of every other one, in one strain.

    All matrices are (responder, stimulated), in the order of `cells`; not-a-number where not measured.

    Parameters
    ----------
    strain : {"wt", "unc31"}
    cells : tuple of str
        Canonical names.
    amplitude : numpy.ndarray
        Mean response over trials, dF/F; float64, shape (n, n).
    q : numpy.ndarray
        False-discovery rate of the response; float64, shape (n, n).
    q_equivalence : numpy.ndarray
        False-discovery rate of there being no response; float64, shape (n, n).
    n_trials : numpy.ndarray
        Number of stimulations in which the pair was seen; int64, shape (n, n).
    path : Path
        File the atlas came from.
    """

    strain: str
    cells: tuple[str, ...]
    amplitude: np.ndarray
    q: np.ndarray
    q_equivalence: np.ndarray
    n_trials: np.ndarray
    path: Path

    @property
    def measured(self) -> np.ndarray:
        """Pairs of two different neurons that were measured; bool, shape (n, n)."""
        import numpy as np

        return np.isfinite(self.q) & ~np.eye(len(self.cells), dtype=bool)

    def detected(self, q_max: float = 0.05) -> np.ndarray:
        """Measured pairs with q below `q_max`; bool, shape (n, n)."""
        import numpy as np

        return self.measured & (np.nan_to_num(self.q, nan=1.0) < q_max)

    def trials(self, responder: str, stimulated: str) -> np.ndarray:
        """Responses (dF/F) of one pair, one a trial; empty where it was not measured."""
        import h5py
        import numpy as np

        pair = []
        for name in (responder, stimulated):
            if name not in self.cells:
                raise UnknownNameError("neuron of the atlas", name, self.cells)
            pair.append(self.cells.index(name))
        with h5py.File(self.path, "r") as file:
            return np.asarray(file[self.strain]["dFF_all"][pair[0], pair[1]], dtype=float)

    def pairs(self) -> pd.DataFrame:
        """One row for each measured pair: ``pre`` (stimulated), ``post`` (responder), amplitude, q, n_trials."""
        import numpy as np
        import pandas as pd

        responder, stimulated = np.nonzero(self.measured)
        names = np.array(self.cells, dtype=object)
        return pd.DataFrame({"pre": names[stimulated], "post": names[responder],
                             "amplitude": self.amplitude[responder, stimulated],
                             "q": self.q[responder, stimulated],
                             "n_trials": self.n_trials[responder, stimulated]})


def read_atlas(strain: str = "wt") -> FunctionalAtlas:
    """Read the whole atlas from the installed package wormneuroatlas.

    Parameters
    ----------
    strain : {"wt", "unc31"}

    Raises
    ------
    InputError
        The package is not installed; the message says how to install it.
    UnknownNameError
        No such strain.
    """
    import h5py

    if strain not in STRAINS:
        raise UnknownNameError("strain", strain, STRAINS, f"there are {' and '.join(STRAINS)}")
    path = file_of_package("wormneuroatlas", "data/funatlas.h5", "atlas", "the whole functional atlas (Randi 2023)")
    try:
        with h5py.File(path, "r") as file:
            names = tuple(_SPELLED.get(n, n) for n in (b.decode() for b in file["neuron_ids"][:]))
            part = file[strain]
            return FunctionalAtlas(strain, names, part["dFF"][:], part["q"][:], part["q_eq"][:], part["occ1"][:], path)
    except (OSError, KeyError) as error:
        raise InputError(f"{path} is not the atlas of wormneuroatlas 0.0.7.3 ({error}); reinstall it: "
                         'pip install --force-reinstall --no-deps wormneuroatlas==0.0.7.3') from error
