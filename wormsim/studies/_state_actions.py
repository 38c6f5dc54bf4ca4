"""States of a circuit: a table of what is done to it and of what is published to follow, and what that means in parameters.

A table of states (``stg_modulators.csv``, ``stg_ablations.csv``) has one row a state. ``actions`` holds what is done, as
``mechanism: targets`` joined by ``;``:

- ``I_MI: LP PY``: the modulatory current in these cells;
- ``K: ABPD`` or ``Cl: ABPD``: a conductance to potassium or chloride;
- ``g_A_mS_cm2 down: LP``, ``g_chol_nS up: ABPD->LP``, ``g_glut_nS block: PY->LP``: a named conductance of cells or connections;
- ``ablate: LP``: the cell is gone.

How much is the same for all states (the study's dose). A condition is such a list of actions with its dose, as JSON can hold it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from ..data import tables
from ..errors import InputError
from ..synapses.modulatory_current import form
from ..synapses.receptor_current import REVERSAL_MV

# observable -> what its directions are called
OBSERVABLES = {
    "period": ("shorter", "longer"), "PD": ("less", "more"), "LP": ("less", "more"), "PY": ("less", "more"),
    "LP_onset": ("earlier", "later"), "PY_onset": ("earlier", "later"), "LP_PY_overlap": ("less", "more"),
}
SAME, NONE_STATED, STOPPED = "same", "none stated", "longer or stopped"
CERTAINTIES = ("high", "medium", "uncertain")
COLUMNS = ("id", "state", "actions", *OBSERVABLES, "certainty", "basis", "source", "note")
CHANGES = ("up", "down", "block")
_TURN = {"ABPD": "LP", "LP": "PY", "PY": "ABPD"}


def read_states(name_or_path: str) -> pd.DataFrame:
    """A packaged table of states by name ("stg_modulators"), or your own CSV by path; indexed by `id`, actions parsed.

    Raises
    ------
    InputError
        Missing column, unknown direction, certainty, mechanism or target, doubled id; names the file and the row.
    """
    path = Path(name_or_path) if str(name_or_path).endswith(".csv") else tables.csv_path(name_or_path)
    if not path.is_file():
        raise InputError(f"no such file: {path}")
    table = pd.read_csv(path, comment="#", dtype=str, keep_default_na=False)
    missing = [c for c in COLUMNS if c not in table.columns]
    if missing:
        raise InputError(f"{path}: missing column(s) {', '.join(missing)}; needed are {', '.join(COLUMNS)}")
    for row in table.to_dict("records"):
        for observable, names in OBSERVABLES.items():
            known = (*names, SAME, NONE_STATED, *([STOPPED] if observable == "period" else []))
            if row[observable] not in known:
                raise InputError(f"{path}, row {row['id']}: {observable} {row[observable]!r} is not one of {', '.join(known)}")
        if row["certainty"] not in CERTAINTIES:
            raise InputError(f"{path}, row {row['id']}: certainty {row['certainty']!r} is not one of {', '.join(CERTAINTIES)}")
    doubled = table["id"][table["id"].duplicated()]
    if len(doubled):
        raise InputError(f"{path}: id {doubled.iloc[0]!r} stands more than once")
    table["actions"] = [_parsed(text, f"{path}, row {i}") for text, i in zip(table["actions"], table["id"], strict=True)]
    return table.set_index("id")


def _parsed(text: str, where: str) -> list[list]:
    """``[[mechanism, [targets]], ...]`` of an `actions` field; nothing for an empty one."""
    found = []
    for part in filter(None, (p.strip() for p in text.split(";"))):
        mechanism, colon, targets = part.partition(":")
        mechanism, cells = mechanism.strip(), targets.split()
        key, _, change = mechanism.partition(" ")
        named = change in CHANGES
        if not colon or not cells or not (named or mechanism in ("I_MI", "ablate", *REVERSAL_MV)):
            raise InputError(f"{where}: action {part!r}; write MECHANISM: TARGETS with I_MI, K, Cl, ablate or a conductance and one of "
                             f"{', '.join(CHANGES)}")
        known = {end for cell in _TURN for end in (cell, *(f"{cell}->{post}" for post in _TURN))}
        wrong = [t for t in cells if t not in known or ("->" in t) != (named and key.endswith("_nS"))]
        if wrong:
            raise InputError(f"{where}: action {part!r} has the target {wrong[0]!r}; cells are {', '.join(_TURN)}, and a synaptic "
                             "conductance (..._nS) has PRE->POST")
        found.append([mechanism, cells])
    return found


def turned(actions: list[list], times: int) -> list[list]:
    """The same actions on other cells: ABPD to LP to PY to ABPD. What is done to connections stays where it is."""
    for _ in range(times):
        actions = [[mechanism, [_TURN.get(target, target) for target in targets]] for mechanism, targets in actions]
    return actions


def same_targets(a: list[list], b: list[list]) -> bool:
    """Whether two lists of actions do the same, whatever the order of the targets."""
    return sorted((m, sorted(t)) for m, t in a) == sorted((m, sorted(t)) for m, t in b)


def actions_text(actions: list[list]) -> str:
    """Actions as a reader would say them."""
    said = []
    for mechanism, targets in actions:
        name = mechanism.replace("_mS_cm2", "").replace("_nS", "").replace(" block", " blocked")
        said.append(f"without {', '.join(targets)}" if mechanism == "ablate" else f"{name} in {', '.join(targets)}")
    return "; ".join(said)


def applied(condition: Mapping, base: Mapping[str, float]) -> tuple[dict[str, float], list[str]]:
    """Parameters of a network under a condition, and the cells that are gone.

    Parameters
    ----------
    condition : mapping
        ``actions`` (none by default) and, where they ask for it, ``conductance_nS``, ``form``, ``down`` and ``up``.
    base : mapping
        Parameters of the unmodulated network.

    Raises
    ------
    InputError
        A conductance that the network has not, or two receptor currents in one cell.
    """
    values, gone = dict(base), []
    for mechanism, targets in condition.get("actions", ()):
        key, _, change = mechanism.partition(" ")
        for target in targets:
            if mechanism == "ablate":
                gone.append(target)
            elif mechanism == "I_MI":
                values[f"g_MI_nS[{target}]"] = condition["conductance_nS"]
                values |= form(condition["form"])
            elif mechanism in REVERSAL_MV:
                if values[f"g_receptor_nS[{target}]"] != base[f"g_receptor_nS[{target}]"]:
                    raise InputError(f"action {mechanism!r}: {target} has a receptor current already; a cell can have one, K or Cl")
                values[f"g_receptor_nS[{target}]"] = condition["conductance_nS"]
                values[f"E_receptor_mV[{target}]"] = REVERSAL_MV[mechanism]
            else:
                scoped = f"{key}[{target}]"
                if scoped not in values:
                    raise InputError(f"action {mechanism!r}: the circuit has no {scoped}; it has {', '.join(sorted(base))}")
                values[scoped] *= 0.0 if change == "block" else condition[change]
    return values, gone
