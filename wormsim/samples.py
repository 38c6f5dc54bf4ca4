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
    """

    values: pd.DataFrame
    seed: int
    spread: bool = True

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
        return Samples(self.values.loc[list(numbers)], self.seed, self.spread)

    def uniforms(self, topic: str, names: Iterable[str]) -> np.ndarray:
        """Uniform draws in (0, 1), shape (S, len(names)), for named unknowns of one topic."""
        return uniforms(self.seed, self.values.index.to_numpy(), name_keys(f"{topic}:{name}" for name in names))

    def __len__(self) -> int:
        return len(self.values)


def name_keys(names: Iterable[str]) -> np.ndarray:
    """A 64-bit key for each name: the first eight bytes of its BLAKE2b hash."""
    digests = (hashlib.blake2b(name.encode(), digest_size=8).digest() for name in names)
    return np.frombuffer(b"".join(digests), dtype="<u8")
