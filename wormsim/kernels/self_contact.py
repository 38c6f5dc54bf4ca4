"""A body against itself: two parts of it that touch push each other apart, without friction. On agar only.

Nodes i and j that are APART or more segments from each other are discs of the body's radius there. Where they overlap by p, each is pushed
away from the other along the line between them with ``k p``: equal and opposite forces. The linearly implicit step of
:mod:`wormsim.kernels.rod` has no place for what ties distant nodes, so each gets the stiffness ``2 k n n'`` of its own: no less than the pair's
Hessian. What that costs: while two nodes touch they are held against the dish as well, as by a drag of ``2 k dt`` in the line between them. On
agar, where a body that turns touches itself in few frames and with few nodes, that is little beside its own drag (a tight coil of twelve pairs
passes on 0.6 of a force from outside); in water, whose drag is a thousandth, it would pin the body, and contact would come and go from step to
step. So a body in water still goes through itself, and counts as failed then.

A body is looked at only while it is coiled: parts can touch from half a turn of its tangent on. Whether it is coiled is asked every EVERY steps,
with room to spare.
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
    stiffness : (L,) array, uN/mm
        Of a pair of nodes; 0 where a body does not feel itself.
    radius : (N + 1,) array, mm
    x, y : (N + 1, L) arrays, mm
    fx, fy : (N + 1, L) arrays, uN
        Added to.
    kxx, kxy, kyy : (N + 1, L) arrays, uN/mm
        Added to.
    """
    nodes, lanes = x.shape
    for b in range(lanes):
        if coiled[b] == 0 or stiffness[b] == 0.0:
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
                push = stiffness[b] * (reach - distance)
                fx[i, b] -= push * nx
                fy[i, b] -= push * ny
                fx[j, b] += push * nx
                fy[j, b] += push * ny
                for node in (i, j):
                    kxx[node, b] += 2.0 * stiffness[b] * nx * nx
                    kxy[node, b] += 2.0 * stiffness[b] * nx * ny
                    kyy[node, b] += 2.0 * stiffness[b] * ny * ny
