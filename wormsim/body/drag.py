"""Drag of the media: agar, water, and what lies between."""

from __future__ import annotations

import numpy as np

from ..errors import InputError, UnknownNameError

#: Whole-body drag coefficients (along, across) in uN s/mm, that is 1e-3 kg/s, of a worm of 1 mm: Boyle JH, Berri S, Cohen N 2012
#: Front Comput Neurosci 6:10 (their code: water 3.3e-6 and 5.2e-6 kg/s, agar 3.2e-3 and 128e-3 kg/s; certainty high for the
#: numbers, low for agar itself, where ratios of 1.5 to 40 have been fitted).
MEDIA = {"water": (3.3e-3, 5.2e-3), "agar": (3.2, 128.0)}


def drag_per_length(medium: str | float) -> tuple[float, float]:
    """Drag per length along and across the body, uN s/mm2.

    Parameters
    ----------
    medium : str or float
        "agar", "water", or a number from 0 (water) to 1 (agar): linear in between, as Boyle et al. 2012 have it.

    Raises
    ------
    InputError
        An unknown medium, or a number outside of [0, 1].
    """
    if isinstance(medium, str):
        if medium not in MEDIA:
            raise UnknownNameError("medium", medium, MEDIA, "or a number from 0 (water) to 1 (agar)")
        return MEDIA[medium]
    if not 0 <= medium <= 1:
        raise InputError(f"medium = {medium} is not between 0 (water) and 1 (agar)")
    water, agar = np.array(MEDIA["water"]), np.array(MEDIA["agar"])
    along, across = water + float(medium) * (agar - water)
    return float(along), float(across)
