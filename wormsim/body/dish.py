"""The dish: its wall and medium, and the fields in it: salt, odour, temperature, oxygen, and a lawn of food.

The origin is the middle of the dish. A field is flat, linear, a Gaussian, a cone or a step (:mod:`wormsim.kernels.field` has the
formulas); it does not change with time, and the animal does not change it. There are no obstacles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..errors import InputError, UnknownNameError

#: Unit of each field, and what it may be anywhere inside a dish. A concentration is not negative; at 5 to 35 C worms live, if not well, and air
#: has 21 % of oxygen (bounds chosen here to catch a slope that is too steep; no measurement).
QUANTITIES = {"salt": ("mM", 0.0, np.inf), "odour": ("uM", 0.0, np.inf), "temperature": ("C", 5.0, 35.0), "oxygen": ("percent", 0.0, 21.0)}
#: What the kernel is given, in this order.
FIELDS = (*QUANTITIES, "lawn")
SHAPES = ("circle", "rectangle")
#: Stiffness of a wall for each node, uN/mm (chosen here, no measurement): an animal that crawls against it on agar goes in by some um.
WALL_UN_MM = 1000.0

#: Parameters of each kind: name with {u} for the unit, row of the kernel's table, default (None: must be given).
_PLACE = (("x_mm", "X", 0.0), ("y_mm", "Y", 0.0))
KINDS = {
    "none": (),
    "linear": (("base_{u}", "BASE", None), ("slope_x_{u}_per_mm", "AMPLITUDE", 0.0), ("slope_y_{u}_per_mm", "WIDTH", 0.0), *_PLACE),
    "gaussian": (("base_{u}", "BASE", 0.0), ("height_{u}", "AMPLITUDE", None), ("sigma_mm", "WIDTH", None), *_PLACE),
    "cone": (("base_{u}", "BASE", 0.0), ("height_{u}", "AMPLITUDE", None), ("radius_mm", "WIDTH", None), *_PLACE),
    "step": (("base_{u}", "BASE", 0.0), ("height_{u}", "AMPLITUDE", None), ("radius_mm", "WIDTH", None), ("edge_mm", "EDGE", 0.0), *_PLACE),
}
_CODES = {"none": "NONE", "linear": "LINEAR", "gaussian": "GAUSS", "cone": "CONE", "step": "STEP"}


@dataclass(frozen=True)
class Field:
    """A scalar field that does not change with time.

    Parameters
    ----------
    kind : {"none", "linear", "gaussian", "cone", "step"}
    parameters : mapping of str to float
        Names carry the unit of the quantity, u = mM (salt), uM (odour), C (temperature) or percent (oxygen):

        - linear: base_u (at x_mm, y_mm), slope_x_u_per_mm, slope_y_u_per_mm;
        - gaussian: base_u (far away), height_u (of the peak above it), sigma_mm;
        - cone: base_u, height_u, radius_mm;
        - step: base_u, height_u, radius_mm, edge_mm (width of its slope, 0 for none);

        and for all of them the place x_mm, y_mm, 0 where not given. Bases and slopes that are not given are 0, but for a linear field's base.
    """

    kind: str = "none"
    parameters: Mapping[str, float] = field(default_factory=dict)

    def column(self, quantity: str, unit: str) -> np.ndarray:
        """The kernel's column of parameters, (PARAMETERS,).

        Raises
        ------
        InputError
            An unknown kind or parameter, one that is missing, one that is not a finite number, or a width that is not positive.
        """
        from ..kernels import field as kernel

        if self.kind not in KINDS:
            raise UnknownNameError(f"kind of the dish's {quantity}", self.kind, KINDS)
        rows = {name.format(u=unit): (row, default) for name, row, default in KINDS[self.kind]}
        for name in self.parameters:
            if name not in rows:
                raise UnknownNameError(f"parameter of the dish's {quantity} ({self.kind})", name, rows)
        out = np.zeros(kernel.PARAMETERS)
        for name, (row, default) in rows.items():
            value = self.parameters.get(name, default)
            if value is None:
                raise InputError(f"{quantity}: a {self.kind} field needs {name}; it has {', '.join(self.parameters) or 'none'}")
            value = _number(f"{quantity}: {name}", value)
            if name in ("sigma_mm", "radius_mm") and value <= 0:
                raise InputError(f"{quantity}: {name} = {value:g} must be above 0")
            if name == "edge_mm" and value < 0:
                raise InputError(f"{quantity}: edge_mm = {value:g} must be 0 or more")
            out[getattr(kernel, row)] = value
        return out

    @property
    def code(self) -> int:
        """Number of the kind in the kernel."""
        from ..kernels import field as kernel

        return getattr(kernel, _CODES[self.kind])


@dataclass(frozen=True)
class Lawn:
    """A disc of food: 1 inside and 0 outside, with a slope of `edge_mm` between.

    The width of the edge is chosen here (no measurement): the thickness of an animal, so that a nose does not cross it in one step.
    """

    radius_mm: float
    x_mm: float = 0.0
    y_mm: float = 0.0
    edge_mm: float = 0.1

    @property
    def field(self) -> Field:
        """The lawn as a step."""
        return Field("step", {"height_share": 1.0, "radius_mm": self.radius_mm, "edge_mm": self.edge_mm, "x_mm": self.x_mm, "y_mm": self.y_mm})


@dataclass(frozen=True)
class Dish:
    """What surrounds one animal.

    Parameters
    ----------
    shape : {"circle", "rectangle"}
    size_mm : float or (float, float)
        Diameter of a circle, width and height of a rectangle. The default is a plate of 60 mm (chosen here).
    medium : str or float
        "agar", "water", or from 0 (water) to 1 (agar); see :func:`wormsim.body.drag.drag_per_length`.
    salt, odour, temperature, oxygen : Field
    lawn : Lawn, optional

    Raises
    ------
    InputError
        An unknown shape, medium, kind or parameter; a size that is not positive; a field that leaves its range inside the dish; a lawn
        outside of it.
    """

    shape: str = "circle"
    size_mm: float | tuple[float, float] = 60.0
    medium: str | float = "agar"
    salt: Field = Field()
    odour: Field = Field()
    temperature: Field = Field()
    oxygen: Field = Field()
    lawn: Lawn | None = None

    def __post_init__(self):
        from .drag import drag_per_length

        if self.shape not in SHAPES:
            raise UnknownNameError("shape of a dish", self.shape, SHAPES)
        sizes = np.atleast_1d(np.asarray(self.size_mm, float))
        if sizes.shape != ((1,) if self.shape == "circle" else (2,)) or not ((sizes > 0) & np.isfinite(sizes)).all():
            raise InputError(f"dish: size_mm = {self.size_mm} must be " + ("one positive number, the diameter of the circle"
                             if self.shape == "circle" else "two positive numbers, width and height of the rectangle"))
        drag_per_length(self.medium)
        for name, (unit, low, high) in QUANTITIES.items():
            self._check_range(name, unit, low, high)
        if self.lawn is not None:
            column = self.lawn.field.column("lawn", "share")
            x, y = self._inside(np.array([self.lawn.x_mm]), np.array([self.lawn.y_mm]))
            if np.hypot(x - self.lawn.x_mm, y - self.lawn.y_mm)[0] >= self.lawn.radius_mm + column[-1] / 2:
                raise InputError(f"lawn: at ({self.lawn.x_mm:g}, {self.lawn.y_mm:g}) mm with radius_mm = {self.lawn.radius_mm:g} it lies outside of "
                                 f"the dish ({self}); move it or make it larger")

    def __str__(self) -> str:
        return f"{self.shape} of {self.size_mm:g} mm" if self.shape == "circle" else f"rectangle of {self.size_mm[0]:g} by {self.size_mm[1]:g} mm"

    @property
    def half_mm(self) -> tuple[float, float]:
        """Half of the width and of the height."""
        width, height = np.broadcast_to(np.asarray(self.size_mm, float), 2) / 2
        return float(width), float(height)

    @property
    def fields(self) -> dict[str, tuple[Field, str]]:
        """Every field and its unit, in the order of :data:`FIELDS`."""
        lawn = self.lawn.field if self.lawn else Field()
        return {**{name: (getattr(self, name), unit) for name, (unit, *_) in QUANTITIES.items()}, "lawn": (lawn, "share")}

    def value(self, name: str, x_mm, y_mm) -> np.ndarray:
        """Field `name` at points, in its unit; 0 where the dish has none."""
        from ..kernels.field import field_value

        if name not in FIELDS:
            raise UnknownNameError("field of a dish", name, FIELDS)
        x, y = (np.array(z, float) for z in np.broadcast_arrays(x_mm, y_mm))
        out = np.empty(x.size)
        field_, unit = self.fields[name]
        field_value(np.array([field_.code]), field_.column(name, unit)[:, None], x.ravel(), y.ravel(), out)
        return out.reshape(x.shape)

    def gap_mm(self, x_mm, y_mm, radius_mm=0.0) -> np.ndarray:
        """Room between a disc of `radius_mm` at each point and the wall; negative beyond it."""
        x, y = np.asarray(x_mm, float), np.asarray(y_mm, float)
        half_x, half_y = self.half_mm
        room = half_x - np.hypot(x, y) if self.shape == "circle" else np.minimum(half_x - np.abs(x), half_y - np.abs(y))
        return room - radius_mm

    def check_start(self, x_mm, y_mm, radius_mm) -> None:
        """Refuse an animal that starts in the wall or beyond it.

        Parameters
        ----------
        x_mm, y_mm : array_like, shape (nodes,) or (nodes, L)
        radius_mm : array_like, shape (nodes,)

        Raises
        ------
        InputError
            With the node and its place.
        """
        x, y = np.broadcast_arrays(np.asarray(x_mm, float), np.asarray(y_mm, float))
        gap = self.gap_mm(x, y, np.reshape(np.asarray(radius_mm, float), (-1, *[1] * (x.ndim - 1))))
        if not (gap >= 0).all():
            worst = np.unravel_index(np.argmin(np.where(np.isfinite(gap), gap, -np.inf)), gap.shape)
            raise InputError(f"the animal starts outside of the dish ({self}): node {worst[0]} at ({x[worst]:.3f}, {y[worst]:.3f}) mm "
                             f"lies {-gap[worst]:.3f} mm beyond the wall; start it nearer to (0, 0) or enlarge the dish")

    def _inside(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The dish's points nearest to some points."""
        half_x, half_y = self.half_mm
        if self.shape == "rectangle":
            return np.clip(x, -half_x, half_x), np.clip(y, -half_y, half_y)
        shrink = half_x / np.maximum(np.hypot(x, y), half_x)
        return x * shrink, y * shrink

    def _extremes(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Points of the dish among which a field has its least and its greatest value.

        A field is linear, or changes with the distance from its centre in one direction only. So the points are the corners, or those of
        the circle along the slope; and those nearest to the centre and farthest from it.
        """
        kind, p = self.fields[name][0].kind, self.fields[name][0].parameters
        half_x, half_y = self.half_mm
        corners = half_x * np.array([1, 1, -1, -1]), half_y * np.array([1, -1, 1, -1])
        unit = QUANTITIES[name][0]
        along = np.array([p.get(f"slope_{c}_{unit}_per_mm", 0.0) for c in "xy"] if kind == "linear" else [p.get(f"{c}_mm", 0.0) for c in "xy"], float)
        size = np.hypot(*along)
        rim = half_x * along / size if size else half_x * np.array([1.0, 0.0])
        x, y = corners if self.shape == "rectangle" else (np.array([rim[0], -rim[0]]), np.array([rim[1], -rim[1]]) + 0.0)
        if kind == "linear":
            return x, y
        near_x, near_y = self._inside(along[:1], along[1:])
        return np.append(x, near_x), np.append(y, near_y)

    def _check_range(self, name: str, unit: str, low: float, high: float) -> None:
        field_ = getattr(self, name)
        if not isinstance(field_, Field):
            raise InputError(f"{name} = {field_!r} is not a Field")
        field_.column(name, unit)
        if field_.kind == "none":
            return
        x, y = self._extremes(name)
        value = self.value(name, x, y)
        slack = 1e-9 * max(1.0, np.abs(value).max())  # a slope that reaches exactly 0 at the wall is meant to
        for k in np.flatnonzero((value < low - slack) | (value > high + slack)):
            bounds = f"from {low:g} to {high:g} {unit}" if np.isfinite(high) else f"{low:g} {unit} or more"
            raise InputError(f"{name}: {value[k]:.4g} {unit} at ({x[k]:.4g}, {y[k]:.4g}) mm in the dish ({self}); it must be {bounds} everywhere "
                             "inside; make its slope or height smaller, or the dish")


@dataclass(frozen=True, eq=False)
class DishArrays:
    """Dishes of L lanes as the kernels take them (:mod:`wormsim.kernels.field` and :mod:`wormsim.kernels.wall`).

    Attributes
    ----------
    shape : (L,) int64; half_x_mm, half_y_mm : (L,)
    kind : (F, L) int64; parameters : (F, PARAMETERS, L)
        Fields in the order of :data:`FIELDS`.
    """

    shape: np.ndarray
    half_x_mm: np.ndarray
    half_y_mm: np.ndarray
    kind: np.ndarray
    parameters: np.ndarray

    def at(self, x_mm: np.ndarray, y_mm: np.ndarray) -> np.ndarray:
        """Every field at a point of each lane, (F, L): where the nose starts, what it is used to."""
        from ..kernels.field import field_value

        out = np.empty(self.kind.shape)
        for f in range(len(out)):
            field_value(self.kind[f], self.parameters[f], np.ascontiguousarray(x_mm, float), np.ascontiguousarray(y_mm, float), out[f])
        return out


def lower(dishes: Sequence[Dish]) -> DishArrays:
    """The arrays of one dish a lane."""
    from ..kernels import wall

    codes = {"circle": wall.CIRCLE, "rectangle": wall.RECTANGLE}
    half = np.array([d.half_mm for d in dishes])
    kind = np.array([[f.code for f, _ in d.fields.values()] for d in dishes], np.int64)
    parameters = np.array([[f.column(name, unit) for name, (f, unit) in d.fields.items()] for d in dishes])
    return DishArrays(np.array([codes[d.shape] for d in dishes], np.int64), *(np.ascontiguousarray(h) for h in half.T),
                      np.ascontiguousarray(kind.T), np.ascontiguousarray(parameters.transpose(1, 2, 0)))


def _number(what: str, value) -> float:
    """A finite number, or an error that says what is none."""
    try:
        out = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{what} = {value!r} is not a number") from None
    if not np.isfinite(out):
        raise InputError(f"{what} = {out} is not a finite number")
    return out
