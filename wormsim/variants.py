"""Variants: ablations x parameter samples x random streams, the axis that one compiled kernel runs over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from .alteration import Changes
from .errors import InputError, UnknownNameError, warn_data
from .network import Effects, Lanes, Network, Poisson
from .perturbation import Perturbation, Sheet, blank_effects
from .regimen import Regimens
from .samples import Samples
from .units import to_internal

if TYPE_CHECKING:
    import pandas as pd

    from .model import Model


@dataclass(frozen=True)
class Variant:
    """One run: which sample (by number), which random stream, and what is done beside the model's own perturbations."""

    label: str
    sample: int
    stream: int
    perturbations: tuple[Perturbation, ...] = ()


@dataclass(frozen=True, eq=False)
class Variants:
    """A list of variants over one set of samples.

    Attributes
    ----------
    samples : Samples
    variants : tuple of Variant
    """

    samples: Samples
    variants: tuple[Variant, ...]

    @classmethod
    def cross(
        cls,
        samples: Samples,
        perturbations: Mapping[str, Sequence[Perturbation]] | None = None,
        seeds: Sequence[int] = (0,),
        trials: Sequence[int] = (0,),
    ) -> Variants:
        """Every sample with every seed, trial and labelled set of perturbations.

        A random stream belongs to (sample, seed, trial): an ablated animal meets the very inputs that its intact sibling
        meets, so that they differ by the ablation alone.

        Parameters
        ----------
        samples : Samples
        perturbations : mapping of label to perturbations, optional
            By default one variant, ``{"intact": ()}``.
        seeds : sequence of int
        trials : sequence of int
            Repetitions under other noise, 0 ... 15.
        """
        cases = {"intact": ()} if perturbations is None else perturbations
        if not cases or not seeds or not trials:
            raise InputError("no variants: give at least one case, one seed and one trial")
        made = [
            Variant(label, int(number), stream_of(seed, int(number), trial), tuple(case))
            for number in samples.values.index
            for seed in seeds
            for trial in trials
            for label, case in cases.items()
        ]
        return cls(samples, tuple(made))

    def lanes(self) -> Lanes:
        """Column of the sample axis and random stream of each variant."""
        column = {number: k for k, number in enumerate(self.samples.values.index)}
        return Lanes(
            np.array([column[v.sample] for v in self.variants], np.int32),
            np.array([v.stream for v in self.variants], np.uint64),
        )

    def table(self) -> pd.DataFrame:
        """label, sample and stream of every variant."""
        import pandas as pd

        return pd.DataFrame(
            [(v.label, v.sample, v.stream) for v in self.variants], columns=["label", "sample", "stream"]
        )

    def __len__(self) -> int:
        return len(self.variants)


def stream_of(seed: int, sample: int, trial: int = 0) -> int:
    """Random stream of one trial of a sample: seed, trial and sample number side by side in 64 bits, so that none meet."""
    if not (0 <= seed < 2**32 and 0 <= sample < 2**28 and 0 <= trial < 16):
        raise InputError(
            f"seed {seed}, sample {sample} and trial {trial} must lie below 2**32, 2**28 and 16, and not below 0"
        )
    return (seed << 32) | (trial << 28) | sample


def effects(
    model: Model, variants: Variants, dt_ms: float, n_steps: int, network: Network | None = None
) -> list[Effects]:
    """What is done to which variant in each stretch between two onsets or offsets.

    Parameters
    ----------
    model : Model
    variants : Variants
    dt_ms : float
    n_steps : int
    network : Network, optional
        The model lowered for these samples; made here where a perturbation alters it and it is not given.
    """
    regimens = Regimens(model.circuit, model.perturbations)
    done = [regimens.of(v.perturbations) for v in variants.variants]
    regimens.warn()
    times = {t for acts in regimens.made.values() for _, p in acts for t in (p.start_ms, p.stop_ms)}
    cuts = sorted({0, n_steps, *(min(round(t / dt_ms), n_steps) for t in times if np.isfinite(t))})
    index = model.circuit.connectome.cells.index
    _warn_idle(regimens.all(), dt_ms, n_steps)
    _check_mechanisms(model, regimens.all())
    # what several variants have at the same place is written for all of them at once
    shared: dict[tuple, tuple[Perturbation, list[int]]] = {}
    for lane, acts in enumerate(done):
        for place, p in acts:
            shared.setdefault((place, id(p)), (p, []))[1].append(lane)
    in_order = sorted(shared.items(), key=lambda item: item[0][0])
    rows = {id(p): index.get_indexer(list(p.resolved)) for _, (p, _) in in_order}
    alterations = _Alterations(model, variants, done, dt_ms, network)
    out: list[Effects] = []
    for start, stop in pairwise(cuts):
        blank = blank_effects(start, stop, len(index), len(variants))
        sheet = Sheet(blank, dt_ms, np.arange(len(variants)), 0, None)
        for ((source, _), _), (p, lanes) in in_order:
            if _acts(p, start, stop, dt_ms):
                numbers = [variants.variants[lane].sample for lane in lanes]
                sheet.source, sheet.lanes, sheet.value = source, np.array(lanes), _reader(p, model, variants, numbers)
                p.write(sheet, rows[id(p)])
        altered, sample = alterations.during(start, stop)
        here = replace(blank, poisson=_gather(sheet.poisson_rows, len(variants)), network=altered, sample=sample,
                       clamp_mV=sheet.clamp_mV)
        out.append(_as_before(here, out[-1]) if out else here)
    alterations.warn()
    return out


def _as_before(here: Effects, before: Effects) -> Effects:
    """The same, with the arrays of the segment before where nothing changed: a hundred pulses take no hundredfold memory."""
    names = ("alive", "release", "current_pA", "conductance_nS", "conductance_reversal_pA")
    return replace(here, **{n: getattr(before, n) for n in names if np.array_equal(getattr(here, n), getattr(before, n))})


class _Alterations:
    """The altered networks of a run, one for each set of alterations that are on together."""

    def __init__(self, model: Model, variants: Variants, done: list, dt_ms: float, network: Network | None):
        self.model, self.variants, self.dt_ms, self.network = model, variants, dt_ms, network
        self.altering = [tuple(p for _, p in acts if p.alters) for acts in done]
        self.made: dict[tuple, tuple] = {}
        self.touched_nothing: dict[int, Perturbation] = {}

    def during(self, start: int, stop: int) -> tuple[Network | None, np.ndarray | None]:
        """Altered network and column of each variant in the steps [start, stop); None where there is nothing to alter."""
        if not any(self.altering):
            return None, None
        on = tuple(tuple(p for p in ps if _acts(p, start, stop, self.dt_ms)) for ps in self.altering)
        key = tuple(tuple(map(id, ps)) for ps in on)
        if key not in self.made:
            self.made[key] = self._make(on) if any(on) else (None, None)
        return self.made[key]

    def _make(self, on: tuple) -> tuple:
        if self.network is None:
            self.network = self.model.lower(self.variants.samples)
        sample = self.variants.lanes().sample
        pairs: dict[tuple, int] = {}
        pair = np.array([pairs.setdefault((s, ps), len(pairs)) if ps else -1 for s, ps in zip(sample.tolist(), on, strict=True)])
        base = np.array([s for s, _ in pairs], np.int64)
        numbers = self.variants.samples.values.index.to_numpy()[base]
        index = self.model.circuit.connectome.cells.index
        changes = Changes(self.network, base)
        for place in range(max(map(len, on))):
            at: dict[Perturbation, list[int]] = {}
            for k, (_, ps) in enumerate(pairs):
                if place < len(ps):
                    at.setdefault(ps[place], []).append(k)
            for p, columns in at.items():
                value = _reader(p, self.model, self.variants, numbers[columns])
                changes.act(p, index.get_indexer(list(p.resolved)), np.array(columns), value)
        self.touched_nothing |= {id(p): p for p in changes.touched_nothing}
        return changes.network_of(pair, sample) or (None, None)

    def warn(self) -> None:
        """Say which perturbations found nothing to alter."""
        warn_data(len(self.touched_nothing), "perturbation(s) that touch nothing in this model: what they change is not in it",
                  self.touched_nothing.values(), stacklevel=4)


def _warn_idle(perturbations, dt_ms: float, n_steps: int) -> None:
    """Say which perturbations have no step to act in: they start after the end, or their window is shorter than a step."""
    idle = []
    for p in perturbations:
        first = round(p.start_ms / dt_ms)
        last = round(p.stop_ms / dt_ms) if np.isfinite(p.stop_ms) else n_steps
        if min(last, n_steps) <= first:
            idle.append(p)
    warn_data(
        len(idle),
        "perturbation(s) that act in no step of this run: look at start_ms, stop_ms and dt_ms",
        idle,
    )


def _check_mechanisms(model: Model, perturbations: Sequence[Perturbation]) -> None:
    names = {s.name for s in model.synapses}
    for p in perturbations:
        if missing := [m.name for m in p.mechanisms if m.name not in names]:
            raise InputError(f"{p!r} needs {', '.join(missing)} in the cells: make the model with model.prepared_for(...) of what the "
                             "variants do")


def _acts(p: Perturbation, start: int, stop: int, dt_ms: float) -> bool:
    """Whether it acts in the steps [start, stop), which lie in its window or outside."""
    return start >= round(p.start_ms / dt_ms) and (np.isinf(p.stop_ms) or stop <= round(p.stop_ms / dt_ms))


def _reader(p: Perturbation, model: Model, variants: Variants, numbers: Sequence[int]):
    """``value(x, unit)`` of a sheet, for the samples with these numbers."""

    def value(x, unit):
        if not isinstance(x, str):
            return to_internal(x, unit)
        if x not in model.parameters:
            hint = "; model.prepared_for(...) adds what a perturbation brings" if p.parameters else ""
            raise UnknownNameError("parameter", x, model.parameters, f"named by {p!r}{hint}")
        if x not in variants.samples.values.columns:
            return to_internal(model.parameters[x].value, unit)
        return to_internal(variants.samples.values.loc[numbers, x].to_numpy(float), unit)

    return value


def _gather(rows: list, n_variants: int) -> Poisson:
    if not rows:
        return blank_effects(0, 0, 0, n_variants).poisson
    cell, source, p, size = (np.concatenate(part) for part in zip(*rows, strict=True))
    return Poisson(cell.astype(np.int32), source.astype(np.int32), p, size)
