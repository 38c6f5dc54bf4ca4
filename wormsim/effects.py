"""Effects: what an ensemble of animals says of one measure after a manipulation: lost, impaired, normal, enhanced or no prediction.

Every animal is compared with itself, intact. What is left of the response is one number: 1 unchanged, 0 gone, which is also what a touched
worm that goes on forward has left of its reversal. Individuals are the unit: animals of one share its signs and strength factors. The margins
below were chosen before any closed-loop run was scored, and for every measure alike; no measurement says where impaired begins (guess). What the
measures of touch and of contacts with a mate are was changed after first runs had given no prediction for any of their lines, and the unit from
the animal to the individual after one had been given that hung on it. That nothing is less than nothing left, and that a loss is asked only of those
that do it, was decided between two scored runs as well; no verdict of the shipped experiments moved by either (2026-11).
Measures that came in after males had been ablated have the same margins: `turns_round`, on which lines of turning are scored (two of the three
ensembles of males had been ablated by then), and `turns_tried`, on which there is no published line.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.stats import binom

from .errors import InputError, UnknownNameError

LOST, IMPAIRED, NORMAL, ENHANCED = CATEGORIES = ("lost", "impaired", "normal", "enhanced")
NO_PREDICTION = "no prediction"
#: Less than a quarter left is lost, less than three quarters impaired, more than four thirds (the inverse) enhanced.
LOST_BELOW, IMPAIRED_BELOW, ENHANCED_ABOVE = 0.25, 0.75, 4 / 3
#: With fewer individuals that show the behaviour when intact there is no prediction (as in :mod:`wormsim.ensemble`).
LEAST_INDIVIDUALS = 16
#: With more animals that fail (not a number, self-intersection) after the manipulation there is none either.
MOST_FAILED = 0.25


@dataclass(frozen=True)
class Measure:
    """How one measure of an assay is compared.

    Attributes
    ----------
    least : float
        An animal shows the behaviour when its intact value, times `sign`, is at least this; in the measure's unit. Chosen here (guess).
    sign : int
        -1 where the behaviour is a negative number (a signed velocity while reversing).
    rise : float or None
        Enhanced is a ratio (None), or, for shares, which cannot grow by a third from 0.9, and for what an intact animal need not do at
        all, a rise by more than this.
    from_zero : bool
        An animal that does not do it when intact still counts, as it may begin to.
    slower_is_worse : bool
        A time: twice as long leaves one half; never (infinite) leaves nothing.
    """

    least: float
    sign: int = 1
    rise: float | None = None
    from_zero: bool = False
    slower_is_worse: bool = False


_SPEED_MM_S = 0.02  # a tenth of a crawl of 0.2 mm/s (guess)
#: What the closed-loop assays measure. Velocities are signed, forward positive: a reversal is below 0, in `reversal_mm_s` (least mean velocity
#: over 1.5 s after a touch), `reversal_mm` (displacement after a tap), `backward_mm_s` and `scanning_speed_mm_s` (backing along the mate).
#: `acceleration_mm_s` is the velocity after a touch minus that of the untouched twin.
MEASURES = {
    "speed_mm_s": Measure(_SPEED_MM_S),
    "frequency_Hz": Measure(0.05),
    "wavelength": Measure(0.1),
    "amplitude_per_mm": Measure(0.5),
    "reversals_per_min": Measure(0.5, rise=1.0, from_zero=True),
    "forward_share": Measure(0.25, rise=0.25),
    "backward_share": Measure(0.05, rise=0.1, from_zero=True),
    "reversal_mm_s": Measure(_SPEED_MM_S, sign=-1),
    "reversal_mm": Measure(0.05, sign=-1),
    "acceleration_mm_s": Measure(_SPEED_MM_S / 2),
    "backward_mm_s": Measure(_SPEED_MM_S, sign=-1),
    "chemotaxis_index": Measure(0.2, rise=0.25),
    "contact_response": Measure(0.5, rise=0.25),
    "scanning_speed_mm_s": Measure(_SPEED_MM_S, sign=-1),
    "turns_tried": Measure(0.15),  # about one try in six of the meetings in which he touches her
    "turns_round": Measure(0.5, rise=0.25),
    "turn_success": Measure(0.5, rise=0.25),
    "vulva_stop": Measure(0.5, rise=0.25),
    "time_to_vulva_s": Measure(1.0, slower_is_worse=True),
    "prodding": Measure(0.1, rise=0.25),
    "insertion": Measure(0.5, rise=0.25),
    "prodding_away": Measure(0.05, rise=0.1, from_zero=True),
}


@dataclass(frozen=True)
class Effect:
    """The verdict of an ensemble.

    Attributes
    ----------
    verdict : str
        One of CATEGORIES, or "no prediction".
    value, low, high : float
        Median over individuals of what is left, and its interval; NaN without any.
    leaning : str
        Category of the median alone, "no prediction" without individuals.
    individuals, intact : int
        Individuals compared; of them those of which an animal shows the behaviour when intact.
    animals, failed : int
        Animals compared; those that failed after the manipulation.
    shares : dict of str to float
        Share of the individuals compared in each category.
    reason : str
        Why there is no prediction, "" where there is one.
    """

    verdict: str
    value: float
    low: float
    high: float
    leaning: str
    individuals: int
    intact: int
    animals: int
    failed: int
    shares: dict[str, float] = field(default_factory=dict)
    reason: str = ""


def measure_of(name: str) -> Measure:
    """The measure of that name; UnknownNameError with the closest ones."""
    if name not in MEASURES:
        raise UnknownNameError("measure of an assay", name, MEASURES)
    return MEASURES[name]


def category(left) -> np.ndarray:
    """Category of each number of response left, "" where it is not a number."""
    x = np.asarray(left, float)
    names = np.select([np.isnan(x), x < LOST_BELOW, x < IMPAIRED_BELOW, x <= ENHANCED_ABOVE], ["", LOST, IMPAIRED, NORMAL], ENHANCED)
    return names.astype(object)


def response_left(intact, ablated, measure: Measure) -> np.ndarray:
    """What is left of each animal's response.

    Parameters
    ----------
    intact, ablated : array_like, shape (A,)
        The same animals; NaN where one failed. A time may be infinite (it never came).
    measure : Measure

    Returns
    -------
    ndarray, shape (A,)
        Never below 0: less than nothing (a reversal that became a way forward) is nothing. NaN where the animal does not count: it failed, or
        does not show the behaviour when intact. A rise of a measure with `rise` is put on the same scale, so that :func:`category` applies:
        `rise` itself is ENHANCED_ABOVE.

    Raises
    ------
    InputError
        Arrays of different lengths.
    """
    before, after = np.asarray(intact, float), np.asarray(ablated, float)
    if before.ndim != 1 or before.shape != after.shape:
        raise InputError(f"intact and ablated animals are not paired: shapes {before.shape} and {after.shape}")
    before, after = measure.sign * before, measure.sign * after
    shown = shows(intact, measure)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = before / after if measure.slower_is_worse else after / before
        left = np.where(np.isnan(after), np.nan, left)
        if measure.rise is not None:
            risen = 1 + (ENHANCED_ABOVE - 1) * (after - before) / measure.rise
            left = np.where(after > before, risen, np.where(shown, left, np.where(np.isnan(after), np.nan, 1.0)))
    counts = np.isfinite(before) & (shown | measure.from_zero)
    return np.where(counts, np.maximum(left, 0.0), np.nan)


def shows(intact, measure: Measure) -> np.ndarray:
    """Which intact animals show the behaviour, shape (A,)."""
    before = measure.sign * np.asarray(intact, float)
    return np.isfinite(before) & (before >= measure.least)


def effect(intact, ablated, measure: Measure | str, *, individual=None, least: int = LEAST_INDIVIDUALS, level: float = 0.95) -> Effect:
    """The verdict of an ensemble on one manipulation and measure.

    Parameters
    ----------
    intact, ablated : array_like, shape (A,)
        The same animals, NaN where one failed.
    measure : Measure or str
    individual : array_like, shape (A,), optional
        Which individual each animal is of; what several of one have left is one number, their median. By default each is one.
    least : int
        Individuals without which there is no verdict.
    level : float
        Of the interval of the median.

    Notes
    -----
    The verdict is the category that holds the whole interval of the median. An interval across lost and impaired is impaired, as
    something left cannot be ruled out; across any other border there is no prediction. What an animal need not do when intact
    (`from_zero`) can be said to be enhanced by all individuals; if it is not, those that do it are asked alone.
    """
    measure = measure_of(measure) if isinstance(measure, str) else measure
    left, shown = response_left(intact, ablated, measure), shows(intact, measure)
    label = np.arange(len(left)) if individual is None else np.asarray(individual)
    if label.shape != left.shape:
        raise InputError(f"{len(left)} animals need a label of their individual each; got {label.shape}")
    asked = np.isfinite(np.asarray(intact, float)) & (shown | measure.from_zero)
    found = _said(left, label, asked, shown, least, level)
    return _said(left, label, shown, shown, least, level) if measure.from_zero and found.verdict != ENHANCED else found


def _said(left: np.ndarray, label: np.ndarray, asked: np.ndarray, shown: np.ndarray, least: int, level: float) -> Effect:
    """What the animals that are asked say; of one that failed nothing is left that is a number."""
    known, failed = asked & ~np.isnan(left), int((asked & np.isnan(left)).sum())
    there = np.array([np.median(left[known & (label == who)]) for who in np.unique(label[known])])
    value = float(np.median(there)) if len(there) else np.nan
    low, high = median_interval(there, level)
    names = category(there)
    shares = {name: float((names == name).mean()) if len(there) else np.nan for name in CATEGORIES}
    said, reason = _verdict(low, high, len(there), failed, int(asked.sum()), least)
    return Effect(said, value, low, high, str(category([value])[0]) or NO_PREDICTION, len(there), len(np.unique(label[shown])), int(known.sum()),
                  failed, shares, reason)


def _verdict(low: float, high: float, n: int, failed: int, of: int, least: int) -> tuple[str, str]:
    if failed > MOST_FAILED * of:
        return NO_PREDICTION, f"{failed} of {of} animals failed after the manipulation"
    if n < least:
        return NO_PREDICTION, f"{n} individuals that show it when intact can be compared, {least} are needed"
    if np.isnan(low):
        return NO_PREDICTION, f"{n} individuals are too few for an interval"
    ends = [str(name) for name in category([low, high])]
    if ends[0] == ends[1]:
        return ends[0], ""
    if set(ends) == {LOST, IMPAIRED}:
        return IMPAIRED, ""
    return NO_PREDICTION, f"the interval spans {ends[0]} to {ends[1]}"


def median_interval(x, level: float = 0.95) -> tuple[float, float]:
    """Interval of the median from order statistics: of any distribution, at least the level; NaN where there are too few numbers.

    The k-th smallest and k-th largest of n enclose the median but for 2 P(B < k), B binomial (n, 1/2); Conover WJ 1999 "Practical
    Nonparametric Statistics" (from memory, high). The numbers count as independent.
    """
    x = np.sort(np.asarray(x, float))
    k = int(binom.ppf((1 - level) / 2, len(x), 0.5)) if len(x) else 0
    # ppf: the smallest k with P(B <= k) >= tail, so that P(B < k) <= tail
    return (float(x[k - 1]), float(x[-k])) if k >= 1 else (np.nan, np.nan)
