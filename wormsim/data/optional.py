"""Files of optional packages whose licence keeps them out of this one: found, never imported, never copied."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError, UnknownNameError
from .tables import read_frame

if TYPE_CHECKING:
    import pandas as pd


def file_of_package(package: str, path: str, extra: str, what: str) -> Path:
    """Path of a file inside an installed package.

    Parameters
    ----------
    package : str
        Import name; it is looked up, not imported.
    path : str
        Path inside the package's folder.
    extra : str
        Optional group of wormsim that installs it, for the message.
    what : str
        What the file holds, for the message.

    Raises
    ------
    InputError
        The package, or the file in it, is not there; the message says what to install.
    """
    spec = importlib.util.find_spec(package)
    found = Path(spec.origin).parent / path if spec is not None and spec.origin else None
    if found is None or not found.is_file():
        raise InputError(f"{what} is in the package {package}, which is not installed (its licence keeps it out of "
                         f'wormsim): pip install "wormsim-circuits[{extra}]"')
    return found


def soma_positions(source: str = "shipped") -> pd.DataFrame:
    """Positions of cell bodies in the hermaphrodite.

    Parameters
    ----------
    source : {"shipped", "atlas"}
        ``"shipped"``: the 39 neurons of a locomotion model that may be redistributed (MIT), in um. ``"atlas"``: the
        301 neurons in the installed package wormneuroatlas (GPL, extra ``atlas``), in a unit that its source does
        not state.

    Returns
    -------
    pandas.DataFrame
        Index canonical name; ``x_um``, ``y_um``, ``z_um`` (or ``x_au`` ... for the atlas); y runs from head to tail.
    """
    if source == "shipped":
        return read_frame("positions").set_index("cell").rename_axis("name")
    if source != "atlas":
        raise UnknownNameError("source of positions", source, ("shipped", "atlas"))
    import pandas as pd

    path = file_of_package("wormneuroatlas", "data/anatlas_neuron_positions.txt", "atlas",
                           "the table of all cell positions")
    with open(path, encoding="utf-8") as file:
        names = file.readline().lstrip("#").split()
        rows = [[float(field) for field in line.split()] for line in file if line.strip()]
    table = pd.DataFrame(rows, index=pd.Index(names, name="name"), columns=["x_au", "y_au", "z_au"])
    return table[~table.reset_index().duplicated().to_numpy()]  # PVCL stands in the file twice, at one place
