"""The senses: which cells feel what of the world, and hairs and taps at given times.

A signal is a number from 0 to 1 in every step. A touch is a schedule (:class:`TouchSchedule`); what the nose feels of the dish's fields
comes from :func:`wormsim.kernels.field.feel_fields`. Each signal opens a conductance towards 0 mV in the cells of :data:`SENSES`; how large it is
is a strength of the animal and calibrated, so that the cells of one signal weigh the same here. Nothing but these cells is told.

What is simplified: cells that a fall of something excites and a rise inhibits (AWC, BAG) are excited by the fall only; tonic
responses (oxygen in URX, AQR and PQR; temperature in AFD) are taken for responses to change; one odour is felt by AWA and by AWC, which
in the worm smell different ones.
:data:`NOT_FELT` says which known senses have no signal, and why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from ..circuit import Circuit
    from .dish import Dish

SIGNALS = ("touch_front", "touch_back", "touch_nose", "harsh_body", "harsh_tail", "tap", "salt_on", "salt_off", "odour_on", "odour_off",
           "warm", "cold", "oxygen_up", "oxygen_down", "lawn")

#: Signals of contact: what is felt of them fades with the animal's `hold_s` when they end, as does what the male's tail feels.
MECHANICAL = ("touch_front", "touch_back", "touch_nose", "harsh_body", "harsh_tail", "tap")


@dataclass(frozen=True)
class Sense:
    """Cells that a signal excites.

    Parameters
    ----------
    name : str
    cells : tuple of str
        Classes, or single cells where the sides differ.
    signal : str
        One of :data:`SIGNALS`.
    source : str
    certainty : {"high", "medium", "low", "guess"}
        That these cells do feel it; of rows from memory as the source says.
    """

    name: str
    cells: tuple[str, ...]
    signal: str
    source: str
    certainty: str


_CHALFIE = "Chalfie M et al 1985 J Neurosci 5:956 (from memory)"
_KAPLAN = "Kaplan JM, Horvitz HR 1993 PNAS 90:2227 (from memory); its shares of 45, 29 and 5 % are of the response, no weights"
_TEXTBOOK = "textbook, from memory"
SENSES: tuple[Sense, ...] = (
    Sense("gentle touch, front", ("ALM", "AVM"), "touch_front", _CHALFIE, "high"),
    Sense("gentle touch, back", ("PLM",), "touch_back", _CHALFIE, "high"),
    Sense("nose touch", ("ASH", "FLP", "OLQ"), "touch_nose", _KAPLAN, "medium"),
    Sense("harsh touch, body", ("PVD",), "harsh_body", "Way JC, Chalfie M 1989 Genes Dev 3:1823 (from memory)", "high"),
    Sense("harsh touch, tail", ("PHC",), "harsh_tail", "Serrano-Saiz E et al 2017 Curr Biol 27:199 (hermaphrodites; not needed in males)", "high"),
    Sense("tap", ("ALM", "AVM", "PLM"), "tap", "Wicks SR, Rankin CH 1995 J Neurosci 15:2434 (from memory)", "medium"),
    Sense("salt, rise", ("ASEL",), "salt_on",
          f"ASE: Bargmann CI, Horvitz HR 1991 Neuron 7:729 (from memory, high); left for a rise: {_TEXTBOOK}", "medium"),
    Sense("salt, fall", ("ASER",), "salt_off",
          f"ASE: Bargmann CI, Horvitz HR 1991 Neuron 7:729 (from memory, high); right for a fall: {_TEXTBOOK}", "medium"),
    Sense("odour, rise", ("AWA",), "odour_on",
          f"Bargmann CI et al 1993 Cell 74:515 (diacetyl; from memory, high); for a rise: {_TEXTBOOK}", "medium"),
    Sense("odour, fall", ("AWC",), "odour_off",
          f"Bargmann CI et al 1993 Cell 74:515 (benzaldehyde; from memory, high); for a fall: {_TEXTBOOK}", "medium"),
    Sense("warming", ("AFD",), "warm",
          f"Mori I, Ohshima Y 1995 Nature 376:344 (thermotaxis; from memory, high); for warming: {_TEXTBOOK}", "medium"),
    Sense("oxygen, rise", ("URX", "AQR", "PQR"), "oxygen_up",
          "Coates JC, de Bono M 2002 Nature 419:925; Gray JM et al 2004 Nature 430:317 (from memory)", "high"),
    Sense("oxygen, fall", ("BAG",), "oxygen_down", _TEXTBOOK, "medium"),
    Sense("texture of the lawn", ("CEP", "ADE", "PDE"), "lawn", "Sawin ER et al 2000 Neuron 26:619 (basal slowing; from memory)", "high"),
)
#: Known senses, or signals, without a row: why.
NOT_FELT = {
    "cold": "no cell is known here to be excited by cooling; the signal is there and goes nowhere",
    "posture (PVD, FLP)": "Albeg A et al 2011 Mol Cell Neurosci 46:308: they matter for posture; bends are felt by what stretch.py has",
    "side of the nose (OLQ, IL1)": "Hart AC et al 1995 Nature 378:82: head withdrawal; the nose is one point here, without sides",
    "osmolarity (ASH), nonanone (AWB), SDS (PHA, PHB)": "repellents: the dish has none",
    "carbon dioxide (BAG)": "Hallem EA, Sternberg PW 2008 PNAS 105:8038: the dish has none",
    "residual salt (ADF, ASG, ASI)": "Bargmann CI, Horvitz HR 1991 Neuron 7:729: what is left without ASE; polarity unknown here",
}


@dataclass(frozen=True)
class Adaptation:
    """How a field of the dish is felt: signals of a rise and of a fall, time constant and half-saturating change.

    `tau_s` of 0: felt as it is (the lawn). All `tau_s` and `half` are chosen here, no measurement (guess): an animal that crawls at
    0.2 mm/s up a gradient of `half` per mm settles at a response of one half.
    """

    field: str
    rise: str
    fall: str
    tau_s: float
    half: float
    unit: str


ADAPTATION: tuple[Adaptation, ...] = (
    Adaptation("salt", "salt_on", "salt_off", 5.0, 1.0, "mM"),
    Adaptation("odour", "odour_on", "odour_off", 5.0, 1.0, "uM"),
    Adaptation("temperature", "warm", "cold", 5.0, 0.05, "C"),
    Adaptation("oxygen", "oxygen_up", "oxygen_down", 5.0, 0.5, "percent"),
    Adaptation("lawn", "lawn", "", 0.0, 1.0, "share"),
)


def adaptation_arrays(signals: Sequence[str] = SIGNALS) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """How the fields are felt, as :func:`wormsim.kernels.field.feel_fields` takes it, in the order of the dish's fields.

    Parameters
    ----------
    signals : sequence of str
        Rows of the kernel's signals; what is not among them is felt by nobody.

    Returns
    -------
    tau_s, half, on_row, off_row : (F,) arrays
    """
    row = {name: k for k, name in enumerate(signals)}
    return (np.array([a.tau_s for a in ADAPTATION]), np.array([a.half for a in ADAPTATION]),
            *(np.array([row.get(getattr(a, side), -1) for a in ADAPTATION], np.int64) for side in ("rise", "fall")))


def given_by(dish: Dish) -> set[str]:
    """Signals that the fields of a dish can give; one that is known to go nowhere (:data:`NOT_FELT`) is left out."""
    there = {name for name, (field, _) in dish.fields.items() if field.kind != "none"}
    return {signal for a in ADAPTATION if a.field in there for signal in (a.rise, a.fall) if signal and signal not in NOT_FELT}


def sensors(circuit: Circuit, signals: Sequence[str] = SIGNALS, needed: Sequence[str] = ()) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The sensors of a circuit.

    Parameters
    ----------
    circuit : Circuit
    signals : sequence of str
        The kernel's rows of signals.
    needed : sequence of str
        Signals that the world does give: each must reach a cell.

    Returns
    -------
    cell, signal : (S,) int64 arrays
        Row of the cell and of the signal.
    weight : (S,) array
        1: the strength is the animal's.

    Raises
    ------
    InputError
        An unknown signal, or a needed one for which the circuit has no cell.
    """
    for name in (*signals, *needed):
        _known(name)
    cells = circuit.connectome.cells
    classes = cells["cell_class"].astype(str).to_numpy()
    rows = []
    for sense in SENSES:
        if sense.signal in signals:
            there = np.isin(classes, sense.cells) | np.isin(cells.index.to_numpy(object).astype(str), sense.cells)
            rows += [(c, signals.index(sense.signal)) for c in np.flatnonzero(there)]
    for name in needed:
        if name not in signals:
            raise UnknownNameError("signal of this run", name, signals)
        if signals.index(name) not in {k for _, k in rows}:
            feels = ", ".join(c for s in SENSES if s.signal == name for c in s.cells)
            raise InputError(f"no cell of {circuit.name} feels {name} ({feels or NOT_FELT[name]}); leave it out of the world, or choose a "
                             "connectome that has them")
    cell, signal = np.array(rows, np.int64).reshape(-1, 2).T
    return np.ascontiguousarray(cell), np.ascontiguousarray(signal), np.ones(len(rows))


#: Where the front touch cells end and the back ones begin, in body lengths from the nose: about the vulva, which lies at 0.50 +- 0.02
#: (fields of ALM and AVM before it, of PLM behind it: textbook, from memory, medium).
MIDDLE = 0.5


@dataclass(frozen=True)
class Touch:
    """A signal during [start_s, stop_s), `level` strong (0 to 1)."""

    signal: str
    start_s: float
    stop_s: float
    level: float = 1.0

    @classmethod
    def hair(cls, place: float, start_s: float, stop_s: float, level: float = 1.0) -> Touch:
        """A hair drawn across the body at `place`, in body lengths from the nose: front or back, by :data:`MIDDLE`.

        Raises
        ------
        InputError
            A place off the body.
        """
        if not 0 <= place <= 1:
            raise InputError(f"hair: place = {place} is not on the body; 0 is the nose, 1 the tip of the tail")
        return cls("touch_front" if place < MIDDLE else "touch_back", start_s, stop_s, level)


@dataclass(frozen=True)
class TouchSchedule:
    """Touches of one animal.

    Parameters
    ----------
    touches : sequence of Touch or of (signal, start_s, stop_s)

    Raises
    ------
    InputError
        An unknown signal; times that are negative, not finite or out of order; a level outside of (0, 1]; two touches of one signal that overlap.
    """

    touches: tuple[Touch, ...] = ()

    def __post_init__(self):
        touches = tuple(t if isinstance(t, Touch) else Touch(*t) for t in self.touches)
        object.__setattr__(self, "touches", touches)
        for k, t in enumerate(touches):
            _known(t.signal)
            if not (np.isfinite([t.start_s, t.stop_s]).all() and 0 <= t.start_s < t.stop_s):
                raise InputError(f"touch {k} ({t.signal}): start_s = {t.start_s} and stop_s = {t.stop_s} must be 0 or more and in this order")
            if not 0 < t.level <= 1:
                raise InputError(f"touch {k} ({t.signal}): level = {t.level} must be above 0 and at most 1")
            for earlier in touches[:k]:
                if earlier.signal == t.signal and earlier.start_s < t.stop_s and t.start_s < earlier.stop_s:
                    raise InputError(f"touch {k} ({t.signal}, {t.start_s:g} to {t.stop_s:g} s) overlaps another of the same signal "
                                     f"({earlier.start_s:g} to {earlier.stop_s:g} s); make them one, or move it")


def schedule_arrays(schedules: Sequence[TouchSchedule], dt_ms: float, signals: Sequence[str] = SIGNALS) \
        -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Schedules of L animals as ranges of steps.

    Parameters
    ----------
    schedules : sequence of TouchSchedule
        One a lane.
    dt_ms : float
    signals : sequence of str
        The kernel's rows of signals.

    Returns
    -------
    signal, start, stop : (Q,) int64 arrays
        Row of the signal; first step, and the step after the last, of each range. A range that several animals have is there once.
    level : (Q, L) array

    Raises
    ------
    InputError
        A touch shorter than a step, or of a signal that is not among `signals`.
    """
    ranges: dict[tuple[int, int, int], np.ndarray] = {}
    for lane, schedule in enumerate(schedules):
        for t in schedule.touches:
            if t.signal not in signals:
                raise UnknownNameError("signal of this run", t.signal, signals)
            start, stop = (round(s * 1000 / dt_ms) for s in (t.start_s, t.stop_s))
            if stop == start:
                raise InputError(f"touch of {t.signal} from {t.start_s:g} to {t.stop_s:g} s is shorter than a step of {dt_ms:g} ms; "
                                 "make it longer")
            ranges.setdefault((signals.index(t.signal), start, stop), np.zeros(len(schedules)))[lane] = t.level
    keys = sorted(ranges)
    signal, start, stop = np.array(keys, np.int64).reshape(-1, 3).T
    level = np.array([ranges[key] for key in keys], float).reshape(len(keys), len(schedules))
    return (*(np.ascontiguousarray(z) for z in (signal, start, stop)), level)


def _known(signal: str) -> None:
    if signal not in SIGNALS:
        raise UnknownNameError("signal", signal, SIGNALS)
