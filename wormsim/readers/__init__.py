"""Readers of wiring diagrams: one source family a file, found by file name.

A reader module has ``NAMES``, the connectomes it offers, and ``read(name) -> Connectome``. A new file with these two
is a new reader; nothing else needs an edit. ``table.py`` reads a user's own table and offers no name.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from types import ModuleType

    from ..connectome import Connectome

# endings by which a name is taken for the path of a user's own table
TABLE_ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".graphml")


@lru_cache(maxsize=1)
def _modules() -> dict[str, ModuleType]:
    """Name of each connectome to the module that reads it."""
    from .. import catalog

    found: dict[str, ModuleType] = {}
    for key in catalog.names("readers"):
        module = catalog.load("readers", key)
        for name in module.NAMES:
            if name in found:
                raise ImportError(f"both {found[name].__name__} and {module.__name__} read {name!r}")
            found[name] = module
    return found


def connectome_names() -> list[str]:
    """Names that :func:`load_connectome` knows, sorted."""
    return sorted(_modules())


def load_connectome(name: str | Path, **options: Any) -> Connectome:
    """Load a published wiring diagram by name, or a user's own table by path.

    Parameters
    ----------
    name : str or Path
        One of :func:`connectome_names` (``"cook2019_male"``, ``"witvliet2021_8"``, ...), or the path of a table that
        ends in .csv, .tsv, .txt, .xlsx or .graphml.
    **options
        For a table only: those of :func:`wormsim.readers.table.read_table` (``species``, ``columns``, ``sheet``, ...).

    Returns
    -------
    Connectome
        ``cells`` (index: canonical name) and ``edges`` (``pre``, ``post``, ``kind``, ``contacts``, ...); the unit of
        ``contacts`` is ``provenance["weight_unit"]``.

    Raises
    ------
    UnknownNameError
        No such connectome; the message gives the closest names.
    InputError
        Options with a published diagram; whatever is wrong with a table.
    """
    if isinstance(name, Path) or str(name).lower().endswith(TABLE_ENDINGS):
        from .table import read_table

        return read_table(name, **options)
    modules = _modules()
    if name not in modules:
        raise UnknownNameError("connectome", str(name), modules,
                               "`wormsim list connectomes` shows all; a table of your own is read by its path")
    if options:
        raise InputError(f"{name} is a published diagram and takes no options: leave out {', '.join(options)}")
    return modules[name].read(name)
