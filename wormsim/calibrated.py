"""Calibrated animals: the ensembles that come with wormsim, or your own, or several of them together; each row is one animal.

Columns: `wiring` ("real wiring", "degree shuffle 3"), `kind` ("real", "degree"), `shuffle_seed`, `number` and `seed` (the individual's draw, and
the seed of the draws: 0 where a table has no such column), `accepted`, `cost`, `generations` (of the last step tried), `held` (of a step that looks
anew: how often there were looks at the end), `animal` (0, or the number of a further animal of the same individual), `further` and `refused` (of
those searched further: the ensemble they started from, and whether it had refused them), what was measured, and every parameter of
:mod:`wormsim.body.parameters`.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from .animal import Wiring, form_of, individual
from .body.form import MALE
from .body.parameters import BY_KEY, MALE_KEYS
from .errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from .circuit import Circuit

ENSEMBLES = ("hermaphrodite", "touched", "touched_often", "male", "turning", "turning_often", "turning_again", "turning_further",
             "stopping_often", "stopping_again")
#: Added to the number of an individual for each further animal of it: a label and a noise of its own.
OTHERS = 100_000
#: Columns by which an individual is known.
INDIVIDUAL = ["kind", "shuffle_seed", "number"]
NEEDED = ("wiring", "kind", "shuffle_seed", "number", "accepted", "cost")


def load_animals(name_or_path: str | Path, accepted: bool = True) -> pd.DataFrame:
    """An ensemble by name, a parquet file of your own by path, or several of them joined by a plus: "turning+male".

    Joined by a bar, "touched_often|touched", they are alternatives: of each individual the animals of the first that accepted it.

    Parameters
    ----------
    name_or_path : str or path
    accepted : bool
        Only animals that met the criteria of their calibration.

    Raises
    ------
    InputError
        A name that is none, a file that is not there, or one that lacks a column; an animal that is there twice; the message names it.
    """
    import pandas as pd

    text = str(name_or_path)
    table = pd.concat([_first_accepted([_read(name) for name in alternatives_of(part)]) for part in parts_of(text)], ignore_index=True)
    good = table[table["accepted"]]
    if (twice := good.duplicated(["kind", "shuffle_seed", "number", "animal"])).any():
        raise InputError(f"{text}: two accepted animals are number {int(good.loc[twice, 'animal'].iloc[0])} of individual "
                         f"{int(good.loc[twice, 'number'].iloc[0])}; an individual has one number, whatever its seed: leave one of them out")
    return table[table["accepted"]].reset_index(drop=True) if accepted else table


def parts_of(text: str) -> list[str]:
    """The ensembles that a text names: those between its pluses, or the one file that it is the path of."""
    return [text] if Path(text).is_file() else [part.strip() for part in text.split("+")]


def alternatives_of(part: str) -> list[str]:
    """The ensembles between the bars of a part, or the one file that it is the path of."""
    return [part] if Path(part).is_file() else [name.strip() for name in part.split("|")]


def _first_accepted(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Of each individual the rows of the first table that accepted it, else those of the last, if any; of several tables by number."""
    import pandas as pd

    found = tables[0]
    for table in tables[1:]:
        good = found[found["accepted"]]
        rest = ~pd.MultiIndex.from_frame(table[INDIVIDUAL]).isin(pd.MultiIndex.from_frame(good[INDIVIDUAL]))
        found = pd.concat([good, table[rest]], ignore_index=True).sort_values("number", kind="stable", ignore_index=True)
    return found


def _read(text: str) -> pd.DataFrame:
    """One ensemble, all that were tried."""
    import pandas as pd

    if text in ENSEMBLES:
        source = resources.files("wormsim.populations") / f"{text}.parquet"
    elif text.endswith(".parquet"):
        source = Path(text)
    else:
        raise InputError(f"{text!r} is no ensemble of calibrated animals; there are {', '.join(ENSEMBLES)}, or give the path of a .parquet file")
    if not source.is_file():
        raise InputError(f"the calibrated animals {text} are not there ({source.name}); make them with `wormsim run calibrate_{text}`")
    with source.open("rb") as handle:
        table = pd.read_parquet(handle)
    if missing := [c for c in (*NEEDED, *BY_KEY) if c not in table.columns]:
        raise InputError(f"{text}: the columns {', '.join(missing)} are missing; a calibration of another version made it")
    return table.assign(**{name: value for name, value in (("animal", 0), ("refused", False)) if name not in table.columns})


def label_of(row: pd.Series) -> int:
    """Number of an animal of a table: that of its individual, and for its further animals OTHERS, twice OTHERS, ... more.

    Raises
    ------
    InputError
        An individual with a number of OTHERS or more, which would be taken for another animal of another one.
    """
    number = int(row["number"])
    if not 0 <= number < OTHERS:
        raise InputError(f"individual {number}: numbers of individuals have to be below {OTHERS}")
    return number + OTHERS * int(row["animal"])


def plain(row: pd.Series) -> dict:
    """A row of a table as JSON can hold it: not-a-numbers are left out, which no parameter is."""
    return {name: x.item() if hasattr(x, "item") else x for name, x in row.items() if x == x}


def seed_of(number: int, animal: int = 0, refused: bool = False) -> int:
    """Seed of the search of an animal, which settles its looks: of another one of an individual, and of one searched again after it was refused,
    it is not that of the first search, by whose looks it was chosen.
    """
    return number + OTHERS * (animal or int(refused))


def individual_of(label):
    """Number of the individual of an animal's label, or of each of an array of them."""
    return label % OTHERS


def first_individuals(table: pd.DataFrame, count: int | None) -> pd.DataFrame:
    """The rows of the first `count` individuals of a table of animals, all of their animals; of every one if None."""
    return table if count is None else table[table["number"].isin(table["number"].unique()[:count])]


def parameters_of(table: pd.DataFrame) -> pd.DataFrame:
    """The parameters alone, in the order of :mod:`wormsim.body.parameters`."""
    return table[list(BY_KEY)]


def are_males(table: pd.DataFrame) -> bool:
    """Whether any animal has numbers of what males alone have; a hermaphrodite's stay as they are."""
    return any(bool((table[key] != BY_KEY[key].value).any()) for key in MALE_KEYS)


def check_sex(table: pd.DataFrame, circuit: Circuit, animals: str) -> None:
    """Refuse animals of the other sex than the circuit's: their numbers would move a body that they were not found for."""
    if are_males(table) != (male := form_of(circuit) is MALE):
        raise InputError(f"animals = {animals!r} holds {'hermaphrodites' if male else 'males'}, and circuit = {circuit.name!r} is of a "
                         f"{'male' if male else 'hermaphrodite'}: change one of them")


def wiring_of(row: pd.Series, circuit: Circuit) -> Wiring:
    """The individual of a row: its wiring, shuffled where the row says so, with its signs and strength factors."""
    kind = str(row["kind"])
    return individual(circuit if kind == "real" else circuit.shuffle(kind, int(row["shuffle_seed"])), int(row["number"]), int(row.get("seed", 0)))
