"""A plain table, frames x named columns: CSV or TSV whose first column is ``time_s`` (or ``frame``, with a rate).

Every further column is a region and its heading the label; empty fields are missing frames. Behaviour columns are named
in the option ``behaviours``.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..errors import InputError, UnknownNameError
from ..recorded import About, RecordedActivity

_ENDINGS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}
_FIRST = ("time_s", "frame")
_EMPTY = frozenset({"", "nan", "na", "n/a", "null", "none"})


def matches(path: Path) -> bool:
    """Whether it is text whose first heading is ``time_s`` or ``frame``."""
    if path.suffix.lower() not in _ENDINGS:
        return False
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            return file.readline().strip().strip('"').split(_ENDINGS[path.suffix.lower()])[0].strip('"').strip() in _FIRST
    except UnicodeDecodeError:
        return False


def animals(path: Path) -> tuple[str, ...]:
    """One, named after the file."""
    return (path.stem,)


def read(
    path: Path, animal: str, *, signal: str = "fluorescence", rate_Hz: float | None = None,
    behaviours: Mapping[str, str] | None = None, citation: str = "", licence: str = "",
) -> RecordedActivity:
    """Read the table.

    Parameters
    ----------
    path : Path
    animal : str
    signal : str
        What the numbers are: a key of :data:`wormsim.recorded.SIGNALS`.
    rate_Hz : float, optional
        Needed where the first column is ``frame`` (numbers from the first frame on); held against ``time_s`` otherwise.
    behaviours : mapping of str to str, optional
        Headings of behaviour columns and their units.
    citation, licence : str
        Of these data.
    """
    headings, rows = _rows(path)
    behaviours = dict(behaviours or {})
    for name in behaviours:
        if name not in headings:
            raise UnknownNameError("column", name, headings, f"{path.name} has {', '.join(headings[:12])}")
    x = _numbers(path, headings, rows)
    time_s = x[:, 0]
    if headings[0] == "frame":
        if rate_Hz is None or not rate_Hz > 0:
            raise InputError(f"{path.name} counts frames and gives no times: pass rate_Hz=, frames a second")
        time_s = time_s / rate_Hz
    regions = [k for k, h in enumerate(headings) if k and h not in behaviours]
    if not regions:
        raise InputError(f"{path.name} has no column of activity beside {', '.join(headings)}")
    channels = {h: (x[:, headings.index(h)], unit) for h, unit in behaviours.items()}
    about = About(source=path.name, format="table", subject=animal, citation=citation, licence=licence)
    return RecordedActivity.build({signal: x[:, regions]}, time_s, [headings[k] for k in regions], about, behaviours=channels,
                                  rate_Hz=rate_Hz)


def _rows(path: Path) -> tuple[list[str], list[list[str]]]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file, delimiter=_ENDINGS[path.suffix.lower()])
        headings = [h.strip() for h in next(lines)]
        rows = [row for row in lines if any(field.strip() for field in row)]
    for k, row in enumerate(rows, start=2):
        if len(row) != len(headings):
            raise InputError(f"{path.name}, line {k}: {len(row)} fields, but {len(headings)} headings")
    return headings, rows


def _numbers(path: Path, headings: list[str], rows: list[list[str]]) -> np.ndarray:
    x = np.full((len(rows), len(headings)), np.nan)
    for i, row in enumerate(rows):
        for j, entry in enumerate(row):
            entry = entry.strip()
            if entry.casefold() in _EMPTY:
                continue
            try:
                x[i, j] = float(entry)
            except ValueError:
                raise InputError(f"{path.name}, line {i + 2}, column {headings[j] or j + 1}: {entry!r} is not a number; leave the field "
                                 "empty where nothing was recorded") from None
    return x
