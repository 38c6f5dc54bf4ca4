"""The kernel of one variant: SIMD over cells instead of over lanes.

State is one row of cells. A step takes the cells in chunks that stay in a core's first cache: the sums of a chunk are
gathered cell by cell, a scalar loop over the incoming edges in the order of the other layouts; then one vector loop updates
the chunk, the same text as in the other layouts with cells in the place of lanes, so that the bits are the same. Only a chunk
in which something crossed its threshold is looked through. Spikes and Poisson events touch the edges of the cells that
spiked and nothing else.

A constant that is the same for all cells may be passed as a number instead of an array (see
:mod:`wormsim.kernels.uniform`).
"""

from __future__ import annotations

import re

import sympy

from .codegen import Writer, indented
from .expressions import bare

# Cells in a chunk, a multiple of 64: a dozen rows of 4 bytes in the first-level cache.
CHUNK = 1024

_IMPORT = "from wormsim.kernels.uniform import at, part"

# Unsigned indices: for a signed one numba asks each time whether it counts from the end, which takes half the time.
_GATHER = '''@row_function
def gather_cells(low, high, total, x, start, pre, weight):
    for i in range(low, high):
        s = total[i - low]
        for e in range(np.uint64(start[i]), np.uint64(start[i + 1])):
            s = fma(weight[e], x[np.uint32(pre[e])], s)
        total[i - low] = s'''


class CellsWriter(Writer):
    """Writes the kernel of the layout "cells"."""

    def module(self, title: str) -> str:
        """The whole text."""
        text = super().module(title)
        return text.replace("\nF = np.", f"{_IMPORT}\n\nF = np.", 1).replace("CACHE = True", f"CACHE = True\nCHUNK = {CHUNK}", 1)

    def _constant(self, name: str, point: bool) -> str | None:
        if name not in self.constants.table:
            return None
        self.used.setdefault(name)
        return f"at(c_{name}, i)" if point else f"at(c_{name}_i, b)"

    def _at_point(self, name: str) -> str:
        return self._constant(name, point=True) or f"all_{name}[i]"

    def _run(self) -> str:
        self.update, self.proposes = self._update(), False
        spiking = self.spiking
        chunk = ["high = min(low + CHUNK, n_cells)", *self._sums(), *self._draw_noise(), *self._views(), self._call(),
                 *(self._threshold() if spiking else [])]
        steps = [*self._record(), *(["now = np.int32(t)", "n_spikes = 0"] if spiking else []),
                 "for low in range(0, n_cells, CHUNK):", *indented(chunk), *self._deliver(), *self._poisson(), *self._reset(),
                 *self._mask("new")]
        steps += [f"old{k}, new{k} = new{k}, old{k}" for k in range(len(self.system.sources))]
        return self._function_of_steps(["n_cells = all_v.size", *self._enter()], steps)

    def _arguments(self) -> list[str]:
        unused = {"some_alive", "held_lane", "dead_lane", "mute_lane", "noise_of", "po_most", *(f"row_{n}" for n in self.system.noises)}
        return [name for name in super()._arguments() if name not in unused]

    def _enter(self) -> list[str]:
        out = []
        for k, source in enumerate(self.system.sources):
            text = self.point.text(source.expression)
            out += ["for i in range(n_cells):", f"    old{k}[i] = {text}", f"    new{k}[i] = old{k}[i]"]
        return out + self._mask("old") + self._mask("new")

    def _mask(self, which: str) -> list[str]:
        out = []
        if which == "new":
            out += ["for q in range(held_cell.size):", "    i = held_cell[q]", "    all_v[i] = held_v[q]", *indented(self._refresh("v"))]
            if self.system.crossing:
                out += ["    if above[i] == 2:", "        above[i] = 0"]
            out += ["for q in range(dead_cell.size):", "    i = dead_cell[q]", *(f"    all_{x}[i] = dead_{x}[q]" for x in self.states)]
            if self.gating:
                out += ["    free[i] = 0"]
        for chemical, name in ((False, "dead"), (True, "mute")):
            keys = [k for k, s in enumerate(self.system.sources) if s.chemical == chemical]
            if keys:
                out += [f"for q in range({name}_cell.size):", *(f"    {which}{k}[{name}_cell[q]] = F(0.0)" for k in keys)]
        return out

    def _record(self) -> list[str]:
        out = ["if t % every == 0:", "    frame = t // every"]
        for x in self.states:
            out += [f"    if record_{x}:", "        for r in range(record_cell.size):",
                    f"            out_{x}[lane_out[0], frame, r] = all_{x}[record_cell[r]]"]
        return out

    def _sums(self) -> list[str]:
        out = [f"sum_{n}[:high - low] = F(0.0)" for n in self.sums]
        for k, source in enumerate(self.system.sources):
            for n, _ in source.terms:
                out.append(f"gather_cells(low, high, sum_{n}, old{k}, in{k}_{n}_start, in{k}_{n}_pre, w{k}_{n})")
        return out

    def _draw_noise(self) -> list[str]:
        """The noise of the chunk."""
        size = "(high - low + 63)//64*64"
        return [self._fill(n, f"noise_{n}[0, :{size}]", "low", "0").strip() for n in self.system.noises]

    def _views(self) -> list[str]:
        """The chunk's part of every array that the update reads."""
        found = self._update_arguments()
        out = []
        for name in found:
            stem = name.removesuffix("_i")
            if name in [f"{n}_i" for n in self.system.noises]:
                out.append(f"{name} = noise_{stem}[0]")
            elif stem in self.states:  # first: a state may be called c
                out.append(f"{name} = all_{stem}[low:high]")
            elif name.startswith("c_"):
                out.append(f"{name} = part({stem}, low, high)")
            elif stem in ("free", "above"):
                out.append(f"{name} = {stem}[low:high]")
        return out

    def _call(self) -> str:
        names = [re.sub(r"^(new\d+)_i$", r"\1[low:high]", n) for n in self._update_arguments()]
        call = f"update({', '.join(names)})"
        return f"crossed = {call}" if self.spiking else call

    def _gather_functions(self) -> list[str]:
        return [_GATHER] if self.sums else []

    def _threshold(self) -> list[str]:
        condition = self._crossing()
        load = [f"y_{x} = {x}_i[b]" for x in self.states if re.search(rf"\by_{x}\b", condition)]
        exact = f"fires[i] and {condition}" + (" and free_i[b] <= now" if self.gating else "")
        fire = ["spikes[n_spikes] = i", "n_spikes += 1"]
        if self.gating:
            fire.append("free_i[b] = t + busy[i]")
        for k in range(len(self.system.events)):
            fire += [f"slot = (t + delay{k}[i]) % count{k}.size", f"ring{k}[slot, count{k}[slot]] = i", f"count{k}[slot] += 1"]
        fire += ["if record_spikes and row_of[i] >= 0:", "    out_spikes[lane_out[0], t // every, row_of[i]] += np.uint16(1)"]
        return ["if crossed > 0:", *indented(["for b in range(high - low):",
                *indented([*load, "i = low + b", f"if {exact}:", *indented(fire)])])]

    def _refresh(self, changed: str) -> list[str]:
        symbol = sympy.Symbol(changed, real=True)
        return [f"new{k}[i] = {self.point.text(s.expression)}" for k, s in enumerate(self.system.sources) if s.expression.has(symbol)]

    def _deliver(self) -> list[str]:
        out = []
        for k, event in enumerate(self.system.events):
            write = []
            for m, (state, _, _) in enumerate(event.writes):
                add = [f"all_{state}[i] += jump{k}_{m}[e]", *self._refresh(state)]
                write += ["if free[i] <= now:", *indented(add)] if state in self.system.gated else add
            out += [f"slot = t % count{k}.size", f"for q in range(count{k}[slot]):", f"    j = ring{k}[slot, q]", "    if release[j]:",
                    f"        for e in range(np.uint64(out{k}_start[j]), np.uint64(out{k}_start[j + 1])):",
                    f"            i = np.uint32(out{k}_post[e])",
                    *indented(indented(indented(write))), f"count{k}[slot] = 0"]
        return out

    def _poisson(self) -> list[str]:
        target = self.system.poisson_target
        if not target:
            return []
        gate = " and free[i] <= now" if target in self.system.gated else ""
        return ["for k in range(po_cell.size):", "    draw[k] = event_draw(key_low[0], key_high[0], t, po_cell[k], po_source[k])",
                "for k in range(po_cell.size):", "    i = po_cell[k]", f"    if draw[k] < po_limit[k, 0]{gate}:",
                *indented(indented([f"all_{target}[i] += po_size[k, 0]", *self._refresh(target)]))]

    def _reset(self) -> list[str]:
        if not self.spiking:
            return []
        lines = []
        for state, expression in self.system.resets:
            lines.append(f"all_{state}[i] = {bare(self.point.text(self.system.inline(expression).subs(self.fixed)))}")
        for state in dict.fromkeys(s for s, _ in self.system.resets):
            lines += self._refresh(state)
        return ["for q in range(n_spikes):", *indented(["i = spikes[q]", *lines])]
