"""Evidence: a table of published ablations, the rows that a model is scored on.

Columns: ``id, behaviour, cells, manipulation, reported, role, basis, confidence, provenance, source, note``. `cells` holds
selectors with spaces between them (a selector with spaces stands alone); `manipulation` is ablate, silence or block_release;
`role` says what the row means for the assay in question:

- needed, not needed: scored;
- by construction: the assay drives these very cells, which says nothing;
- not expressible: the model has no such part;
- uncertain: the source could not be confirmed; never scored.
"""

from __future__ import annotations

import shlex
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import InputError, UnknownNameError
from .perturbations import Ablate, BlockRelease, Silence

if TYPE_CHECKING:
    import pandas as pd

    from .perturbation import Perturbation

COLUMNS = ("id", "behaviour", "cells", "manipulation", "reported", "role", "basis", "confidence", "provenance", "source", "note")
ROLES = ("needed", "not needed", "by construction", "not expressible", "uncertain")
MANIPULATIONS = {"ablate": Ablate, "block_release": BlockRelease, "silence": Silence}


def read_evidence(name_or_path: str | Path) -> pd.DataFrame:
    """A packaged table by name ("male_mating_ablations"), or your own CSV by path; indexed by `id`.

    Raises
    ------
    InputError
        Missing column, unknown role or manipulation, doubled id, scored row without cells; names the file and the row.
    """
    import pandas as pd

    path = Path(name_or_path)
    if path.suffix != ".csv":
        folder = Path(str(resources.files("wormsim.data")))
        path = folder / f"{name_or_path}.csv"
        if not path.is_file():
            raise UnknownNameError(
                "table of ablations",
                str(name_or_path),
                [p.stem for p in folder.glob("*ablations.csv")],
                "or give a path that ends in .csv",
            )
    elif not path.is_file():
        raise InputError(f"no such file: {path}")
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    missing = [c for c in COLUMNS if c not in table.columns]
    if missing:
        raise InputError(f"{path}: missing column(s) {', '.join(missing)}; needed are {', '.join(COLUMNS)}")
    for line, row in enumerate(table.to_dict("records"), start=2):
        _check(path, line, row)
    doubled = table["id"][table["id"].duplicated()]
    if len(doubled):
        raise InputError(f"{path}: id {doubled.iloc[0]!r} stands more than once")
    return table.set_index("id")


def _check(path: Path, line: int, row: dict[str, str]) -> None:
    if row["role"] not in ROLES:
        raise InputError(f"{path} line {line}: role {row['role']!r} is not one of {', '.join(ROLES)}")
    if row["role"] in ("needed", "not needed", "by construction"):
        if not row["cells"].strip():
            raise InputError(f"{path} line {line}: role {row['role']!r} needs cells")
        if row["manipulation"] not in MANIPULATIONS:
            raise InputError(
                f"{path} line {line}: manipulation {row['manipulation']!r} is not one of {', '.join(MANIPULATIONS)}"
            )


def selectors(cells: str) -> tuple[str, ...]:
    """The selectors of a `cells` field."""
    return (cells,) if "=" in cells else tuple(shlex.split(cells))


def perturbation(row) -> Perturbation:
    """What the experimenters did, as far as the model can do it."""
    return MANIPULATIONS[row["manipulation"]](*selectors(row["cells"]))
