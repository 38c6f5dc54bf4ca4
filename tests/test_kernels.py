"""Kernels: exponentials within their bounds and with the same bits in vector and scalar code, draws as in NumPy."""

import platform
import re

import numpy as np
import pytest
from numba import njit

from wormsim.kernels import exponential, logarithm, random
from wormsim.kernels.philox import event_draw
from wormsim.kernels.subnormals import flush_subnormals, restore

RANGE = {np.float32: (-87.3, 88.3), np.float64: (-708.0, 709.0)}
FILL = {("exp", np.float32): exponential.fill_exp32, ("exp", np.float64): exponential.fill_exp64,
        ("exprel", np.float32): exponential.fill_exprel32, ("exprel", np.float64): exponential.fill_exprel64,
        ("log", np.float32): logarithm.fill_log32, ("log", np.float64): logarithm.fill_log64}


def fill(name, x):
    out = np.empty_like(x)
    FILL[name, x.dtype.type](x, out)
    return out


def points(kind):
    low, high = RANGE[kind]
    tiny = np.logspace(-30, np.log10(min(-low, high)) - 0.01, 100_001)
    return np.unique(np.concatenate([np.linspace(low, high, 400_001), tiny, -tiny]).astype(kind))


def ulps(value, exact, kind):
    return np.max(np.abs(value.astype(np.longdouble) - exact) / np.spacing(exact.astype(kind)))


@pytest.mark.parametrize("kind", RANGE)
def test_exp_within_its_bound(kind):
    x = points(kind)
    exact = np.exp(x.astype(np.float64 if kind is np.float32 else np.longdouble))
    assert ulps(fill("exp", x), exact, kind) < 1.5


@pytest.mark.parametrize("kind", RANGE)
def test_exprel_within_its_bound(kind):
    x = points(kind)
    x = x[x != 0]
    wide = x.astype(np.float64 if kind is np.float32 else np.longdouble)
    assert ulps(fill("exprel", x), np.expm1(wide) / wide, kind) < 4
    assert fill("exprel", np.zeros(3, kind)).tolist() == [1, 1, 1]


@pytest.mark.parametrize("kind", RANGE)
def test_log_within_its_bound(kind):
    kinds = np.finfo(kind)
    all_sizes = np.logspace(np.log10(float(kinds.tiny)), np.log10(float(kinds.max)) - 1e-9, 400_001)
    x = np.unique(np.concatenate([all_sizes, np.linspace(0.4, 2.5, 400_001), 1 + np.linspace(-1e-3, 1e-3, 100_001)]).astype(kind))
    x = x[(x >= kinds.tiny) & (x != 1)]
    exact = np.log(x.astype(np.float64 if kind is np.float32 else np.longdouble))
    assert np.max(np.abs(fill("log", x) - exact) / np.spacing(np.abs(exact).astype(kind))) < 2
    np.testing.assert_array_equal(fill("log", np.array([0, -1, np.nan, np.inf, 1], kind)), [-np.inf, np.nan, np.nan, np.inf, 0])


@pytest.mark.parametrize("kind", RANGE)
def test_outside_of_the_range(kind):
    low, high = RANGE[kind]
    out = fill("exp", np.array([-np.inf, -1e4, low, high, 1e4, np.inf, np.nan], kind))
    assert out[0] == out[1] == out[2] > 0
    assert out[3] == out[4] == out[5] < np.inf
    assert np.isnan(out[6])


@pytest.mark.parametrize(("name", "kind"), FILL)
def test_vector_and_scalar_code_give_the_same_bits(name, kind):
    x = np.random.default_rng(0).uniform(*RANGE[kind], 517).astype(kind)
    x = np.exp(x) if name == "log" else x
    whole = fill(name, x)
    single = np.concatenate([fill(name, x[k:k + 1]) for k in range(x.size)])
    shifted = np.concatenate([fill(name, x[:3]), fill(name, x[3:])])
    assert whole.tobytes() == single.tobytes() == shifted.tobytes()


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="looks at x86 assembly")
@pytest.mark.parametrize(("name", "kind"), FILL)
def test_the_compiler_vectorises(name, kind):
    function = FILL[name, kind]
    fill(name, np.zeros(2, kind))
    assembly = function.inspect_asm(function.signatures[0])
    packed = "ps" if kind is np.float32 else "pd"
    if "fma" not in assembly and "vfmadd" not in assembly:
        pytest.skip("this CPU has no fused multiply-add")
    assert len(re.findall(rf"vfmadd\w+{packed}\s.*%[yz]mm", assembly)) >= (5 if name == "log" else 7)


def test_fma_rounds_once():
    @njit
    def both(a, b, c):
        return exponential.fma(a, b, c), a * b + c

    a = 1.0 + 2.0**-30
    fused, apart = both(a, a, -1.0 - 2.0**-29)
    assert fused == 2.0**-60
    assert apart == 0.0


def test_compiled_draws_are_those_of_numpy():
    @njit
    def draws(low, high, steps, out):
        for k in range(out.size):
            out[k] = event_draw(low[k], high[k], steps[k], 3, 11)

    streams = np.random.default_rng(1).integers(0, 2**64, 500, np.uint64)
    steps = np.arange(500)
    out = np.zeros(500, np.uint64)
    draws(streams & np.uint64(0xFFFFFFFF), streams >> np.uint64(32), steps, out)
    assert (out == random.event_draws(streams, steps, 3, 11)).all()


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="a register of x86")
def test_subnormals_are_flushed_inside_and_kept_outside():
    @njit
    def halve(x, flush):
        state = flush_subnormals() if flush else np.uint32(0)
        for k in range(x.size):
            x[k] *= np.float32(0.5)
        if flush:
            restore(state)

    smallest = np.finfo(np.float32).tiny
    inside, outside = np.full(9, smallest), np.full(9, smallest)
    halve(inside, True)
    halve(outside, False)
    assert (inside == 0).all()
    assert (outside == smallest / 2).all()
    assert np.full(3, smallest, np.float32)[0] * np.float32(0.5) > 0
