"""Errors a user can act on, and warnings that carry a count.

Everything that goes wrong through a user's input is an :class:`InputError`; the command line turns it into one
message and exit code 2.
"""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Iterable

# So many names are all shown where none of them resembles the one that is unknown.
_FEW = 12


class WormsimError(Exception):
    """Base of every error that wormsim raises on purpose."""


class InputError(WormsimError):
    """The input is wrong; the message names the file, row and value, and says what to do."""


class UnknownNameError(InputError):
    """A name that is not known; the message gives the closest known ones.

    Parameters
    ----------
    what : str
        The sort of thing that was looked up ("neuron", "connectome", ...).
    name : str
        The name that was not found.
    known : iterable of str
        All names that would have been accepted.
    hint : str, optional
        What to do next, added to the message.
    """

    def __init__(self, what: str, name: str, known: Iterable[str], hint: str = ""):
        self.what, self.name, known = what, name, list(known)
        self.closest = closest(name, known)
        message = f"unknown {what} {name!r}"
        if self.closest:
            message += f"; closest: {', '.join(self.closest)}"
        elif 0 < len(known) <= _FEW:
            message += f"; there are {', '.join(map(str, known))}"
        if hint:
            message += f". {hint}"
        super().__init__(message)


class EmptySelectionError(InputError):
    """A selection that matches nothing."""


class SimulationError(WormsimError):
    """A simulation left the numbers that mean anything (not-a-number, runaway); names the cell and the time."""


class DataWarning(UserWarning):
    """Something was dropped, replaced or guessed in the data; the message starts with how many times."""


def warn_data(count: int, what: str, examples: Iterable[object] = (), stacklevel: int = 3) -> None:
    """Warn that `count` items were treated in a way the user should know of; silent only when the count is 0.

    Parameters
    ----------
    count : int
        How many items.
    what : str
        What happened to them, as a clause ("self-loops kept as autapses").
    examples : iterable, optional
        Some of the items; the first five are shown.
    """
    if count == 0:
        return
    shown = [str(e) for _, e in zip(range(5), examples, strict=False)]
    tail = f" ({', '.join(shown)}{', ...' if count > len(shown) else ''})" if shown else ""
    warnings.warn(f"{count} {what}{tail}", DataWarning, stacklevel=stacklevel)


def closest(name: str, known: Iterable[str], n: int = 3) -> list[str]:
    """Up to `n` known names that resemble `name`, best first; case is ignored."""
    by_fold: dict[str, str] = {}
    for k in known:
        by_fold.setdefault(str(k).casefold(), str(k))
    found = difflib.get_close_matches(str(name).casefold(), by_fold, n=n, cutoff=0.5)
    return [by_fold[f] for f in found]
