"""A body against itself: two parts of it that touch push each other apart, without friction.

Nodes i and j that are APART or more segments from each other are discs of the body's radius there. Where they overlap by p, each is pushed
away from the other along the line between them with ``k p``: equal and opposite forces. The linearly implicit step of
:mod:`wormsim.kernels.rod` has no place for what ties distant nodes, so each gets the stiffness ``2 k n n'`` of its own: no less than the pair's
Hessian, and so stable whatever the step. It is as good as a drag on the two while they touch, in the line between them.

A body is looked at only while it is coiled: no shape whose tangent turns by less than half a turn can close. Whether it is, is asked every
EVERY steps, with room to spare.
"""

import numpy as np
from numba import njit

#: Steps between two looks at the body's shape.
EVERY = 8
#: A body is coiled where its tangent turns by more than this, rad (half a turn is 3.14).
COILED_RAD = 2.8
#: Nodes nearer to each other along the body do not push: they are neighbours of one bend (10 segments are a fifth of the body).
APART = 10


@njit(cache=True, nogil=True, error_model="numpy")
def find_coiled(kappa, seg_mm, coiled):
    """Set `coiled` (L,) int64: 1 where the tangent turns by more than COILED_RAD between any two places of the body; kappa (J, L), 1/mm."""
    joints, lanes = kappa.shape
    for b in range(lanes):
        angle = low = high = 0.0
        for j in range(joints):
            angle += 2.0 * np.arctan(0.5 * seg_mm * kappa[j, b])
            low, high = min(low, angle), max(high, angle)
        coiled[b] = 1 if high - low > COILED_RAD else 0


@njit(cache=True, nogil=True, error_model="numpy")
def touch_itself(coiled, stiffness, radius, x, y, fx, fy, kxx, kxy, kyy):
    """Add what parts of coiled bodies push each other with.

    Parameters
    ----------
    coiled : (L,) int64 array
        Of :func:`find_coiled`.
    stiffness : float, uN/mm
        Of a pair of nodes.
    radius : (N + 1,) array, mm
    x, y : (N + 1, L) arrays, mm
    fx, fy : (N + 1, L) arrays, uN
        Added to.
    kxx, kxy, kyy : (N + 1, L) arrays, uN/mm
        Added to.
    """
    nodes, lanes = x.shape
    for b in range(lanes):
        if coiled[b] == 0:
            continue
        for i in range(nodes - APART):
            for j in range(i + APART, nodes):
                dx, dy = x[j, b] - x[i, b], y[j, b] - y[i, b]
                reach = radius[i] + radius[j]
                square = dx * dx + dy * dy
                if not 0.0 < square < reach * reach:
                    continue
                distance = np.sqrt(square)
                nx, ny = dx / distance, dy / distance
                push = stiffness * (reach - distance)
                fx[i, b] -= push * nx
                fy[i, b] -= push * ny
                fx[j, b] += push * nx
                fy[j, b] += push * ny
                for node in (i, j):
                    kxx[node, b] += 2.0 * stiffness * nx * nx
                    kxy[node, b] += 2.0 * stiffness * nx * ny
                    kyy[node, b] += 2.0 * stiffness * ny * ny
