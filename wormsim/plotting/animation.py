"""Animation: one animal as a film, MP4 through ffmpeg or GIF through Pillow."""

from __future__ import annotations

import io
import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import atomic
from ..errors import InputError
from . import style
from .behaviour_scenes import scenes
from .scene import FAILED, Gradient, Scene, colours_of, outline

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

SUFFIXES = (".mp4", ".gif")
TRAIL_S = 20.0
# Half of the width that is followed, in body lengths, alone and with a mate; height of the picture of its width (a stretched worm fits
# in upright); inches; dots an inch.
_FOLLOW_LENGTHS, _WITH_MATE, _SHAPE, _WIDTH, _DPI = 0.85, 1.5, 0.68, 6.4, 100
_GLOW, _MATE, _BODY = "viridis", "#ece5d8", "#f1efe9"


def animate(behaviour: xr.Dataset, variant: int, path: str | Path, *, states: Any = None, places: Mapping[str, tuple[float, int]] | None = None,
            cells: Sequence[str] = (), gradient: Gradient | None = None, follow: bool = True, frames_per_s: float = 10.0, speed: float = 1.0,
            start_s: float | None = None, stop_s: float | None = None) -> Path:
    """Write a film of one animal.

    Parameters
    ----------
    behaviour : Dataset
        Of a closed-loop run.
    variant : int
        Number of the animal on the axis of variants.
    path : path
        Ends in ``.mp4`` (needs ffmpeg) or ``.gif``.
    states, places
        See :func:`wormsim.plotting.behaviour_scenes.scenes`.
    cells : sequence of str
        Rows of the panel of activity: neurons, organs ("touch: hook") or muscles that do not bend the body; without any those that
        change most.
    gradient : Gradient, optional
        Background.
    follow : bool
        Keep the animal in the middle; else show the whole path.
    frames_per_s : float
        Of the film.
    speed : float
        Simulated seconds a second of the film.
    start_s, stop_s : float, optional
        The part that is shown.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        Another suffix, no ffmpeg for a film that needs it, a speed or part that shows nothing, or an unfit behaviour.
    """
    path = Path(path)
    form = path.suffix.lower()
    if form not in SUFFIXES:
        raise InputError(f"{path}: a film is written as {' or '.join(SUFFIXES)}")
    if form == ".mp4" and shutil.which("ffmpeg") is None:
        raise InputError(f"{path}: ffmpeg is not installed, and .mp4 needs it; write {path.with_suffix('.gif').name} or install ffmpeg")
    for name, value in (("frames_per_s", frames_per_s), ("speed", speed)):
        if not 0 < value < math.inf:
            raise InputError(f"{name} = {value} must be a positive number")
    scene = scenes(behaviour, [variant], states=states, places=places)[0]
    frames = _frames(scene, frames_per_s, speed, start_s, stop_s)
    film = _Film(scene, scene.activity(cells), gradient, follow)
    write = _write_mp4 if form == ".mp4" else _write_gif
    atomic.write_with(path, lambda part: write(film, frames, part, frames_per_s))
    return path


def still(behaviour: xr.Dataset, variant: int, time_s: float, *, states: Any = None, places: Mapping[str, tuple[float, int]] | None = None,
          cells: Sequence[str] = (), gradient: Gradient | None = None, follow: bool = True) -> Figure:
    """One frame of the film as a figure; the parameters are those of :func:`animate`."""
    scene = scenes(behaviour, [variant], states=states, places=places)[0]
    film = _Film(scene, scene.activity(cells), gradient, follow)
    film.draw(int(np.argmin(np.abs(scene.time_s - time_s))))
    return film.figure


def _frames(scene: Scene, frames_per_s: float, speed: float, start_s: float | None, stop_s: float | None) -> np.ndarray:
    """Number of the recorded frame that each frame of the film shows."""
    first, last = float(scene.time_s[0]), float(scene.time_s[-1])
    start, stop = first if start_s is None else start_s, last if stop_s is None else stop_s
    if not first <= start < stop <= last + 1e-9:
        raise InputError(f"the part from {start} s to {stop} s is not in the run, which goes from {first:g} s to {last:g} s")
    count = int(np.floor((stop - start) / speed * frames_per_s + 1e-9)) + 1
    wanted = start + np.arange(count) * speed / frames_per_s
    return np.clip(np.searchsorted(scene.time_s, wanted + 1e-9, side="right") - 1, 0, len(scene.time_s) - 1)


class _Film:
    """The figure of a scene; `draw` sets it to a frame."""

    def __init__(self, scene: Scene, rows: tuple, gradient: Gradient | None, follow: bool):
        self.scene, self.follow = scene, follow
        panels = [("world", _WIDTH * _SHAPE), *([("ethogram", 0.28)] if scene.bouts else []), *([("rows", 0.16 * len(rows) + 0.1)] if rows else [])]
        self.figure, axes = style.new_figure(_WIDTH, sum(h for _, h in panels) + 0.9, len(panels), 1,
                                             gridspec_kw={"height_ratios": [h for _, h in panels]})
        self.figure.set_dpi(_DPI)
        axes = dict(zip((name for name, _ in panels), axes, strict=True))
        self.world = axes["world"]
        self._draw_world(gradient)
        self.heads = []
        if scene.bouts:
            self._draw_ethogram(axes["ethogram"])
        if rows:
            self._draw_rows(axes["rows"], rows)
        timed = [ax for name, ax in axes.items() if name != "world"]
        for ax in timed:
            self.heads += [ax.axvline(scene.time_s[0], color=colour, lw=width) for colour, width in (("white", 3.0), (style.BLACK, 1.2))]
            ax.set_xlim(scene.time_s[0], scene.time_s[-1])
            ax.tick_params(labelbottom=ax is timed[-1])
        # Laid out once: frames do not jump.
        self._show(*self._whole())
        if timed:
            timed[-1].set_xlabel("time (s)" + ("; activity from dark (low) to yellow (high)" if rows else ""))
        self.figure.draw_without_rendering()
        self.figure.set_layout_engine("none")

    def _draw_world(self, gradient: Gradient | None) -> None:
        from matplotlib.collections import PolyCollection

        ax, scene = self.world, self.scene
        ax.set_aspect("equal")
        ax.tick_params(length=0, labelleft=False, labelbottom=False)
        ax.spines[:].set_visible(False)
        ax.grid(color=style.LIGHT, lw=0.5)  # as wide as the scale bar; it stays where the dish is while the view follows the animal
        ax.set_axisbelow(True)
        if gradient is not None:
            ax.imshow(gradient.shade, extent=gradient.extent_mm, origin="lower", cmap="Greens", vmin=0, vmax=3, zorder=0)
        self.trail = ax.plot([], [], color=style.GREY, lw=0.8, alpha=0.7, zorder=1)[0]
        self.mate = self.vulva = None
        if scene.mate is not None:
            self.mate = PolyCollection([], facecolors=_MATE, edgecolors="#8d8066", linewidths=0.8, zorder=2)
            ax.add_collection(self.mate)
            self.vulva = ax.plot([], [], "D", color=style.PURPLE, ms=7, mec="white", zorder=6)[0]
            self.her_head = ax.plot([], [], "o", color="white", ms=5, mec=style.BLACK, zorder=6)[0]
        self.body = PolyCollection([], facecolors=_BODY, edgecolors=style.BLACK, linewidths=0.8, zorder=3)
        self.flanks = PolyCollection([], zorder=4)
        for part in (self.body, self.flanks):
            ax.add_collection(part)
        self.nose = ax.plot([], [], "o", color=style.BLACK, ms=5, zorder=7)[0]
        self.placed = np.flatnonzero(np.isfinite(scene.place))
        self.neurons = ax.scatter([], [], s=26, c=[], cmap=_GLOW, vmin=0, vmax=1, edgecolors="white", linewidths=0.5, zorder=5)
        self.clock = ax.text(0.01, 0.99, "", transform=ax.transAxes, va="top", fontsize=10)
        # Kept inside the picture in pixels, so that the bar is there wherever the view goes.
        self.bar = ax.plot([], [], color=style.BLACK, lw=2.5, solid_capstyle="butt", zorder=8)[0]
        self.bar_text = ax.text(0, 0, "", ha="center", va="bottom", fontsize=8, zorder=8)
        self._legend()

    def _legend(self) -> None:
        from matplotlib.lines import Line2D

        def dot(colour: str, label: str, marker: str = "o") -> Any:
            return Line2D([], [], color="none", marker=marker, markerfacecolor=colour, markeredgecolor=colour, markersize=5, label=label)

        handles = [dot(style.BLACK, "head")]
        if self.scene.dorsal is not None:
            handles.append(dot(style.ORANGE, "dorsal muscles active", "s"))
        if self.scene.ventral is not None:
            handles.append(dot(style.BLUE, "ventral muscles active", "s"))
        if len(self.placed):
            handles.append(dot("#fde725", "neuron, high"))
            handles.append(dot("#440154", "neuron, low"))
        if self.scene.mate is not None:
            handles.append(dot(style.PURPLE, "vulva of the mate", "D"))
            handles.append(Line2D([], [], color="none", marker="o", markerfacecolor="white", markeredgecolor=style.BLACK, markersize=5,
                                  label="head of the mate"))
        self.world.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 1.1), ncols=3, fontsize=7, frameon=False,
                          handletextpad=0.1, columnspacing=1.0)

    def _draw_ethogram(self, ax: Any) -> None:
        colours = colours_of([self.scene])
        seen = set()
        for bout in self.scene.bouts:
            ax.axvspan(bout.start_s, bout.stop_s, color=colours[bout.state], lw=0, label=None if bout.state in seen else bout.state)
            seen.add(bout.state)
        ax.set_yticks([])
        ax.set_ylabel("state", rotation=0, ha="right", va="center", fontsize=8)
        ax.legend(loc="lower left", bbox_to_anchor=(0, 0.95), ncols=6, fontsize=7, frameon=False, handlelength=1, columnspacing=1.0)

    def _draw_rows(self, ax: Any, rows: tuple) -> None:
        time_s = self.scene.time_s
        half = (time_s[-1] - time_s[0]) / (len(time_s) - 1) / 2
        values = np.ma.masked_invalid([v for _, v in rows])
        ax.set_facecolor("#e8e8e8")  # of a cell that is gone
        ax.imshow(values, aspect="auto", cmap=_GLOW, vmin=0, vmax=1, interpolation="nearest",
                  extent=(time_s[0] - half, time_s[-1] + half, len(rows) - 0.5, -0.5))
        gone = np.isnan([v for _, v in rows]).all(axis=1)
        ax.set_yticks(range(len(rows)), [f"{name} (gone)" if g else name for (name, _), g in zip(rows, gone, strict=True)], fontsize=7)

    def _whole(self) -> tuple[float, float, float]:
        """Middle and half width of a picture with the animal's whole path and the mate."""
        x, y = ([getattr(self.scene, name)[self.scene.alive].ravel()] for name in ("x_mm", "y_mm"))
        if self.scene.mate is not None:
            x, y = [*x, self.scene.mate.x_mm.ravel()], [*y, self.scene.mate.y_mm.ravel()]
        x, y = np.concatenate(x), np.concatenate(y)
        if not len(x):
            return 0.0, 0.0, 1.0
        half = max(np.nanmax(x) - np.nanmin(x), (np.nanmax(y) - np.nanmin(y)) / _SHAPE) / 2 + 2 * self.scene.radius_mm.max()
        return (np.nanmax(x) + np.nanmin(x)) / 2, (np.nanmax(y) + np.nanmin(y)) / 2, 1.04 * half

    def _show(self, x_mm: float, y_mm: float, half_mm: float) -> None:
        bar = nice_length(half_mm / 2)
        for axis, middle in ((self.world.xaxis, x_mm), (self.world.yaxis, y_mm)):
            axis.set_ticks(bar * np.arange(np.ceil((middle - half_mm) / bar), np.floor((middle + half_mm) / bar) + 1))
        self.world.set_xlim(x_mm - half_mm, x_mm + half_mm)  # ticks outside would widen it
        self.world.set_ylim(y_mm - _SHAPE * half_mm, y_mm + _SHAPE * half_mm)
        right, bottom = x_mm + 0.96 * half_mm, y_mm - 0.94 * _SHAPE * half_mm
        self.bar.set_data([right - bar, right], [bottom, bottom])
        self.bar_text.set_position((right - bar / 2, bottom + 0.02 * half_mm))
        self.bar_text.set_text(f"{bar:g} mm" if bar >= 0.1 else f"{1000 * bar:g} µm")

    def draw(self, k: int) -> None:
        """Set the figure to the recorded frame `k`."""
        scene = self.scene
        time_s = scene.time_s[k]
        state = next((b.state for b in scene.bouts if b.start_s <= time_s < b.stop_s), "")
        text = f"{scene.label}\n{time_s:.1f} s   {state}"
        for head in self.heads:
            head.set_xdata([time_s, time_s])
        alive = bool(scene.alive[k])
        self.clock.set_text(text if alive else f"{text if state == FAILED else f'{text} {FAILED}'}: {scene.failure}")
        for part in (self.flanks, self.neurons):
            part.set_visible(alive)
        for part in (self.body, self.nose):  # of a failed animal the last outline stays, pale
            part.set_alpha(1.0 if alive else 0.3)
        if self.mate is not None and np.isfinite(scene.mate.x_mm[k]).all():
            a, b = outline(scene.mate.x_mm[k], scene.mate.y_mm[k], scene.mate.radius_mm)
            self.mate.set_verts([np.concatenate([a, b[::-1]])])
            self.vulva.set_data(*scene.mate.vulva_mm[k][:, None])
            self.her_head.set_data(scene.mate.x_mm[k, :1], scene.mate.y_mm[k, :1])
        if scene.alive[:k + 1].any():
            self._draw_body(int(np.flatnonzero(scene.alive[:k + 1])[-1]))

    def _draw_body(self, k: int) -> None:
        scene = self.scene
        x, y, radius = scene.x_mm[k], scene.y_mm[k], scene.radius_mm
        upper, lower = outline(x, y, radius)
        self.body.set_verts([np.concatenate([upper, lower[::-1]])])
        self.nose.set_data([x[0]], [y[0]])
        if scene.dorsal is not None or scene.ventral is not None:
            self._draw_flanks(k, upper, lower, *outline(x, y, radius, 0.5))
        if len(self.placed):
            at = scene.place[self.placed] * (len(x) - 1)
            node = np.arange(len(x))
            middle = np.column_stack([np.interp(at, node, x), np.interp(at, node, y)])
            dorsal = np.column_stack([np.interp(at, node, upper[:, i]) for i in (0, 1)]) - middle
            self.neurons.set_offsets(middle + 0.35 * scene.side[self.placed][:, None] * dorsal)
            self.neurons.set_array(np.ma.masked_invalid(scene.glow[k, self.placed]))
        past = scene.alive & (scene.time_s <= scene.time_s[k]) & (scene.time_s >= scene.time_s[k] - TRAIL_S)
        self.trail.set_data(scene.x_mm[past].mean(axis=1), scene.y_mm[past].mean(axis=1))
        if self.follow:
            lengths = _FOLLOW_LENGTHS if scene.mate is None else _WITH_MATE
            self._show(x.mean(), y.mean(), lengths * float(np.hypot(np.diff(x), np.diff(y)).sum()))

    def _draw_flanks(self, k: int, upper: np.ndarray, lower: np.ndarray, upper_in: np.ndarray, lower_in: np.ndarray) -> None:
        from matplotlib.colors import to_rgb

        segments = len(upper) - 1
        quads, colours = [], []
        for activation, outer, inner, colour in ((self.scene.dorsal, upper, upper_in, style.ORANGE),
                                                 (self.scene.ventral, lower, lower_in, style.BLUE)):
            if activation is None:
                continue
            here = np.interp((np.arange(segments) + 0.5) / segments, (np.arange(activation.shape[1]) + 0.5) / activation.shape[1],
                             np.nan_to_num(activation[k]))
            quads.append(np.stack([outer[:-1], outer[1:], inner[1:], inner[:-1]], axis=1))
            colours.append(np.column_stack([np.tile(to_rgb(colour), (segments, 1)), here]))
        self.flanks.set_verts(np.concatenate(quads))
        self.flanks.set_facecolors(np.concatenate(colours))


def nice_length(most_mm: float) -> float:
    """The greatest of 1, 2 and 5 times a power of ten that is not above `most_mm`."""
    power = 10.0 ** math.floor(math.log10(most_mm))
    return next(step * power for step in (5, 2, 1) if step * power <= most_mm * (1 + 1e-12))


def _write_mp4(film: _Film, frames: np.ndarray, part: Path, frames_per_s: float) -> None:
    from matplotlib.animation import FFMpegWriter

    # -f: the temporary name does not tell the format; yuv420p and even sides are what browsers and slides can play.
    writer = FFMpegWriter(fps=frames_per_s, codec="h264", extra_args=["-f", "mp4", "-pix_fmt", "yuv420p", "-vf", "crop=trunc(iw/2)*2:trunc(ih/2)*2"])
    with writer.saving(film.figure, str(part), _DPI):
        for k in frames:
            film.draw(k)
            writer.grab_frame()


def _write_gif(film: _Film, frames: np.ndarray, part: Path, frames_per_s: float) -> None:
    sink = io.BytesIO()
    images = _images(film, frames)
    # A GIF counts in hundredths of a second.
    next(images).save(sink, format="GIF", save_all=True, append_images=images, duration=max(20, round(100 / frames_per_s) * 10), loop=0)
    part.write_bytes(sink.getvalue())


def _images(film: _Film, frames: np.ndarray) -> Iterator[Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas, colours = FigureCanvasAgg(film.figure), _palette()
    for k in frames:
        film.draw(k)
        canvas.draw()
        red, green, blue = np.asarray(canvas.buffer_rgba())[..., :3].astype(np.int32).transpose(2, 0, 1)
        found, which = np.unique(red << 16 | green << 8 | blue, return_inverse=True)
        parts = np.column_stack([found >> 16, found >> 8 & 255, found & 255])
        # Pillow's own choice of the nearest colour goes by coarse boxes and makes white yellowish.
        nearest = ((parts[:, None, :] - colours) ** 2).sum(axis=2).argmin(axis=1).astype(np.uint8)
        image = Image.fromarray(nearest[which].reshape(red.shape), "P")
        image.putpalette(colours.astype(np.uint8).tobytes())
        yield image


def _palette() -> np.ndarray:
    """Colours of a GIF, at most 256, 0..255: one choice for all frames, so that nothing flickers, with a ramp for all that has one."""
    from matplotlib import colormaps
    from matplotlib.colors import to_rgb

    def ramp(start: str, stop: str, n: int) -> np.ndarray:
        return np.linspace(to_rgb(start), to_rgb(stop), n)

    plain = (style.BLACK, style.GREY, style.LIGHT, style.BLUE, style.ORANGE, style.GREEN, style.RED, style.SKY, style.PURPLE, _MATE, _BODY)
    colours = np.concatenate([[to_rgb(c) for c in plain], ramp("#000000", "#ffffff", 33), colormaps[_GLOW](np.linspace(0, 1, 64))[:, :3],
                              ramp(_BODY, style.ORANGE, 32), ramp(_BODY, style.BLUE, 32), colormaps["Greens"](np.linspace(0, 0.35, 32))[:, :3],
                              *(ramp(c, "#ffffff", 7)[1:-1] for c in (style.ORANGE, style.BLUE, style.RED, style.PURPLE, _MATE, style.GREEN))])
    return np.rint(255 * colours).astype(np.int32)
