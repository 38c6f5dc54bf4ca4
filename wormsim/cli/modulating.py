"""``wormsim modulators`` and ``wormsim dose``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from .terminal import examples, heading, paragraph, print_frame, print_table, some

_NAMES_SHOWN = 12


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command("modulators", epilog=examples("wormsim modulators", "wormsim modulators whole_male",
                                              "wormsim modulators whole_male --json"))(modulators)
    app.command("dose", epilog=examples("wormsim dose serotonin --assay mating_turn",
                                        "wormsim dose dopamine 0 0.1 1 10 --assay mating_turn --plot dose.png"))(dose)


def modulators(
    circuit: Annotated[str, typer.Argument(help="Circuit (see `wormsim list circuits`) or a path to a .toml.")] = "whole_hermaphrodite",
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object, with all cells, and nothing else on stdout.")] = False,
) -> None:
    """List the modulators of a circuit: who releases them, who receives them, how, by whom and how surely that is known."""
    from ..circuit import load_circuit
    from ..modulator import modulator_table

    the = load_circuit(circuit)
    table = modulator_table(the)
    if json_:
        rows = [{**row, "releasing": row["releasing"].split(), "receiving": row["receiving"].split()} for row in table.to_dict("records")]
        typer.echo(json.dumps({"circuit": the.name, "receptors": rows}, ensure_ascii=False))
        return
    heading(f"modulators of {the.name}")
    rows = [[row["modulator"], some(row["releasing"].split(), _NAMES_SHOWN) or "none here", row["receptor"], row["coupling"],
             "+" if row["sign"] > 0 else "-", row["received_by"], row["certainty"], row["source"]] for row in table.to_dict("records")]
    print_table(["modulator", "released by", "receptor", "coupling", "sign", "cells", "certainty", "source"], rows, right=("cells",))
    paragraph("sign: + excites, - inhibits. cells: how many of this circuit have the receptor (--json names them). What a coupling does to a "
              "cell, and that its size is unknown: docs/modulators.md")


def dose(
    modulator: Annotated[str, typer.Argument(help="Modulator (see `wormsim list modulators`).")],
    levels: Annotated[list[str] | None, typer.Argument(help="Levels or relative concentrations; none to high if not given.")] = None,
    assay: Annotated[str, typer.Option(help="Behaviour (see `wormsim list assays`).")] = "mating_turn",
    circuit: Annotated[str | None, typer.Option(help="Circuit; the assay's own by default.")] = None,
    model: Annotated[str, typer.Option(help="Neuron model.")] = "lif",
    samples: Annotated[int, typer.Option(help="Parameter samples that are accepted, at least 16.")] = 16,
    seed: Annotated[int, typer.Option(help="Seed of all that is drawn.", min=0)] = 0,
    plot: Annotated[Path | None, typer.Option(help="Also draw it into this file.")] = None,
) -> None:
    """Show how a behaviour depends on the concentration of a modulator."""
    from ..dose_response import DOSES, dose_response, summarise_doses

    table = dose_response(modulator, levels or DOSES, assay=assay, circuit=circuit, model=model, samples=samples, seed=seed)
    heading(f"{modulator}, assay {assay}, {model} model")
    print_frame(summarise_doses(table))
    paragraph(f"{table['sample'].nunique()} samples that do it without the modulator; keep: share of that response which is left")
    if plot is not None:
        from ..plotting.dose import dose_figure

        dose_figure(table).savefig(plot)
        paragraph(f"figure: {plot}")
