"""The command ``wormsim``. Exit codes: 0 done, 1 a defect (with traceback), 2 bad input, 130 interrupted.

Heavy modules load inside the commands, so that ``wormsim --help`` is quick.
"""

from __future__ import annotations

import os
from typing import Annotated

import typer

from .. import __version__
from . import animating, drawing, fetching, fitting, listing, modulating, running, upkeep
from .terminal import Commands

app = typer.Typer(
    cls=Commands, no_args_is_help=True, rich_markup_mode="rich", pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Whole-animal neural circuits from their wiring diagram: simulate, ablate, score against measurement.",
    epilog="Examples:\n\n"
           "[green]wormsim list experiments[/]\n\n"
           "[green]wormsim show cook2019_male[/]\n\n"
           "[green]wormsim run mating_turn[/]\n\n"
           "[green]wormsim ablate AVA PVC --assay mating_turn[/]")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"wormsim {__version__}")
        raise typer.Exit


@app.callback()
def _root(version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True,
                                                help="Show the version and stop.")] = False) -> None:
    os.environ.setdefault("MPLBACKEND", "Agg")


for module in (listing, running, fitting, modulating, drawing, animating, fetching, upkeep):
    module.register(app)


def main() -> None:
    """Entry point of the command ``wormsim``."""
    app(prog_name="wormsim")
