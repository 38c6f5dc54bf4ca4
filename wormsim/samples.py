"""Samples: draws of all that is unknown, each a pure function of (seed, sample number, name of the unknown).

Because a draw is addressed by name and not by position, sample 17 of seed 3 gives AVA->VA1 the same sign and strength
factor in a shuffled, cut or extended wiring, and whatever other samples are drawn beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .errors import InputError
from .kernels.random import uniforms
from .parameter import Prior


@dataclass(frozen=True, eq=False)
class Samples:
    """A set of draws.

    Attributes
    ----------
    values : DataFrame, shape (S, free parameters)
        Indexed by sample number.
    seed : int
    spread : bool
        False for the nominal sample, whose strengths follow contacts exactly.
    draws : ndarray of int64, shape (S,), optional
        Number by which the signs and strength factors of each sample are drawn; its own number by default. Samples
        with one draw are one animal with other values of its parameters, as the candidates of a fit are.
    """

    values: pd.DataFrame
    seed: int
    spread: bool = True
    draws: np.ndarray | None = None

    def __post_init__(self):
        if self.draws is None:
            object.__setattr__(self, "draws", self.values.index.to_numpy(np.int64))
        elif np.shape(self.draws) != (len(self.values),):
            raise InputError(f"{len(self.values)} samples need as many draws, got an array of shape {np.shape(self.draws)}")

    @classmethod
    def draw(cls, free: Mapping[str, Prior], n: int, seed: int, first: int = 0) -> Samples:
        """Draws `first` ... ``first + n - 1`` from the priors."""
        if n < 1:
            raise InputError(f"at least one sample is needed, got {n}")
        numbers = np.arange(first, first + n)
        u = uniforms(seed, numbers, name_keys(f"parameter:{key}" for key in free))
        columns = {key: prior.quantile(u[:, k]) for k, (key, prior) in enumerate(free.items())}
        return cls(pd.DataFrame(columns, index=pd.Index(numbers, name="sample")), seed)

    @classmethod
    def nominal(cls, free: Mapping[str, Prior], values: Mapping[str, float], seed: int) -> Samples:
        """One sample at the given values."""
        table = pd.DataFrame({key: [values[key]] for key in free}, index=pd.Index([0], name="sample"))
        return cls(table, seed, spread=False)

    def take(self, numbers: Iterable[int]) -> Samples:
        """The samples with these numbers, in this order."""
        rows = self.values.index.get_indexer(list(numbers))
        if (rows < 0).any():
            raise InputError(f"there is no sample {list(numbers)[int(np.argmin(rows))]} among {len(self.values)}")
        return Samples(self.values.iloc[rows], self.seed, self.spread, self.draws[rows])

    def uniforms(self, topic: str, names: Iterable[str]) -> np.ndarray:
        """Uniform draws in (0, 1), shape (S, len(names)), for named unknowns of one topic."""
        return uniforms(self.seed, self.draws, name_keys(f"{topic}:{name}" for name in names))

    def __len__(self) -> int:
        return len(self.values)


def name_keys(names: Iterable[str]) -> np.ndarray:
    """A 64-bit key for each name: the first eight bytes of its BLAKE2b hash."""
    digests = (hashlib.blake2b(name.encode(), digest_size=8).digest() for name in names)
    return np.frombuffer(b"".join(digests), dtype="<u8")
