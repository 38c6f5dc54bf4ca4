"""The small tables that every install carries: read, cached, and traced to their sources.

The tables are parquet files beside this module, made by ``python -m wormsim.data.rebuild`` from packages under
permissive licences; ``sources.toml`` holds for each its citation, DOI, licence, unit of weights, source file and
SHA-256. Nothing here imports those packages.
"""

from __future__ import annotations

import hashlib
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UnknownNameError, WormsimError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

FOLDER = Path(__file__).parent


def table_names() -> list[str]:
    """Names of the shipped tables, sorted."""
    return sorted(p.stem for p in FOLDER.glob("*.parquet"))


def path_of(name: str) -> Path:
    """Path of the shipped table `name`; unknown names raise :class:`~wormsim.errors.UnknownNameError`."""
    path = FOLDER / f"{name}.parquet"
    if not path.is_file():
        raise UnknownNameError("table", name, table_names())
    return path


def read_arrow(name: str) -> pa.Table:
    """The shipped table `name` as an Arrow table (read anew at each call)."""
    import pyarrow.parquet as pq

    # memory_map and single thread: the tables are small, threads cost more than they save
    return pq.read_table(path_of(name), use_threads=False, memory_map=True, partitioning=None)


def read_frame(name: str) -> pd.DataFrame:
    """The shipped table `name` as a new DataFrame, which the caller may change."""
    return read_arrow(name).to_pandas()


def csv_path(name: str) -> Path:
    """Path of the small table `name`, written by hand: its source stands in its own first lines, behind ``#``."""
    path = FOLDER / f"{name}.csv"
    if not path.is_file():
        raise UnknownNameError("table", name, sorted(p.stem for p in FOLDER.glob("*.csv")))
    return path


def read_csv(name: str) -> pd.DataFrame:
    """The small table `name` as a new DataFrame."""
    import pandas as pd

    return pd.read_csv(csv_path(name), comment="#")


@lru_cache(maxsize=1)
def sources() -> dict[str, dict]:
    """What ``sources.toml`` says of each table: citation, doi, licence, weight_unit, source, hashes, notes."""
    with open(FOLDER / "sources.toml", "rb") as file:
        return tomllib.load(file)["table"]


def source_of(name: str) -> dict:
    """Provenance of the table `name` as a new dict."""
    known = sources()
    if name not in known:
        raise UnknownNameError("table", name, known)
    return {key: list(value) if isinstance(value, list) else value for key, value in known[name].items()}


@lru_cache(maxsize=1)
def _cells() -> pd.DataFrame:
    return read_frame("cells").set_index("name")


def cells() -> pd.DataFrame:
    """Every known cell of both sexes, index canonical name, in canonical order (a new copy).

    Columns: ``cell_class``; ``kind`` (neuron, muscle, other); ``sex`` (both, hermaphrodite, male); ``role``;
    ``transmitter`` and ``transmitter_male`` (first clearly used transmitter, or "unknown");
    ``cotransmitters`` and ``cotransmitters_male``, ``possible_transmitters`` (dim, variable or hypothetical) and
    ``uptake``, each names joined by " + " or empty; ``transmitter_certainty`` (clear, variable, none);
    ``note``; ``aliases`` (other spellings, joined by " ").
    """
    return _cells().copy()


@lru_cache(maxsize=1)
def aliases() -> dict[str, str]:
    """Every accepted spelling of a cell, canonical names included, to the canonical name."""
    table = _cells()
    found = {name: name for name in table.index}
    for name, spellings in zip(table.index, table["aliases"], strict=True):
        for spelling in spellings.split():
            found[spelling] = name
    return found


@lru_cache(maxsize=1)
def _members() -> pa.Table:
    return read_arrow("members")


def members(connectome: str) -> pd.DataFrame:
    """Cells of one shipped connectome.

    Columns ``cell``, ``source_name`` (as the source spells it), ``listed`` (false for cells that cect leaves out) and
    ``connected`` (false for cells without an edge).
    """
    import pyarrow.compute as pc

    table = _members()
    return table.filter(pc.equal(table["connectome"], connectome)).drop_columns(["connectome"]).to_pandas()


def sha256(path: Path) -> str:
    """SHA-256 of a file, as hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check() -> list[str]:
    """Names of shipped tables whose bytes do not have the hash in ``sources.toml``; empty when all is well."""
    listed = sources()
    missing = sorted(set(listed) - set(table_names()))
    if missing:
        raise WormsimError(f"tables named in sources.toml are not there: {', '.join(missing)}; reinstall wormsim")
    return [name for name, source in listed.items() if sha256(path_of(name)) != source["sha256"]]
