"""Contact of a male with his mate: forces on him, and what the organs of his tail feel. In the plane, all lanes at once.

The mate is a chain of M nodes with a radius each: the union of all discs along her midline, a tapered tube with round ends. The male
is a disc about each of his nodes. Both are rigid here; his body gives way in the solver, she is moved by nobody but herself.
The gap of a disc is the least of |p - c| - r(c) over her midline less the disc's own radius: a signed distance (to the tube, not only to
the midline) whose gradient is the unit vector n from c to p, so that the force is normal to her surface:

    f = -stiffness * gap * n                          where gap < 0 (they overlap)
    f = -adhesion * 4 q (1 - q) * n,  q = gap/adhesion_mm   where 0 < gap < adhesion_mm: the water film between them

Call, once a step and in this order, :func:`touch_mate` (forces, added; contact of every node) and :func:`feel_mate` (signals,
set). Both are stable interfaces. State to keep between steps, per block: ``segment`` and ``wait`` (nodes, L) int64, zeros at the start;
``gap``, ``face``, ``place``, ``flank`` (nodes, L) float64, empty at the start. A lane without a mate has hers at 1e6 mm.

Cost: a node far from her is not looked at until it could have come near (`wait`); one that is near follows its nearest segment
along the chain from step to step, and all her segments are searched again when it comes from afar and every SEARCH steps.

Units: mm, uN. Signs: with t from head to tail a dorsal side lies at (-t_y, t_x); so does the mate's flank +1, left of her midline.
"""

import numpy as np
from numba import njit

#: Steps between two searches of the whole mate for a node that is near her (chosen here): another part of hers that bends towards
#: him is found this late.
SEARCH = 64
#: Share of a segment at either end from where the neighbour is looked at too: on the inner side of a bend by an angle a, a node at a
#: distance d from her midline may be nearer to the next segment within d tan(a/2) of the joint (0.15 of a segment for 50 um and 7 degrees).
ASIDE = 0.2
#: Gap below which a node is looked at in every step, and contact is current, mm (chosen here; well above what organs feel).
NEAR_MM = 0.01
#: Stiffness of a node's contact, uN/mm: a push of 1 uN dents by 1 um. Numerical (chosen here, no measurement).
STIFFNESS_UN_MM = 1000.0
#: No node closes on the mate faster, mm/s: the tail of a swimming worm beats at some 2 Hz and 0.2 mm, that is 2.5 mm/s (chosen here).
CLOSING_MM_S = 5.0
#: Gap up to which a touch organ feels her: a ray is a few um long (chosen here, no measurement).
TOUCH_MM = 0.005
#: Distance up to which an organ feels the vulva (chosen here, no measurement).
VULVA_MM = 0.02
TOUCH, VULVA = 0, 1  # what an organ feels
FAR_STEPS = 1000  # a node waits no longer


@njit(cache=True, nogil=True, error_model="numpy")
def _segments(mate_x, mate_y, mate_radius):
    """What every node asks of each segment of hers, (M - 1, L, 6): its direction (x, y), length, 1/length, the slope of the radius along it, and the
    cosine of that slope's angle.
    """
    segments, lanes = mate_x.shape[0] - 1, mate_x.shape[1]
    out = np.empty((segments, lanes, 6))
    for j in range(segments):
        for b in range(lanes):
            ex = mate_x[j + 1, b] - mate_x[j, b]
            ey = mate_y[j + 1, b] - mate_y[j, b]
            length = np.sqrt(ex * ex + ey * ey)
            inverse = 1.0 / length
            slope = (mate_radius[j + 1] - mate_radius[j]) * inverse
            out[j, b, 0], out[j, b, 1] = ex * inverse, ey * inverse
            out[j, b, 2], out[j, b, 3] = length, inverse
            out[j, b, 4], out[j, b, 5] = slope, np.sqrt(max(1.0 - slope * slope, 1e-6))
    return out


@njit(forceinline=True, error_model="numpy")
def _at(px, py, j, b, mate_x, mate_y, mate_radius, hers):
    """Nearest disc of one tapered segment: (gap to its rim, where along the segment 0..1, vector from it to p, which side p is on)."""
    tx, ty, length, inverse, slope, cosine = hers[j, b, 0], hers[j, b, 1], hers[j, b, 2], hers[j, b, 3], hers[j, b, 4], hers[j, b, 5]
    dx = px - mate_x[j, b]
    dy = py - mate_y[j, b]
    across = tx * dy - ty * dx
    # where a tube gets thicker the nearest disc lies towards the thick end of the foot of the perpendicular
    along = tx * dx + ty * dy + slope * abs(across) / cosine
    along = min(max(along, 0.0), length)
    dx -= along * tx
    dy -= along * ty
    return np.sqrt(dx * dx + dy * dy) - mate_radius[j] - slope * along, along * inverse, dx, dy, across


@njit(cache=True, nogil=True, error_model="numpy")
def touch_mate(step, closing_mm, stiffness, adhesion, adhesion_mm, x, y, radius, mate_x, mate_y, mate_radius, fx, fy, kxx, kxy, kyy,
               segment, wait, gap, face, place, flank):
    """Add the mate's push to the forces on the male's nodes, and say where each of them touches her.

    Parameters
    ----------
    step : int
        Number of the step; 0 at the start, where everything is searched.
    closing_mm : float
        The most by which a node closes on her in a step: CLOSING_MM_S times dt.
    stiffness : float, uN/mm
        Of each node's contact (STIFFNESS_UN_MM).
    adhesion : (L,) array, uN
        Greatest pull on a node; 0 for none.
    adhesion_mm : float, mm
        Gap up to which it reaches.
    x, y : (N + 1, L) arrays, mm
        The male's nodes, nose first.
    radius : (N + 1,) array, mm
    mate_x, mate_y : (M, L) arrays, mm
        Hers, nose first.
    mate_radius : (M,) array, mm
        Changes by less than a segment's length along a segment.
    fx, fy : (N + 1, L) arrays, uN
        Added to.
    kxx, kxy, kyy : (N + 1, L) arrays, uN/mm
        Stiffness against motion along x and y, for a linearly implicit solver; added to. Never negative: adhesion adds none.
    segment, wait : (N + 1, L) int64 arrays
        State: last nearest segment; steps for which the node need not be looked at.
    gap : (N + 1, L) array, mm
        Out: from surface to surface, negative where they overlap. A node beyond NEAR_MM keeps an older value, also beyond.
    face : (N + 1, L) array
        Out: +1 where his dorsal side faces her, -1 where his ventral side does; cosine between. 0 beyond NEAR_MM.
    place : (N + 1, L) array
        Out: nearest place on her midline, 0 nose, 1 tail.
    flank : (N + 1, L) array
        Out: +1 on the side of (-t_y, t_x) of her midline, -1 on the other.
    """
    nodes, lanes = x.shape
    segments = mate_x.shape[0] - 1
    hers = _segments(mate_x, mate_y, mate_radius)
    for i in range(nodes):
        for b in range(lanes):
            if wait[i, b] > 0 and step > 0:
                wait[i, b] -= 1
                continue
            px, py = x[i, b], y[i, b]
            if step == 0 or (step + i) % SEARCH == 0 or gap[i, b] > NEAR_MM:
                j, least = 0, _at(px, py, 0, b, mate_x, mate_y, mate_radius, hers)[0]
                for k in range(1, segments):
                    other = _at(px, py, k, b, mate_x, mate_y, mate_radius, hers)[0]
                    if other < least:
                        j, least = k, other
                least, s, dx, dy, across = _at(px, py, j, b, mate_x, mate_y, mate_radius, hers)
            else:
                j = segment[i, b]
                least, s, dx, dy, across = _at(px, py, j, b, mate_x, mate_y, mate_radius, hers)
                way = 1 if s > 1.0 - ASIDE else (-1 if s < ASIDE else 0)
                while way != 0 and 0 <= j + way < segments:
                    other, os, ox, oy, oa = _at(px, py, j + way, b, mate_x, mate_y, mate_radius, hers)
                    if not other < least:
                        break
                    j, least, s, dx, dy, across = j + way, other, os, ox, oy, oa
            g = least - radius[i]
            segment[i, b] = j
            gap[i, b] = g
            place[i, b] = (j + s) / segments
            flank[i, b] = 1.0 if across >= 0.0 else -1.0
            face[i, b] = 0.0
            if not g <= NEAR_MM:
                if g > NEAR_MM:  # a lane that is not a number waits for nothing
                    wait[i, b] = int(min((g - NEAR_MM) / closing_mm, FAR_STEPS))
                continue
            distance = np.sqrt(dx * dx + dy * dy)
            if distance > 0.0:
                nx, ny = dx / distance, dy / distance
            else:  # on her very midline: out to the side
                nx, ny = mate_y[j, b] - mate_y[j + 1, b], mate_x[j + 1, b] - mate_x[j, b]
                distance = np.sqrt(nx * nx + ny * ny)
                nx, ny = nx / distance, ny / distance
            before, after = max(i - 1, 0), min(i + 1, nodes - 1)
            tx, ty = x[after, b] - x[before, b], y[after, b] - y[before, b]
            face[i, b] = (nx * ty - ny * tx) / np.sqrt(tx * tx + ty * ty)  # (-n) times (-t_y, t_x)
            if g < 0.0:
                fx[i, b] -= stiffness * g * nx
                fy[i, b] -= stiffness * g * ny
                kxx[i, b] += stiffness * nx * nx
                kxy[i, b] += stiffness * nx * ny
                kyy[i, b] += stiffness * ny * ny
            elif g < adhesion_mm:
                q = g / adhesion_mm
                pull = 4.0 * adhesion[b] * q * (1.0 - q)
                fx[i, b] -= pull * nx
                fy[i, b] -= pull * ny


@njit(forceinline=True, error_model="numpy")
def _fade(z):
    """1 at and above 1, 0 at and below 0, smooth between."""
    z = min(max(z, 0.0), 1.0)
    return z * z * (3.0 - 2.0 * z)


@njit(cache=True, nogil=True, error_model="numpy")
def feel_mate(x, y, radius, gap, face, mate_x, mate_y, mate_radius, vulva, vulva_side, organ_place, organ_side, organ_feels, touch_mm,
              vulva_mm, first, signal):
    """Set what the organs of the male's tail feel, 0..1, from the contact that :func:`touch_mate` found.

    A touch organ feels the gap fade from 0 (1) to `touch_mm` (0), times how far its own side faces her ((1 + side face)/2; 1 for
    an organ of both sides). An organ that feels the vulva feels its distance, from the organ's place on his surface to the
    vulva on hers, fade to `vulva_mm`.

    Parameters
    ----------
    x, y, radius, gap, face, mate_x, mate_y, mate_radius
        As in :func:`touch_mate`.
    vulva : (L,) array
        Place of the vulva on her midline, 0 nose, 1 tail.
    vulva_side : (L,) array
        Flank on which it lies, +1 or -1; 0 puts it on the midline.
    organ_place, organ_side : (K,) arrays
        In body lengths of the male from the nose; -1 ventral, +1 dorsal, 0 both sides.
    organ_feels : (K,) int64 array
        TOUCH or VULVA.
    touch_mm, vulva_mm : float, mm
        TOUCH_MM, VULVA_MM.
    first : int
        Row of the first organ in `signal`.
    signal : (first + K or more, L) array
        Rows first ... first + K - 1 are set.
    """
    nodes, lanes = x.shape
    segments = mate_x.shape[0] - 1
    for b in range(lanes):
        j = min(int(vulva[b] * segments), segments - 1)
        a = vulva[b] * segments - j
        tx, ty = mate_x[j + 1, b] - mate_x[j, b], mate_y[j + 1, b] - mate_y[j, b]
        out = vulva_side[b] * ((1.0 - a) * mate_radius[j] + a * mate_radius[j + 1]) / np.sqrt(tx * tx + ty * ty)
        vx, vy = mate_x[j, b] + a * tx - out * ty, mate_y[j, b] + a * ty + out * tx
        for k in range(organ_place.size):
            i = min(int(organ_place[k] * (nodes - 1)), nodes - 2)
            a = organ_place[k] * (nodes - 1) - i
            if organ_feels[k] == VULVA:
                tx, ty = x[i + 1, b] - x[i, b], y[i + 1, b] - y[i, b]
                out = organ_side[k] * ((1.0 - a) * radius[i] + a * radius[i + 1]) / np.sqrt(tx * tx + ty * ty)
                dx, dy = x[i, b] + a * tx - out * ty - vx, y[i, b] + a * ty + out * tx - vy
                signal[first + k, b] = _fade(1.0 - np.sqrt(dx * dx + dy * dy) / vulva_mm)
                continue
            near, far = _fade(1.0 - gap[i, b] / touch_mm), _fade(1.0 - gap[i + 1, b] / touch_mm)
            if organ_side[k] != 0.0:
                near *= 0.5 * (1.0 + organ_side[k] * face[i, b])
                far *= 0.5 * (1.0 + organ_side[k] * face[i + 1, b])
            signal[first + k, b] = (1.0 - a) * near + a * far
