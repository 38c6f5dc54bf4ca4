"""Are the counter-based draws uniform and independent? ``python -m wormsim.kernels.randomness`` prints a table of p-values.

A draw is a function of (stream, step, cell, source), so what has to be tested is not one long sequence but every
direction in which the simulator walks: from step to step of one cell, from cell to cell, from source to source, and from
variant to variant, whose streams may be neighbouring numbers. In each direction the words are held against uniform and
independent ones; then streams against each other, single bits, and the events themselves.

The draws are fixed, so the table is always the same. Of a perfect generator one table in 1 / (rows x LEAST_P) would hold
a value below ``LEAST_P``: about one in 200.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from .random import event_draws, threshold

LEAST_P = 1e-4
"""A p-value below this is a failure."""
N = 1 << 17
AXES = ("stream", "step", "cell", "source")


def along(axis: str, n: int = N, **fixed: int) -> np.ndarray:
    """Words of `n` neighbours in one direction; the other coordinates are `fixed` or small numbers."""
    at = {"stream": 1, "step": 1000, "cell": 17, "source": 0} | fixed
    first = at.pop(axis)
    return event_draws(**at, **{axis: np.arange(first, first + n, dtype=np.uint64)})


def table() -> list[tuple[str, str, float]]:
    """Rows of (what is asked, where, p-value); 0 where the draws are so far off that a test has no value."""
    with np.errstate(all="ignore"):
        return [(what, where, p if p >= 0 else 0.0) for what, where, p in _rows()]


def _rows() -> list[tuple[str, str, float]]:
    rows = []
    for axis in AXES:
        words = along(axis)
        u = (words + 0.5) / 2.0**32
        rows += [("256 classes as frequent (chi-square)", axis, _chi2(words >> np.uint32(24), 256)),
                 ("low byte: 256 classes as frequent", axis, _chi2(words & np.uint32(255), 256)),
                 ("uniform distribution (Kolmogorov-Smirnov)", axis, float(stats.kstest(u, "uniform").pvalue)),
                 ("pairs of neighbours fill the square (chi-square)", axis, _chi2(
                     (words[::2] >> np.uint32(27)) * np.uint32(32) + (words[1::2] >> np.uint32(27)), 1024)),
                 ("correlation with the next 8", axis, min(8 * min(_correlation(u[:-k], u[k:]) for k in range(1, 9)), 1.0)),
                 ("runs above and below one half", axis, _runs(words)),
                 ("each of 32 bits balanced", axis, _bits(words)),
                 ("neighbours differ in half of their bits", axis, _flips(words)),
                 ("spacings of birthdays", axis, _birthdays(along(axis, 64 * 4096))),
                 ("gaps between events of p = 0.015 (chi-square)", axis, _gaps(words, 0.015))]
    for name, a, b in (("streams 1 and 2", {"stream": 1}, {"stream": 2}), ("streams 1 and 2**32 + 1", {"stream": 1}, {"stream": 2**32 + 1}),
                       ("cells 17 and 18", {"cell": 17}, {"cell": 18}), ("sources 0 and 1", {"source": 0}, {"source": 1})):
        x, y = along("step", **a), along("step", **b)
        rows += [("correlation, step by step", name, _correlation(x / 2.0**32, y / 2.0**32)),
                 ("bits that differ, step by step", name, _bits(x ^ y)),
                 ("events of both at once, p = 0.1", name, _coincidences(x, y, 0.1))]
    return rows


def _chi2(classes: np.ndarray, n: int) -> float:
    return float(stats.chisquare(np.bincount(classes.astype(np.int64), minlength=n)).pvalue)


def _correlation(x: np.ndarray, y: np.ndarray) -> float:
    r = np.corrcoef(x, y)[0, 1]
    return float(2 * stats.norm.sf(abs(r) * np.sqrt(len(x))))


def _runs(words: np.ndarray) -> float:
    """Wald and Wolfowitz's number of runs."""
    above = words >= 2**31
    n1, n2 = int(above.sum()), int((~above).sum())
    n = n1 + n2
    mean = 1 + 2 * n1 * n2 / n
    variance = (mean - 1) * (mean - 2) / (n - 1)
    return float(2 * stats.norm.sf(abs(1 + np.count_nonzero(above[1:] != above[:-1]) - mean) / np.sqrt(variance)))


def _bits(words: np.ndarray) -> float:
    """Of the least balanced of the 32 bits, times 32."""
    ones = np.array([np.count_nonzero(words >> np.uint32(k) & np.uint32(1)) for k in range(32)])
    z = np.abs(ones - len(words) / 2) / np.sqrt(len(words) / 4)
    return float(min(32 * 2 * stats.norm.sf(z.max()), 1.0))


def _flips(words: np.ndarray) -> float:
    """Bits in which words 0 and 1, 2 and 3, ... differ: binomial with 32 trials."""
    counts = np.bincount(np.bitwise_count(words[::2] ^ words[1::2]), minlength=33)
    expected = stats.binom.pmf(np.arange(33), 32, 0.5) * counts.sum()
    keep = expected >= 5
    seen, due = np.append(counts[keep], counts[~keep].sum()), np.append(expected[keep], expected[~keep].sum())
    return float(stats.chisquare(seen, due * seen.sum() / due.sum()).pvalue)


def _birthdays(words: np.ndarray, n: int = 4096) -> float:
    """Marsaglia's test: among the spacings of n birthdays in a year of 2**32 days, n**3/2**34 are repeated (Poisson)."""
    spacing = np.sort(np.diff(np.sort(words.reshape(-1, n).astype(np.int64), axis=1), axis=1), axis=1)
    repeated = int((spacing[:, 1:] == spacing[:, :-1]).sum())
    mean = len(spacing) * n**3 / 2.0**34
    return float(min(2 * min(stats.poisson.cdf(repeated, mean), stats.poisson.sf(repeated - 1, mean)), 1.0))


def _gaps(words: np.ndarray, p: float) -> float:
    """Steps from event to event, in 20 classes of equal probability, nearly: geometric."""
    gap = np.diff(np.flatnonzero(words < threshold(p)))
    edges = np.unique(stats.geom.ppf(np.arange(1, 20) / 20, p))
    due = np.diff(np.concatenate([[0.0], stats.geom.cdf(edges, p), [1.0]])) * len(gap)
    seen = np.bincount(np.searchsorted(edges, gap), minlength=len(edges) + 1)
    return float(stats.chisquare(seen, due).pvalue)


def _coincidences(x: np.ndarray, y: np.ndarray, p: float) -> float:
    both = int(((x < threshold(p)) & (y < threshold(p))).sum())
    return float(stats.binomtest(both, len(x), p * p).pvalue)


def main() -> int:
    """Print the table; exit code 1 if a p-value is too small."""
    rows = table()
    print(f"{N} draws a row; a p-value below {LEAST_P:g} fails\n\n{'test':<50} {'direction':<24} p")
    for what, where, p in rows:
        print(f"{what:<50} {where:<24} {p:.3g}{'' if p >= LEAST_P else '  FAILS'}")
    worst = min(p for *_, p in rows)
    print(f"\n{len(rows)} tests, smallest p-value {worst:.3g}; the smallest of as many uniform ones is below that with a chance of "
          f"{1 - (1 - worst) ** len(rows):.2g}")
    return int(worst < LEAST_P)


if __name__ == "__main__":
    raise SystemExit(main())
