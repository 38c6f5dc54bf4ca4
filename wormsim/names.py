"""One canonical name a cell, and the ways to choose cells: name, class, group, attribute, glob.

Neurons of the ventral cord are written without padding (``CP1``, ``VA1``, ``VB9``), body-wall muscles with it
(``MDL08``), as in WormAtlas and in Cook et al. 2019 (doi:10.1038/s41586-019-1352-7) for muscles. Other
spellings resolve to these here and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from .errors import EmptySelectionError, InputError, UnknownNameError

if TYPE_CHECKING:
    import pandas as pd

#: Classes whose members are told apart by a number along the body.
SERIAL_CLASSES = ("AS", "CA", "CP", "DA", "DB", "DD", "DX", "EF", "VA", "VB", "VC", "VD")

#: Spellings of fast transmitters that a selector or a table may use.
TRANSMITTER_ALIASES = {
    "ach": "acetylcholine", "glu": "glutamate", "da": "dopamine", "5-ht": "serotonin", "5ht": "serotonin",
    "ta": "tyramine", "oa": "octopamine",
}

_SERIAL = re.compile(rf"({'|'.join(SERIAL_CLASSES)})0*(\d+)")
_BODY_WALL = (
    re.compile(r"M([DV])([LR])0*(\d+)"),                 # MDL8, MDL08
    re.compile(r"([dvDV])BWM-?([LR])0*(\d+)"),           # dBWML8 (Cook 2019 sheets)
    re.compile(r"BWM-?([dvDV])([LR])0*(\d+)"),           # BWM-DL08 (Witvliet 2021)
)
_GLOB_CHARACTERS = frozenset("*?[")
_ATTRIBUTE = re.compile(r"\s*(\w+)\s*(==|!=|=)\s*(?P<quote>[\"']?)(.*?)(?P=quote)\s*")
_FAMILY = re.compile(r"([A-Z]{1,2})n([A-Z]?)")


def canonical_name(name: str) -> str:
    """The one name of a cell.

    Parameters
    ----------
    name : str
        Any published spelling: ``"CP01"``, ``"VB09"``, ``"dBWML8"``, ``"BWM-DL08"``, ``"AVAL"``.

    Returns
    -------
    str
        ``"CP1"``, ``"VB9"``, ``"MDL08"``, ``"MDL08"``, ``"AVAL"``. A name that follows no known pattern
        comes back as it is, without surrounding blanks: whether such a cell exists is for the connectome to
        say.
    """
    text = str(name).strip()
    serial = _SERIAL.fullmatch(text)
    if serial:
        return f"{serial[1]}{int(serial[2])}"
    for pattern in _BODY_WALL:
        muscle = pattern.fullmatch(text)
        if muscle:
            return f"M{muscle[1].upper()}{muscle[2]}{int(muscle[3]):02d}"
    return text


def padded_name(name: str) -> str:
    """The name with its serial number in two digits: ``CP1`` gives ``CP01``; names without a number stay."""
    serial = _SERIAL.fullmatch(name)
    return f"{serial[1]}{int(serial[2]):02d}" if serial else name


def contralateral(name: str) -> str:
    """The cell on the other side (``AVAL`` gives ``AVAR``, ``MDL08`` gives ``MDR08``); unpaired cells give
    themselves.

    Whether the partner exists is for the connectome to say: ``AQR`` gives ``AQL``, which no animal has.
    """
    swap = {"L": "R", "R": "L"}
    side = re.fullmatch(r"(.+)([LR])(\d*)", name)
    return f"{side[1]}{swap[side[2]]}{side[3]}" if side and len(side[1]) > 1 else name


def has_glob(selector: str) -> bool:
    """Whether a selector holds a wildcard (``*``, ``?`` or ``[...]``)."""
    return not _GLOB_CHARACTERS.isdisjoint(selector)


def match_glob(pattern: str, names: Iterable[str]) -> list[str]:
    """Names that a glob matches in canonical or in padded form, in the order given.

    Parameters
    ----------
    pattern : str
        ``"CP0[1-6]"`` gives CP1 ... CP6 (their padded forms match; the cell CP0 is one character too short),
        ``"VB*"`` all VB, ``"MD[LR]2?"`` the dorsal muscles from 20 on.
    names : iterable of str
        Canonical names.
    """
    return [n for n in names if fnmatchcase(n, pattern) or fnmatchcase(padded_name(n), pattern)]


def split_transmitters(text: object) -> tuple[str, ...]:
    """Transmitter names in a cell's entry, without their remarks.

    ``"acetylcholine; GABA (weak/variable)"`` gives ``("acetylcholine", "gaba")``; a missing entry gives
    ``()``.
    """
    if not isinstance(text, str):
        return ()
    parts = (re.sub(r"\(.*?\)|\?", "", part).strip().casefold() for part in re.split(r"[;+,]", text))
    return tuple(TRANSMITTER_ALIASES.get(p, p) for p in parts if p)


def select_cells(cells: pd.DataFrame, selectors: Sequence[str],
                 groups: Mapping[str, Sequence[str]] | None = None,
                 attributes: Mapping[str, object] | None = None) -> tuple[str, ...]:
    """Names of the cells that any of the selectors picks and that have all of the attributes, in table order.

    Parameters
    ----------
    cells : pandas.DataFrame
        Index: canonical names; column ``cell_class`` and any others are attributes.
    selectors : sequence of str
        Each is, in this order of precedence, an attribute test (``'transmitter="GABA"'``,
        ``"kind!=other"``), the name of a group, a cell in any spelling (``"CP01"``), a class (``"AVA"``), a
        family with a lower-case ``n`` for the number (``"RnA"``, ``"CPn"``), or a glob. A cell, class or group
        that is not there in this spelling is looked for without regard to case (``"ava"``), and taken when only
        one has that name.
    groups : mapping, optional
        Named groups: name to cell names.
    attributes : mapping, optional
        Attribute to the value it must have, or to a sequence of values of which one must be met
        (``{"transmitter": "GABA", "kind": "neuron"}``). With attributes, no selector stands for all cells.

    Returns
    -------
    tuple of str

    Raises
    ------
    UnknownNameError
        A selector that is no cell, class, group or attribute; says the closest ones.
    EmptySelectionError
        A glob or an attribute test that no cell meets, or no selector and no attribute at all.
    InputError
        A selector that is no text, or that without regard to case is the name of several things.
    """
    if isinstance(selectors, str):
        selectors = (selectors,)
    if not selectors and not attributes:
        raise EmptySelectionError("nothing selected: give at least one cell, class, group, glob or attribute")
    names: list[str] = cells.index.tolist()
    chosen: set[str] = set()
    for selector in selectors:
        if not isinstance(selector, str):
            raise InputError(f"a selector is text, not {type(selector).__name__}: {selector!r}")
        chosen.update(_select_one(cells, names, selector.strip(), groups or {}))
    if not selectors:
        chosen.update(names)
    for column, value in (attributes or {}).items():
        wanted = value if isinstance(value, list | tuple | set | frozenset) else [value]
        if not wanted:
            raise EmptySelectionError(f"{column} is given no value; give at least one")
        chosen &= {name for one in wanted for name in _by_attribute(cells, column, "=", str(one))}
    if not chosen:
        asked = " and ".join(f"{column} = {value!r}" for column, value in (attributes or {}).items())
        raise EmptySelectionError(f"no cell{' of ' + ', '.join(selectors) if selectors else ''} has {asked}")
    return tuple(name for name in names if name in chosen)


def _select_one(cells: pd.DataFrame, names: list[str], selector: str,
                groups: Mapping[str, Sequence[str]]) -> Iterable[str]:
    attribute = _ATTRIBUTE.fullmatch(selector)
    if attribute:
        return _by_attribute(cells, attribute[1], attribute[2], attribute[4])
    if selector in groups:
        return groups[selector]
    name = canonical_name(selector)
    if name in cells.index:
        return (name,)
    classes = cells["cell_class"].tolist()
    members = [n for n, c in zip(names, classes, strict=True) if isinstance(c, str) and c == selector]
    if members:
        return members
    if has_glob(selector):
        found = match_glob(selector, names)
        if not found:
            raise EmptySelectionError(f"{selector!r} matches none of the {len(names)} cells")
        return found
    spelled = _alias(selector)
    if spelled in cells.index:
        return (spelled,)
    family = _FAMILY.fullmatch(selector)
    if family:
        member = re.compile(rf"{family[1]}\d+{family[2]}(?:[LR])?")
        found = [n for n in names if member.fullmatch(n)]
        if found:
            return found
    known = [*names, *sorted({c for c in classes if isinstance(c, str)}), *groups]
    # the serial and muscle patterns are of capitals: vb01 is VB1
    wanted = {selector.casefold(), canonical_name(selector.upper()).casefold()}
    alike = list(dict.fromkeys(k for k in known if k != selector and k.casefold() in wanted))
    if len(alike) == 1:
        return _select_one(cells, names, alike[0], groups)
    if alike:
        raise InputError(f"{selector!r} could be {' or '.join(alike)}, which differ in capitals only; write the one "
                         "you mean")
    raise UnknownNameError("cell, class or group", selector, known)


def _alias(name: str) -> str | None:
    """Canonical name of an odd spelling that follows no pattern, from the shipped table of cells."""
    from .data.tables import aliases

    return aliases().get(name)


def _by_attribute(cells: pd.DataFrame, column: str, operator: str, value: str) -> Iterable[str]:
    column = {"class": "cell_class", "name": cells.index.name or "name"}.get(column, column)
    if column not in cells.columns:
        raise UnknownNameError("cell attribute", column, cells.columns,
                               f"the table of cells has {', '.join(map(str, cells.columns))}")
    if column in ("transmitter", "cotransmitters", "possible_transmitters", "uptake"):
        wanted = split_transmitters(value)
        hits = [set(wanted) <= set(split_transmitters(v)) and bool(wanted) for v in cells[column]]
    else:
        hits = [str(v).casefold() == value.casefold() for v in cells[column]]
    if operator == "!=":
        hits = [not hit for hit in hits]
    found = [name for name, hit in zip(cells.index.tolist(), hits, strict=True) if hit]
    if not found:
        values = sorted({str(v) for v in cells[column].dropna()})[:12]
        raise EmptySelectionError(f"no cell has {column} {operator} {value!r}; "
                                  f"values there are: {', '.join(values)}")
    return found
