"""exp(x) and (exp(x) - 1)/x that the compiler can vectorise, with the same bits in vector and in scalar code.

``x = k ln 2 + r`` with integer k and ``|r| <= ln(2)/2``; k is rounded by adding a number so large that the sum keeps no
fraction, and ``2**k`` is made by shifting that sum's last bits into an exponent. ``e**r - 1 = r + r**2 q(r)`` with a
polynomial q that is a minimax (Remez) fit of ``(e**r - 1 - r)/r**2`` on the interval: degree 5, error 1.4e-9, for
float32; degree 9, error 1.1e-16, for float64. There is no branch and no table. Every multiply-add that matters is
written as a fused one, so that nothing is left to the compiler's choice.

``(e**x - 1)/x`` is a polynomial where ``|x| <= 1``: minimax for the relative error (Remez in 50 digits, coefficients then
rounded), degree 7 with error 2.1e-8 for float32, degree 13 with 9.1e-17 for float64. It takes a third of the time of the
general form, which divides; a row of lanes that all have small x needs nothing else (``exprel_small``).

Bounds, tested over the whole range against float128 or float64: exp within 1.5 ulp for -87.3 <= x <= 88.3 (float32)
and -708 <= x <= 709 (float64), held at the value of the nearer end outside; exprel within 4 ulp. A not-a-number stays
one. (The bounds are put on as ``BOUND if BOUND < x else x``, which is one instruction and lets a not-a-number through.)
"""

import numpy as np
from llvmlite import ir
from numba import config, njit, types
from numba.core.errors import TypingError
from numba.extending import intrinsic

_F, _D = np.float32, np.float64

if config.DISABLE_JIT:
    def fma(a, b, c):
        """Without compilation: rounded twice."""
        return a * b + c
else:
    @intrinsic
    def fma(typingctx, a, b, c):
        """``a*b + c``, rounded once."""
        if not (isinstance(a, types.Float) and a == b == c):
            raise TypingError(f"fma takes three numbers of one floating type, got {a}, {b}, {c}")

        def codegen(context, builder, signature, args):
            kind = {32: "f32", 64: "f64"}[a.bitwidth]
            t = args[0].type
            function = builder.module.declare_intrinsic("llvm.fma", [t], ir.FunctionType(t, [t, t, t]))
            assert function.name.endswith(kind)
            return builder.call(function, args)

        return a(a, b, c), codegen


@njit(forceinline=True, error_model="numpy")
def _parts32(x):
    """2**k and e**r - 1 of a float32."""
    x = _F(88.3) if _F(88.3) < x else x
    x = _F(-87.3) if _F(-87.3) > x else x
    shifted = fma(x, _F(1.4426950408889634), _F(12582912.0))
    k = shifted - _F(12582912.0)
    r = fma(k, _F(-0.693359375), x)
    r = fma(k, _F(2.1219444005469058e-4), r)
    q = _F(1.9907574444346418e-4)
    q = fma(q, r, _F(1.3933643227289581e-3))
    q = fma(q, r, _F(8.3332860212139603e-3))
    q = fma(q, r, _F(4.1666464979740762e-2))
    q = fma(q, r, _F(0.16666666756420427))
    q = fma(q, r, _F(0.5000000013461698))
    scale = np.int32((_F(shifted).view(np.int32) << np.int32(23)) + np.int32(0x3F800000)).view(np.float32)
    return scale, fma(q, r * r, r)


@njit(forceinline=True, error_model="numpy")
def _parts64(x):
    """2**k and e**r - 1 of a float64."""
    x = 709.0 if x > 709.0 else x
    x = -708.0 if x < -708.0 else x
    shifted = fma(x, 1.4426950408889634, 6755399441055744.0)
    k = shifted - 6755399441055744.0
    r = fma(k, -0.6931471803691238, x)
    r = fma(k, -1.908214929270587816e-10, r)
    q = 2.511003614718777098e-8
    q = fma(q, r, 2.7620076795982908148e-7)
    q = fma(q, r, 2.7557242373006254542e-6)
    q = fma(q, r, 2.4801521320161297648e-5)
    q = fma(q, r, 1.9841269886559080628e-4)
    q = fma(q, r, 1.3888888917198384605e-3)
    q = fma(q, r, 8.3333333333222176608e-3)
    q = fma(q, r, 4.1666666666624157885e-2)
    q = fma(q, r, 0.16666666666666674521)
    q = fma(q, r, 0.50000000000000010212)
    scale = np.int64((_D(shifted).view(np.int64) << np.int64(52)) + np.int64(0x3FF0000000000000)).view(np.float64)
    return scale, fma(q, r * r, r)


@njit(forceinline=True, error_model="numpy")
def exp32(x):
    """e**x of a float32."""
    scale, p = _parts32(x)
    return fma(scale, p, scale)


@njit(forceinline=True, error_model="numpy")
def exp64(x):
    """e**x of a float64."""
    scale, p = _parts64(x)
    return fma(scale, p, scale)


@njit(forceinline=True, error_model="numpy")
def exprel_small32(x):
    """(e**x - 1)/x of a float32 between -1 and 1."""
    q = _F(2.4800283426884562e-05)
    q = fma(q, x, _F(2.0391104044392705e-04))
    q = fma(q, x, _F(1.3895082520321012e-03))
    q = fma(q, x, _F(8.3299549296498299e-03))
    q = fma(q, x, _F(4.1666258126497269e-02))
    q = fma(q, x, _F(0.16666732728481293))
    q = fma(q, x, _F(0.5000000596046448))
    return fma(q, x, _F(1.0))


@njit(forceinline=True, error_model="numpy")
def exprel_small64(x):
    """(e**x - 1)/x of a float64 between -1 and 1."""
    q = 1.1470521899583595e-11
    q = fma(q, x, 1.6326310704222026e-10)
    q = fma(q, x, 2.0879891887966973e-09)
    q = fma(q, x, 2.504846419169102e-08)
    q = fma(q, x, 2.755726724663387e-07)
    q = fma(q, x, 2.7557343775047078e-06)
    q = fma(q, x, 2.4801587650245057e-05)
    q = fma(q, x, 1.9841269756667304e-04)
    q = fma(q, x, 1.3888888887812736e-03)
    q = fma(q, x, 8.333333333471537e-03)
    q = fma(q, x, 4.1666666666680535e-02)
    q = fma(q, x, 0.16666666666665825)
    q = fma(q, x, 0.4999999999999995)
    return fma(q, x, 1.0)


@njit(forceinline=True, error_model="numpy")
def expm1_32(x):
    """e**x - 1 of a float32."""
    scale, p = _parts32(x)
    return fma(scale, p, scale - _F(1.0)) if abs(x) > _F(1.0) else x * exprel_small32(x)


@njit(forceinline=True, error_model="numpy")
def expm1_64(x):
    """e**x - 1 of a float64."""
    scale, p = _parts64(x)
    return fma(scale, p, scale - 1.0) if abs(x) > 1.0 else x * exprel_small64(x)


@njit(forceinline=True, error_model="numpy")
def exprel32(x):
    """(e**x - 1)/x of a float32, 1 at 0."""
    scale, p = _parts32(x)
    large = abs(x) > _F(1.0)
    return fma(scale, p, scale - _F(1.0)) / (x if large else _F(1.0)) if large else exprel_small32(x)


@njit(forceinline=True, error_model="numpy")
def exprel64(x):
    """(e**x - 1)/x of a float64, 1 at 0."""
    scale, p = _parts64(x)
    large = abs(x) > 1.0
    return fma(scale, p, scale - 1.0) / (x if large else 1.0) if large else exprel_small64(x)


@njit(error_model="numpy", nogil=True)
def fill_exp32(x, out):
    """``out[i] = exp32(x[i])``, the form in which the tests look at the assembly."""
    for i in range(x.size):
        out[i] = exp32(x[i])


@njit(error_model="numpy", nogil=True)
def fill_exp64(x, out):
    """``out[i] = exp64(x[i])``."""
    for i in range(x.size):
        out[i] = exp64(x[i])


@njit(error_model="numpy", nogil=True)
def fill_exprel32(x, out):
    """``out[i] = exprel32(x[i])``."""
    for i in range(x.size):
        out[i] = exprel32(x[i])


@njit(error_model="numpy", nogil=True)
def fill_exprel64(x, out):
    """``out[i] = exprel64(x[i])``."""
    for i in range(x.size):
        out[i] = exprel64(x[i])
