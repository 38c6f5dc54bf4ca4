"""The wall of a dish: a repulsive penalty on every node whose surface has gone through it.

A node of radius a in a round dish of radius R, centred at the origin, has gone in by ``p = |r| + a - R``; where p > 0 it is pushed back
along the normal n with ``k p`` and gets the stiffness ``k n n'``: force and Gauss-Newton matrix of the energy ``k p**2 / 2``. In a
rectangle each of the four walls does so by itself. Both are added, for the linearly implicit step of :mod:`wormsim.kernels.rod`; a
wall has no friction.
"""

import numpy as np
from numba import njit

CIRCLE, RECTANGLE = range(2)


@njit(cache=True, nogil=True, error_model="numpy")
def press_walls(shape, half_x, half_y, stiffness, radius, x, y, fx, fy, kxx, kxy, kyy):
    """Add the walls' forces and stiffnesses.

    Parameters
    ----------
    shape : (L,) int64 array
        CIRCLE or RECTANGLE of each lane.
    half_x, half_y : (L,) arrays, mm
        Half of the width and of the height; a circle has its radius in `half_x`.
    stiffness : float, uN/mm
        Of each node.
    radius : (N + 1,) array, mm
        Half of the body's thickness at every node.
    x, y : (N + 1, L) arrays, mm
    fx, fy : (N + 1, L) arrays, uN
        Added to.
    kxx, kxy, kyy : (N + 1, L) arrays, uN/mm
        Added to.
    """
    for i in range(x.shape[0]):
        for b in range(x.shape[1]):
            px, py = x[i, b], y[i, b]
            if shape[b] == CIRCLE:
                room = half_x[b] - radius[i]
                square = px * px + py * py
                if square > room * room:
                    r = np.sqrt(square)
                    nx, ny = px / r, py / r
                    push = stiffness * (r - room)
                    fx[i, b] -= push * nx
                    fy[i, b] -= push * ny
                    kxx[i, b] += stiffness * nx * nx
                    kxy[i, b] += stiffness * nx * ny
                    kyy[i, b] += stiffness * ny * ny
            else:
                beyond = abs(px) + radius[i] - half_x[b]
                if beyond > 0.0:
                    fx[i, b] -= stiffness * beyond * np.sign(px)
                    kxx[i, b] += stiffness
                beyond = abs(py) + radius[i] - half_y[b]
                if beyond > 0.0:
                    fy[i, b] -= stiffness * beyond * np.sign(py)
                    kyy[i, b] += stiffness
