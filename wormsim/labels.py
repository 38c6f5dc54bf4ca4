"""Labels of recorded regions: what an experimenter wrote beside a trace, resolved to the cells that it can mean.

A whole-brain recording names its regions by hand, and the label says how sure the hand was: ``AVAL``, ``AVAL?``,
``AVA`` or ``RMDD?`` (the side is not known), ``IL1DL-alt`` (a second candidate), ``AIBL/AVEL`` (one of two), ``23`` (a
number, no name). Here each becomes the cells that it may stand for; nothing is guessed beyond what the label says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from .data.tables import aliases, cells
from .names import canonical_name

Level = Literal["cell", "class", "ambiguous", "unresolved", "none"]

#: What stands where there is no name, in any case of letters.
NO_NAME = frozenset({"", "nan", "none", "null", "na", "n/a", "unknown", "unk", "unlabeled", "unlabelled", "missing", "noid"})

# AWC-on and AWC-off differ in what they express; which side is which differs from animal to animal (Troemel 1999).
_SIDE_UNKNOWN = {"AWCON": "AWC", "AWCOFF": "AWC", "AWCOF": "AWC"}
_DOUBT = re.compile(r"\?+$|[-_ ]?\(?alt\)?$", re.IGNORECASE)
_EITHER = re.compile(r"\s*(?:/|\||,|\bor\b)\s*", re.IGNORECASE)
_BOTH_SIDES = re.compile(r"[\s(_-]*L[/|]R\)?$")


@dataclass(frozen=True)
class Label:
    """A label and the cells that it may stand for.

    Attributes
    ----------
    text : str
        As it was written, without surrounding blanks.
    level : {"cell", "class", "ambiguous", "unresolved", "none"}
        One cell; several of one class (the side or the member is not known); several of different classes; a text that no
        known cell has; no name at all.
    candidates : tuple of str
        Canonical names, in the order of the table of cells.
    doubtful : bool
        The label itself says that it is not sure (``?``, ``alt``).
    """

    text: str
    level: Level
    candidates: tuple[str, ...]
    doubtful: bool

    @property
    def cell(self) -> str:
        """The one cell, or ``""``."""
        return self.candidates[0] if self.level == "cell" else ""


@lru_cache(maxsize=4096)
def resolve(text: str) -> Label:
    """What a label stands for.

    Parameters
    ----------
    text : str
        As the recording has it; case matters, blanks around it do not.

    Examples
    --------
    >>> resolve("AVAL?").cell, resolve("AVAL?").doubtful
    ('AVAL', True)
    >>> resolve("RMDD?").candidates
    ('RMDDL', 'RMDDR')
    """
    text = str(text).strip()
    if text.casefold() in NO_NAME or re.fullmatch(r"[\d.+-]+", text):
        return Label(text, "none", (), False)
    stem, doubtful = text, False
    while (shorter := _DOUBT.sub("", stem).strip()) != stem:
        stem, doubtful = shorter, True
    side_open = _BOTH_SIDES.sub("", stem)
    parts = [side_open] if side_open != stem else _EITHER.split(stem)
    found: set[str] = set()
    for part in parts:
        one = _DOUBT.sub("", part).strip()
        meant = _cells_of(one)
        if not meant:
            return Label(text, "unresolved", (), doubtful)
        doubtful |= one != part
        found |= meant
    classes = cells()["cell_class"]
    names = tuple(name for name in classes.index if name in found)
    if len(names) == 1:
        return Label(text, "cell", names, doubtful)
    return Label(text, "class" if classes[list(names)].nunique() == 1 else "ambiguous", names, doubtful)


def _cells_of(name: str) -> set[str]:
    """The neurons that one name can mean: itself, both sides of it, or all of its class."""
    spelled = aliases()
    name = _SIDE_UNKNOWN.get(name, name)
    for spelling in (name, canonical_name(name)):
        if spelling in spelled:
            return {spelled[spelling]}
    classes = cells()["cell_class"]
    members = set(classes.index[classes == name])
    return members or {spelled[name + side] for side in "LR" if name + side in spelled}
