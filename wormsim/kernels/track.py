"""A chain that slides along a fixed track, as a worm on agar crawls: head first, and every part where the head has been.

All lanes at once; a mate that lies still has speed 0.
"""

from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def slide(t_s, track_x, track_y, spacing_mm, length_mm, speed_mm_s, x, y):
    """Fill `x`, `y` (M, L) with the nodes at time `t_s`, nose first.

    Parameters
    ----------
    t_s : float
    track_x, track_y : (P, L) arrays, mm
        The track every `spacing_mm`; the tail's end starts at its first point. Beyond its last point she stays where she is.
    spacing_mm, length_mm : float
    speed_mm_s : (L,) array
    """
    nodes, lanes = x.shape
    last = track_x.shape[0] - 1
    for b in range(lanes):
        nose = min(length_mm + speed_mm_s[b] * t_s, last * spacing_mm)
        for i in range(nodes):
            at = (nose - length_mm * i / (nodes - 1)) / spacing_mm
            j = min(max(int(at), 0), last - 1)
            a = at - j
            x[i, b] = (1.0 - a) * track_x[j, b] + a * track_x[j + 1, b]
            y[i, b] = (1.0 - a) * track_y[j, b] + a * track_y[j + 1, b]
