"""The mate: a hermaphrodite-sized body that lies straight or bent, or crawls, beside a male.

She is geometry, without a nervous system: her midline lies on a track, along which she slides head first without slip as a worm does
on agar. A real hermaphrodite also answers the male; that is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import InputError, UnknownNameError
from .form import HERMAPHRODITE, Form
from .male_tail import CLOACA

SHAPES = ("straight", "bent", "crawling")
#: 0.50 +/- 0.02 of her length from the head, on the ventral midline (from memory, high).
VULVA = 0.50
#: Sizes that a worm may have, mm: far about 1.0-1.2 by 0.06-0.08 (from memory, high and medium); the limits are chosen here.
LENGTH_MM, DIAMETER_MM = (0.3, 2.0), (0.02, 0.2)
#: Gap between him and her at the start: within reach of no touch organ (chosen here).
START_GAP_MM = 0.006
#: Gap of a male who starts in touch: one that crawls off without having felt her has met nobody (chosen here).
IN_TOUCH_MM = 0.0005
#: So much farther off than the least gap his tail may be at the start (chosen here).
REACH_MM = 0.005
#: Places along her at which a random male meets her: away from her ends, so that a turn is scanned to (chosen here).
MEET = (0.15, 0.85)
#: Where a lane without a mate has hers, mm.
NOWHERE_MM = 1e6
#: Pull of the water film between two bodies side by side, uN per mm of his body. That a film draws nematodes together, typically harder than
#: their muscles can part them, is measured (Gart S, Vella D, Jung S 2011 Soft Matter 7:2444, abstract read, medium); on agar the film is
#: thinner, and how hard it pulls there was not read: chosen here, below the 2 x 72 uN/mm that the surface of water can bear at most.
FILM_UN_PER_MM = 20.0
#: Gap up to which it pulls, mm. Chosen here and short: what a film gains by wetting more of him pulls him along her, whatever his nerves do,
#: and with this reach that is a hundredth of a micronewton, some 0.003 mm/s on agar.
FILM_MM = 0.001
_FINE = 4  # points of the track per segment


@dataclass(frozen=True)
class Mate:
    """A mate and where she is.

    Parameters
    ----------
    shape : {"straight", "bent", "crawling"}
    x_mm, y_mm : float
        Middle of her body at the start.
    heading_rad : float
        Direction of her head there; of the axis of the wave if she crawls.
    bend_per_mm : float
        Curvature of a bent mate, > 0 to the left of her heading.
    amplitude_rad, wavelength, phase : float
        Wave of a crawling one: angle to its axis (chosen here), length in body lengths (0.65: Berri S et al 2009 HFSP J 3:186, from
        memory, high), and place in the wave, 0..1, of her tail's end at the start.
    speed_mm_s : float
        Along her track, if she crawls; slow beside 0.15-0.30 of a free worm (chosen here).
    vulva : float
        Place of the vulva in body lengths from her nose.
    vulva_side : {-1, 1}
        Which flank is her ventral one: with t from her nose to her tail, +1 is the side of (-t_y, t_x). She lies on either side.
    film_uN_per_mm : float
        Pull of the water film between them (FILM_UN_PER_MM), on agar alone: in water there is no film; 0 for none.
    form : Form

    Raises
    ------
    InputError
        A size that no worm has, a bend in which she would overlap herself, a number that is not finite.
    """

    shape: str = "straight"
    x_mm: float = 0.0
    y_mm: float = 0.0
    heading_rad: float = 0.0
    bend_per_mm: float = 2.0
    amplitude_rad: float = 0.6
    wavelength: float = 0.65
    phase: float = 0.0
    speed_mm_s: float = 0.05
    vulva: float = VULVA
    vulva_side: int = -1
    film_uN_per_mm: float = FILM_UN_PER_MM
    form: Form = HERMAPHRODITE

    def __post_init__(self):
        if self.shape not in SHAPES:
            raise UnknownNameError("shape of a mate", self.shape, SHAPES)
        for name in ("x_mm", "y_mm", "heading_rad", "bend_per_mm", "amplitude_rad", "wavelength", "phase", "speed_mm_s"):
            if not np.isfinite(getattr(self, name)):
                raise InputError(f"mate: {name} = {getattr(self, name)} is not a finite number")
        for name, value, (low, high) in (("length_mm", self.form.length_mm, LENGTH_MM), ("diameter_mm", self.form.diameter_mm, DIAMETER_MM),
                                         ("vulva", self.vulva, (0.05, 0.95)), ("wavelength", self.wavelength, (0.2, 5.0)),
                                         ("speed_mm_s", self.speed_mm_s, (0.0, 1.0)), ("film_uN_per_mm", self.film_uN_per_mm, (0.0, 144.0))):
            if not low <= value <= high:
                raise InputError(f"mate: {name} = {value} is outside {low} to {high}")
        if self.form.diameter_mm > self.form.length_mm / 5:
            raise InputError(f"mate: diameter_mm = {self.form.diameter_mm} is more than a fifth of length_mm = {self.form.length_mm}")
        if self.vulva_side not in (-1, 1):
            raise InputError(f"mate: vulva_side = {self.vulva_side} must be 1 or -1")
        if self.shape == "bent" and abs(self.bend_per_mm) * self.form.length_mm > 5.0:
            raise InputError(f"mate: bend_per_mm = {self.bend_per_mm} bends {self.form.length_mm} mm into "
                             f"{abs(self.bend_per_mm) * self.form.length_mm:.1f} rad; beyond 5 her ends meet")
        if self.shape == "crawling":
            sharpest = 2 * np.pi * abs(self.amplitude_rad) / (self.wavelength * self.form.length_mm)
            if abs(self.amplitude_rad) > 1.5 or sharpest * self.form.diameter_mm / 2 > 0.5:
                raise InputError(f"mate: amplitude_rad = {self.amplitude_rad} at wavelength {self.wavelength} bends her as sharply as she is thick")

    @property
    def speed(self) -> float:
        """Speed along the track, mm/s: 0 unless she crawls."""
        return self.speed_mm_s if self.shape == "crawling" else 0.0

    @property
    def spacing_mm(self) -> float:
        """Distance between points of :meth:`track`."""
        return self.form.segment_mm / _FINE

    def _turned(self, q_mm: np.ndarray) -> np.ndarray:
        """Angle of the track to the heading, q_mm along it from where her tail's end starts."""
        if self.shape == "bent":
            return self.bend_per_mm * (q_mm - self.form.length_mm / 2)
        if self.shape == "crawling":
            return self.amplitude_rad * np.sin(2 * np.pi * (q_mm / (self.wavelength * self.form.length_mm) + self.phase))
        return np.zeros_like(q_mm)

    def track(self, duration_s: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Points every `spacing_mm` from where her tail's end starts to where her nose is after `duration_s`, (P,) each, mm."""
        body = self.form.segments * _FINE
        count = body + int(np.ceil(self.speed * duration_s / self.spacing_mm))
        angle = self.heading_rad + self._turned((np.arange(count) + 0.5) * self.spacing_mm)
        x, y = (np.concatenate([[0.0], np.cumsum(f(angle))]) * self.spacing_mm for f in (np.cos, np.sin))
        return x - x[body // 2] + self.x_mm, y - y[body // 2] + self.y_mm

    def nodes(self, time_s: float = 0.0) -> np.ndarray:
        """Her nodes, nose first, (segments + 1, 2), mm."""
        from ..kernels.track import slide

        x, y = (np.ascontiguousarray(z[:, None]) for z in self.track(time_s))
        out = np.empty((2, self.form.segments + 1, 1))
        slide(time_s, x, y, self.spacing_mm, self.form.length_mm, np.array([self.speed]), *out)
        return out[:, :, 0].T

    def vulva_point(self, time_s: float = 0.0) -> np.ndarray:
        """The vulva, (2,), mm: on her surface."""
        nodes, at = self.nodes(time_s), self.vulva * self.form.segments
        i = int(at)
        t = nodes[i + 1] - nodes[i]
        radius = np.interp(at, np.arange(self.form.segments + 1), self.form.radius_mm)
        return nodes[i] + (at - i) * t + self.vulva_side * radius * np.array([-t[1], t[0]]) / np.hypot(*t)


def arrays(mates: Sequence[Mate | None], duration_s: float) -> dict[str, np.ndarray | float]:
    """What the kernels take, for one mate a lane (None: that lane has none).

    Returns
    -------
    dict
        ``track_x``, ``track_y`` (P, L), ``spacing_mm``, ``length_mm``, ``speed_mm_s`` (L,) for :func:`wormsim.kernels.track.slide`;
        ``mate_x``, ``mate_y`` (M, L) at the start, ``mate_radius`` (M,), ``vulva``, ``vulva_side``, ``film_uN_per_mm`` (L,) for
        :mod:`wormsim.kernels.contact`.

    Raises
    ------
    InputError
        Mates of different sizes: a block has one.
    """
    forms = {m.form for m in mates if m is not None} or {HERMAPHRODITE}
    if len(forms) > 1:
        raise InputError(f"mates of {len(forms)} sizes in one run; give all of them the same form")
    form = forms.pop()
    tracks = [np.full((2, form.segments * _FINE + 1), NOWHERE_MM) + np.arange(form.segments * _FINE + 1) * form.segment_mm / _FINE
              if m is None else np.stack(m.track(duration_s)) for m in mates]
    longest = max(t.shape[1] for t in tracks)
    # a shorter track belongs to a mate that lies still, and is never read beyond its end
    track = np.stack([np.pad(t, ((0, 0), (0, longest - t.shape[1])), mode="edge") for t in tracks], axis=2)
    start = [np.full((form.segments + 1, 2), NOWHERE_MM) + np.arange(form.segments + 1)[:, None] * form.segment_mm
             if m is None else m.nodes() for m in mates]
    nodes = np.ascontiguousarray(np.stack(start, axis=2))
    return {"track_x": np.ascontiguousarray(track[0]), "track_y": np.ascontiguousarray(track[1]), "spacing_mm": form.segment_mm / _FINE,
            "length_mm": form.length_mm, "speed_mm_s": np.array([0.0 if m is None else m.speed for m in mates]),
            "mate_x": np.ascontiguousarray(nodes[:, 0]), "mate_y": np.ascontiguousarray(nodes[:, 1]), "mate_radius": form.radius_mm,
            "vulva": np.array([VULVA if m is None else m.vulva for m in mates]),
            "film_uN_per_mm": np.array([0.0 if m is None else m.film_uN_per_mm for m in mates]),
            "vulva_side": np.array([-1.0 if m is None else float(m.vulva_side) for m in mates])}


def gaps(mate: Mate, male_x_mm: np.ndarray, male_y_mm: np.ndarray, male_radius_mm: np.ndarray) -> np.ndarray:
    """Gap from every node of a male, (N + 1,), to the mate at the start, mm; negative where they overlap."""
    from ..kernels.contact import touch_mate

    shape = (len(male_x_mm), 1)
    nodes = mate.nodes()
    gap, *rest = (np.zeros(shape) for _ in range(9))
    touch_mate(0, 1.0, 0.0, np.zeros(1), 0.0, np.reshape(male_x_mm, shape).astype(float), np.reshape(male_y_mm, shape).astype(float),
               np.asarray(male_radius_mm, float), np.ascontiguousarray(nodes[:, :1]), np.ascontiguousarray(nodes[:, 1:]), mate.form.radius_mm,
               *rest[:5], np.zeros(shape, np.int64), np.zeros(shape, np.int64), gap, *rest[5:])
    return gap[:, 0]


def check_start(mate: Mate, male_x_mm: np.ndarray, male_y_mm: np.ndarray, male_radius_mm: np.ndarray) -> None:
    """Raise InputError where the mate overlaps the male at the start."""
    gap = gaps(mate, male_x_mm, male_y_mm, male_radius_mm)
    if not gap.min() >= 0:
        i = int(np.nanargmin(gap))
        raise InputError(f"the mate at x_mm = {mate.x_mm:.4g}, y_mm = {mate.y_mm:.4g} overlaps the male at the start, by {-gap[i]:.4f} mm at his "
                         f"node {i} of {len(gap) - 1}; move her, or place her with wormsim.body.mate.beside")


def check_inside(mate: Mate, inside: Callable[[np.ndarray, np.ndarray], np.ndarray], duration_s: float) -> None:
    """Raise InputError where any of her track lies outside the dish; `inside(x_mm, y_mm)` says of points whether they are in it."""
    x, y = mate.track(duration_s)
    out = ~np.asarray(inside(x, y), bool)
    if out.any():
        k = int(out.argmax())
        when = max(0.0, k * mate.spacing_mm - mate.form.length_mm) / mate.speed if mate.speed else 0.0
        raise InputError(f"the mate is outside the dish at x = {x[k]:.3g}, y = {y[k]:.3g} mm" + (f" after {when:.0f} s" if when else "")
                         + "; move her, or let her crawl slower or not at all")


def beside(male_x_mm: np.ndarray, male_y_mm: np.ndarray, male: Form, at: float = 0.3, parallel: bool = True, vulva_faces: bool = True,
           gap_mm: float = START_GAP_MM, **mate) -> Mate:
    """A mate whose flank lies at the ventral side of a male's tail: along it, or as nearly along it as both bodies allow.

    Parameters
    ----------
    male_x_mm, male_y_mm : (N + 1,) arrays
        His nodes at the start.
    male : Form
    at : float
        Place along her, 0 nose to 1 tail, that his cloaca meets.
    parallel : bool
        Her head lies on the side of his head; else of his tail.
    vulva_faces : bool
        The flank that he meets is the one with the vulva; else he has to turn once to find it.
    gap_mm : float
        Least gap between them.
    **mate
        As for :class:`Mate`, without place and heading.

    Raises
    ------
    InputError
        There is no place for her: he is bent round where she would lie.
    """
    male_x, male_y = np.asarray(male_x_mm, float), np.asarray(male_y_mm, float)
    number = np.arange(len(male_x))
    place = CLOACA * (len(male_x) - 1)
    i = min(int(place), len(male_x) - 2)
    point = np.array([np.interp(place, number, male_x), np.interp(place, number, male_y)])
    t = np.array([male_x[i + 1] - male_x[i], male_y[i + 1] - male_y[i]])
    t /= np.hypot(*t)
    ventral = np.array([t[1], -t[0]])
    ahead = -t if parallel else t  # towards her head
    # her flank +1 lies to the right of her heading
    flat = Mate(**mate, vulva_side=(1 if ahead @ t < 0 else -1) * (1 if vulva_faces else -1))
    along = np.arctan2(ahead[1], ahead[0]) - float(flat._turned(np.array([(1 - at) * flat.form.length_mm]))[0])
    along_her = np.linspace(0, 1, flat.form.segments + 1)
    away = np.interp(at, along_her, flat.form.radius_mm) + np.interp(place, number, male.radius_mm) + gap_mm
    # where she is bent towards his body she lies at an angle to him, his head away from her, until his tail can reach her
    for angle in np.deg2rad(np.arange(0, 91, 5)):
        found = replace(flat, heading_rad=float(along + angle))
        centre = point + away * ventral - [np.interp(at, along_her, z) for z in found.nodes().T]
        for _ in range(50):
            found = replace(found, x_mm=float(centre[0]), y_mm=float(centre[1]))
            gap = gaps(found, male_x, male_y, male.radius_mm)
            short = gap_mm - gap.min()
            if short <= 1e-9:
                if gap[i:].min() < gap_mm + REACH_MM:
                    return found
                break
            centre = centre + (short + 1e-6) * ventral
    raise InputError(f"no place for a {flat.shape} mate at which the male's tail meets her at {at}: he is bent round it; start from a straighter "
                     "male, or take a straighter mate")


def draw(count: int, male_x_mm: np.ndarray, male_y_mm: np.ndarray, male: Form, seed: int, shapes: Sequence[str] = ("straight",), first: int = 0,
         **mate) -> list[Mate]:
    """Mates placed at random beside one male: where he meets her, head to head or head to tail, which flank, which shape.

    Mate number `first + k` of a seed never depends on how many are drawn.
    """
    out = []
    for number in range(first, first + count):
        u = np.random.default_rng([seed, number]).random(6)
        shape = shapes[int(u[3] * len(shapes))]
        settings = {"phase": float(u[4]), "bend_per_mm": Mate.bend_per_mm * (1 if u[5] < 0.5 else -1), **mate}
        out.append(beside(male_x_mm, male_y_mm, male, at=float(MEET[0] + (MEET[1] - MEET[0]) * u[0]), parallel=bool(u[1] < 0.5),
                          vulva_faces=bool(u[2] < 0.5), shape=shape, **settings))
    return out
