"""What is asked of an intact hermaphrodite: that she crawls and swims; that she backs while AVA, AVD and AVE are driven; that she answers a touch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .assays.backward_drive import DRIVEN as DRIVEN_CELLS
from .assays.backward_drive import OPENS_NS
from .behaviour_assay import ANSWER_S, answer_of, least_mean, mean_between, slowest, velocity, window
from .body.parameters import FREE, MALE_KEYS
from .body.senses import Touch
from .calibration import Step, Target
from .calibration_looks import AT_ANY_TIME, EVERY_S, LASTS_S, crawling, switches
from .closed_loop import World, simulate_animals
from .effects import MEASURES, shows
from .perturbations.stimulate import Stimulate

if TYPE_CHECKING:
    import pandas as pd

    from .animal import Wiring

_INF = np.inf
_GAIT = "wormsim/data/gait_targets.csv"
#: Bands of acceptance are chosen here: wide enough that an ensemble is found, narrow enough to be a crawl.
MOVING = (
    Target("crawl_speed_mm_s", 0.12, 0.30, 0.08, 0.35, 0.05, _GAIT),
    Target("crawl_least_mm_s", 0.06, _INF, 0.03, _INF, 0.05, "it goes on: least mean over any two seconds (chosen here)"),
    Target("crawl_frequency_Hz", 0.30, 0.50, 0.22, 0.80, 0.15, _GAIT),
    Target("crawl_wavelength", 0.55, 0.80, 0.45, 0.95, 0.15, _GAIT),
    Target("crawl_amplitude_per_mm", 3.5, 9.0, 2.0, 12.0, 2.0, "5 to 10 curvatures times body length in crawling worms (from memory, low)"),
    Target("swim_frequency_ratio", 1.6, 7.0, 1.25, 8.0, 1.5, _GAIT + ": faster in water, the published ratio is 4 to 6; qualitative here"),
    Target("swim_wavelength_ratio", 1.25, 3.0, 1.1, 4.0, 0.3, _GAIT + ": longer in water, the published ratio is 2.3; qualitative here"),
    Target("swim_amplitude_per_mm", 1.5, 12.0, 1.0, 15.0, 1.0, "it does swim (chosen here)"),
)
DRIVEN = (
    Target("driven_mm_s", -0.40, -0.06, -1.0, -0.04, 0.015, "backs, and goes on backing, while AVA, AVD and AVE are held depolarised (chosen here)"),
    Target("driven_least_mm_s", -_INF, -0.04, -_INF, -0.02, 0.015, "... in any two seconds of them (chosen here)"),
)
TOUCHED_FRONT = (
    Target("touch_front_mm_s", -0.40, -0.05, -1.0, -0.03, 0.025, "backs when touched in front: Chalfie M et al 1985 J Neurosci 5:956"),
    Target("touch_front_least_mm_s", -_INF, -0.03, -_INF, -0.02, 0.025, "... at any of the moments, whatever the phase of the gait (chosen here)"),
    Target("touch_front_change_mm_s", -_INF, -0.10, -_INF, -0.06, 0.03, "... and not when left alone: less the slowest of its untouched twin"),
    Target("recovered_mm_s", 0.06, 0.60, 0.03, 0.80, 0.05, "goes on forward afterwards, whatever the moment (chosen here)"),
)
TOUCHED = (
    *TOUCHED_FRONT,
    Target("touch_back_mm_s", 0.04, _INF, 0.015, _INF, 0.03,
           "speeds up when touched behind, on average of two moments: Chalfie M et al 1985 J Neurosci 5:956"),
)
#: That an animal goes on forward at any time is not asked here: worms reverse by themselves. An answer at the nose is searched for, and not required:
#: in some individuals the signs that were drawn allow none.
TOUCHED_OFTEN = (
    Target("touch_front_mm_s", -0.40, -0.06, -1.0, -0.03, 0.02, "backs when touched in front, in the mean: Chalfie M et al 1985 J Neurosci 5:956"),
    Target("touch_front_share", 0.9, 1.0, 0.60, 1.0, 0.15, "... at most moments (chosen here)"),
    Target("nose_touch_mm_s", -0.40, -0.06, -1.0, -0.03, 0.02, "backs when touched at the nose: Kaplan JM, Horvitz HR 1993 PNAS 90:2227",
           required=False),
    Target("nose_touch_share", 0.9, 1.0, 0.60, 1.0, 0.15, "... at most moments (chosen here)", required=False),
    Target("recovered_mm_s", 0.06, 0.60, 0.03, 0.80, 0.04, "goes on forward afterwards, in the mean"),
)
#: Conductance that holds AVA, AVD and AVE depolarised in the first sieve, nS: one that they may reach through their synapses (chosen here).
#: Afterwards they are driven as in the assay ``backward_drive``.
FAINT_NS = 0.15
#: Moments of a touch in front and behind, how long it lasts, and lengths of the runs, s. The moments meet the gait in several phases and are
#: none of those of the assays. In water the wave of the last eight seconds is measured: they hold the two cycles that a
#: frequency needs from 0.25 Hz on, less than the slowest swim that is accepted.
_FRONTS = tuple(("touch_front", at) for at in (5.7, 6.4, 7.1, 7.8))
_BACKS = tuple(("touch_back", at) for at in (6.0, 7.5))
_TOUCH_S, _AGAR_S, _WATER_S, _DRIVEN_S = 1.0, 15.0, 10.0, 11.0
#: One look of many: how often each touch is given; from when on its moments are spread, over how long, when the last can have been answered, and how
#: long a run is, s (chosen here).
OFTEN = {"touch_front": 3, "touch_nose": 2}
_OFTEN_FROM_S, _OFTEN_S, _ANSWERED_S, _OFTEN_RUN_S = 4.0, 3.0, 12.0, 13.5


def observe_moving(wiring: Wiring, parameters: pd.DataFrame, seed: int = 0) -> dict[str, np.ndarray]:
    """Everything that MOVING asks for, (A,) each: on agar and in water, left alone."""
    from .metrics.gait import gait

    seen, _ = crawling(wiring, parameters, _noises(seed), _AGAR_S)
    water = simulate_animals(wiring, parameters, World.of("water"), duration_s=_WATER_S, seeds=[seed] * len(parameters))
    swim = gait(*window(water, 2.0, np.inf))
    with np.errstate(invalid="ignore", divide="ignore"):
        return {**seen, "swim_frequency_Hz": swim.frequency_Hz, "swim_wavelength": swim.wavelength, "swim_speed_mm_s": swim.speed_mm_s,
                "swim_frequency_ratio": swim.frequency_Hz / seen["crawl_frequency_Hz"],
                "swim_wavelength_ratio": swim.wavelength / seen["crawl_wavelength"], "swim_amplitude_per_mm": swim.amplitude_per_mm}


def _noises(seed: int) -> list[int]:
    """Noises under which an animal has to crawl: that of its touch or drive, and another."""
    return [seed, seed + 1000]


def observe_driven(wiring: Wiring, parameters: pd.DataFrame, seed: int = 0) -> dict[str, np.ndarray]:
    """What MOVING and DRIVEN ask for, (A,) each."""
    n = len(parameters)
    v, t = velocity(simulate_animals(wiring, parameters, World.of("agar"), [(Stimulate(*DRIVEN_CELLS, g_nS=OPENS_NS),)] * n,
                                     duration_s=_DRIVEN_S, seeds=[seed] * n))
    return {**observe_moving(wiring, parameters, seed), "driven_mm_s": mean_between(v, t, 4, _DRIVEN_S),
            "driven_least_mm_s": -least_mean(-v, t, 4, _DRIVEN_S, LASTS_S, EVERY_S)}


def observe_touched_front(wiring: Wiring, parameters: pd.DataFrame, seed: int = 0) -> dict[str, np.ndarray]:
    """How it crawls and what TOUCHED_FRONT asks for, (A,) each: touched in front at four moments, beside the same animal left alone.

    Without that twin a search finds animals that stall by themselves at the moment of the touch; with one moment only, animals that
    can be stopped in one phase of their gait.
    """
    return _answers(*_touched(wiring, parameters, _noises(seed), _FRONTS))


def observe_touched(wiring: Wiring, parameters: pd.DataFrame, seed: int = 0) -> dict[str, np.ndarray]:
    """The same and what TOUCHED asks for beside it, (A,) each: touched behind as well, from which it has to recover too."""
    seen, alone, touched, t = _touched(wiring, parameters, _noises(seed), (*_FRONTS, *_BACKS))
    faster = [mean_between(v - alone, t, at + ANSWER_S[0], at + ANSWER_S[1]) for v, (_, at) in zip(touched[len(_FRONTS):], _BACKS, strict=True)]
    return {**_answers(seen, alone, touched, t), "touch_back_mm_s": np.mean(faster, axis=0)}


def _touched(wiring: Wiring, parameters: pd.DataFrame, noises: Sequence[int], touches: Sequence[tuple[str, float]],
             duration_s: float = _AGAR_S) -> tuple:
    """How animals crawl; their velocity left alone, (A, T), and after each touch, (touches, A, T), mm/s, under the first of the noises; the time,
    (T,), s.
    """
    import pandas as pd

    n = len(parameters)
    seen, untouched = crawling(wiring, parameters, noises, duration_s)
    alone, t = velocity(untouched)
    worlds = [World.of("agar", Touch(signal, at, at + _TOUCH_S)) for signal, at in touches for _ in range(n)]
    v = velocity(simulate_animals(wiring, pd.concat([parameters] * len(touches), ignore_index=True), worlds, duration_s=duration_s,
                                  seeds=[noises[0]] * len(worlds)))[0]
    return seen, alone[:n], v.reshape(len(touches), n, -1), t


def _answers(seen: dict, alone: np.ndarray, touched: np.ndarray, t: np.ndarray) -> dict[str, np.ndarray]:
    """Of the touches in front, the first ones; and going on after every touch."""
    moments = [at for _, at in _FRONTS]
    fronts = np.stack([slowest(v, t, at) for v, at in zip(touched[:len(moments)], moments, strict=True)])
    left_alone = np.stack([slowest(alone, t, at) for at in moments])
    return {**seen, "touch_front_mm_s": fronts.mean(axis=0), "touch_front_least_mm_s": fronts.max(axis=0),
            "touch_front_change_mm_s": (fronts - left_alone).max(axis=0),
            "recovered_mm_s": np.min([mean_between(v, t, _AGAR_S - 2, _AGAR_S) for v in touched], axis=0)}


def observe_touched_often(wiring: Wiring, parameters: pd.DataFrame, seed: int) -> dict[str, np.ndarray]:
    """What TOUCHED_OFTEN asks for, (A,) each, in one look: one noise, and moments of its own for each touch, each beside the same animal untouched.

    As in the assays, an animal has answered where it is slower than its twin by BY_TOUCH_MM_S, and backs.
    """
    rng = np.random.default_rng([77, seed])
    touches = [(signal, at) for signal, count in OFTEN.items()
               for at in _OFTEN_FROM_S + _OFTEN_S * (np.arange(count) + rng.random(count)) / count]
    seen, alone, runs, t = _touched(wiring, parameters, [seed], touches, _OFTEN_RUN_S)
    answers = np.array([answer_of(slowest(v, t, at), slowest(alone, t, at)) for (_, at), v in zip(touches, runs, strict=True)])
    front, nose = np.split(answers, [OFTEN["touch_front"]])
    return {**{name: seen[name] for name in AT_ANY_TIME},
            "touch_front_mm_s": front.mean(axis=0), "touch_front_share": _share(front), "nose_touch_mm_s": nose.mean(axis=0),
            "nose_touch_share": _share(nose),
            "recovered_mm_s": np.mean([mean_between(v, t, _ANSWERED_S, _OFTEN_RUN_S) for v in runs], axis=0)}


def _share(answers: np.ndarray) -> np.ndarray:
    """Share of (touches, A) answers that are backing, as the assays take it, (A,); not-a-number for one that failed."""
    return np.where(np.isnan(answers).any(axis=0), np.nan, shows(answers, MEASURES["reversal_mm_s"]).mean(axis=0))


def answers_touch(wiring: Wiring, parameters: pd.DataFrame, seed: int) -> np.ndarray:
    """A sieve: how far an animal goes forward alone, backs after a touch at both of two moments, and goes on; 3 where it does all."""
    import pandas as pd

    n, touches = len(parameters), _FRONTS[::2]
    worlds = [World(), *(World.of("agar", Touch(signal, at, at + _TOUCH_S)) for signal, at in touches)]
    v, t = velocity(simulate_animals(wiring, pd.concat([parameters] * 3, ignore_index=True), [w for w in worlds for _ in range(n)],
                                     duration_s=14.0, every_ms=100.0, seeds=[seed] * (3 * n)))
    alone, *touched = v.reshape(3, n, -1)
    back = -np.max([slowest(x, t, at) for x, (_, at) in zip(touched, touches, strict=True)], axis=0)
    on = np.min([mean_between(x, t, 12, 14) for x in touched], axis=0)
    return sum(np.nan_to_num(np.minimum(x, most) / most, nan=-9.0) for x, most in ((mean_between(alone, t, 4, 14), 0.08), (back, 0.05), (on, 0.05)))


_BACKING = ("in_back", "gap_back", "half_back_mV", "gain_back", "in_A", "gap_A", "half_A_mV", "gain_A", "half_other_mV")
_TOUCHING = ("hold_s", "g_touch_nS", "gain_touch_front", "gain_touch_back", "gap_touch_front", "gap_touch_back", "half_touch_front_mV",
             "half_touch_back_mV")


def hermaphrodite_steps() -> dict[str, Step]:
    """Steps of a hermaphrodite, by name; of those touched nothing is asked in water."""
    keys = tuple(k for k in FREE if k not in MALE_KEYS)
    crawl = tuple(t for t in MOVING if t.name.startswith("crawl"))
    often = (*(t for t in crawl if t.name in AT_ANY_TIME), *TOUCHED_OFTEN)
    return {"moving": Step(MOVING, observe_moving, keys),
            "driven": Step((*MOVING, *DRIVEN), observe_driven, keys, _BACKING, switches(*DRIVEN_CELLS, g_nS=FAINT_NS)),
            "touched_front": Step((*crawl, *TOUCHED_FRONT), observe_touched_front, keys, _TOUCHING, answers_touch),
            "touched_often": Step(often, observe_touched_often, keys, _TOUCHING, hopeless=_INF, often=True),
            "touched": Step((*crawl, *TOUCHED), observe_touched, keys, _TOUCHING, answers_touch)}
