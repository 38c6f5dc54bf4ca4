"""``wormsim doctor`` and ``wormsim cache``."""

from __future__ import annotations

from typing import Annotated

import typer

from .terminal import EXIT_INPUT, Commands, count, examples, facts, paragraph, print_table


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command("doctor", epilog=examples("wormsim doctor", "wormsim doctor --no-check"))(doctor)
    cache = typer.Typer(cls=Commands, no_args_is_help=True, help="What wormsim keeps to be quicker next time.")
    cache.command("clear", epilog=examples("wormsim cache clear"))(clear)
    cache.command("show", epilog=examples("wormsim cache show"))(show)
    app.add_typer(cache, name="cache", epilog=examples("wormsim cache show", "wormsim cache clear"))


def doctor(
    check: Annotated[bool, typer.Option("--check/--no-check", help="Also run both engines for a moment.")] = True,
) -> None:
    """Say what this installation is, and check that its engines agree."""
    from .. import doctor as diagnosis

    report = diagnosis.examine()
    facts(report.facts)
    findings = [*report.findings, *(diagnosis.self_check() if check else [])]
    print_table(["check", "state", "detail"], [[f.name, "ok" if f.ok else "FAILED", f.detail] for f in findings])
    if not all(f.ok for f in findings):
        paragraph("Something is wrong: the rows marked FAILED say what.")
        raise typer.Exit(EXIT_INPUT - 1)
    paragraph("All is well.")


def show() -> None:
    """Show the cache folder and what lies in it."""
    from .. import cache

    facts([("folder", cache.folder()), ("set by", cache.VARIABLE)])
    rows = [[name, files, size(n)] for name, (files, n) in cache.contents().items()]
    print_table(["part", "files", "size"], rows, right=("files", "size")) if rows else paragraph("empty")


def clear() -> None:
    """Remove all that lies in the cache; it is made again when it is needed."""
    from .. import cache

    files, n = cache.clear()
    paragraph(f"{count(files, 'file')} removed, {size(n)}")


def size(n: int) -> str:
    """Bytes for a reader."""
    return f"{n / 2**20:.1f} MiB" if n >= 2**20 else f"{n / 2**10:.1f} KiB"
