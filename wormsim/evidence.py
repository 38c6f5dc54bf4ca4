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
    from collections.abc import Callable, Collection, Sequence

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
    return read_rows(name_or_path, "ablations", COLUMNS, _check)


def read_rows(name_or_path: str | Path, what: str, columns: Sequence[str], check: Callable[[str, dict[str, str]], None]) -> pd.DataFrame:
    """A table of published rows as text, every row checked; indexed by `id`.

    Parameters
    ----------
    name_or_path : str or Path
        A packaged table by name, or a CSV by path.
    what : str
        What the names of such packaged tables end in.
    columns : sequence of str
        Needed, `id` among them; lines that begin with # are comments.
    check : callable
        Takes where a row stands (file and line) and the row; raises InputError.
    """
    import pandas as pd

    path = Path(name_or_path)
    if path.suffix != ".csv":
        folder = Path(str(resources.files("wormsim.data")))
        path = folder / f"{name_or_path}.csv"
        known = sorted(p.stem for p in folder.glob(f"*_{what}.csv"))
        if str(name_or_path) not in known:
            raise UnknownNameError(f"table of {what}", str(name_or_path), known, "or give a path that ends in .csv")
    elif not path.is_file():
        raise InputError(f"no such file: {path}")
    try:
        lines = path.read_text("utf-8-sig").splitlines()
        head = next((k for k, line in enumerate(lines) if not line.startswith("#")), 0)
        table = pd.read_csv(path, dtype=str, keep_default_na=False, skiprows=head, encoding="utf-8-sig").fillna("")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no UTF-8 table with commas: {error}") from None
    missing = [c for c in columns if c not in table.columns]
    if missing:
        raise InputError(f"{path}: missing column(s) {', '.join(missing)}; needed are {', '.join(columns)}")
    for line, row in enumerate(table.to_dict("records"), start=head + 2):
        check(f"{path} line {line}", row)
    doubled = table["id"][table["id"].duplicated()]
    if len(doubled):
        raise InputError(f"{path}: id {doubled.iloc[0]!r} stands more than once")
    return table.set_index("id")


def _check(where: str, row: dict[str, str]) -> None:
    if row["role"] not in ROLES:
        raise InputError(f"{where}: role {row['role']!r} is not one of {', '.join(ROLES)}")
    if row["role"] in ("needed", "not needed", "by construction"):
        check_manipulation(where, row)


def check_manipulation(where: str, row: dict[str, str], known: Collection[str] = MANIPULATIONS) -> None:
    """Raise InputError where a row that is to be run has no cells, or a manipulation that is not known."""
    if not row["cells"].strip():
        raise InputError(f"{where}: role {row['role']!r} needs cells")
    if row["manipulation"] not in known:
        raise InputError(f"{where}: manipulation {row['manipulation']!r} is not one of {', '.join(known)}")


def selectors(cells: str) -> tuple[str, ...]:
    """The selectors of a `cells` field."""
    return (cells,) if "=" in cells else tuple(shlex.split(cells))


def perturbation(row) -> Perturbation:
    """What the experimenters did, as far as the model can do it."""
    return MANIPULATIONS[row["manipulation"]](*selectors(row["cells"]))
