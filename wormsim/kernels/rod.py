"""One step of elastic rods in a viscous medium, in the plane: the bodies of all lanes of a block.

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

Every array is (row, lane) and every inner loop runs over the lanes of rows, so that it is SIMD. Coordinate d of a body (x and y of
node 0, x and y of node 1, ...) is row d of `u`; entry (d, d - k) of its matrix is row ``BAND d + k`` of `a`.

Units: mm, s, uN. Signs: with t from node i to node i + 1 the dorsal side lies at (-t_y, t_x); a dorsal bend has kappa > 0.
"""

import numpy as np
from numba import njit

from .rows import lanes_of, row_function

BAND = 6  # the diagonal and five below it: a joint ties three nodes of two coordinates


@row_function
def _begin(fx, fy, kxx, kxy, kyy, ux, uy, a_xx, a_yx, a_yy, dt):
    """Contacts of one node; what they leave is used up."""
    for b in range(fx.size):
        ux[b], uy[b] = fx[b], fy[b]
        a_xx[b], a_yx[b], a_yy[b] = dt * kxx[b], dt * kxy[b], dt * kyy[b]
        fx[b], fy[b], kxx[b], kxy[b], kyy[b] = 0.0, 0.0, 0.0, 0.0, 0.0


@row_function
def _segment(x0, y0, x1, y1, drag_t, drag_n, u0, u1, u2, u3, a00, a10, a11, a22, a20, a21, a30, a31, a33, a32, tx, ty, inverse, stretch,
             seg_mm, dt):
    """Drag and stretch of the segment between two nodes, of coordinates 0 to 3."""
    half, c = 0.5 * seg_mm, dt * stretch / seg_mm
    for b in range(x0.size):
        dx, dy = x1[b] - x0[b], y1[b] - y0[b]
        length = np.sqrt(dx * dx + dy * dy)
        inv = 1.0 / length
        x, y = dx * inv, dy * inv
        tx[b], ty[b], inverse[b] = x, y, inv
        along, across = half * drag_t[b], half * drag_n[b]
        xx, xy, yy = x * x, x * y, y * y
        dxx, dxy, dyy = along * xx + across * yy, (along - across) * xy, along * yy + across * xx
        pull = stretch * (length / seg_mm - 1.0)
        u0[b] += pull * x
        u1[b] += pull * y
        u2[b] -= pull * x
        u3[b] -= pull * y
        a00[b] += dxx + c * xx
        a10[b] += dxy + c * xy
        a11[b] += dyy + c * yy
        a22[b] += dxx + c * xx
        a32[b] += dxy + c * xy
        a33[b] += dyy + c * yy
        a20[b] -= c * xx
        a21[b] -= c * xy
        a30[b] -= c * xy
        a31[b] -= c * yy


@row_function
def _joint(tx0, ty0, inverse0, tx1, ty1, inverse1, kappa0, kappa, bend, eta, u0, u1, u2, u3, u4, u5, a00, a10, a11, a20, a21, a22, a30, a31,
           a32, a33, a40, a41, a42, a43, a44, a50, a51, a52, a53, a54, a55, profile, seg_mm, dt):
    """Bending of the joint between two segments; its three nodes have the coordinates 0 to 5."""
    for b in range(tx0.size):
        slope = 2.0 / (1.0 + tx0[b] * tx1[b] + ty0[b] * ty1[b])  # d(seg kappa)/d(phi)
        k = slope * (tx0[b] * ty1[b] - ty0[b] * tx1[b]) / seg_mm
        kappa[b] = k
        # slope times d(phi)/d(coordinates)
        p, q = slope * inverse0[b], slope * inverse1[b]
        g0, g1, g4, g5 = -ty0[b] * p, tx0[b] * p, -ty1[b] * q, tx1[b] * q
        g2, g3 = -(g0 + g4), -(g1 + g5)
        stiff = bend[b] * profile
        moment = stiff * (k - kappa0[b])
        u0[b] -= moment * g0
        u1[b] -= moment * g1
        u2[b] -= moment * g2
        u3[b] -= moment * g3
        u4[b] -= moment * g4
        u5[b] -= moment * g5
        c = (dt * stiff + eta[b] * profile) / seg_mm
        a00[b] += c * g0 * g0
        a10[b] += c * g1 * g0
        a11[b] += c * g1 * g1
        a20[b] += c * g2 * g0
        a21[b] += c * g2 * g1
        a22[b] += c * g2 * g2
        a30[b] += c * g3 * g0
        a31[b] += c * g3 * g1
        a32[b] += c * g3 * g2
        a33[b] += c * g3 * g3
        a40[b] += c * g4 * g0
        a41[b] += c * g4 * g1
        a42[b] += c * g4 * g2
        a43[b] += c * g4 * g3
        a44[b] += c * g4 * g4
        a50[b] += c * g5 * g0
        a51[b] += c * g5 * g1
        a52[b] += c * g5 * g2
        a53[b] += c * g5 * g3
        a54[b] += c * g5 * g4
        a55[b] += c * g5 * g5


@row_function
def _eliminate(d, c1, c2, c3, c4, c5, a10, a21, a20, a32, a31, a30, a43, a42, a41, a40, a54, a53, a52, a51, a50, u0, u1, u2, u3, u4, u5):
    """Column of a coordinate out of the five rows below it; `ank` is k places left of the diagonal in the n-th of them."""
    for b in range(d.size):
        inverse = 1.0 / d[b]
        v1, v2, v3, v4, v5 = c1[b], c2[b], c3[b], c4[b], c5[b]
        l1, l2, l3, l4, l5 = v1 * inverse, v2 * inverse, v3 * inverse, v4 * inverse, v5 * inverse
        a10[b] -= l1 * v1
        a21[b] -= l1 * v2
        a20[b] -= l2 * v2
        a32[b] -= l1 * v3
        a31[b] -= l2 * v3
        a30[b] -= l3 * v3
        a43[b] -= l1 * v4
        a42[b] -= l2 * v4
        a41[b] -= l3 * v4
        a40[b] -= l4 * v4
        a54[b] -= l1 * v5
        a53[b] -= l2 * v5
        a52[b] -= l3 * v5
        a51[b] -= l4 * v5
        a50[b] -= l5 * v5
        w = u0[b]
        u1[b] -= l1 * w
        u2[b] -= l2 * w
        u3[b] -= l3 * w
        u4[b] -= l4 * w
        u5[b] -= l5 * w
        d[b], c1[b], c2[b], c3[b], c4[b], c5[b] = inverse, l1, l2, l3, l4, l5


@row_function
def _substitute(d, c1, c2, c3, c4, c5, u0, u1, u2, u3, u4, u5):
    """Value of a coordinate from the five after it."""
    for b in range(d.size):
        u0[b] = u0[b] * d[b] - c1[b] * u1[b] - c2[b] * u2[b] - c3[b] * u3[b] - c4[b] * u4[b] - c5[b] * u5[b]


@row_function
def _move(x, u, dt):
    for b in range(x.size):
        x[b] += dt * u[b]


@njit(cache=True, nogil=True, error_model="numpy")
def rod_step(x, y, kappa0, profile, bend, eta, stretch, seg_mm, drag, fx, fy, kxx, kxy, kyy, dt, a, u, t, kappa):
    """Move the bodies of all lanes by one step.

    Parameters
    ----------
    x, y : (N + 1, L) arrays, mm
        Nodes; moved in place.
    kappa0 : (N - 1, L) array, 1/mm
        Curvature that the muscles ask for at each joint.
    profile : (N - 1,) array
        Stiffness and internal friction of each joint, relative.
    bend, eta : (1, L) arrays, uN mm2 and uN mm2 s
        Bending stiffness B and internal friction where the profile is 1.
    stretch : float, uN
        Stiffness against stretching; large.
    seg_mm, dt : float
        Rest length of a segment; step in s.
    drag : (2, L) array, uN s/mm2
        Drag per length along and across.
    fx, fy : (N + 1, L) arrays, uN
        Forces of contacts; used up: set to 0.
    kxx, kxy, kyy : (N + 1, L) arrays, uN/mm
        Stiffness of the contacts; set to 0.
    a : (BAND (2 (N + 1) + BAND), L) array
        Room for the matrix, with BAND coordinates more than there are.
    u : (2 (N + 1) + BAND, L) array
        Out: velocities, mm/s, x and y in turn; the last BAND rows are room.
    t : (6, L) array
        Room for two segments' directions.
    kappa : (N - 1, L) array, 1/mm
        Out: curvature of every joint at the start of the step.
    """
    nodes = x.shape[0]
    n = 2 * nodes
    a[:, :] = 0.0
    for d in range(n, n + BAND):  # coordinates that are not there: they stand still, and end the elimination
        for b in range(x.shape[1]):
            a[BAND * d, b] = 1.0
            u[d, b] = 0.0
    for i in range(nodes):
        p = 2 * i
        _begin(lanes_of(fx, i), lanes_of(fy, i), lanes_of(kxx, i), lanes_of(kxy, i), lanes_of(kyy, i), lanes_of(u, p), lanes_of(u, p + 1),
               lanes_of(a, BAND * p), lanes_of(a, BAND * (p + 1) + 1), lanes_of(a, BAND * (p + 1)), dt)
    for i in range(nodes - 1):
        new, old = 3 * (i % 2), 3 * ((i + 1) % 2)
        p = 2 * i
        r = BAND * p
        _segment(lanes_of(x, i), lanes_of(y, i), lanes_of(x, i + 1), lanes_of(y, i + 1), lanes_of(drag, 0), lanes_of(drag, 1),
                 lanes_of(u, p), lanes_of(u, p + 1), lanes_of(u, p + 2), lanes_of(u, p + 3),
                 lanes_of(a, r), lanes_of(a, r + 7), lanes_of(a, r + 6), lanes_of(a, r + 12), lanes_of(a, r + 14), lanes_of(a, r + 13),
                 lanes_of(a, r + 21), lanes_of(a, r + 20), lanes_of(a, r + 18), lanes_of(a, r + 19),
                 lanes_of(t, new), lanes_of(t, new + 1), lanes_of(t, new + 2), stretch, seg_mm, dt)
        if i > 0:
            p -= 2
            r = BAND * p
            _joint(lanes_of(t, old), lanes_of(t, old + 1), lanes_of(t, old + 2), lanes_of(t, new), lanes_of(t, new + 1), lanes_of(t, new + 2),
                   lanes_of(kappa0, i - 1), lanes_of(kappa, i - 1), lanes_of(bend, 0), lanes_of(eta, 0),
                   lanes_of(u, p), lanes_of(u, p + 1), lanes_of(u, p + 2), lanes_of(u, p + 3), lanes_of(u, p + 4), lanes_of(u, p + 5),
                   lanes_of(a, r), lanes_of(a, r + 7), lanes_of(a, r + 6), lanes_of(a, r + 14), lanes_of(a, r + 13), lanes_of(a, r + 12),
                   lanes_of(a, r + 21), lanes_of(a, r + 20), lanes_of(a, r + 19), lanes_of(a, r + 18),
                   lanes_of(a, r + 28), lanes_of(a, r + 27), lanes_of(a, r + 26), lanes_of(a, r + 25), lanes_of(a, r + 24),
                   lanes_of(a, r + 35), lanes_of(a, r + 34), lanes_of(a, r + 33), lanes_of(a, r + 32), lanes_of(a, r + 31), lanes_of(a, r + 30),
                   profile[i - 1], seg_mm, dt)
    for d in range(n):
        r = BAND * d
        _eliminate(lanes_of(a, r), lanes_of(a, r + 7), lanes_of(a, r + 14), lanes_of(a, r + 21), lanes_of(a, r + 28), lanes_of(a, r + 35),
                   lanes_of(a, r + 6), lanes_of(a, r + 13), lanes_of(a, r + 12), lanes_of(a, r + 20), lanes_of(a, r + 19), lanes_of(a, r + 18),
                   lanes_of(a, r + 27), lanes_of(a, r + 26), lanes_of(a, r + 25), lanes_of(a, r + 24),
                   lanes_of(a, r + 34), lanes_of(a, r + 33), lanes_of(a, r + 32), lanes_of(a, r + 31), lanes_of(a, r + 30),
                   lanes_of(u, d), lanes_of(u, d + 1), lanes_of(u, d + 2), lanes_of(u, d + 3), lanes_of(u, d + 4), lanes_of(u, d + 5))
    for d in range(n - 1, -1, -1):
        r = BAND * d
        _substitute(lanes_of(a, r), lanes_of(a, r + 7), lanes_of(a, r + 14), lanes_of(a, r + 21), lanes_of(a, r + 28), lanes_of(a, r + 35),
                    lanes_of(u, d), lanes_of(u, d + 1), lanes_of(u, d + 2), lanes_of(u, d + 3), lanes_of(u, d + 4), lanes_of(u, d + 5))
    for i in range(nodes):
        _move(lanes_of(x, i), lanes_of(u, 2 * i), dt)
        _move(lanes_of(y, i), lanes_of(u, 2 * i + 1), dt)


def room(nodes: int, lanes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The arrays `a`, `u` and `t` of a block."""
    return np.zeros((BAND * (2 * nodes + BAND), lanes)), np.zeros((2 * nodes + BAND, lanes)), np.zeros((6, lanes))


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
