"""1/(1 + exp(-x)) with one division, and with the same bits in vector and in scalar code.

In single precision ``exp(-x) = 2**k 2**f`` with integer k and ``|f| <= 1/2``, where ``2**f`` is a minimax polynomial of degree
5 for the relative error 7.5e-8 (Remez in 50 digits, coefficients then rounded) and k is added to its exponent as an integer: no
multiplication, no second part of ln 2, both of which an exponential of its own would need. A rational minimax form of
the same accuracy takes as many operations and loses the relative accuracy of the lower tail.

Bounds, tested over the whole range. float32: absolute error below 1e-7, relative error below 2.1e-7 + 2e-8 |x|.
float64: 3.5 ulp. Outside of +-87.3 (float32) and +-708 (float64) the value is held: 1 above, 1e-38 or 1e-308 below. A
not-a-number stays one.
"""

import numpy as np
from numba import njit

from .exponential import exp64, fma

_F = np.float32


@njit(forceinline=True, error_model="numpy")
def sigmoid32(x):
    """1/(1 + e**-x) of a float32."""
    x = _F(87.3) if _F(87.3) < x else x
    x = _F(-87.3) if _F(-87.3) > x else x
    shifted = fma(x, _F(-1.4426950408889634), _F(12582912.0))
    f = fma(x, _F(-1.4426950408889634), _F(12582912.0) - shifted)
    q = _F(1.327646271e-3)
    q = fma(q, f, _F(9.675552882e-3))
    q = fma(q, f, _F(5.5507133887e-2))
    q = fma(q, f, _F(0.2402211951))
    q = fma(q, f, _F(0.69314696694))
    q = fma(q, f, _F(1.0))
    power = np.int32((_F(shifted).view(np.int32) << np.int32(23)) + _F(q).view(np.int32)).view(np.float32)
    return _F(1.0) / (_F(1.0) + power)


@njit(forceinline=True, error_model="numpy")
def sigmoid64(x):
    """1/(1 + e**-x) of a float64."""
    return 1.0 / (1.0 + exp64(-x))


@njit(error_model="numpy", nogil=True)
def fill_sigmoid32(x, out):
    """``out[i] = sigmoid32(x[i])``, the form that ``benchmarks/ceilings.py`` times."""
    for i in range(x.size):
        out[i] = sigmoid32(x[i])
