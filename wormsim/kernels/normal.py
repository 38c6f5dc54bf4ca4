"""Standard normals from the counter-based generator: the noise ``xi`` of a cell in a step.

The number of a cell is a function of (stream, step, cell, source). One call of Philox4x32-10 with

    key = stream, counter = (step, m, source, 1), m = 16 floor(cell / 64) + cell mod 16

makes the four numbers of the cells ``64 g + j + 16 k`` (g = floor(m / 16), j = m mod 16, k = 0 ... 3), so that both the
calls and what they fill lie side by side and vectorise. The counter's last word is 0 for Poisson events and 1 here: the two
never share a draw.

Words (a, b) and (c, d) make two numbers each by Box and Muller's transform: 31 bits of the first one a radius
``sqrt(-2 ln u)``, ``u = (k + 1/2) / 2**31``; of the second one 31 bits an angle in the right half of the circle, and one
bit the half. So no number lies beyond ``sqrt(64 ln 2) = 6.66`` (chance of one: 3e-11). They are computed in single precision
with fused multiply-adds, whatever the precision of the model, and have the same bits on every machine. The polynomials are
near-minimax fits at Chebyshev nodes: ln to 2.4e-8 of itself, the sine to 2.6e-8, the cosine to 1e-9.
"""

import hashlib

import numpy as np
from numba import njit

from wormsim.kernels.exponential import fma
from wormsim.kernels.philox import philox4x32
from wormsim.kernels.rows import row_function

CACHE = False
LEAST = 64
_F, _I, _U = np.float32, np.int32, np.uint64


def noise_source(name: str) -> int:
    """Third word of the counter of a noise, by its name: another noise of a model changes nothing for this one."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest(), "little")


@row_function
def _words(a, b, c, d, first, key_low, key_high, step, source):
    """The words of calls `first`, `first` + 1, ..."""
    for m in range(a.size):
        w0, w1, w2, w3 = philox4x32(_U(step), _U(first + m), _U(source), _U(1), key_low, key_high)
        a[m], b[m], c[m], d[m] = _I(w0), _I(w1), _I(w2), _I(w3)


@njit(forceinline=True, error_model="numpy")
def _radius(word):
    """sqrt(-2 ln u) of 31 bits."""
    u = fma(_F((word >> _I(1)) & _I(0x7FFFFFFF)), _F(2.0**-31), _F(2.0**-32))
    bits = _F(u).view(np.int32)
    e = (bits - _I(0x3F3504F3)) >> _I(23)  # u = 2**e (1 + f), with 1 + f between sqrt(1/2) and sqrt(2)
    f = _I(bits - (e << _I(23))).view(np.float32) - _F(1.0)
    p = _F(-0.08101558333346173)
    p = fma(p, f, _F(0.12712307677829707))
    p = fma(p, f, _F(-0.12972238988989238))
    p = fma(p, f, _F(0.14202173822178454))
    p = fma(p, f, _F(-0.16642247595902082))
    p = fma(p, f, _F(0.2000146857692058))
    p = fma(p, f, _F(-0.2500029654603987))
    p = fma(p, f, _F(0.3333332859677578))
    p = fma(p, f, _F(-0.5))
    p = fma(p, f * f, f)
    return np.sqrt(_F(-2.0) * fma(_F(e), _F(0.6931471805599453), p))


@njit(forceinline=True, error_model="numpy")
def _cosine_and_sine(word):
    """Of an angle: 31 bits say where in the right half of the circle, the sign bit turns it over."""
    x = fma(_F((word & _I(0x7FFFFFFF)) - _I(0x40000000)), _F(np.pi * 2.0**-31), _F(np.pi * 2.0**-32))
    q = x * x
    s = _F(2.634815379885413e-06)
    s = fma(s, q, _F(-0.00019822761331444042))
    s = fma(s, q, _F(0.008333242337368688))
    s = fma(s, q, _F(-0.1666666596659844))
    s = fma(s, q * x, x)
    c = _F(-2.629793845573139e-07)
    c = fma(c, q, _F(2.477460052928029e-05))
    c = fma(c, q, _F(-0.0013888651967921908))
    c = fma(c, q, _F(0.04166665937585959))
    c = fma(c, q, _F(-0.4999999996407527))
    c = fma(c, q, _F(1.0))
    return (c if word >= _I(0) else -c), s


@njit(forceinline=True, error_model="numpy")
def normal_of(radius, angle):
    """One number, in single precision, from two words as int32; the transform's second number is not made."""
    cosine, _ = _cosine_and_sine(angle)
    return _radius(radius) * cosine


@row_function
def _pairs(a, b, x, y):
    """Sixteen numbers into `x` and into `y`."""
    for j in range(16):
        r = _radius(a[j])
        c, s = _cosine_and_sine(b[j])
        x[j] = r * c
        y[j] = r * s


@njit(cache=CACHE, nogil=True, error_model="numpy")
def fill_normals(out, first, key_low, key_high, step, source, words):
    """Numbers of the cells `first`, `first` + 1, ... in one step, for one source.

    Parameters
    ----------
    out : float32 array
        As long as a multiple of 64.
    first : int
        A multiple of 64.
    key_low, key_high : uint64
        The halves of the stream.
    step, source : int
    words : int32 array, shape (4, at least len(out) / 4)
        Scratch.
    """
    n = out.size // 4
    _words(words[0, :n], words[1, :n], words[2, :n], words[3, :n], first // 4, key_low, key_high, step, source)
    for m in range(0, n, 16):
        at = 4 * m
        _pairs(words[0, m : m + 16], words[1, m : m + 16], out[at : at + 16], out[at + 16 : at + 32])
        _pairs(words[2, m : m + 16], words[3, m : m + 16], out[at + 32 : at + 48], out[at + 48 : at + 64])


def padded(n_cells: int) -> int:
    """`n_cells`, or the next multiple of 64."""
    return -(-n_cells // LEAST) * LEAST


def normals(stream: int, steps, n_cells: int, source: int) -> np.ndarray:
    """Numbers of the first `n_cells` cells in some steps, float32 (steps, cells)."""
    steps = np.atleast_1d(steps)
    out, words = np.empty((len(steps), padded(n_cells)), np.float32), np.empty((4, padded(n_cells) // 4), np.int32)
    low, high = np.uint64(int(stream) & 0xFFFFFFFF), np.uint64(int(stream) >> 32)
    for row, step in zip(out, steps.tolist(), strict=True):
        fill_normals(row, 0, low, high, step, source, words)
    return out[:, :n_cells]
