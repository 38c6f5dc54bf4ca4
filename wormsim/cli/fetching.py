"""``wormsim data``: public recordings, what there is and how to get it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .terminal import Commands, count, examples, facts, heading, paragraph, print_table
from .upkeep import size


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    data = typer.Typer(cls=Commands, no_args_is_help=True, help="Public recordings of activity, from their archives.")
    data.command("list", epilog=examples("wormsim data list", "wormsim data list kato2015"))(list_data)
    data.command("fetch", epilog=examples("wormsim data fetch kato2015", "wormsim data fetch dandi000565 --file '*sub-1*.nwb'"))(fetch)
    app.add_typer(data, name="data", epilog=examples("wormsim data list", "wormsim data fetch kato2015"))


def list_data(name: Annotated[str | None, typer.Argument(help="A data set: ask its archive for the files.")] = None) -> None:
    """List the data sets, or the files of one."""
    from .. import datasets

    if name is None:
        rows = [[n, d.description, f"{d.archive} {d.record}", d.size, d.licence]
                for n, d in ((n, datasets.dataset(n)) for n in datasets.dataset_names())]
        print_table(["name", "what it is", "where", "size", "licence"], rows)
        return
    about = datasets.dataset(name)
    heading(f"data set {name}")
    facts([("what it is", about.description), ("citation", about.citation), ("DOI", about.doi or "none"), ("licence", about.licence),
           ("where", f"{about.archive} {about.record}"), ("read by", about.reader),
           ("fetched by default", ", ".join(about.files) or "nothing: name files")])
    print_table(["file", "size", "checksum"],
                [[f.name, size(f.size), f.digest.partition(":")[0] or ("asked when fetched" if f.about else "none stated")]
                 for f in datasets.listing(name)], right=("size",))


def fetch(
    name: Annotated[str, typer.Argument(help="A data set that `wormsim data list` lists.")],
    file: Annotated[list[str] | None, typer.Option(help="Pattern of file names; may be given several times.")] = None,
    to: Annotated[Path | None, typer.Option(help="Folder; by default one in the user's data folder.")] = None,
) -> None:
    """Fetch a data set; a broken download goes on where it was."""
    from .. import datasets

    shown: dict[str, int] = {}

    def progress(name: str, have: int, whole: int) -> None:
        tenth = 10 * have // max(whole, 1)
        if shown.get(name) != tenth:
            shown[name] = tenth
            paragraph(f"{name}: {size(have)} of {size(whole)}")

    paths = datasets.fetch(name, file, to, progress)
    about = datasets.dataset(name)
    paragraph(f"{count(len(paths), 'file')} in {paths[0].parent}")
    paragraph(f"Read with wormsim.recordings.load_recording(path); cite {about.citation} (licence: {about.licence}).")
