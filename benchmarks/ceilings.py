"""What this machine can do at best: memory, multiply-adds, exponentials, random access; the roof over the kernels.

``python benchmarks/ceilings.py`` measures with small compiled loops, one and two threads, and takes the fastest of several
runs, since a ceiling is what is reached when nothing disturbs:

- bandwidth by footprint: read (a sum), write (a fill) and triad (``a = b + s c``, three arrays, all three counted; what the
  processor reads only to overwrite it is not);
- multiply-adds: eight independent chains for each number, in registers; two operations each;
- the project's own exp and sigmoid over an array that lies in the first-level cache;
- random gather and scatter-add of single float32 numbers by footprint, the list of places read in order.

It prints a table and writes ``ceilings.png`` and ``ceilings.json`` into ``--out``.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# Run as a script: these stand beside this file.
import numpy as np
from numba import njit
from sides import machine, peak_mb

from wormsim.kernels.exponential import exp32, fill_exp32, fill_exp64, fma

OUT = Path(__file__).resolve().parents[1] / "docs" / "figures"
KIB = 1024
RUNS = 7


@njit(fastmath=True, nogil=True)
def read(x, repeat):
    total = np.float32(0)
    for _ in range(repeat):
        for i in range(x.size):
            total += x[i]
        x[0] = total  # else the sum is made once and kept
    return total


@njit(nogil=True)
def write(x, repeat):
    for k in range(repeat):
        value = np.float32(k)
        for i in range(x.size):
            x[i] = value


@njit(fastmath=True, nogil=True)
def triad(a, b, c, repeat):
    s = np.float32(1.5)
    for _ in range(repeat):
        for i in range(a.size):
            a[i] = b[i] + s * c[i]
        b[0] = a[0]


@njit(nogil=True, error_model="numpy")
def multiply_add(x, out, a, repeat):
    """64 fused multiply-adds for each number."""
    for _ in range(repeat):
        for i in range(x.size):
            v = x[i]
            p, q, r, s, t, u, w, y = v, v + a, v - a, a, -a, v * a, a - v, -v
            for _k in range(8):
                p = fma(p, v, a)
                q = fma(q, v, a)
                r = fma(r, v, a)
                s = fma(s, v, a)
                t = fma(t, v, a)
                u = fma(u, v, a)
                w = fma(w, v, a)
                y = fma(y, v, a)
            out[i] = (p + q + r + s) + (t + u + w + y)


@njit(nogil=True, error_model="numpy")
def fill_plain_sigmoid(x, out):
    for i in range(x.size):
        out[i] = np.float32(1) / (np.float32(1) + exp32(-x[i]))


def repeated(fill):
    """``fill(x, out)`` many times, without coming back to Python."""
    @njit(nogil=True)
    def call(x, out, repeat):
        for _ in range(repeat):
            fill(x, out)
            x[0] = out[1]

    return call


@njit(fastmath=True, nogil=True)
def gather(x, at, repeat):
    total = np.float32(0)
    for _ in range(repeat):
        for i in range(at.size):
            total += x[at[i]]
        x[0] = total
    return total


@njit(nogil=True)
def scatter(x, at, repeat):
    for _ in range(repeat):
        for i in range(at.size):
            x[at[i]] += np.float32(1)


def best(make, least_s: float, threads: int = 1) -> float:
    """Fewest seconds of one repetition; ``make()`` gives a thread its own ``call(repeat)``."""
    calls = [make() for _ in range(threads)]
    calls[0](1)
    repeat, spent = 1, 0.0
    while True:
        began = time.perf_counter()
        calls[0](repeat)
        spent = time.perf_counter() - began
        if spent >= least_s:
            break
        repeat = max(2 * repeat, int(repeat * least_s / max(spent, 1e-7)))
    wall = []
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(RUNS):
            began = time.perf_counter()
            for _ in pool.map(lambda call: call(repeat), calls):
                pass
            wall.append(time.perf_counter() - began)
    return min(wall) / repeat


def bandwidth(footprint: int, threads: int, least_s: float) -> dict[str, float]:
    """GB/s of read, write and triad where each thread's arrays take `footprint` bytes together."""
    n = footprint // 4
    third = max(n // 3, 16)

    def reader():
        x = np.zeros(n, np.float32)
        return lambda repeat: read(x, repeat)

    def writer():
        x = np.zeros(n, np.float32)
        return lambda repeat: write(x, repeat)

    def triads():
        a, b, c = (np.zeros(third, np.float32) for _ in range(3))
        return lambda repeat: triad(a, b, c, repeat)

    return {name: threads * size * 4 / best(make, least_s, threads) / 1e9
            for name, make, size in (("read", reader, n), ("write", writer, n), ("triad", triads, 3 * third))}


def arithmetic(threads: int, least_s: float) -> dict[str, float]:
    """1e9 a second: multiply-adds (two operations each), exponentials and sigmoids."""
    out = {}
    for dtype in (np.float32, np.float64):
        def chains(dtype=dtype):
            x, y, a = np.linspace(0.1, 0.5, 2048).astype(dtype), np.empty(2048, dtype), dtype(0.3)
            return lambda repeat: multiply_add(x, y, a, repeat)

        out[f"multiply-add {dtype.__name__} (Gflop/s)"] = threads * 2 * 64 * 2048 / best(chains, least_s, threads) / 1e9
    fills = {"exp float32 (G/s)": (fill_exp32, np.float32), "exp float64 (G/s)": (fill_exp64, np.float64),
             "1/(1 + exp(-x)) float32 (G/s)": (fill_plain_sigmoid, np.float32)}
    with contextlib.suppress(ModuleNotFoundError):  # a kernel of its own, where there is one
        fills["sigmoid float32 (G/s)"] = importlib.import_module("wormsim.kernels.sigmoid").fill_sigmoid32, np.float32
    for name, (fill, dtype) in fills.items():
        many = repeated(fill)

        def filling(many=many, dtype=dtype):
            x, y = np.linspace(-20, 20, 2048).astype(dtype), np.empty(2048, dtype)
            return lambda repeat: many(x, y, repeat)

        out[name] = threads * 2048 / best(filling, least_s, threads) / 1e9
    return out


def random_access(footprint: int, least_s: float) -> dict[str, float]:
    """Nanoseconds for each gather and scatter-add."""
    rng = np.random.default_rng(1)
    n = footprint // 4
    at = rng.integers(0, n, min(max(n, 4096), 4_000_000)).astype(np.int32)
    x = np.zeros(n, np.float32)
    return {name: best(lambda f=f: lambda repeat: f(x, at, repeat), least_s) / len(at) * 1e9
            for name, f in (("gather", gather), ("scatter-add", scatter))}


def caches() -> dict[str, int]:
    """Bytes of each level of data cache that a core sees, where the system tells."""
    out = {}
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        if (index / "type").read_text().strip() != "Instruction":
            size = (index / "size").read_text().strip()
            out[f"L{(index / 'level').read_text().strip()}"] = int(size.rstrip("KM")) * (KIB if size.endswith("K") else KIB**2)
    return out


def draw(found: dict, path: Path) -> None:
    from wormsim.plotting.style import BLUE, GREEN, GREY, LIGHT, RED, SKY, new_figure

    figure, (left, middle, right) = new_figure(13, 4, 1, 3)
    names = {1: "1 thread", 2: "2 threads"}
    for threads, style in ((1, "-"), (2, "--")):
        rows = [r for r in found["bandwidth"] if r["threads"] == threads]
        for name, colour in (("read", BLUE), ("write", RED), ("triad", GREEN)):
            left.plot([r["bytes"] / KIB for r in rows], [r[name] for r in rows], style, color=colour,
                      label=f"{name}, {names[threads]}")
    left.set(xscale="log", yscale="log", xlabel="footprint of each thread (KiB)", ylabel="GB/s", title="Memory bandwidth")
    for name, colour in (("gather", BLUE), ("scatter-add", RED)):
        middle.plot([r["bytes"] / KIB for r in found["random"]], [r[name] for r in found["random"]], "o-", ms=3, color=colour,
                    label=name)
    middle.set(xscale="log", yscale="log", xlabel="footprint (KiB)", ylabel="ns for each number",
               title="Random access to float32, 1 thread")
    for ax in (left, middle):
        for name, size in found["caches"].items():
            ax.axvline(size / KIB, color=LIGHT, lw=1, zorder=0)
            ax.text(size / KIB, 0.02, f"{name} ", ha="right", color=GREY, fontsize=8, transform=ax.get_xaxis_transform())
        ax.legend(fontsize=8, frameon=False)
    kinds = list(found["arithmetic"]["1"])
    where = np.arange(len(kinds))
    for threads, shift, colour in ((1, -0.2, SKY), (2, 0.2, BLUE)):
        values = [found["arithmetic"][str(threads)][kind] for kind in kinds]
        bars = right.barh(where + shift, values, 0.38, color=colour, label=names[threads])
        right.bar_label(bars, [f" {v:.3g}" for v in values], fontsize=8)
    right.set_yticks(where, [kind.replace(" (", "\n(") for kind in kinds])
    right.invert_yaxis()
    right.set(xscale="log", xlabel="1e9 a second", title="Arithmetic, data in the first-level cache")
    right.set_xlim(right=right.get_xlim()[1] * 2)
    right.legend(fontsize=8, frameon=False, loc="lower right")
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="few footprints, each for a moment: to see that it runs")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    least_s = 0.001 if options.quick else 0.03
    footprints = [16 * KIB, 256 * KIB] if options.quick else [int(8 * KIB * 2**k) for k in range(17)]
    for call in (lambda: bandwidth(4096, 1, 0), lambda: random_access(4096, 0)):  # compiles
        call()
    print(machine())
    found = {"machine": machine(), "caches": caches(),
             "bandwidth": [{"bytes": b, "threads": t, **bandwidth(b, t, least_s)} for t in (1, 2) for b in footprints],
             "arithmetic": {str(t): arithmetic(t, least_s) for t in (1, 2)},
             "random": [{"bytes": b, **random_access(b, least_s)} for b in footprints]}
    print(f"{'footprint':>12s}" + "".join(f"{n + f' {t} thr.':>15s}" for t in (1, 2) for n in ("read", "write", "triad"))
          + f"{'gather':>10s}{'scatter':>10s}\n{'KiB':>12s}{'GB/s':>90s}{'ns':>20s}")
    for k, b in enumerate(footprints):
        one, two = found["bandwidth"][k], found["bandwidth"][len(footprints) + k]
        print(f"{b // KIB:12d}" + "".join(f"{row[n]:15.1f}" for row in (one, two) for n in ("read", "write", "triad"))
              + f"{found['random'][k]['gather']:10.2f}{found['random'][k]['scatter-add']:10.2f}")
    for name, value in found["arithmetic"]["1"].items():
        print(f"{name:>36s}  1 thread {value:8.2f}, 2 threads {found['arithmetic']['2'][name]:8.2f}")
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "ceilings.json").write_text(json.dumps(found, indent=1) + "\n")
    draw(found, options.out / "ceilings.png")
    print(json.dumps({"workload": "ceilings", "ours_s": None, "peer": None, "peer_s": None, "ratio": None, "peak_mb": peak_mb(),
                      "n_runs": RUNS, **found["arithmetic"]["1"]}))


if __name__ == "__main__":
    main()
