"""What all commands share: errors as one message, warnings as one line, tables, examples in the help."""

from __future__ import annotations

import contextlib
import re
import signal
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from ..errors import DataWarning, InputError, UnknownNameError

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

EXIT_INPUT, EXIT_INTERRUPTED = 2, 130


class Commands(TyperGroup):
    """Turns a user's mistake into one message and exit code 2; a defect keeps its traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with warnings.catch_warnings():
            show = warnings.showwarning

            def one_line(message, category, filename, lineno, file=None, line=None):
                if issubclass(category, DataWarning):
                    say("warning:", str(message), "yellow")
                else:
                    show(message, category, filename, lineno, file, line)

            warnings.showwarning = one_line
            try:
                with _ended_as_interrupted():
                    return super().invoke(ctx)
            except InputError as error:
                say("error:", sentence(error), "red")
                raise typer.Exit(EXIT_INPUT) from None
            except KeyboardInterrupt:
                resumable = ctx.invoked_subcommand in ("run", "fit", "fetch")
                say("interrupted.", "What is done is kept: the same command goes on from there." if resumable else "",
                    "yellow")
                raise typer.Exit(EXIT_INTERRUPTED) from None


@contextlib.contextmanager
def _ended_as_interrupted() -> Iterator[None]:
    """SIGTERM (what `kill` and a cluster's scheduler send) acts as Ctrl-C does: else worker processes would work on, for nobody."""
    def interrupt(number, frame):
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():  # only there may a handler be set
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def say(head: str, text: str, style: str) -> None:
    """One message on stderr."""
    from rich.console import Console
    from rich.text import Text

    Console(stderr=True, soft_wrap=True).print(Text(f"{head} ", style=f"bold {style}") + Text(text))


def sentence(error: InputError) -> str:
    """The error's message; advice on an unknown name that starts with a small letter goes on in the same sentence."""
    text = str(error)
    if not isinstance(error, UnknownNameError):
        return text
    text = re.sub(r"\. (?=[a-z`])", "; ", text)
    return text if error.closest else text.replace("; or give", "; give")


def count(n: int, noun: str) -> str:
    """``1 row``, ``2 rows``."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def some(names: Sequence[str], most: int, between: str = " ") -> str:
    """The first names, and how many more there are."""
    return between.join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def examples(*lines: str) -> str:
    """Help epilog with one example a line."""
    return "Examples:\n\n" + "\n\n".join(f"[green]{line.replace('[', chr(92) + '[')}[/]" for line in lines)


def console() -> Console:
    """Console on stdout; wide enough for tables when the output goes to a file or another program."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 120)


def heading(text: str) -> None:
    """A title above a block of output."""
    from rich.text import Text

    console().print(Text(text, style="bold"))


def paragraph(text: str) -> None:
    """Text wrapped to the terminal, as it is: square brackets are no markup."""
    console().print(text, markup=False, highlight=False)


def markdown(text: str) -> None:
    """Markdown, wrapped to the terminal."""
    from rich.markdown import Markdown

    console().print(Markdown(text))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "",
                right: Sequence[str] = ()) -> None:
    """A table on stdout; columns named in `right` are set to the right and never broken over lines."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(Text(column), justify="right" if column in right else "left", overflow="fold",
                         no_wrap=column in right)
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    console().print(table)


def print_frame(frame: pd.DataFrame, title: str = "", limit: int | None = None) -> None:
    """A DataFrame as a table on stdout, numbers in two or three digits; says how many rows are not shown."""
    from ..report import brief, table

    shown = table(frame, limit, brief)
    print_table([c["label"] for c in shown["columns"]], shown["rows"], title,
                [c["label"] for c in shown["columns"] if c["numeric"]])
    if shown["total"] > len(shown["rows"]):
        paragraph(f"... and {count(shown['total'] - len(shown['rows']), 'more row')}")


def facts(pairs: Iterable[tuple[str, object]]) -> None:
    """Names and values in two columns; empty values are left out."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column()
    grid.add_column(overflow="fold")
    for name, value in pairs:
        if value not in (None, "", (), []):
            grid.add_row(Text(name, style="dim"), Text(str(value)))
    console().print(grid)
