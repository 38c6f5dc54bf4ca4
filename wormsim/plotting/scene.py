"""Scene: what is to be seen of one animal, for the film and for the page.

Node 0 is the tip of the head, the dorsal side lies at (-t_y, t_x) of the direction t from head to tail, millimetres and seconds.
Everything but the body's path is optional and is left out of the picture where it is absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError, UnknownNameError
from . import style

#: Places along each flank at which muscle activation is shown: a muscle each, as the rows of 24 have them.
FLANK = 24
#: Rows of the panel of activity, at most, and of them organs and other muscles at most.
MOST_ROWS, MOST_TOUCH, MOST_MUSCLES = 12, 4, 3
FAILED, NO_STATE = "failed", "none"

_COLOURS = {
    "forward": style.GREEN, "reversal": style.RED, "backward": style.RED, "pause": style.LIGHT, "omega turn": style.PURPLE, "turn": style.ORANGE,
    "no contact": style.LIGHT, "contact": style.SKY, "response": style.GREEN, "scanning": style.BLUE, "turning": style.ORANGE,
    "at vulva": style.PURPLE, "prodding": style.RED, "insertion": style.BLACK, "lost": style.GREY, NO_STATE: "#f4f4f4", FAILED: "#6b6b6b",
}
_SPARE = (style.SKY, style.ORANGE, style.BLUE, style.GREEN, style.PURPLE, style.RED)


#: A name and its activity, (T,).
Row = tuple[str, np.ndarray]


@dataclass(frozen=True)
class Bout:
    """A state from `start_s` to `stop_s`."""

    start_s: float
    stop_s: float
    state: str


@dataclass(frozen=True, eq=False)
class Mate:
    """The mate's midline, `x_mm` and `y_mm` (T, M), her `radius_mm` (M,) and the point of her vulva, (T, 2) mm."""

    x_mm: np.ndarray
    y_mm: np.ndarray
    radius_mm: np.ndarray
    vulva_mm: np.ndarray


@dataclass(frozen=True, eq=False)
class Gradient:
    """A field of the dish, drawn as a light background.

    Parameters
    ----------
    values : (rows, columns) array
        Row 0 lies at the smallest y. Any unit; the picture goes from the least value to the greatest.
    extent_mm : tuple
        Left, right, bottom, top of the field.
    label : str
        What it is, with its unit.
    """

    values: np.ndarray
    extent_mm: tuple[float, float, float, float]
    label: str = "gradient"

    def __post_init__(self):
        values = np.asarray(self.values, float)
        if values.ndim != 2 or not values.size or not np.isfinite(values).all():
            raise InputError(f"gradient {self.label!r}: its values have shape {values.shape} or a gap; give a full table (rows, columns)")
        left, right, bottom, top = self.extent_mm
        if not (left < right and bottom < top):
            raise InputError(f"gradient {self.label!r}: extent_mm = {self.extent_mm} is empty; give left < right and bottom < top")

    @property
    def shade(self) -> np.ndarray:
        """Values from 0 (least) to 1 (greatest); 0 everywhere for a field without a slope."""
        values = np.asarray(self.values, float)
        low, high = values.min(), values.max()
        return (values - low) / (high - low) if high > low else np.zeros_like(values)


@dataclass(frozen=True, eq=False)
class Scene:
    """One animal.

    Attributes
    ----------
    label : str
    time_s : (T,)
    x_mm, y_mm : (T, N)
        Not-a-number from the moment on at which the animal failed.
    radius_mm : (N,)
    dorsal, ventral : (T, FLANK) or None
        Muscle activation 0..1 along the flanks.
    cells : tuple of str
    place, side : (C,)
        Body lengths from the nose (not-a-number: unknown, the cell is not drawn on the body); +1 dorsal, -1 ventral, 0 midline.
    glow : (T, C)
        Potential, 0 at the low and 1 at the high end of the cell's range over all animals of the run; not-a-number: the cell is gone.
    touch, muscles : tuple of (str, (T,) array)
        Further activities 0..1: organs that touch the mate; muscles that do not bend the body.
    bouts : tuple of Bout
    mate : Mate or None
    failure : str
        Why the animal failed, or "".
    """

    label: str
    time_s: np.ndarray
    x_mm: np.ndarray
    y_mm: np.ndarray
    radius_mm: np.ndarray
    dorsal: np.ndarray | None
    ventral: np.ndarray | None
    cells: tuple[str, ...]
    place: np.ndarray
    side: np.ndarray
    glow: np.ndarray
    touch: tuple[Row, ...]
    muscles: tuple[Row, ...]
    bouts: tuple[Bout, ...]
    mate: Mate | None
    failure: str

    @property
    def alive(self) -> np.ndarray:
        """Frames in which there is a body to draw, (T,)."""
        return np.isfinite(self.x_mm).all(axis=1) & np.isfinite(self.y_mm).all(axis=1)

    def activity(self, names: Sequence[str] = (), most: int = MOST_ROWS) -> tuple[Row, ...]:
        """Rows for the panel of activity: those named or, without any, the organs, muscles and cells that change most.

        Raises
        ------
        UnknownNameError
            A name that is neither a recorded cell nor an organ or a muscle that does not bend the body.
        """
        cells = tuple((name, self.glow[:, k]) for k, name in enumerate(self.cells))
        if names:
            known = dict((*self.touch, *self.muscles, *cells))
            for name in names:
                if name not in known:
                    raise UnknownNameError("row of activity", name, known, "only what the run recorded can be shown")
            return tuple((name, known[name]) for name in names)
        others = (*_liveliest(self.touch, MOST_TOUCH), *_liveliest(self.muscles, MOST_MUSCLES))
        return (*others, *_liveliest(cells, max(0, most - len(others))))


def _liveliest(rows: Sequence[Row], most: int) -> list[Row]:
    """The rows that change most, in their own order; none that never changes."""
    spread = np.array([np.std(fine) if (fine := values[np.isfinite(values)]).size else 0.0 for _, values in rows])
    chosen = np.argsort(-spread, kind="stable")[:most]
    return [rows[k] for k in sorted(chosen) if spread[k] > 0]


def colours_of(found: Sequence[Scene]) -> dict[str, str]:
    """States in order of appearance and a colour each; states without a colour of their own take spare ones."""
    names = dict.fromkeys(bout.state for scene in found for bout in scene.bouts)
    spare = iter(_SPARE * (1 + len(names) // len(_SPARE)))
    return {name: _COLOURS.get(name.replace("_", " ").lower()) or next(spare) for name in names}


def outline(x_mm: np.ndarray, y_mm: np.ndarray, radius_mm: np.ndarray, part: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Points at `part` of the radius on the dorsal and on the ventral side, (N, 2) mm each."""
    tx, ty = np.gradient(x_mm), np.gradient(y_mm)
    long = np.maximum(np.hypot(tx, ty), 1e-12)
    offset = np.column_stack([-ty / long, tx / long]) * (part * radius_mm)[:, None]
    middle = np.column_stack([x_mm, y_mm])
    return middle + offset, middle - offset
