"""``wormsim fit``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from .running import show_results
from .terminal import examples, heading, paragraph


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("fit", epilog=examples(
        "wormsim fit pump_probe_recovery", "wormsim fit pump_probe_recovery --generations 80 --population 24 --out results/long",
        "wormsim fit pump_probe_recovery --set objective.settings.noise_mV=2 --set controls.degree=8",
        "wormsim fit my_fit.toml --resume", "wormsim fit pump_probe_recovery --seed 2"))(fit)


def fit(
    objective: Annotated[str, typer.Argument(metavar="OBJECTIVE_OR_TOML",
                                             help="Name (see `wormsim list objectives`) or a path to an experiment of kind fit.")],
    out: Annotated[Path | None, typer.Option(help="Results folder; results/NAME by default.")] = None,
    generations: Annotated[int | None, typer.Option(help="Generations of the search.")] = None,
    population: Annotated[int | None, typer.Option(help="Candidates of one chain in a generation.")] = None,
    chains: Annotated[int | None, typer.Option(help="Searches side by side; each is one member of the ensemble.")] = None,
    folds: Annotated[int | None, typer.Option(help="Parts of the data, of which each chain leaves one out.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all that is drawn.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a setting.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the fit in the folder, and stop if there is none.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Remove what the folder holds and start afresh.")] = False,
) -> None:
    """Fit parameters to data by CMA-ES and score them on data that the fit has not seen.

    The folder gets ensembles/fitted.nc, which `wormsim run` and `wormsim ablate` take as --model. A fit that was interrupted
    goes on where it was when the same is typed again.
    """
    from ..errors import InputError
    from ..experiment import fit_experiment
    from ..experiment import run as run_experiment
    from ..validation import parse_overrides

    given = {"generations": generations, "population": population, "chains": chains, "folds": folds}
    changes = parse_overrides(set_ or ())
    for name, value in given.items():
        if value is not None:
            if f"fit.{name}" in changes:
                raise InputError(f"--{name} and --set fit.{name} are one setting: give one of them")
            changes[f"fit.{name}"] = value
    chosen = fit_experiment(objective, changes, seed)
    folder = out or Path("results") / chosen.name
    if resume and force:
        raise InputError("--resume goes on with what is there and --force removes it: give one of them")
    if resume and not any((folder / "chunks").glob("*.parquet")):
        raise InputError(f"--resume: {folder} holds no fit to go on with; leave --resume out to start one")
    heading(chosen.header.title or chosen.name)
    paragraph(f"{chosen.header.question}\n")
    results = run_experiment(chosen, folder, force=force, command=shlex.join(["wormsim", *sys.argv[1:]]))
    show_results(results)
    paragraph(f"fitted ensemble: {results.path / 'ensembles' / 'fitted.nc'}")
