"""``wormsim plot``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError, UnknownNameError
from .terminal import examples, paragraph

_FORMATS = ("png", "pdf", "svg")


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("plot", epilog=examples(
        "wormsim plot results/mating_turn", "wormsim plot results/mating_turn --what ranking --out ranking.pdf",
        "wormsim plot connectome cook2019_male", "wormsim plot cohort --out cohort.svg"))(plot)


def plot(
    what_of: Annotated[str, typer.Argument(metavar="RESULTS|connectome|cohort",
                                           help="A results folder, or the word connectome or cohort.")],
    name: Annotated[str | None, typer.Argument(help="Name of the connectome.")] = None,
    what: Annotated[str | None, typer.Option(help="Which figure of the results; without it they are listed.")] = None,
    out: Annotated[Path | None, typer.Option(help="File to write (.png, .pdf or .svg).")] = None,
) -> None:
    """Draw a figure of results, a connectome's wiring, or the eight animals' variable connections."""
    from ..studies import StudyFigure

    if what is not None and what_of in ("connectome", "cohort"):
        raise InputError(f"--what {what} chooses a figure of results; `plot {what_of}` draws one figure and takes no --what")
    if name is not None and what_of != "connectome":
        choose = "" if what_of == "cohort" else f"; write --what {name} to choose a figure"
        raise InputError(f"`plot {what_of}` takes no further name, and {name!r} was given{choose}")
    if what_of == "connectome":
        if name is None:
            raise InputError("which connectome? For example: wormsim plot connectome cook2019_male")
        from ..plotting.wiring import wiring_figure
        from ..readers import load_connectome

        connectome = load_connectome(name)
        _write(StudyFigure(lambda: wiring_figure(connectome), ""), out or Path(f"{connectome.name}.png"))
    elif what_of == "cohort":
        from ..cohort import Cohort
        from ..plotting.cohort import cohort_figure

        cohort = Cohort.witvliet()
        _write(StudyFigure(lambda: cohort_figure(cohort), ""), out or Path("cohort.png"))
    else:
        _plot_results(Path(what_of), what, out)


def _plot_results(folder: Path, what: str | None, out: Path | None) -> None:
    from ..results import load_results

    if not folder.exists():
        raise InputError(f"{folder}: no such results folder; or write `connectome` or `cohort`")
    results = load_results(folder)
    texts = results.manifest["result"]["figures"]
    if what is None:
        if out is not None:
            raise InputError(f"--what is missing; figures in {folder}: {', '.join(texts)}")
        paragraph(f"figures in {folder}:")
        for name, text in texts.items():
            paragraph(f"  {name}: {text['caption']}")
        return
    if what not in texts:
        raise UnknownNameError("figure", what, texts, f"figures in {folder}: {', '.join(texts)}")
    out = out or Path(f"{folder.resolve().name}-{what}.png")
    if what in results.result.figures:
        _write(results.result.figures[what], out)
    elif out.suffix == ".png":
        from .. import atomic

        atomic.write_bytes(out, (folder / "figures" / f"{what}.png").read_bytes())
        paragraph(f"written: {out}")
    else:
        raise InputError(f"this figure can only be had as .png, not as {out.suffix}")


def _write(figure: object, out: Path) -> None:
    from .. import atomic
    from ..results import draw

    form = out.suffix.removeprefix(".").lower()
    if form not in _FORMATS:
        raise InputError(f"{out}: a figure is written as {', '.join('.' + f for f in _FORMATS)}")
    try:
        atomic.write_bytes(out, draw(figure, form))
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror}") from error
    paragraph(f"written: {out}")
