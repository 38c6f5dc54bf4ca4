"""Report: one self-contained page that gives the question, the answer and all that the answer stands on.

Nothing is fetched: figures are inline, there is no script and no link to elsewhere.
"""

from __future__ import annotations

import base64
import functools
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from markdown_it import MarkdownIt

    from .results import Results

RANKED_ROWS = 25  # shown before the fold
TABLE_ROWS, TABLE_COLUMNS = 200, 16  # of a larger table the page shows this much; the file has all
_GAUGE_WIDTH = 150
_ON_SCALE = ("value", "low", "high", "floor", "ceiling", "control_value")


def render(results: Results) -> str:
    """The report as HTML.

    Parameters
    ----------
    results : Results
        Figures are read from the folder ``figures/`` of the results.

    Returns
    -------
    str
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, trim_blocks=True,
        lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    environment.filters |= {"markdown": markdown, "inline": inline_markdown, "number": number}
    result, manifest = results.result, results.manifest
    return environment.get_template("report.html.j2").render(
        header=manifest["experiment"], manifest=manifest, result=result, scorecard=_scorecard(result.scores),
        ranking=None if result.ranking is None else table(result.ranking, None),
        figures=[_figure(results.path, name, f) for name, f in result.figures.items()],
        tables={name: table(frame) for name, frame in result.tables.items()}, ranked_rows=RANKED_ROWS,
        settings=list(flatten(manifest["identity"]["spec"])), packages=manifest["packages"])


@functools.cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    # html off: markup in a text is shown, not obeyed. Links and images off: the page leads nowhere and fetches nothing.
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable(["link", "image", "autolink"])


def markdown(text: str) -> Any:
    """Markdown as safe HTML blocks."""
    from markupsafe import Markup

    return Markup(_markdown().render(text))


def inline_markdown(text: str) -> Any:
    """Markdown of one paragraph as safe HTML without the paragraph."""
    from markupsafe import Markup

    return Markup(_markdown().renderInline(text))


def number(value: Any) -> str:
    """A value as a reader wants it: three significant digits, a dash for what is not there."""
    import pandas as pd

    if isinstance(value, (list, tuple, dict, set)) or (hasattr(value, "__len__") and not isinstance(value, str)):
        return ", ".join(number(v) for v in value)
    if value is None or pd.isna(value):
        return "–"
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, float) or (hasattr(value, "dtype") and value.dtype.kind == "f"):
        return _significant(float(value))
    return str(value)


def _significant(value: float) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    if not 1e-3 <= abs(value) < 1e6:
        return f"{value:.2e}".replace("-", "−")
    rounded = float(f"{value:.2e}")  # 0.9996 is 1.00, not 1.000
    digits = max(0, 2 - math.floor(math.log10(abs(rounded))))
    return f"{value:.{digits}f}".replace("-", "−")


def brief(value: Any) -> str:
    """A value for a terminal: as :func:`number`, but two digits after the point are enough and there is no exponent below 1."""
    if not (isinstance(value, float) or (hasattr(value, "dtype") and value.dtype.kind == "f")):
        return number(value)
    if not math.isfinite(value) or value == 0 or abs(value) >= 1e6:
        return number(value)
    return f"{value:.{0 if abs(value) >= 99.95 else 1 if abs(value) >= 9.995 else 2}f}".replace("-", "−")


def table(frame: pd.DataFrame, limit: int | None = TABLE_ROWS, text: Callable[[Any], str] = number) -> dict:
    """Columns (label, whether numbers) and rows of text; an index with names becomes columns.

    Parameters
    ----------
    frame : DataFrame
    limit : int or None
        Rows at most; None: all of them, and all columns.
    text : callable
        Value -> what is shown.

    Returns
    -------
    dict
        `columns`, `rows`, `total` and `total_columns` (of the whole table).
    """
    import pandas as pd

    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    total_columns = frame.shape[1]
    if limit is not None:
        frame = frame.iloc[:, :TABLE_COLUMNS]
    shown = frame.head(len(frame) if limit is None else limit)
    columns = [{"label": label(c), "numeric": bool(pd.api.types.is_numeric_dtype(frame[c])
                                                   and not pd.api.types.is_bool_dtype(frame[c]))}
               for c in frame.columns]
    rows = [[text(v) for v in row] for row in shown.itertuples(index=False, name=None)]
    return {"columns": columns, "rows": rows, "total": len(frame), "total_columns": total_columns}


def label(column: object) -> str:
    """A column's name for a reader."""
    return str(column).replace("_", " ")


def flatten(settings: Mapping[str, Any], prefix: str = "") -> Any:
    """Dotted key and text of every setting."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{key}.")
        elif isinstance(value, list) and value and all(isinstance(v, Mapping) for v in value):
            for i, item in enumerate(value):
                yield from flatten(item, f"{prefix}{key}.{i}.")
        else:
            yield f"{prefix}{key}", _exact(value)


def _exact(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_exact(v) for v in value)
    return "–" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _figure(folder: Path, name: str, figure: Any) -> dict:
    data = (folder / "figures" / f"{name}.png").read_bytes()
    alt = figure.alt or figure.caption
    return {"name": name, "caption": figure.caption, "alt": alt, "base64": base64.b64encode(data).decode("ascii")}


def _scorecard(scores: pd.DataFrame) -> list[dict]:
    """Scores by metric, each row with its place on the metric's scale.

    Returns
    -------
    list of dict
        `name`, `ends` (floor and ceiling in words, where all rows share them) and `rows` of one metric.
    """
    scores = scores.assign(control_value=[_as_float(c) for c in scores["control"]])
    metrics = []
    for name, group in scores.groupby("metric", sort=False):
        ends = group[list(_ON_SCALE)].astype("float64").to_numpy().ravel()
        ends = ends[[math.isfinite(x) for x in ends]]
        low, high = (float(ends.min()), float(ends.max())) if len(ends) else (0.0, 1.0)
        if low >= 0 and high <= 1:
            low, high = 0.0, 1.0
        else:
            margin = 0.06 * (high - low) or 0.5
            low, high = low - margin, high + margin
        rows = [_score_row(row, low, high) for row in group.to_dict("records")]
        said = [f"{end} {number(group[end].iloc[0])}" for end in ("floor", "ceiling")
                if group[end].notna().all() and group[end].nunique() == 1]
        metrics.append({"name": name, "ends": ", ".join(said), "rows": rows})
    return metrics


def _score_row(row: dict, low: float, high: float) -> dict:
    control = "" if math.isfinite(row["control_value"]) else str(row["control"])
    return {**row, "label": ", ".join(part for part in (str(row["group"]), control) if part),
            "is_control": control != "" and not control.startswith("real"), "gauge": _gauge(row, low, high)}


def _as_float(text: object) -> float:
    try:
        return float(text)
    except (TypeError, ValueError):
        return math.nan


def _gauge(row: Mapping[str, Any], low: float, high: float) -> dict:
    """Where value, interval, floor and ceiling of a score lie on a line of `_GAUGE_WIDTH` px from low to high."""
    def place(value: Any) -> float | None:
        if value is None or not math.isfinite(value):
            return None
        return round(6 + (float(value) - low) / (high - low) * (_GAUGE_WIDTH - 12), 1)

    return {"width": _GAUGE_WIDTH, **{k: place(row[k]) for k in _ON_SCALE}}
