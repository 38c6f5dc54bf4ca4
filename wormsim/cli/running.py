"""``wormsim run`` and ``wormsim ablate``."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .terminal import (
    count,
    examples,
    facts,
    heading,
    markdown,
    paragraph,
    print_frame,
    print_table,
    say,
    some,
)

if TYPE_CHECKING:
    from ..results import Results
    from ..studies import StudyResult

_SHOWN_ROWS, _SHOWN_CELLS = 20, 12
_DRIVEN = "driven by the assay"


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command("run", epilog=examples(
        "wormsim run mating_turn", "wormsim run mating_turn --jobs 4 --seed 2 --out results/second",
        "wormsim run mating_turn --set ensemble.samples=128 --out results/more",
        "wormsim run mating_turn --model results/mine/ensembles/fitted.nc --out results/fitted",
        "wormsim run my_experiment.toml --backend dask --scheduler tcp://10.0.0.5:8786"))(run)
    app.command("ablate", epilog=examples(
        "wormsim ablate AVA PVC --assay mating_turn", 'wormsim ablate "CP0[1-6]" --assay mating_turn --samples 128',
        "wormsim ablate R7A --assay mating_turn --json",
        'wormsim ablate "CP0[1-6]" --assay mating_turn --state serotonin:released',
        "wormsim ablate PVY --assay mating_turn --model results/mine/ensembles/fitted.nc"))(ablate)


def run(
    experiment: Annotated[str, typer.Argument(help="Name (see `wormsim list experiments`) or a path to a .toml.")],
    seed: Annotated[int | None, typer.Option(help="Instead of the experiment's own seed.")] = None,
    jobs: Annotated[int | None, typer.Option(help="Processes; all cores by default.")] = None,
    out: Annotated[Path | None, typer.Option(help="Results folder; results/NAME by default.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a setting.")] = None,
    model: Annotated[Path | None, typer.Option(help="Fitted ensemble (.nc of `wormsim fit`) in place of draws from the priors; "
                                                    "its neuron model alone is run.")] = None,
    backend: Annotated[str, typer.Option(help="local, or dask (needs wormsim-circuits\\[cluster]).")] = "local",
    scheduler: Annotated[str | None, typer.Option(help="Address of a dask scheduler.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Remove what the folder holds and start afresh.")] = False,
    extend: Annotated[bool, typer.Option("--extend", help="Other settings of the same experiment are there: keep the parts that serve "
                                                          "here too.")] = False,
) -> None:
    """Run an experiment, or go on with one that was interrupted."""
    from ..errors import InputError
    from ..experiment import load_experiment
    from ..experiment import run as run_experiment

    if force and extend:
        raise InputError("--extend keeps what serves and --force removes all: give one of them")
    chosen = load_experiment(experiment, _with_fitted(set_ or (), model), seed)
    heading(chosen.header.title or chosen.name)
    paragraph(f"{chosen.header.question}\n")
    results = run_experiment(chosen, out, jobs=jobs, backend=backend, scheduler=scheduler, force=force, extend=extend,
                             command=shlex.join(["wormsim", *sys.argv[1:]]))
    show_results(results)


def _with_fitted(changes: list[str], model: Path | None) -> dict:
    """The overrides, and those that put a fitted ensemble in place of draws."""
    from ..errors import InputError
    from ..fitted import FittedEnsemble
    from ..validation import parse_overrides

    given = parse_overrides(changes)
    if model is None:
        return given
    ours = {"model.fitted": str(model), "model.neurons": [FittedEnsemble.load(model).model["neuron"]]}
    for key in ours:
        if key in given:
            raise InputError(f"--model sets {key}, and so does --set: give one of them")
    return {**given, **ours}


def show_results(results: Results) -> None:
    """Ranking, scorecard and answer, on stdout."""
    result, manifest = results.result, results.manifest
    if result.ranking is not None:
        _show_ranking(result)
    if len(result.scores):
        print_table(["metric", "of", "value", "interval", "floor", "n", "verdict"],
                    [_score_line(row) for row in result.scores.to_dict("records")], "Scorecard",
                    right=("value", "interval", "floor", "n"))
    heading("Answer")
    for text in result.summary:
        markdown(text)
        paragraph("")
    if manifest["warnings"]:
        n = len(manifest["warnings"])
        say(f"{count(n, 'warning')};", f"the report counts {'it' if n == 1 else 'them'}", "yellow")
    paragraph(f"report: {results.report}")


def _show_ranking(result: StudyResult) -> None:
    """The first rows; without what the assay drives itself, and without columns that say nothing."""
    ranking, left_out = result.ranking, 0
    if _DRIVEN in ranking:
        # The ranking is the head of a longer table, and much of that head may be driven cells.
        whole = [t for t in result.tables.values() if len(t) > len(ranking) and t.head(len(ranking)).equals(ranking)]
        table = whole[0] if whole else ranking
        driven = table[_DRIVEN].astype(bool)
        kept = table.index[~driven][:_SHOWN_ROWS]
        left_out = int(driven.loc[:kept[-1]].sum()) if len(kept) else len(table)
        ranking = table[~driven].drop(columns=_DRIVEN)
    empty = [c for c in ranking if ranking[c].dtype.kind in "if" and len(ranking) and (ranking[c] == 0).all()]
    print_frame(ranking.drop(columns=empty), "Ranking", _SHOWN_ROWS)
    if left_out:
        paragraph(f"{count(left_out, 'row')} of cells that the assay drives itself left out here: see the report")


def _score_line(score: dict) -> list[str]:
    from ..report import brief, label

    of = ", ".join(part for part in (score["group"], score["control"]) if part)
    return [label(score["metric"]), of, brief(score["value"]), _range(score), brief(score["floor"]), brief(score["n"]),
            score["verdict"]]


def _range(estimate: dict) -> str:
    """The interval, nothing where there is none or its ends look the same."""
    from ..report import brief

    low, high = estimate["low"], estimate["high"]
    if low is None or low != low or brief(low) == brief(high):
        return ""
    return f"{brief(low)} to {brief(high)}"


def ablate(
    cells: Annotated[list[str], typer.Argument(help="Cells, classes, globs or groups: AVAL AVA \"CP0[1-6]\".")],
    assay: Annotated[str, typer.Option(help="Behaviour (see `wormsim list assays`).")],
    circuit: Annotated[str | None, typer.Option(help="Circuit; the assay's own by default.")] = None,
    model: Annotated[str | None, typer.Option(help="Neuron model, or a fitted ensemble (.nc of `wormsim fit`); the assay's default "
                                                   "if not given.")] = None,
    samples: Annotated[int | None, typer.Option(help="Parameter samples that are accepted: at least 16, 64 by default.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of all that is drawn.", min=0)] = 0,
    state: Annotated[list[str] | None, typer.Option(metavar="MODULATOR:LEVEL", help="State of the animal: serotonin:high, dopamine:0.5, "
                                                    "serotonin:released (by its own cells).")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else on stdout.")] = False,
) -> None:
    """Predict what the loss of some cells does to a behaviour."""
    from ..studies.ablation_screen import ablate as predict

    which = "fitted" if model is not None and model.endswith(".nc") else "model"
    options = {"circuit": circuit, which: model, "samples": samples, "state": state}
    answer = predict(cells, assay=assay, seed=seed, **{k: v for k, v in options.items() if v is not None})
    if json_:
        typer.echo(json.dumps(_plain(answer), ensure_ascii=False, allow_nan=False))
        return
    heading(f"{some(answer['cells'], _SHOWN_CELLS, ', ')} removed from {answer['circuit']}, assay {answer['assay']}")
    rows = [[f"{b['behaviour']}: {b['measure']}" if "measure" in b else b["behaviour"], _interval(b["intact"]), _interval(b["ablated"]), b["verdict"]]
            for b in answer["behaviours"]]
    print_table(["behaviour", "intact", "ablated", "verdict"], rows)
    drawn = "animals" if any("measure" in b for b in answer["behaviours"]) else "parameter samples"
    facts([(drawn, answer["samples"]), ("state", ", ".join(f"{k} {v}" for k, v in answer["state"].items()))])
    for note in answer["notes"]:
        paragraph(f"note: {note}")


def _interval(estimate: dict) -> str:
    from ..report import brief

    between = _range(estimate)
    return brief(estimate["value"]) + (f" ({between})" if between else "")


def _plain(value: Any) -> Any:
    """JSON-able: arrays and NumPy numbers as Python's, not-a-number as null."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return None if isinstance(value, float) and value != value else value
