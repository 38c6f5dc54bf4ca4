"""From how a receptor couples to what it does to a cell: the one place where that is decided.

Nobody has measured by how much any of these changes a worm neuron. What is known is the direction, so each rule gives
a direction and leaves the size to parameters with wide priors, separate for every receptor:

metabotropic (Gq, Gs: excite; Gi/o: inhibit)
    With occupancy o in 0 ... 1, a neuron's threshold falls (excite) or rises (inhibit) by ``o * shift``, and its
    chemical output is multiplied by ``gain**o`` or divided by it: Gq and Gs facilitate release, Go depresses it. A muscle has
    no output and no threshold here: it gets the current that depolarises it by ``o * shift`` at rest (or hyperpolarises
    it), and the gain acts on its chemical input.
ligand-gated channel
    A conductance of ``o * open`` times the leak opens, towards the channel's reversal potential.

Threshold and release are what is known best. On request (``acts_on``) a metabotropic receptor acts on other numbers of its
cells as well or instead: ``current`` (added to neurons as to muscles), ``gap`` (coupling of their gap junctions) and
``time_constant`` (of the membrane), the last two multiplied by ``gain**o`` or divided by it.

Occupancy follows Hill's equation with the concentration that half occupies this receptor, ``half``. Concentrations are
relative: 1 is what half occupies a typical receptor of the modulator (:data:`LEVELS`). Where several receptors sit on one
cell, shifts add up and gains multiply.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .errors import InputError, UnknownNameError
from .parameter import Parameter, Prior

#: Levels that have a name, in concentrations relative to the one that half occupies a typical receptor: "low" occupies a
#: tenth of its receptors and "high" nine tenths. A choice of words; no such concentration has been measured in a worm.
LEVELS = {"none": 0.0, "low": 1 / 9, "high": 9.0}

#: The parameter that is a cell's threshold, by the neuron models here: of spikes, or the midpoint of graded release.
THRESHOLDS = ("v_threshold", "v_half", "v_T")

#: The parameter that is proportional to a cell's time constant.
TIME_CONSTANTS = ("tau_m", "C_m")

#: What a metabotropic receptor may act on, and what it does by default.
TARGETS = ("threshold", "release", "current", "gap", "time_constant")
ACTS_ON = ("threshold", "release")


@dataclass(frozen=True)
class Coupling:
    """What a receptor is coupled to.

    Attributes
    ----------
    sign : int
        1 excites, -1 inhibits; of a channel what it does at rest, for tables only.
    channel : bool
        Opens a conductance; else acts through a G protein.
    source : str
    reversal : tuple of float
        Of a channel: value, lowest and highest, mV.
    """

    sign: int
    channel: bool
    source: str
    reversal: tuple[float, float, float] = (0.0, 0.0, 0.0)


COUPLINGS = {
    "Gq": Coupling(1, False, "Lackner MR, Nurrish SJ, Kaplan JM 1999 Neuron 24:335 (EGL-30 facilitates release)"),
    "Gs": Coupling(1, False, "Schade MA, Reynolds NK, Dollins CM, Miller KG 2005 Genetics 169:631 (Gs facilitates release)"),
    "Gi/o": Coupling(-1, False, "Nurrish S, Segalat L, Kaplan JM 1999 Neuron 24:231 (GOA-1 depresses release)"),
    "chloride channel": Coupling(-1, True, "the chloride potential of worm neurons is not known", (-60.0, -75.0, -45.0)),
    "cation channel": Coupling(1, True, "unselective for cations", (0.0, -20.0, 10.0)),
}


def coupling(name: str) -> Coupling:
    """The coupling of that name; an unknown one raises with the closest."""
    if name not in COUPLINGS:
        raise UnknownNameError("coupling", name, COUPLINGS)
    return COUPLINGS[name]


def concentration(level: float | str) -> float:
    """Relative concentration of a level.

    Parameters
    ----------
    level : float or str
        A number of at least 0, also as text, or a key of :data:`LEVELS`.

    Raises
    ------
    InputError
        A number that is negative, not finite or not a number.
    UnknownNameError
        A word that is no level.
    """
    if isinstance(level, str) and level in LEVELS:
        return LEVELS[level]
    try:
        value = float(level)
    except (TypeError, ValueError):
        raise UnknownNameError("level", str(level), LEVELS,
                               f"give a relative concentration of at least 0, or one of {', '.join(LEVELS)}") from None
    if not (np.isfinite(value) and value >= 0):
        raise InputError(f"a modulator's concentration is {level}; it must be a finite number of at least 0")
    return value


def occupancy(concentration, half):
    """Share of the receptors that are occupied, 0 ... 1; 0 without ligand, to the bit.

    Hill's equation for one site a receptor and no cooperativity, the least that can be assumed where no curve in vivo exists;
    :mod:`wormsim.release` has the same in its equations.

    Parameters
    ----------
    concentration, half : float or ndarray
        Relative concentrations; `half` above 0.
    """
    c = np.asarray(concentration, float)
    return c / (c + np.asarray(half, float))


def symbols(modulator: str, receptor: str) -> dict[str, str]:
    """Symbols of a receptor: its parameters half, shift, gain, open, E; has (whether a cell has it) and occ (occupied) where it is released."""
    stem = f"{modulator}_{receptor}".replace("-", "_")
    return {what: f"{what}_{stem}" for what in ("half", "shift", "gain", "open", "E", "has", "occ")}


_SIZE = "unknown: no dose-response or size in any worm neuron"


def receptor_parameters(modulator: str, receptor: str, coupled: str) -> tuple[Parameter, ...]:
    """The unknowns of one receptor, each with a prior.

    Parameters
    ----------
    modulator, receptor : str
    coupled : str
        Key of :data:`COUPLINGS`.
    """
    how, name = coupling(coupled), symbols(modulator, receptor)
    half = Parameter(name["half"], 1.0, "", "relative concentration at half occupancy; " + _SIZE, "guess",
                     Prior("loguniform", 0.3, 3.0))
    if how.channel:
        value, low, high = how.reversal
        return (
            half,
            Parameter(name["open"], 1.0, "", "conductance at full occupancy, in leaks of the cell; " + _SIZE, "guess",
                      Prior("loguniform", 0.1, 10.0)),
            Parameter(name["E"], value, "mV", how.source, "guess", Prior("uniform", low, high)),
        )
    return (
        half,
        Parameter(name["shift"], 2.0, "mV", "of the threshold at full occupancy; " + _SIZE, "guess",
                  Prior("loguniform", 0.3, 5.0)),
        Parameter(name["gain"], 1.5, "", "factor on release at full occupancy; " + _SIZE, "guess",
                  Prior("loguniform", 1.0, 4.0)),
    )
