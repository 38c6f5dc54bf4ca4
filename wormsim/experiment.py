"""Experiment: a question with its settings in one TOML, and the run that answers it in a results folder."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from . import catalog, manifest, report, validation
from .chunks import file_sha256
from .errors import DataWarning, InputError
from .results import Results, ResultsFolder
from .runner import Runner
from .studies import StudyResult

_Text = Annotated[str, Field(min_length=1)]
# One paragraph or several: `source = "..."` and `source = ["...", "..."]` are the same thing.
_Paragraphs = Annotated[tuple[_Text, ...], Field(min_length=1),
                        BeforeValidator(lambda value: [value] if isinstance(value, str) else value)]


class Header(BaseModel):
    """The table ``[experiment]``: what is asked, from what, and against what it is held."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    kind: _Text
    title: str = ""
    question: _Text
    source: _Paragraphs
    fitted_on: _Paragraphs
    scored_on: _Paragraphs
    seed: int = Field(default=0, ge=0, lt=2**63)


@dataclass(frozen=True)
class Experiment:
    """A question with all its settings.

    Attributes
    ----------
    header : Header
        Name, kind of study, question, sources.
    spec : pydantic.BaseModel
        The study's settings; its ``seed``, where it has one, is the experiment's.
    path : Path
        The TOML it was read from.
    toml_sha256 : str
        Of that file.
    overrides : dict
        Dotted key: value that took the place of the file's.
    """

    header: Header
    spec: BaseModel
    path: Path
    toml_sha256: str
    overrides: dict[str, Any]

    @property
    def name(self) -> str:
        """Key of the experiment and default name of its results folder."""
        return self.header.name

    @property
    def seed(self) -> int:
        """Seed of all that is drawn."""
        return self.header.seed

    @property
    def identity(self) -> dict:
        """What makes this result this result; see :func:`wormsim.manifest.identity`."""
        return manifest.identity(self.name, self.header.kind, self.seed, self.spec.model_dump(mode="json"))


def load_experiment(name_or_path: str | Path, overrides: Mapping[str, Any] | Iterable[str] = (),
                    seed: int | None = None) -> Experiment:
    """Read and check an experiment.

    Parameters
    ----------
    name_or_path : str or path
        Key of an experiment that comes with wormsim (``wormsim list experiments``), or a path that ends in
        ``.toml``.
    overrides : mapping or iterable of str
        ``{"screen.samples": 128}`` or ``["screen.samples=128"]``: settings of the study, not of
        ``[experiment]``.
    seed : int, optional
        Instead of the file's.

    Raises
    ------
    InputError
        If the file is not there, is not TOML, or has an unknown key, a missing one or a value out of range;
        the message names file, line, key, value, the closest known key and what is allowed.
    """
    path = catalog.toml_path("experiments", name_or_path)
    settings, text = validation.read_toml(path)
    source = str(name_or_path) if str(name_or_path).endswith(".toml") else path.name
    if not isinstance(settings.get("experiment"), dict):
        raise InputError(f"{source}: the table [experiment] is missing")
    changes = validation.parse_overrides(overrides)
    for key in changes:
        if key.split(".")[0] in ("experiment", "seed"):
            hint = "use --seed" if key.split(".")[-1] == "seed" else "copy the file and edit the copy"
            raise InputError(f"--set {key}: only the study's settings can be set; {hint}")
    if seed is not None:
        settings["experiment"]["seed"] = seed
    header = validation.validate(Header, settings.pop("experiment"), source, text, prefix="experiment",
                                 overridden=[] if seed is None else ["experiment.seed"])
    try:
        study = catalog.load("studies", header.kind)
    except InputError as error:
        raise InputError(f"{source}: experiment.kind: {error}") from error
    if "seed" in settings:
        raise InputError(f"{source}: the seed belongs in the table [experiment]")
    settings = validation.apply_overrides(settings, changes)
    if "seed" in study.Spec.model_fields:
        settings["seed"] = header.seed
    elif seed is not None:
        raise InputError(f"{source}: a study of kind {header.kind!r} draws nothing and takes no seed")
    spec = validation.validate(study.Spec, settings, source, text, overridden=list(changes))
    return Experiment(header, spec, path, file_sha256(path), changes)


def fit_experiment(name_or_path: str | Path, overrides: Mapping[str, Any] | Iterable[str] = (),
                   seed: int | None = None) -> Experiment:
    """The fit to an objective as an experiment: its own TOML, or an objective with the study's default settings.

    Parameters
    ----------
    name_or_path : str or path
        Key of an objective (``wormsim list objectives``), or a path that ends in ``.toml``.
    overrides, seed
        As in :func:`load_experiment`.

    Raises
    ------
    InputError
        As in :func:`load_experiment`; also if the TOML is of another kind of experiment.
    """
    if str(name_or_path).endswith(".toml"):
        experiment = load_experiment(name_or_path, overrides, seed)
        if experiment.header.kind != "fit":
            raise InputError(f"{name_or_path} is an experiment of kind {experiment.header.kind}, not fit: `wormsim run` runs it")
        return experiment
    module = catalog.load("objectives", str(name_or_path))
    changes = validation.parse_overrides(overrides)
    source = f"objective {name_or_path}"
    settings = validation.apply_overrides({"objective": {"name": str(name_or_path)}}, changes)
    if settings["objective"]["name"] != name_or_path:
        raise InputError(f"{source}: objective.name cannot be set; name the other objective instead")
    kind = module.Fit
    header = validation.validate(Header, {
        "name": str(name_or_path), "kind": "fit", "title": f"Fit to {name_or_path}", "question": kind.question, "source": kind.source,
        "fitted_on": kind.fitted_on, "scored_on": kind.scored_on, "seed": seed or 0}, source, prefix="experiment",
        overridden=["experiment.seed"])
    settings["seed"] = header.seed
    spec = validation.validate(catalog.load("studies", "fit").Spec, settings, source, overridden=list(changes))
    path = Path(module.__file__)
    return Experiment(header, spec, path, file_sha256(path), changes)


def run(experiment: Experiment | str | Path, out: str | Path | None = None, *, seed: int | None = None,
        overrides: Mapping[str, Any] | Iterable[str] = (), jobs: int | None = None, backend: str = "local",
        scheduler: str | None = None, progress: bool = True, force: bool = False,
        extend: bool = False, command: str | None = None) -> Results:
    """Run an experiment, or go on with one that was interrupted, and fill its results folder.

    Parameters
    ----------
    experiment : Experiment, str or path
        Or its key or TOML.
    out : path, optional
        Results folder; ``results/<name>`` by default.
    seed : int, optional
    overrides : mapping or iterable of str
        As in :func:`load_experiment`; `seed` and `overrides` are for an experiment given by key or path.
    jobs, backend, scheduler, progress
        As in :class:`wormsim.runner.Runner`. They change no byte of the tables and scores.
    force : bool
        Remove what the folder holds and start afresh.
    extend : bool
        Where the folder holds results of other settings of this experiment, go on with those of its chunks that serve here too.
    command : str, optional
        What was typed, for the manifest.

    Returns
    -------
    Results

    Raises
    ------
    InputError
        If the settings are wrong (the study's own ``check(spec)``, where it has one, is asked before the folder is made), or the
        folder holds results of another experiment, settings or seed.
    """
    if not isinstance(experiment, Experiment):
        command = command or f"wormsim.run({str(experiment)!r})"
        experiment = load_experiment(experiment, overrides, seed)
    elif seed is not None or overrides:
        raise InputError("give seed and overrides to load_experiment, or give run the experiment by name")
    began, started = time.perf_counter(), manifest.now()
    runner = Runner(out or Path("results") / experiment.name, jobs, backend, scheduler, progress)
    study = catalog.load("studies", experiment.header.kind)
    with counted_warnings() as counts:  # of the check too: what it loads is kept, and does not warn again
        if hasattr(study, "check"):
            study.check(experiment.spec)  # before the folder is made: a mistake claims none
        folder = ResultsFolder(runner.out, experiment.identity, force, extend)
        record = {
            "state": "running",
            "experiment": experiment.header.model_dump(mode="json"),
            "identity": experiment.identity,
            "toml_sha256": experiment.toml_sha256,
            "overrides": experiment.overrides,
            "command": command or f"wormsim.run({experiment.name!r})",
            "started": started,
            "run": {"jobs": runner.jobs, "backend": backend},
            **manifest.environment(),
        }
        folder.write_manifest(record)
        result = study.run(experiment.spec, runner)
        if hasattr(study, "figures"):
            result.figures = {**study.figures(result), **result.figures}
        folder.write(result)
    if not extend:
        runner.store.prune()
    record |= {
        "state": "complete",
        "finished": manifest.now(),
        "wall_s": round(time.perf_counter() - began, 3),
        "stages": [asdict(stage) | {"wall_s": round(stage.wall_s, 3)} for stage in runner.stages],
        "warnings": [{"message": message, "times": n} for message, n in counts.items()],
        "engines": result.engines,
        "result": _texts(result),
    }
    results = Results(folder.path, record, result)
    return Results(folder.path, folder.finish(record, report.render(results)), result)


def _texts(result: StudyResult) -> dict:
    return {"summary": list(result.summary), "captions": dict(result.captions),
            "controls": dict(result.controls), "citations": list(result.citations),
            "figures": {name: {"caption": f.caption, "alt": f.alt} for name, f in result.figures.items()}}


@contextmanager
def counted_warnings() -> Iterator[Counter[str]]:
    """Count the data warnings raised within; each is shown once, the way warnings are shown outside."""
    counts: Counter[str] = Counter()
    with warnings.catch_warnings():
        show = warnings.showwarning

        def count(message, category, filename, lineno, file=None, line=None):
            if issubclass(category, DataWarning):
                counts[str(message)] += 1
                if counts[str(message)] > 1:
                    return
            show(message, category, filename, lineno, file, line)

        warnings.simplefilter("always", DataWarning)
        warnings.showwarning = count
        yield counts
