"""Gait of one animal over time, and posture of many beside a real worm's."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ..data import tables
from ..ethogram import STATES, states
from ..metrics.gait import curvature_per_mm, signed_velocity_mm_s
from ..metrics.posture import NAMES
from . import style

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..metrics.posture import Posture

#: Colour of each state of the ethogram.
COLOURS = {"failed": style.BLACK, "other": style.LIGHT, "forward": style.SKY, "reversal": style.RED, "pause": style.ORANGE,
           "turn": style.PURPLE, "omega": style.GREEN}
#: Curvature times body length at which the colours end. Chosen here: crests of a crawl have 5 to 10.
FULL_BEND = 10.0


def gait_figure(x_mm, y_mm, dt_s: float, start_s: float = 0.0) -> Figure:
    """Curvature along the body, velocity and ethogram of one animal over time.

    Parameters
    ----------
    x_mm, y_mm : array_like, shape (time, node)
    dt_s : float
    start_s : float
        Time of the first frame.
    """
    x, y = np.asarray(x_mm, float), np.asarray(y_mm, float)
    figure, (body, speed, strip) = style.new_figure(7.5, 3.9, 3, 1, sharex=True, height_ratios=[4, 3, 0.5])
    stop_s = start_s + len(x) * dt_s
    _kymograph(figure, body, x, y, (start_s, stop_s))
    time = start_s + (np.arange(len(x)) + 0.5) * dt_s
    velocity = signed_velocity_mm_s(x, y, dt_s)
    speed.axhline(0, color=style.GREY, lw=0.7)
    speed.plot(time, velocity, color=style.BLACK, lw=0.9)
    speed.set_ylabel("velocity (mm/s)\n← tail     head →")
    top = np.nanmax(np.abs(velocity)) if np.isfinite(velocity).any() else 0.0
    speed.set_ylim(-1.1 * max(top, 0.01), 1.1 * max(top, 0.01))
    found = states(x, y, dt_s)
    _strip(strip, found, dt_s, start_s)
    strip.set(xlim=(start_s, stop_s), xlabel="time (s)")
    for name in sorted({STATES[k] for k in found}, key=STATES.index):
        strip.barh(0, 0, color=COLOURS[name], label=name)
    figure.legend(frameon=False, fontsize=8, loc="outside upper center", ncols=len(STATES))
    figure.align_ylabels([body, speed])
    return figure


def _kymograph(figure: Figure, ax: Axes, x: np.ndarray, y: np.ndarray, window_s: tuple[float, float]) -> None:
    length = np.hypot(np.diff(x, axis=1), np.diff(y, axis=1)).sum(axis=1)
    bend = (curvature_per_mm(x, y) * length[:, None]).T
    joints = bend.shape[0]
    ends = (0.5 / (joints + 1), 1 - 0.5 / (joints + 1))  # a joint stands in the middle of its row
    image = ax.imshow(bend, aspect="auto", cmap="RdBu_r", vmin=-FULL_BEND, vmax=FULL_BEND, interpolation="nearest",
                      extent=(*window_s, ends[1], ends[0]))
    ax.set(ylim=(1, 0), yticks=[0, 0.5, 1], yticklabels=["head", "0.5", "tail"], ylabel="body")
    ax.set_facecolor(style.LIGHT)  # what an animal that failed leaves
    bar = figure.colorbar(image, ax=ax, pad=0.01, ticks=[-FULL_BEND, 0, FULL_BEND])
    bar.ax.set_yticklabels([f"ventral {FULL_BEND:g}", "0", f"dorsal {FULL_BEND:g}"], fontsize=7)
    bar.outline.set_visible(False)
    bar.ax.set_title("bend", fontsize=8, loc="left")


def _strip(ax: Axes, codes: np.ndarray, dt_s: float, start_s: float) -> None:
    cuts = np.concatenate([[0], np.flatnonzero(np.diff(codes)) + 1, [len(codes)]])
    for code, name in enumerate(STATES):
        spans = [(start_s + a * dt_s, (b - a) * dt_s) for a, b in pairwise(cuts) if codes[a] == code]
        if spans:
            ax.broken_barh(spans, (-0.5, 1), color=COLOURS[name], lw=0)
    ax.set(ylim=(-0.5, 0.5), yticks=[])
    ax.spines[["left", "bottom"]].set_visible(False)


def posture_figure(animals: Mapping[str, Sequence[Posture]], real: Posture | None = None) -> Figure:
    """Variance shares, undulation peak, phase speed and backward share of simulated animals beside a real worm's.

    Parameters
    ----------
    animals : mapping of str to sequence of Posture
        Groups, each with its animals; a bar is their median, a dot an animal.
    real : Posture, optional
        The real worm; without it the levels of ``data/gait_targets.csv``.
    """
    shares, (peak, speed, backward) = _recorded() if real is None else (
        real.shares, (real.peak_Hz, real.phase_speed_Hz, real.backward))
    figure, axes = style.new_figure(8.0, 2.9, 1, 4, width_ratios=[4.5, 1.2, 1.2, 1.2])
    colours = [style.BLUE, style.ORANGE, style.GREEN, style.PURPLE, style.SKY]
    names = ["one real worm", *animals]
    width = 0.8 / len(names)
    for group, name in enumerate(names):
        colour = style.GREY if group == 0 else colours[(group - 1) % len(colours)]
        own = [] if group == 0 else list(animals[name])
        values = [np.array([[p.shares[k] for k in range(len(NAMES))] for p in own]).reshape(-1, len(NAMES)),
                  *(np.array([[value] for value in (getattr(p, field) for p in own)]).reshape(-1, 1)
                    for field in ("peak_Hz", "phase_speed_Hz", "backward"))]
        levels = [np.asarray(shares), *(np.array([v]) for v in (peak, speed, backward))]
        for ax, value, level in zip(axes, values, levels, strict=True):
            at = np.arange(len(level)) + (group - (len(names) - 1) / 2) * width
            middle = level if group == 0 else np.array([np.median(v[np.isfinite(v)]) if np.isfinite(v).any() else np.nan for v in value.T])
            ax.bar(at, middle, 0.9 * width, color=colour, alpha=0.6 if group else 1.0, lw=0, label=name if ax is axes[0] else None)
            for row in value:
                ax.plot(at, row, ".", color=colour, ms=3, mew=0, clip_on=False)
    axes[0].set_xticks(np.arange(len(NAMES)), [n.replace(" a", "\na") for n in NAMES])
    axes[0].set(ylabel="share of variance", ylim=(0, None))
    for ax, title in zip(axes[1:], ("undulation\npeak (Hz)", "phase speed\n(Hz)", "backward\n(share)"), strict=True):
        ax.set_xticks([])
        ax.set_title(title, fontsize=9)
        ax.axhline(0, color=style.GREY, lw=0.7)
    figure.legend(frameon=False, fontsize=8, loc="outside upper center", ncols=len(names))
    return figure


def _recorded() -> tuple[np.ndarray, tuple[float, float, float]]:
    """Levels of the recorded worm: shares; peak, phase speed, backward share."""
    level = tables.read_csv("gait_targets").query("medium == 'agar'").set_index("quantity")["low"]
    return np.array([level[f"share_a{k + 1}"] for k in range(len(NAMES))]), tuple(
        float(level[name]) for name in ("undulation_peak", "phase_speed", "backward_share"))
