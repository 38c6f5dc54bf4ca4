"""Form of a body: how long, how thick, of how many segments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError

#: Segments of a body, as in Boyle JH, Berri S, Cohen N 2012 Front Comput Neurosci 6:10 (their code; certainty high).
SEGMENTS = 48


@dataclass(frozen=True)
class Form:
    """A worm's outline at rest.

    Parameters
    ----------
    length_mm : float
    diameter_mm : float
        At mid-body.
    segments : int
        At least 48.

    Raises
    ------
    InputError
        A size that is not a positive number, or fewer segments.
    """

    length_mm: float
    diameter_mm: float
    segments: int = SEGMENTS

    def __post_init__(self):
        for name in ("length_mm", "diameter_mm"):
            if not 0 < getattr(self, name) < np.inf:
                raise InputError(f"body: {name} = {getattr(self, name)} must be a positive number")
        if self.segments < SEGMENTS:
            raise InputError(f"body: segments = {self.segments}; at least {SEGMENTS} resolve a worm's bends")

    @property
    def segment_mm(self) -> float:
        """Rest length of a segment."""
        return self.length_mm / self.segments

    @property
    def radius_mm(self) -> np.ndarray:
        """Radius at every node, (segments + 1,).

        The profile ``(D/2) |sin(acos((i - N/2)/(N/2 + 0.2)))|`` of Boyle et al. 2012 (their code; certainty high).
        """
        half = self.segments / 2
        return self.diameter_mm / 2 * np.abs(np.sin(np.arccos((np.arange(self.segments + 1) - half) / (half + 0.2))))

    @property
    def joints(self) -> np.ndarray:
        """Places of the joints, (segments - 1,), in body lengths from the nose."""
        return np.arange(1, self.segments) / self.segments

    @property
    def stiffness_profile(self) -> np.ndarray:
        """Bending stiffness of every joint relative to mid-body, (segments - 1,).

        The square of the relative radius: what a sheet of springs at the surface gives (lever arm times lever arm).
        """
        return (self.radius_mm[1:-1] / (self.diameter_mm / 2)) ** 2


#: 1 mm and 80 um: Boyle JH et al 2012 (their code). A one-day adult is 1.0-1.2 mm by 60-80 um (from memory, medium to high).
HERMAPHRODITE = Form(1.0, 0.080)
#: 0.8-0.95 mm by 45-55 um (from memory, medium): the middle of both.
MALE = Form(0.88, 0.050)
