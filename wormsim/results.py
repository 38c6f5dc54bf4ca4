"""Results: the folder of one experiment's results, as it is written and as it is read again."""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from . import atomic
from .chunks import encode, file_sha256
from .errors import InputError
from .manifest import differences
from .studies import SCORE_COLUMNS, StudyFigure, StudyResult

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

_CONTENTS = ("chunks", "tables", "traces", "ensembles", "figures", "scores.csv", "report.html", "manifest.json")
FIGURE_DPI = 150


@dataclass(frozen=True)
class Results:
    """What an experiment left behind.

    Attributes
    ----------
    path : Path
        The results folder.
    manifest : dict
        See :mod:`wormsim.manifest`.
    result : StudyResult
        Scores, ranking, tables, traces, summary.
    """

    path: Path
    manifest: dict
    result: StudyResult

    @property
    def report(self) -> Path:
        """The self-contained report."""
        return self.path / "report.html"


class ResultsFolder:
    """A folder that takes the results of one experiment and of no other.

    Parameters
    ----------
    path : path
        Made when it is not there.
    identity : dict
        From :func:`wormsim.manifest.identity`.
    force : bool
        Remove the results that are there, whatever they are of, and start afresh.
    extend : bool
        Of the same experiment with other settings or another seed remove the results, and keep the chunks: a chunk is known by what it
        is of, so that those serve that these settings ask for as well.

    Raises
    ------
    InputError
        If the folder holds results of another experiment, settings or seed (and neither `force` nor `extend`), holds something
        that is not a wormsim result, or cannot be written.
    """

    def __init__(self, path: str | Path, identity: dict, force: bool = False, extend: bool = False):
        self.path = Path(path)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            empty = all(p.name.startswith(".") for p in self.path.iterdir())
        except OSError as error:
            raise InputError(f"the results folder {self.path} cannot be made: {error.strerror}") from error
        before = read_manifest(self.path)
        if before is None and not empty:
            raise InputError(f"{self.path} is not empty and is no wormsim results folder; give another --out")
        if before is not None and (force or self._holds_nothing(before)):
            self._empty(_CONTENTS)
        elif before is not None and extend and before.get("identity", {}).get("name") == identity["name"]:
            # the manifest stays until the new one is written: without it the chunks would be nobody's after a kill
            self._empty([name for name in _CONTENTS if name not in ("chunks", "manifest.json")])
        elif before is not None:
            self._refuse_another(before.get("identity", {}), identity)
        self.written: dict[str, str] = {}

    def _holds_nothing(self, before: dict) -> bool:
        """Whether a run that came to no result and finished no chunk is all that was here."""
        if before.get("state") == "complete" or (self.path / "scores.csv").exists():
            return False
        return not any((self.path / "chunks").glob("*.parquet"))

    def _refuse_another(self, before: dict, identity: dict) -> None:
        if before.get("sha256") == identity["sha256"]:
            return
        other = {k: v for k, v in before.items() if k != "sha256"}
        found = differences({k: v for k, v in identity.items() if k != "sha256"}, other)
        shown = "; ".join(found[:5]) + (f"; and {len(found) - 5} more" if len(found) > 5 else "")
        raise InputError(f"{self.path} holds other results ({shown}). Use another --out, --extend to keep what serves these "
                         "settings of the same experiment as well, or --force to remove all and start afresh")

    def _empty(self, names: Iterable[str]) -> None:
        for name in names:
            place = self.path / name
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)

    def write(self, result: StudyResult) -> None:
        """Write scores, tables, traces and figures; bytes of scores and tables depend on the result alone."""
        check_result(result)
        self._bytes("scores.csv", result.scores.to_csv(index=False, lineterminator="\n").encode())
        tables = dict(result.tables)
        if result.ranking is not None:
            tables["ranking"] = result.ranking
        for name, frame in tables.items():
            self._bytes(f"tables/{name}.parquet", encode(frame))
        for folder, datasets in (("traces", result.traces), ("ensembles", result.ensembles)):
            for name, dataset in datasets.items():
                atomic.write_with(self.path / f"{folder}/{name}.nc", lambda part, d=dataset: _to_netcdf(d, part))
                self._note(f"{folder}/{name}.nc")
        for name, figure in result.figures.items():
            self._bytes(f"figures/{name}.png", draw(figure, "png"))

    def finish(self, manifest: dict, report: str) -> dict:
        """Write the report and then the manifest, which says that all is there; returns the manifest."""
        for folder in ("tables", "traces", "ensembles", "figures"):  # left by an earlier version of the code
            for path in (self.path / folder).glob("*"):
                if f"{folder}/{path.name}" not in self.written:
                    path.unlink()
        atomic.write_text(self.path / "report.html", report)
        manifest = {**manifest, "outputs": self.written}
        self.write_manifest(manifest)
        return manifest

    def write_manifest(self, manifest: dict) -> None:
        """Replace ``manifest.json``."""
        text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
        atomic.write_text(self.path / "manifest.json", text)

    def _bytes(self, relative: str, data: bytes) -> None:
        atomic.write_bytes(self.path / relative, data)
        self._note(relative)

    def _note(self, relative: str) -> None:
        self.written[relative] = file_sha256(self.path / relative)


def check_result(result: StudyResult) -> None:
    """Raise TypeError when a study returned something that cannot be written or reported."""
    if list(result.scores.columns) != list(SCORE_COLUMNS):
        raise TypeError(f"scores have columns {list(result.scores.columns)}, not {list(SCORE_COLUMNS)}")
    if not result.summary:
        raise TypeError("the summary is empty; its first paragraph answers the experiment's question")
    if "ranking" in result.tables:
        raise TypeError("the table name 'ranking' is taken by StudyResult.ranking")
    for name in (*result.tables, *result.traces, *result.ensembles, *result.figures):
        if not name.replace("_", "").replace("-", "").isalnum():
            raise TypeError(f"{name!r} cannot be a file name: use letters, digits, _ and -")


def draw(figure: StudyFigure, file_format: str) -> bytes:
    """The figure as a file (``png``, ``pdf``, ``svg``), undated so that equal figures are equal bytes."""
    metadata = {"png": {"Software": None}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}
    drawn = figure.draw()
    try:
        sink = io.BytesIO()
        drawn.savefig(sink, format=file_format, dpi=FIGURE_DPI, bbox_inches="tight", facecolor="white",
                      metadata=metadata.get(file_format))
        return sink.getvalue()
    finally:
        if "matplotlib.pyplot" in sys.modules:  # else nothing holds on to the figure
            sys.modules["matplotlib.pyplot"].close(drawn)


def _to_netcdf(dataset: xr.Dataset, path: Path) -> None:
    encoding = {name: {"zlib": True, "complevel": 4} for name, v in dataset.data_vars.items()
                if v.dtype.kind in "fiu" and v.ndim}
    dataset.to_netcdf(path, engine="h5netcdf", encoding=encoding)


def read_manifest(folder: str | Path) -> dict | None:
    """The manifest of a results folder, or None when there is no file ``manifest.json``.

    Raises
    ------
    InputError
        If the file cannot be read or is no manifest of wormsim.
    """
    path = Path(folder) / "manifest.json"
    advice = "restore it from a copy, or move the folder away and run the experiment again"
    try:
        found = json.loads(path.read_bytes().decode("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"{path} is damaged ({error}); {advice}") from error
    if not isinstance(found, dict) or not isinstance(found.get("identity"), dict):
        raise InputError(f"{path} is damaged, or not written by wormsim (it does not say what was run); {advice}")
    return found


def load_results(folder: str | Path) -> Results:
    """Read a results folder again.

    Returns
    -------
    Results
        Figures are drawn again from the tables where the study can (its function ``figures``), else absent.

    Raises
    ------
    InputError
        If the folder is no results folder, or its run has not come to its end.
    """
    import xarray as xr

    from . import catalog

    folder = Path(folder)
    manifest = read_manifest(folder)
    if manifest is None:
        raise InputError(f"{folder} is not a wormsim results folder (no manifest.json)")
    if manifest.get("state") != "complete":
        raise InputError(f"the run in {folder} has not come to its end; run it again to go on where it was")
    text = manifest["result"]
    tables, datasets = {}, {"traces": {}, "ensembles": {}}
    for relative in manifest["outputs"]:  # in the order of the study, which its figures may go by
        kind, _, file = relative.rpartition("/")
        path = folder / relative
        if kind in ("tables", *datasets) and not path.is_file():
            raise InputError(f"{path} is missing; run the experiment again to make it anew")
        if kind == "tables":
            tables[Path(file).stem] = _read_table(path)
        elif kind in datasets:
            with xr.open_dataset(path, engine="h5netcdf") as dataset:
                datasets[kind][path.stem] = dataset.load()
    ranking = tables.pop("ranking", None)
    result = StudyResult(text["summary"], _read_scores(folder / "scores.csv"), ranking, tables, **datasets,
                         captions=text["captions"], controls=text["controls"], citations=text["citations"])
    study = catalog.load("studies", manifest["identity"]["kind"])
    if hasattr(study, "figures"):
        result.figures = study.figures(result)
    return Results(folder, manifest, result)


def _read_table(path: Path) -> pd.DataFrame:
    import pandas as pd

    return pd.read_parquet(path)


def _read_scores(path: Path) -> pd.DataFrame:
    import pandas as pd

    text = dict.fromkeys(("metric", "group", "control", "verdict"), str)
    return pd.read_csv(path, dtype={**text, "n": "Int64"}, keep_default_na=False,
                       na_values={c: [""] for c in ("value", "low", "high", "floor", "ceiling", "n")})
