"""Readers of recorded activity: one file layout a file, found by file name.

A module has ``matches(path)``, whether a file is in its layout (it looks, and does not raise), ``animals(path)``, the
names of the animals in it, and ``read(path, animal, **options)``, one of them as a
:class:`wormsim.recorded.RecordedActivity`. A new file with these three is a new reader; nothing else needs an edit.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from types import ModuleType

    from ..recorded import RecordedActivity


def load_recording(path: str | Path, format: str | None = None, animal: str | None = None, **options: Any) -> RecordedActivity:
    """Read one animal's recorded activity from a file.

    Parameters
    ----------
    path : str or Path
    format : str, optional
        Name of a reader in ``wormsim/recordings/``; found from the file's contents if not given.
    animal : str, optional
        Which one, where the file holds several (:func:`animals_of` lists them); may be left out where it holds one.
    **options
        Of the reader: see its ``read``.

    Raises
    ------
    InputError
        No such file, a layout that no reader knows, several animals and none chosen, whatever is wrong with the contents.
    UnknownNameError
        No such reader or animal.
    """
    path, module = _reader_of(path, format)
    there = module.animals(path)
    if animal is None:
        if len(there) != 1:
            raise InputError(f"{path} holds {len(there)} animals: choose one with animal=, of {', '.join(there)}")
        animal = there[0]
    if animal not in there:
        raise UnknownNameError("animal", animal, there, f"{path} holds {', '.join(there)}")
    return module.read(path, animal, **options)


def animals_of(path: str | Path, format: str | None = None) -> tuple[str, ...]:
    """Names of the animals in a file; arguments as in :func:`load_recording`."""
    path, module = _reader_of(path, format)
    return module.animals(path)


def _reader_of(path: str | Path, format: str | None) -> tuple[Path, ModuleType]:
    from .. import catalog

    path = Path(path).expanduser()
    if not path.is_file():
        raise InputError(f"no such file: {path}")
    if format is not None:
        module = catalog.load("recordings", format)
        if not module.matches(path):
            raise InputError(f"{path} is not in the layout {format}: {_first_sentence(module)}")
        return path, module
    known = catalog.names("recordings")
    for name in known:
        module = catalog.load("recordings", name)
        if module.matches(path):
            return path, module
    raise InputError(f"{path} is in no layout that wormsim reads ({', '.join(known)}); name one with format= to be told what "
                     "it asks for, or write a table of frames x names")


def _first_sentence(module: ModuleType) -> str:
    return " ".join((module.__doc__ or "").split("\n\n")[0].split())
