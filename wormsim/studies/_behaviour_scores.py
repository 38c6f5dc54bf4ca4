"""Scores of the closed-loop ablations: the verdicts of the ensemble beside the published rows, and beside what knows less than it does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pandas as pd

from ..behaviour_evidence import ASSUMED, ROLES, RUN, SCORED, case_of, weights
from ..calibrated import individual_of
from ..effects import CATEGORIES, ENHANCED, NO_PREDICTION, NORMAL, Effect, effect
from ..errors import InputError
from ..metrics.balanced_accuracy import confusion

VALUE_COLUMNS = ("wiring", "animal", "assay", "case", "measure", "value")
INTACT, REAL, CONTACTS = "intact", "real wiring", "contacts of the removed cells"
CHANGED, WRONG_WAY = "changed", "wrong way"
#: A control wiring with fewer individuals is not scored.
LEAST_COMPARED = 4
_KIND = re.compile(r"^(.+ shuffle) \d+$")


@dataclass(frozen=True, eq=False)
class Scoring:
    """What the scorecard is computed from.

    Attributes
    ----------
    values : DataFrame
        :data:`VALUE_COLUMNS`: one row a number. animal: as :func:`wormsim.calibrated.label_of` numbers them; wiring: "real wiring",
        "degree shuffle 3", or any control's name; case: "intact" or :func:`wormsim.behaviour_evidence.case_of`; value: NaN where the
        animal failed.
    evidence : DataFrame
        See :func:`wormsim.behaviour_evidence.read_behaviour`.
    contacts : mapping of case to float
        See :func:`wormsim.behaviour_evidence.contacts_of`.
    planned : mapping of kind ("degree shuffle") to int
        How many shuffles were asked for, those that could not be calibrated included.
    draws, seed : int
    """

    values: pd.DataFrame
    evidence: pd.DataFrame
    contacts: Mapping[str, float]
    planned: Mapping[str, int] = field(default_factory=dict)
    draws: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        missing = [c for c in VALUE_COLUMNS if c not in self.values.columns]
        if missing:
            raise InputError(f"values of the animals: missing column(s) {', '.join(missing)}; needed are {', '.join(VALUE_COLUMNS)}")
        doubled = self.values.duplicated(list(VALUE_COLUMNS[:-1]))
        if doubled.any():
            raise InputError(f"values of the animals: {self.values.loc[doubled, list(VALUE_COLUMNS[:-1])].iloc[0].to_dict()} stands twice")
        if REAL not in set(self.values["wiring"]):
            raise InputError(f"values of the animals: no {REAL!r} among the wirings {', '.join(map(str, self.values['wiring'].unique()))}")

    def lines(self, *roles: str) -> pd.DataFrame:
        """Lines of the evidence with one of the roles."""
        return self.evidence[self.evidence["role"].isin(roles)]

    def individuals(self, wiring: str) -> list:
        """Individuals of a wiring, in order."""
        return sorted(individual_of(self.values.loc[self.values["wiring"] == wiring, "animal"]).unique())

    def ran(self, wiring: str, lines: pd.DataFrame) -> np.ndarray:
        """Which lines a wiring was run for, shape (R,)."""
        here = self.values[self.values["wiring"] == wiring]
        done = set(zip(here["assay"], here["measure"], here["case"], strict=True))
        return np.array([all((row["assay"], row["measure"], case) in done for case in (INTACT, case_of(row)))
                         for _, row in lines.iterrows()], bool)

    def effects(self, wiring: str, lines: pd.DataFrame, most: int | None = None) -> list[Effect]:
        """What the (first `most`) individuals of a wiring say of each line."""
        here = self.values[self.values["wiring"] == wiring]
        wide, out = self.wide(wiring, most), []
        for _, row in lines.iterrows():
            table = wide.get((row["assay"], row["measure"]), pd.DataFrame())
            lacking = [case for case in (INTACT, case_of(row)) if case not in table.columns]
            if lacking:
                nothing = effect([], [], row["measure"])
                done = ((here["assay"] == row["assay"]) & (here["case"] == case_of(row))).any()
                why = f"{row['assay']} gave no {row['measure']}" if done else f"{' and '.join(lacking)} not run in {row['assay']}"
                out.append(Effect(**{**vars(nothing), "reason": why}))
            else:
                out.append(effect_of(table, case_of(row), row["measure"]))
        return out

    def wide(self, wiring: str, most: int | None = None) -> dict[tuple[str, str], pd.DataFrame]:
        """By assay and measure the values of (the first `most` individuals of) a wiring: a row for each animal, a column for each case."""
        here = self.values[self.values["wiring"] == wiring]
        here = here[individual_of(here["animal"]).isin(self.individuals(wiring)[:most])]
        return {key: part.pivot(index="animal", columns="case", values="value") for key, part in here.groupby(["assay", "measure"], sort=False)}

    def controls(self) -> dict[str, list[str]]:
        """Other wirings than the real one: each alone, and shuffles together by kind; the kinds that were planned among them."""
        out: dict[str, list[str]] = {kind: [] for kind in self.planned}
        for name in dict.fromkeys(self.values["wiring"]):
            if name != REAL:
                found = _KIND.match(name)
                out.setdefault(found[1] if found else name, []).append(name)
        return out


def effect_of(table: pd.DataFrame, case: str, measure: str) -> Effect:
    """What animals say of a case: a table of :meth:`Scoring.wide`."""
    return effect(table[INTACT], table[case], measure, individual=individual_of(table.index))


def columns_of(e: Effect) -> dict:
    """An effect as the columns of a table, without the verdict itself."""
    return {"left": e.value, "low": e.low, "high": e.high, "median says": e.leaning, "individuals": e.individuals, "intact": e.intact,
            "animals": e.animals, "failed": e.failed, "why": e.reason, **{f"share {name}": e.shares[name] for name in CATEGORIES}}


def as_change(expected, said) -> tuple[np.ndarray, np.ndarray]:
    """Expected and said in two classes, changed and normal; a change the other way than the published one is neither, and so a miss."""
    expected, said = np.asarray(expected, object), np.asarray(said, object)
    truth = np.where(expected == NORMAL, NORMAL, CHANGED).astype(object)
    change = ~np.isin(said, [NORMAL, NO_PREDICTION])
    wrong = change & (expected != NORMAL) & ((said == ENHANCED) != (expected == ENHANCED))
    return truth, np.where(wrong, WRONG_WAY, np.where(change, CHANGED, said)).astype(object)


def result(expected: str, said: str) -> str:
    """hit; degree (lost for impaired, or the reverse); miss; no prediction."""
    if said in (NO_PREDICTION, expected):
        return "hit" if said == expected else NO_PREDICTION
    truth, change = as_change([expected], [said])
    return "degree" if truth[0] == change[0] == CHANGED else "miss"


def verdict_table(s: Scoring) -> pd.DataFrame:
    """Every line beside what the ensemble says: scored ones first, misses before all; lines that are not run last, with the reason."""
    lines = s.lines(*RUN)
    said = dict(zip(lines.index, s.effects(REAL, lines), strict=True))
    out = []
    for i, row in s.evidence.iterrows():
        entry = {"id": i, **row}
        if i in said:
            e = said[i]
            entry |= {"model says": e.verdict, "result": result(row["expected"], e.verdict), **columns_of(e),
                      "contacts": s.contacts.get(case_of(row), np.nan)}
        out.append(entry)
    frame = pd.DataFrame(out)
    if "result" not in frame:
        raise InputError("none of the published rows can be run: every role is 'not expressible' or 'uncertain'")
    order = {name: k for k, name in enumerate(("miss", NO_PREDICTION, "degree", "hit"))}
    frame["_role"], frame["_result"] = frame["role"].map({r: k for k, r in enumerate(ROLES)}), frame["result"].map(order)
    frame = frame.sort_values(["_role", "_result"], kind="stable").drop(columns=["_role", "_result"])
    first = ["id", "behaviour", "cells", "manipulation", "measure", "expected", "model says", "result", "left", "low", "high", "median says"]
    frame = frame[[*first, *(c for c in frame.columns if c not in (*first, "basis", "source", "note")), "basis", "source", "note"]]
    for column in ("model says", "result", "median says", "why"):
        frame[column] = frame[column].fillna("")
    return frame.reset_index(drop=True)


def confusion_table(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Published categories against verdicts over the scored lines; counts in published rows."""
    scored = verdicts[verdicts["role"] == SCORED]
    table = confusion(scored["expected"], scored["model says"], CATEGORIES, [NO_PREDICTION], weights(scored["id"]))
    return pd.DataFrame(table, columns=[*CATEGORIES, NO_PREDICTION]).assign(published=CATEGORIES)[["published", *CATEGORIES, NO_PREDICTION]]


def pair_table(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Pairs that test whether a loss is specific: one manipulation, one behaviour changed and another normal, both to be right.

    Normal lines that are only assumed take part. A pair is right when the change goes the published way and the other is normal.
    """
    lines = verdicts[verdicts["role"].isin([SCORED, ASSUMED])]
    out = []
    for (kind, cells), part in lines.groupby(["manipulation", "cells"], sort=False):
        normal = part["expected"] == NORMAL
        changed = part[~normal & (part["role"] == SCORED)].to_dict("records")
        for a, b in product(changed, part[normal].to_dict("records")):
            right = a["result"] in ("hit", "degree") and b["result"] == "hit"
            undecided = NO_PREDICTION in (a["result"], b["result"])
            out.append({"cells": cells, "manipulation": kind, "changed": a["behaviour"], "says": a["model says"], "normal": b["behaviour"],
                        "says of it": b["model says"], "result": NO_PREDICTION if undecided else "hit" if right else "miss",
                        "normal is": b["role"], "ids": f"{a['id']}, {b['id']}"})
    columns = ["cells", "manipulation", "changed", "says", "normal", "says of it", "result", "normal is", "ids"]
    return pd.DataFrame(out, columns=columns)
