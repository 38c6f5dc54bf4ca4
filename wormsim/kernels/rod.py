"""One step of an elastic rod in a viscous medium, in the plane: one animal's body.

Nodes 0 (nose) to N (tail) are joined by N stiff segments of length `seg_mm`. A step solves, for the velocities u of all nodes,

    (D + H + dt K) u = f,

with D the drag of resistive force theory (a segment's drag across and along itself, half of it on either end), H the body's
internal friction against bending, K the Gauss-Newton part of the Hessian of the elastic energy and of the contacts, and f
all forces at the step's start: a linearly implicit Euler step, of first order in dt and stable whatever dt. Energy
(docs/body.md derives it):

    E = sum over segments of stretch/2 seg (l/seg - 1)**2  +  sum over joints of B/2 seg (kappa - kappa0)**2,
    kappa = 2 tan(phi/2)/seg,  phi the angle between neighbouring segments.

D is positive definite and H and K are not negative, so that the banded matrix (half-bandwidth 5) is factored as L D L' without
pivots. Internal forces and their matrices act between nodes only: they add up to no force and, to first order in dt, no torque.

Units: mm, s, uN. Signs: with t from node i to node i + 1 the dorsal side lies at (-t_y, t_x); a dorsal bend has kappa > 0.
"""

import numpy as np
from numba import njit

BAND = 6  # the diagonal and five below it: a joint ties three nodes of two coordinates


@njit(cache=True, nogil=True, error_model="numpy")
def rod_step(x, y, kappa0, bend, eta, stretch, seg_mm, drag_t, drag_n, fx, fy, kxx, kxy, kyy, dt, a, u, kappa):
    """Move one body by one step.

    Parameters
    ----------
    x, y : (N + 1,) arrays, mm
        Nodes; moved in place.
    kappa0 : (N - 1,) array, 1/mm
        Curvature that the muscles ask for at each joint.
    bend : (N - 1,) array, uN mm2
        Bending stiffness B of each joint.
    eta : (N - 1,) array, uN mm2 s
        Internal friction of each joint.
    stretch : float, uN
        Stiffness against stretching; large.
    seg_mm, dt : float
        Rest length of a segment; step in s.
    drag_t, drag_n : float, uN s/mm2
        Drag per length along and across.
    fx, fy : (N + 1,) arrays, uN
        Forces of contacts; used up: set to 0.
    kxx, kxy, kyy : (N + 1,) arrays, uN/mm
        Stiffness of the contacts; set to 0.
    a : (2 (N + 1), BAND) array
        Room for the matrix: ``a[d, k]`` is the entry of row d, column d - k.
    u : (2 (N + 1),) array
        Out: velocities, mm/s, x and y in turn.
    kappa : (N - 1,) array, 1/mm
        Out: curvature of every joint at the start of the step.
    """
    n = x.size - 1
    a[:, :] = 0.0
    for i in range(n + 1):
        a[2 * i, 0] = dt * kxx[i]
        a[2 * i + 1, 1] = dt * kxy[i]
        a[2 * i + 1, 0] = dt * kyy[i]
        u[2 * i] = fx[i]
        u[2 * i + 1] = fy[i]
        fx[i] = fy[i] = kxx[i] = kxy[i] = kyy[i] = 0.0
    half = 0.5 * seg_mm
    past_tx = past_ty = past_inverse = 0.0
    for i in range(n):
        dx = x[i + 1] - x[i]
        dy = y[i + 1] - y[i]
        length = np.sqrt(dx * dx + dy * dy)
        inverse = 1.0 / length
        tx = dx * inverse
        ty = dy * inverse
        p = 2 * i
        # drag
        dxx = half * (drag_t * tx * tx + drag_n * ty * ty)
        dxy = half * (drag_t - drag_n) * tx * ty
        dyy = half * (drag_t * ty * ty + drag_n * tx * tx)
        # stretch
        pull = stretch * (length / seg_mm - 1.0)
        u[p] += pull * tx
        u[p + 1] += pull * ty
        u[p + 2] -= pull * tx
        u[p + 3] -= pull * ty
        c = dt * stretch / seg_mm
        sxx = c * tx * tx
        sxy = c * tx * ty
        syy = c * ty * ty
        a[p, 0] += dxx + sxx
        a[p + 1, 1] += dxy + sxy
        a[p + 1, 0] += dyy + syy
        a[p + 2, 0] += dxx + sxx
        a[p + 3, 1] += dxy + sxy
        a[p + 3, 0] += dyy + syy
        a[p + 2, 2] -= sxx
        a[p + 2, 1] -= sxy
        a[p + 3, 3] -= sxy
        a[p + 3, 2] -= syy
        if i > 0:
            _bend(p - 2, bend[i - 1], eta[i - 1], kappa0[i - 1], past_tx, past_ty, past_inverse, tx, ty, inverse, seg_mm, dt, a, u,
                  kappa, i - 1)
        past_tx, past_ty, past_inverse = tx, ty, inverse
    _solve(a, u)
    for i in range(n + 1):
        x[i] += dt * u[2 * i]
        y[i] += dt * u[2 * i + 1]


@njit(forceinline=True, error_model="numpy")
def _bend(p, bend, eta, kappa0, tx0, ty0, inverse0, tx1, ty1, inverse1, seg_mm, dt, a, u, kappa, joint):
    """Add force and matrix of one joint; its three nodes have the coordinates p ... p + 5."""
    slope = 2.0 / (1.0 + tx0 * tx1 + ty0 * ty1)  # d(seg kappa)/d(phi)
    k = slope * (tx0 * ty1 - ty0 * tx1) / seg_mm
    kappa[joint] = k
    # d(phi)/d(coordinates)
    ax = -ty0 * inverse0
    ay = tx0 * inverse0
    bx = -ty1 * inverse1
    by = tx1 * inverse1
    g0, g1, g2, g3, g4, g5 = slope * ax, slope * ay, -slope * (ax + bx), -slope * (ay + by), slope * bx, slope * by
    moment = bend * (k - kappa0)
    u[p] -= moment * g0
    u[p + 1] -= moment * g1
    u[p + 2] -= moment * g2
    u[p + 3] -= moment * g3
    u[p + 4] -= moment * g4
    u[p + 5] -= moment * g5
    c = (dt * bend + eta) / seg_mm
    a[p, 0] += c * g0 * g0
    a[p + 1, 1] += c * g1 * g0
    a[p + 1, 0] += c * g1 * g1
    a[p + 2, 2] += c * g2 * g0
    a[p + 2, 1] += c * g2 * g1
    a[p + 2, 0] += c * g2 * g2
    a[p + 3, 3] += c * g3 * g0
    a[p + 3, 2] += c * g3 * g1
    a[p + 3, 1] += c * g3 * g2
    a[p + 3, 0] += c * g3 * g3
    a[p + 4, 4] += c * g4 * g0
    a[p + 4, 3] += c * g4 * g1
    a[p + 4, 2] += c * g4 * g2
    a[p + 4, 1] += c * g4 * g3
    a[p + 4, 0] += c * g4 * g4
    a[p + 5, 5] += c * g5 * g0
    a[p + 5, 4] += c * g5 * g1
    a[p + 5, 3] += c * g5 * g2
    a[p + 5, 2] += c * g5 * g3
    a[p + 5, 1] += c * g5 * g4
    a[p + 5, 0] += c * g5 * g5


@njit(forceinline=True, error_model="numpy")
def _solve(a, u):
    """L D L' of the band and both substitutions, in place; the columns that have all five rows below them are written out."""
    n = u.size
    for j in range(n - BAND + 1):
        inverse = 1.0 / a[j, 0]
        b = u[j]
        c1, c2, c3, c4, c5 = a[j + 1, 1], a[j + 2, 2], a[j + 3, 3], a[j + 4, 4], a[j + 5, 5]
        l1, l2, l3, l4, l5 = c1 * inverse, c2 * inverse, c3 * inverse, c4 * inverse, c5 * inverse
        a[j + 1, 0] -= l1 * c1
        a[j + 2, 1] -= l1 * c2
        a[j + 2, 0] -= l2 * c2
        a[j + 3, 2] -= l1 * c3
        a[j + 3, 1] -= l2 * c3
        a[j + 3, 0] -= l3 * c3
        a[j + 4, 3] -= l1 * c4
        a[j + 4, 2] -= l2 * c4
        a[j + 4, 1] -= l3 * c4
        a[j + 4, 0] -= l4 * c4
        a[j + 5, 4] -= l1 * c5
        a[j + 5, 3] -= l2 * c5
        a[j + 5, 2] -= l3 * c5
        a[j + 5, 1] -= l4 * c5
        a[j + 5, 0] -= l5 * c5
        u[j + 1] -= l1 * b
        u[j + 2] -= l2 * b
        u[j + 3] -= l3 * b
        u[j + 4] -= l4 * b
        u[j + 5] -= l5 * b
        a[j + 1, 1], a[j + 2, 2], a[j + 3, 3], a[j + 4, 4], a[j + 5, 5] = l1, l2, l3, l4, l5
        a[j, 0] = inverse
    for j in range(n - BAND + 1, n):
        inverse = 1.0 / a[j, 0]
        b = u[j]
        last = n - 1 - j
        for r in range(1, last + 1):
            factor = a[j + r, r] * inverse
            for s in range(r, last + 1):
                a[j + s, s - r] -= factor * a[j + s, s]
            u[j + r] -= factor * b
        for r in range(1, last + 1):
            a[j + r, r] *= inverse
        a[j, 0] = inverse
    for j in range(n - 1, n - BAND, -1):
        b = u[j] * a[j, 0]
        for r in range(1, n - j):
            b -= a[j + r, r] * u[j + r]
        u[j] = b
    for j in range(n - BAND, -1, -1):
        u[j] = (u[j] * a[j, 0] - a[j + 5, 5] * u[j + 5] - a[j + 4, 4] * u[j + 4] - a[j + 3, 3] * u[j + 3] - a[j + 2, 2] * u[j + 2]
                - a[j + 1, 1] * u[j + 1])


@njit(cache=True, nogil=True, error_model="numpy")
def rod_energy(x, y, kappa0, bend, stretch, seg_mm):
    """Elastic energy in uN mm (nJ), for the checks of the balance of energy."""
    n = x.size - 1
    total = 0.0
    px = py = 0.0
    for i in range(n):
        dx, dy = x[i + 1] - x[i], y[i + 1] - y[i]
        length = np.sqrt(dx * dx + dy * dy)
        tx, ty = dx / length, dy / length
        total += 0.5 * stretch * seg_mm * (length / seg_mm - 1.0) ** 2
        if i > 0:
            k = 2.0 / (1.0 + px * tx + py * ty) * (px * ty - py * tx) / seg_mm
            total += 0.5 * bend[i - 1] * seg_mm * (k - kappa0[i - 1]) ** 2
        px, py = tx, ty
    return total
