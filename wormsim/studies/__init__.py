"""Studies: one kind of experiment a file: `Spec` is what may be set, `run(spec, runner)` what is done.

A study module exposes

- ``Spec``: a pydantic model with ``extra="forbid"``; the tables of the experiment's TOML other than
  ``[experiment]`` are validated by it. A field ``seed: int`` receives the experiment's seed.
- ``check(spec)``, optional: raises InputError for what only the study can see is wrong (a cell that the circuit has not),
  before a results folder is made.
- ``run(spec, runner) -> StudyResult``.
- ``figures(result) -> dict[str, StudyFigure]``, optional: drawn from the tables and traces of a result alone,
  so that ``wormsim plot`` can draw them again from a results folder, in any format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import matplotlib.figure
    import pandas as pd
    import xarray as xr

# What a row of a scorecard holds. value with its interval low..high; floor and ceiling: what chance and what the
# noise of the reference allow; control: in the row of a control its name ("degree shuffles"), in other rows nothing,
# a text that begins with "real", or what the control scored (a number); n: how many items were scored; verdict: what
# to conclude, in words.
SCORE_COLUMNS = ("metric", "group", "value", "low", "high", "floor", "ceiling", "control", "n", "verdict")


@dataclass(frozen=True)
class StudyFigure:
    """A figure that is drawn when it is wanted.

    Attributes
    ----------
    draw : callable
        Takes nothing, returns a :class:`matplotlib.figure.Figure`.
    caption : str
        What is shown, in markdown; stands below the figure.
    alt : str
        The figure in words for a reader who does not see it; the caption where it is empty.
    """

    draw: Callable[[], matplotlib.figure.Figure]
    caption: str
    alt: str = ""


@dataclass
class StudyResult:
    """What a study found; :mod:`wormsim.experiment` writes it to disk and :mod:`wormsim.report` to a page.

    Attributes
    ----------
    summary : list of str
        Markdown paragraphs; the first is the answer to the experiment's question.
    scores : DataFrame
        The scorecard, columns :data:`SCORE_COLUMNS` (see :func:`score_table`).
    ranking : DataFrame or None
        Best first; the first column names what is ranked.
    tables : dict of str to DataFrame
        Written to ``tables/<name>.parquet``; shown in the report.
    traces : dict of str to xarray.Dataset
        Written to ``traces/<name>.nc``.
    ensembles : dict of str to xarray.Dataset
        Fitted ensembles (:mod:`wormsim.fitted`), written to ``ensembles/<name>.nc``.
    figures : dict of str to StudyFigure
        Written to ``figures/<name>.png``; in the report in this order.
    captions : dict of str to str
        What a table of that name shows; the key ``"ranking"`` is for the ranking.
    controls : dict of str to str
        What each control in the scorecard is and how it was run.
    citations : list of str
        Sources of the data that went in.
    engines : dict of str to str
        Which engine ran each model, and why; for the manifest.
    """

    summary: list[str]
    scores: pd.DataFrame
    ranking: pd.DataFrame | None = None
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    traces: dict[str, xr.Dataset] = field(default_factory=dict)
    ensembles: dict[str, xr.Dataset] = field(default_factory=dict)
    figures: dict[str, StudyFigure] = field(default_factory=dict)
    captions: dict[str, str] = field(default_factory=dict)
    controls: dict[str, str] = field(default_factory=dict)
    citations: list[str] = field(default_factory=list)
    engines: dict[str, str] = field(default_factory=dict)


def score_table(rows: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    """A scorecard from rows that hold any of :data:`SCORE_COLUMNS`.

    Parameters
    ----------
    rows : iterable of mappings
        `metric` and `value` are needed; other columns that a row leaves out are empty.

    Returns
    -------
    DataFrame
        Columns in the order of :data:`SCORE_COLUMNS`; numbers as float64, `n` as nullable Int64, text as
        text.

    Raises
    ------
    KeyError
        If a row has a column that a scorecard does not have, or lacks `metric` or `value`.
    """
    import pandas as pd

    rows = [dict(row) for row in rows]
    for row in rows:
        extra, lacking = set(row) - set(SCORE_COLUMNS), {"metric", "value"} - set(row)
        if extra or lacking:
            raise KeyError(f"score {row}: unknown columns {sorted(extra)}, missing {sorted(lacking)}")
    frame = pd.DataFrame(rows, columns=list(SCORE_COLUMNS))
    for column in ("value", "low", "high", "floor", "ceiling"):
        frame[column] = frame[column].astype("float64")
    frame["n"] = frame["n"].astype("Int64")
    for column in ("metric", "group", "control", "verdict"):
        frame[column] = ["" if pd.isna(value) else str(value) for value in frame[column]]
    return frame
