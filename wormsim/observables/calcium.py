"""Calcium imaging: potential or spikes to calcium, to the indicator's brightness, to photons, to what the field plots.

Every stage but one can be switched off, and most are off at first. ``Calcium()`` assumes as little as it can: calcium that
follows the potential linearly, the time constants of the cell, its nucleus and the indicator, a z-score. Gain, calcium at
rest, affinity and brightness then cancel, so that nothing rests on their values. What is switched on beyond that (a sigmoid
of calcium channels, saturation, frames and exposure, photon noise, bleaching, drift, wrong names) is an assumption, whose
numbers are in ``PARAMETERS`` here and in ``wormsim/indicators/``, with source and certainty.

That one number serves all cells, and that calcium enters by the potential alone, is not so in the worm: calcium of a
neuron can differ between its compartments (RIA: Hendricks M et al 2012 Nature 487:99).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

from .. import catalog
from ..engines.cache import shipped
from ..errors import InputError, UnknownNameError
from ..kernels.fluorescence import LINEAR, SIGMOID, SPIKES
from ..kernels.normal import noise_source
from ..normalisation import dff, ratio, zscore
from ..parameter import Parameter, Prior
from ..recording import Recording
from ._frames import frames
from ._labelling import Labelling, cell_keys, halves
from ._observed import Observed

PARAMETERS = (
    Parameter("calcium_rest", 0.1, "uM", "of the order of 100 nM in resting cells (Clapham DE 2007 Cell 131:1047), from memory; not "
              "measured in worm neurons", "low", Prior("loguniform", 0.03, 0.3)),
    Parameter("tau_calcium", 500.0, "ms", "clearance from the cytosol; not measured in worm neurons", "guess",
              Prior("loguniform", 100.0, 3000.0)),
    Parameter("tau_nucleus", 1000.0, "ms", "delay of nuclear behind cytosolic calcium; known only to be slower", "guess",
              Prior("loguniform", 200.0, 5000.0)),
    Parameter("calcium_per_mV", 0.001, "uM", "linear drive: scale only, cancels unless saturation or noise is on", "guess",
              Prior("loguniform", 1e-4, 1e-2)),
    Parameter("calcium_max", 0.5, "uM", "sigmoid drive: what open channels add to calcium at rest", "guess",
              Prior("loguniform", 0.1, 2.0)),
    Parameter("v_half", -25.0, "mV", "sigmoid drive: midpoint of the calcium channels together", "guess", Prior("uniform", -45.0, 0.0)),
    Parameter("v_slope", 7.0, "mV", "sigmoid drive: slope of the calcium channels together", "guess", Prior("uniform", 3.0, 15.0)),
    Parameter("calcium_per_spike", 0.1, "uM", "spike drive: scale only, cancels unless saturation or noise is on", "guess",
              Prior("loguniform", 0.01, 1.0)),
)
"""Numbers of the cell; those of the indicator are in ``wormsim/indicators/``."""

Drive = Literal["linear", "sigmoid", "spikes"]
Signal = Literal["z", "dff", "ratio", "fluorescence"]
_MODES = {"linear": LINEAR, "sigmoid": SIGMOID, "spikes": SPIKES}
_GAIN = {"linear": "calcium_per_mV_uM", "sigmoid": "calcium_max_uM", "spikes": "calcium_per_spike_uM"}
_LEAST_PHOTONS = 20.0


@dataclass(frozen=True, kw_only=True)
class Calcium:
    """A calcium microscope and what it looks at.

    Attributes
    ----------
    drive : {"linear", "sigmoid", "spikes"}
        Calcium follows the potential linearly, around each cell's own mean over the recording; or a sigmoid of it; or
        every spike adds the same (the simulation needs ``spikes=True``).
    indicator : str or None
        One of ``wormsim/indicators/``. None: brightness follows calcium at once.
    compartment : {"nucleus", "cytosol"}
        Where the indicator is. Whole-brain recordings have it in the nucleus, which lags behind.
    saturation : bool
        The indicator's Hill curve, or its tangent at resting calcium.
    frame_rate_Hz : float or None
        None: every sample of the simulation is a frame.
    exposure : float
        Share of a frame during which the shutter is open, above 0 to 1.
    photons : float or None
        Mean count of a cell at rest in a frame, at least 20; it brings shot noise. None: no noise.
    read_noise : float
        Standard deviation that the camera adds, photons.
    bleach_tau_s, reference_bleach_tau_s : float or None
        Time constant of bleaching of indicator and reference. None: none.
    drift : float
        Standard deviation of the logarithm of a slow gain common to indicator and reference (motion, focus). 0: none.
    drift_tau_s : float
        Its time constant.
    labelling : Labelling
        What goes wrong with names; nothing at first.
    signal : {"z", "dff", "ratio", "fluorescence"}
        How it is brought to scale: z-score; dF/F over the 20th percentile; indicator over reference; photons (brightness
        over that at rest where ``photons`` is None).
    parameters : mapping of str to float
        Values in place of those of :data:`PARAMETERS` and of the indicator, by public name (``tau_calcium_ms``).
    seed : int
        Of noise, drift and names. Variants that share a random stream (an ablated animal and its intact sibling) share them too.
    """

    drive: Drive = "linear"
    indicator: str | None = "jgcamp7f"
    compartment: Literal["nucleus", "cytosol"] = "nucleus"
    saturation: bool = False
    frame_rate_Hz: float | None = None
    exposure: float = 1.0
    photons: float | None = None
    read_noise: float = 0.0
    bleach_tau_s: float | None = None
    reference_bleach_tau_s: float | None = None
    drift: float = 0.0
    drift_tau_s: float = 60.0
    labelling: Labelling = field(default_factory=Labelling)
    signal: Signal = "z"
    parameters: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0

    def __post_init__(self):
        _one_of("drive", self.drive, get_args(Drive))
        _one_of("signal", self.signal, get_args(Signal))
        _one_of("compartment", self.compartment, ("nucleus", "cytosol"))
        for name in ("frame_rate_Hz", "bleach_tau_s", "reference_bleach_tau_s", "drift_tau_s"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise InputError(f"{name} = {value} must be above 0")
        if not 0 < self.exposure <= 1:
            raise InputError(f"exposure = {self.exposure} is a share of the frame, above 0 and up to 1")
        if self.photons is not None and not self.photons >= _LEAST_PHOTONS:
            raise InputError(f"photons = {self.photons} must be at least {_LEAST_PHOTONS:g}: below, counts are not nearly normal")
        if self.photons is None and self.read_noise:
            raise InputError("read_noise needs photons, the scale that it is measured on")
        if not (self.read_noise >= 0 and self.drift >= 0):
            raise InputError("read_noise and drift must not be negative")
        self.values()

    def values(self) -> dict[str, float]:
        """Every number in use, by public name."""
        values = {p.key: p.value for p in self.described()}
        for name, value in self.parameters.items():
            if name not in values:
                raise UnknownNameError("parameter of calcium imaging", name, values)
            positive = name != "v_half_mV"
            if not np.isfinite(value) or (positive and not value > 0):
                raise InputError(f"{name} = {value} must be finite{' and above 0' if positive else ''}")
            values[name] = float(value)
        return values

    def described(self) -> tuple[Parameter, ...]:
        """Every parameter with its unit, source and certainty, before ``parameters`` replaces a value."""
        if self.indicator is None:
            return PARAMETERS
        return PARAMETERS + catalog.load("indicators", self.indicator).INDICATOR.parameters

    def of(self, recording: Recording) -> Observed:
        """What it sees of every variant.

        Raises
        ------
        InputError
            Spikes that were not recorded, samples at uneven distances, a frame rate above that of the samples, fewer than
            two frames, no cell left, brightness below zero.
        """
        dataset = recording.dataset
        v, x = recording.v_mV.to_numpy(), (recording.spikes if self.drive == "spikes" else recording.v_mV).to_numpy()
        cells = [str(c) for c in dataset["cell"].to_numpy()]
        dt_ms, frame_of, time_s = frames(dataset["time"].to_numpy(), self.frame_rate_Hz, self.exposure)
        streams = dataset["stream"].to_numpy()
        seen = np.empty((len(streams), len(time_s), len(cells)))
        labels, recorded = np.empty((len(streams), len(cells)), object), np.empty((len(streams), len(cells)), bool)
        for k, stream in enumerate(streams.tolist()):
            samples = np.array(x[k], np.float64, order="C")
            gone = np.isnan(v[k]).any(axis=0)  # ablated, or run away; its spikes are counted as none
            samples[:, gone] = np.nan
            labels[k], recorded[k] = self.labelling.names(cells, stream, self.seed)
            recorded[k] &= ~gone
            seen[k] = self._animal(samples, cells, stream, dt_ms, frame_of, time_s)
            seen[k][:, ~recorded[k]] = np.nan
        empty = np.flatnonzero(~recorded.any(axis=1))
        if len(empty):
            raise InputError(f"variant {empty[0]} has no recorded cell left; lower p_missing or record more cells")
        return Observed.build(seen, time_s, cells, labels, recorded, dataset, self.signal,
                              f"{self.indicator or 'none'}, {self.compartment}", self._said())

    def _animal(self, samples, cells, stream, dt_ms, frame_of, time_s) -> np.ndarray:
        """One variant, (frames, cells)."""
        kernels, p = shipped("fluorescence"), self.values()
        bright = np.empty((len(time_s), len(cells)))
        at_rest = _constants(p, self.indicator, self.saturation)
        kernels.brightness(
            samples, frame_of, bright, _MODES[self.drive], samples.mean(axis=0), p["calcium_rest_uM"],
            p[_GAIN[self.drive]], p["v_half_mV"], p["v_slope_mV"],
            _share(dt_ms, p["tau_calcium_ms"]), _share(dt_ms, p["tau_nucleus_ms"] if self.compartment == "nucleus" else 0.0),
            _share(dt_ms, p.get("tau_on_ms", 0.0)), _share(dt_ms, p.get("tau_off_ms", 0.0)),
            at_rest["Kd"], at_rest["hill"], at_rest["range"], self.saturation,
        )
        bright /= at_rest["brightness"]
        if self.photons is not None or self.signal != "z":  # a z-score without noise has no zero
            dark = [cell for cell, low in zip(cells, bright.min(axis=0), strict=True) if low <= 0]
            if dark:
                raise InputError(f"the brightness of {len(dark)} cells would fall below zero ({', '.join(dark[:5])}): without saturation "
                                 f"nothing stops it. Switch saturation on, or lower {_GAIN[self.drive]} (now {p[_GAIN[self.drive]]:g})")
        keys, (low, high) = cell_keys(cells), halves(stream)
        gain = np.zeros_like(bright)
        if self.drift:
            keep = np.exp(-(time_s[1] - time_s[0]) / self.drift_tau_s)
            kernels.drift(gain, keys, low, high, self._source("drift"), keep, self.drift)
        gain = np.exp(gain)
        indicator = self._counted(bright * gain * _bleached(time_s, self.bleach_tau_s), "indicator", keys, low, high)
        if self.signal == "fluorescence":
            return indicator
        if self.signal == "ratio":
            reference = np.where(np.isnan(bright), np.nan, gain * _bleached(time_s, self.reference_bleach_tau_s))
            return ratio(indicator, self._counted(reference, "reference", keys, low, high))
        return zscore(indicator) if self.signal == "z" else dff(indicator)

    def _counted(self, relative, what, keys, low, high) -> np.ndarray:
        if self.photons is None:
            return relative
        counts = np.empty_like(relative)
        shipped("fluorescence").count_photons(relative * self.photons, counts, keys, low, high, self._source(what), self.read_noise)
        return counts

    def _source(self, what: str) -> int:
        return noise_source(f"{what}/{self.seed}")

    def _said(self) -> str:
        """The settings that differ from the default, in one line."""
        default = Calcium()
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__dataclass_fields__
                         if getattr(self, name) != getattr(default, name)) or "default"


def _constants(p: dict[str, float], indicator: str | None, saturates: bool) -> dict[str, float]:
    """Half-saturation, Hill coefficient, range, and brightness at rest; without an indicator, brightness is calcium itself."""
    if indicator is None:
        if saturates:
            raise InputError("saturation needs an indicator: name one, or switch saturation off")
        # with these the tangent, 1 + 2 (1/2 + (c - rest)/rest), is twice c/rest
        return {"Kd": p["calcium_rest_uM"], "hill": 4.0, "range": 3.0, "brightness": 2.0}
    rest = (p["calcium_rest_uM"] / p["Kd_uM"]) ** p["hill"]
    return {"Kd": p["Kd_uM"], "hill": p["hill"], "range": p["range"], "brightness": 1 + (p["range"] - 1) * rest / (1 + rest)}


def _share(dt_ms: float, tau_ms: float) -> float:
    """Share of the way to its target that a stage goes in a step."""
    return 1.0 if tau_ms == 0 else -float(np.expm1(-dt_ms / tau_ms))


def _bleached(time_s: np.ndarray, tau_s: float | None) -> np.ndarray:
    return np.ones((len(time_s), 1)) if tau_s is None else np.exp(-time_s / tau_s)[:, None]


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UnknownNameError(name, str(value), known, f"it is one of {', '.join(known)}")
