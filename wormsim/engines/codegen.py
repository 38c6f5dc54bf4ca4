"""Writes the kernel of a model: numba source for one block of variants, from what the equations say.

The text is a module: tables that say what the kernel wants, NumPy functions for what is constant over a segment, and
``run``, the loop over steps. State is (cell, lane), lanes contiguous, so that every inner loop is SIMD over lanes.

One step, in Brian2's order: record; gather the summed variables from the presynaptic values of the step before; update
every state from old values; find spikes; deliver the spikes that are due and the Poisson events; reset. A state x with
``dx/dt = A x + B`` takes the exponential Euler step ``x + (A x + B) (exp(A dt) - 1)/A``, which has the fixed point of
the equation whatever dt, and needs no case for A = 0. What of B is not linear in x is held for the step.

Two layouts come from this text: "shared" (one sample, one stream: an edge value is one number for all lanes) and
"lanes" (everything per lane); a third one, for one variant, from :mod:`wormsim.engines.codegen_cells`. All do the same
operations in the same order, so a variant has the same bits in any of them.
"""

from __future__ import annotations

import pprint
import re
from typing import Literal

import sympy

from ..dynamics import NeuronModel, SynapseModel
from ..kernels.normal import noise_source
from .equations import EXTERNAL, System, read
from .expressions import Constants, Printer, bare, numpy_text
from .rates import rates_text, split

Layout = Literal["shared", "lanes", "cells"]

_HEADER = '''"""Kernel of {title}, layout {layout}, {dtype}. Written by wormsim; changes are lost."""

import numpy as np
from numba import njit

from wormsim.kernels.exponential import exp{bits} as exp
from wormsim.kernels.exponential import exprel{bits} as exprel
from wormsim.kernels.exponential import expm1_{bits} as expm1
from wormsim.kernels.exponential import exprel_small{bits} as exprel_small
from wormsim.kernels.exponential import fma
from wormsim.kernels.gather import gather
from wormsim.kernels.normal import fill_normals
from wormsim.kernels.logarithm import log{bits} as log
from wormsim.kernels.philox import event_draw
from wormsim.kernels.rows import lanes_of, row_function
from wormsim.kernels.sigmoid import sigmoid{bits} as sigmoid
from wormsim.kernels.subnormals import flush_subnormals, restore

F = np.{dtype}
CACHE = True'''

_EXPREL = '''def relative(x):
    """(exp(x) - 1)/x, 1 at 0, of arrays."""
    return np.where(x == 0, 1.0, np.expm1(x) / np.where(x == 0, 1.0, x))'''


# The factors of a step whose rate changes, and what they are where it is small; how a row finds out that it is not; where the
# states are written.
_SMALL = {"exprel(slope)": "exprel_small(slope)", "expm1(slope)": "(slope*exprel_small(slope))"}
_STEEP = "steep = np.int32(steep | np.int32(abs(slope) > F(1.0)))"
_ACCEPT = "# the states of the next step"


def generate(neuron: NeuronModel, synapses: tuple[SynapseModel, ...], layout: Layout, dtype: str) -> str:
    """Source of the kernel module.

    Parameters
    ----------
    neuron : NeuronModel
    synapses : tuple of SynapseModel
    layout : {"shared", "lanes", "cells"}
    dtype : {"float32", "float64"}

    Raises
    ------
    InputError
        Equations that this engine cannot run.
    """
    from .codegen_cells import CellsWriter

    writer = CellsWriter if layout == "cells" else Writer
    return writer(read(neuron, synapses), layout, dtype).module(" + ".join([neuron.name, *(s.name for s in synapses)]))


class Writer:
    """Holds what the parts of one kernel have to agree on."""

    def __init__(self, system: System, layout: Layout, dtype: str):
        self.system, self.layout, self.dtype = system, layout, dtype
        self.sums = list(dict.fromkeys(name for s in system.sources for name, _ in s.terms))
        self.states = list(system.derivatives)
        varying = {*self.states, *self.sums, *system.noises}
        for _ in system.subexpressions:
            varying |= {n for n, e in system.subexpressions.items() if any(s.name in varying for s in e.free_symbols)}
        self.constants = Constants({*EXTERNAL, *(c.name for c in system.constant_sums)}, varying,
                                   varying | system.parameters)
        fixed = {sympy.Symbol(n, real=True): e for n, e in system.subexpressions.items() if n not in varying}
        self.fixed = {symbol: system.inline(e) for symbol, e in fixed.items()}
        self.used: dict[str, None] = {}
        self.row = Printer(self.constants, self._in_row)
        self.point = Printer(self.constants, self._at_point)
        self.spiking = system.threshold is not None
        self.gating = bool(self.spiking and system.refractory)

    # where a quantity is read: in the loop over the lanes b of the row of cell i, or at one (cell, lane)

    def _wide(self, name: str) -> bool:
        return self.layout == "lanes" or name in self.constants.by_effect

    def _constant(self, name: str, point: bool) -> str | None:
        if name not in self.constants.table:
            return None
        self.used.setdefault(name)
        if point:
            return f"c_{name}[i, b]" if self._wide(name) else f"c_{name}[i]"
        return f"c_{name}_i[b]" if self._wide(name) else f"c_{name}_i"

    def _in_row(self, name: str) -> str:
        return self._constant(name, point=False) or f"y_{name}"

    def _at_point(self, name: str) -> str:
        return self._constant(name, point=True) or f"all_{name}[i, b]"

    def module(self, title: str) -> str:
        """The whole text."""
        system = self.system
        body = self._run()
        named = self.constants.table
        tables = {
            "STATES": tuple(self.states),
            "PARAMETERS": tuple(sorted(system.parameters)),
            "CONSTANTS": tuple((name, name in self.constants.by_effect) for name in self.used),
            "SOURCES": tuple((s.pathway, s.chemical, tuple(n for n, _ in s.terms)) for s in system.sources),
            "CONSTANT_SUMS": tuple((c.name, c.pathway, c.chemical) for c in system.constant_sums),
            "EVENTS": tuple((e.pathway, e.delay, len(e.writes)) for e in system.events),
            "SUMS": tuple(self.sums),
            "NOISES": system.noises,
            "SPIKING": self.spiking,
            "REFRACTORY": system.refractory,
            "CROSSING": system.crossing,
            "POISSON_TARGET": system.poisson_target,
            "ARGUMENTS": tuple(self.arguments),
        }
        header = _HEADER.format(title=title, layout=self.layout, dtype=self.dtype, bits=self.dtype[-2:])
        begin = {n: numpy_text(system.inline(system.initial[n]).subs(self.fixed)) for n in self.states}
        parts = [header, *(f"{k} = {pprint.pformat(v, width=116, compact=True)}" for k, v in tables.items()), _EXPREL,
                 _function("constants", "p", "What holds for a segment, in double precision, by name.",
                           {n: numpy_text(e, list(named)[:k]) for k, (n, e) in enumerate(named.items())}),
                 _function("initial", "p", "States at step 0.", begin), self._edge_function(), rates_text(system),
                 self._row_functions(), body]
        return "\n\n".join(parts)

    def _edge_function(self) -> str:
        system = self.system
        wanted = [(s.pathway, f"w{k}_{name}", e) for k, s in enumerate(system.sources) for name, e in s.terms]
        wanted += [(c.pathway, f"sum_{c.name}", c.coefficient) for c in system.constant_sums]
        wanted += [(v.pathway, f"jump{k}_{m}", sign * e) for k, v in enumerate(system.events)
                   for m, (_, sign, e) in enumerate(v.writes)]
        return _function("coefficients", "edges", "What the edges of each pathway multiply with or add.",
                         {name: numpy_text(e, (), f"edges[{pathway}]") for pathway, name, e in wanted})

    # the kernel

    def _run(self) -> str:
        self.update = self._update()
        self.proposes = any(form in line for line in self.update for form in _SMALL)
        steps = [*self._record(), *(["now = np.int32(t)", "n_spikes = 0"] if self.spiking else []), *self._draw_noise(), "for i in range(n_cells):",
                 *indented(self._cell()), *self._deliver(), *self._poisson(), *self._reset(), *self._mask("new")]
        steps += [line for k in range(len(self.system.sources)) for line in (f"old{k}, new{k} = new{k}, old{k}",)]
        return self._function_of_steps(["n_cells, n_lanes = all_v.shape", *self._enter()], steps)

    def _function_of_steps(self, enter: list[str], steps: list[str]) -> str:
        lines = ["control = flush_subnormals()", *enter, "for t in range(t0, t1):", *indented(steps), "restore(control)"]
        self.arguments = self._arguments()
        signature = ",\n        ".join(_wrapped(self.arguments))
        return "\n".join([f'@njit(cache=CACHE, nogil=True, error_model="numpy")\ndef run({signature}):',
                          '    """Steps [t0, t1) of one block of lanes, in place."""', *indented(lines), ""])

    def _arguments(self) -> list[str]:
        s = self.system
        names = ["t0", "t1", *(f"all_{x}" for x in self.states), *(f"c_{n}" for n in self.used), "some_alive", "fires", "release",
                 "held_cell", "held_lane", "held_v", "dead_cell", "dead_lane", *(f"dead_{x}" for x in self.states), "mute_cell", "mute_lane"]
        for k, source in enumerate(s.sources):
            names += [f"old{k}", f"new{k}"]
            names += [f"{x}{k}_{n}{y}" for n, _ in source.terms for x, y in (("in", "_start"), ("in", "_pre"), ("w", ""))]
        names += [f"sum_{n}" for n in self.sums] + ([f"next_{x}_i" for x in self.states] if self.proposes else [])
        if s.noises:
            names += ["noise_low", "noise_high", "noise_of", "words", *(f"{kind}_{n}" for n in s.noises for kind in ("noise", "row"))]
        if self.gating:
            names += ["free", "busy"]
        if s.crossing:
            names += ["above"]
        if self.spiking:
            names += ["spikes", "record_spikes", "out_spikes", "row_of"]
        for k, e in enumerate(s.events):
            names += [f"out{k}_start", f"out{k}_post", *(f"jump{k}_{m}" for m in range(len(e.writes))), f"delay{k}",
                      f"ring{k}", f"count{k}"]
        if s.poisson_target:
            names += ["po_cell", "po_source", "po_most", "po_limit", "po_size", "key_low", "key_high", "draw"]
        return [*names, "every", "record_cell", "lane_out", *(f"record_{x}" for x in self.states),
                *(f"out_{x}" for x in self.states)]

    def _enter(self) -> list[str]:
        """What the edges read, at the first step of the segment: the masks may have changed."""
        out = []
        for k, source in enumerate(self.system.sources):
            text = self.point.text(source.expression)
            out += ["for i in range(n_cells):", "    for b in range(n_lanes):", f"        old{k}[i, b] = {text}",
                    f"        new{k}[i, b] = old{k}[i, b]"]
        return out + self._mask("old") + self._mask("new")

    def _mask(self, which: str) -> list[str]:
        """A clamped cell is held; nothing of an ablated cell goes out, nor by chemical synapses of a blocked one."""
        out = []
        if which == "new":
            out += ["for q in range(held_cell.size):", "    i = held_cell[q]", "    b = held_lane[q]",
                    "    all_v[i, b] = held_v[q]", *indented(self._refresh("v"))]
            if self.system.crossing:  # what would have been a spike was none
                out += ["    if above[i, b] == 2:", "        above[i, b] = 0"]
            out += ["for q in range(dead_cell.size):", "    i = dead_cell[q]", "    b = dead_lane[q]",
                    *(f"    all_{x}[i, b] = dead_{x}[q]" for x in self.states)]
            if self.gating:
                out += ["    free[i, b] = 0"]
        for chemical, name in ((False, "dead"), (True, "mute")):
            keys = [k for k, s in enumerate(self.system.sources) if s.chemical == chemical]
            if keys:
                out += [f"for q in range({name}_cell.size):",
                        *(f"    {which}{k}[{name}_cell[q], {name}_lane[q]] = F(0.0)" for k in keys)]
        return out

    def _record(self) -> list[str]:
        out = ["if t % every == 0:", "    frame = t // every"]
        for x in self.states:
            out += [f"    if record_{x}:", "        for r in range(record_cell.size):",
                    f"            row = all_{x}[record_cell[r]]", "            for b in range(lane_out.size):",
                    f"                out_{x}[lane_out[b], frame, r] = row[b]"]
        return out

    def _cell(self) -> list[str]:
        """Gather, update and threshold of the row of cell i."""
        out = ["if not some_alive[i]:", "    continue"]
        out += self._gather() + self._load_noise()
        calls = {name: f"{name}({', '.join(self._update_arguments(lines))})" for name, lines in self._row_texts()}
        out += [f"{x}_i = lanes_of(all_{x}, i)" for x in self.states]
        out += [f"new{k}_i = lanes_of(new{k}, i)" for k in range(len(self.system.sources))]
        out += ["free_i = lanes_of(free, i)"] if self.gating else []
        out += ["above_i = lanes_of(above, i)"] if self.system.crossing else []
        out += self._load_constants(list(calls.values()))
        if self.proposes:
            out += [f"if {calls['propose_small']} > 0:", f"    {calls['propose']}"]
        last = calls["accept" if self.proposes else "update"]
        out.append(f"crossed = {last}" if self.spiking else last)
        return out + (self._threshold() if self.spiking else [])

    def _draw_noise(self) -> list[str]:
        """The noise of all cells in this step, once for each random stream."""
        return [line for n in self.system.noises for line in (f"for s in range(noise_{n}.shape[0]):", self._fill(
            n, f"noise_{n}[s]", "0", "s"))]

    def _fill(self, noise: str, row: str, first: str, stream: str) -> str:
        return (f"    fill_normals({row}, {first}, noise_low[{stream}], noise_high[{stream}], t, {noise_source(noise)}, words)"
                f"  # {noise}")

    def _load_noise(self) -> list[str]:
        noises = self.system.noises
        if self.layout == "shared":
            return [f"{n}_i = noise_{n}[0, i]" for n in noises]
        fill = ["for b in range(n_lanes):", *(f"    row_{n}[b] = noise_{n}[noise_of[b], i]" for n in noises)]
        return [*fill, *(f"{n}_i = row_{n}" for n in noises)] if noises else []

    def _update_arguments(self, lines: list[str] | None = None) -> list[str]:
        """What a row function (the update by default) reads and writes."""
        words = {w for line in lines or self.update for w in re.findall(r"\w+", line)}
        names = [f"{x}_i" for x in self.states] + (["free_i", "now"] if self.gating else []) + ["above_i"]
        names += [f"sum_{n}" for n in self.sums] + [f"{n}_i" for n in self.system.noises] + [f"c_{n}_i" for n in self.used]
        names += [f"next_{x}_i" for x in self.states] + [f"new{k}_i" for k in range(len(self.system.sources))]
        return [n for n in names if n in words]

    def _row_functions(self) -> str:
        """The vector loops of a step."""
        parts = self._gather_functions()
        for name, lines in self._row_texts():
            signature = ", ".join(self._update_arguments(lines))
            flag = next((f for f in ("crossed", "steep") if any(line.startswith(f"{f} =") for line in lines)), "")
            parts.append("\n".join(["@row_function", f"def {name}({signature}):", *([f"    {flag} = np.int32(0)"] if flag else []),
                                    "    for b in range(v_i.size):", *indented(indented(lines)),
                                    *([f"    return {flag}"] if flag else [])]))
        return "\n\n".join(parts)

    def _row_texts(self) -> list[tuple[str, list[str]]]:
        """Row functions by name, and what they do at lane b.

        Where a step takes ``exprel`` of a slope that changes, a row is first tried with the cheap form that holds for small
        slopes. It writes its result beside the states, so that a row in which any slope is not small is done again. Which
        form a lane takes depends on its own slope alone.
        """
        if not self.proposes:
            return [("update", self.update)]
        cut = self.update.index(_ACCEPT)
        lines, rest = self.update[:cut], self.update[cut + 1:]
        sent = {s.expression: k for k, s in reversed(list(enumerate(self.system.sources)))}
        places = {x: f"new{sent[symbol]}_i[b]" if (symbol := sympy.Symbol(x, real=True)) in sent else f"next_{x}_i[b]"
                  for x in self.states}
        keep = [f"{place} = next_{x}" for x, place in places.items()]
        small = [part for line in lines for part in ([line, _STEEP] if line.startswith("slope = ") else [line])]
        for form, cheap in _SMALL.items():
            small = [line.replace(form, cheap) for line in small]
        load = [f"next_{x} = {place}" for x, place in places.items()]
        rest = [line for line in rest if line not in keep]
        return [("propose_small", small + keep), ("propose", lines + keep), ("accept", load + rest)]

    def _gather_functions(self) -> list[str]:
        return []

    def _load_constants(self, lines: list[str]) -> list[str]:
        words = {w for line in lines for w in re.findall(r"\w+", line)}
        return [f"c_{n}_i = " + (f"lanes_of(c_{n}, i)" if self._wide(n) else f"c_{n}[i]") for n in self.used if f"c_{n}_i" in words]

    def _gather(self) -> list[str]:
        """The sums of the row of cell i."""
        out, begun = [], set()
        for k, source in enumerate(self.system.sources):
            for n, _ in source.terms:
                row = f"in{k}_{n}"
                out.append(f"gather(sum_{n}, old{k}, {row}_pre, w{k}_{n}, {row}_start[i], {row}_start[i + 1], {n in begun})")
                begun.add(n)
        return out

    def _update(self) -> list[str]:
        system = self.system
        out = [f"y_{x} = {x}_i[b]" for x in self.states]
        if self.gating:
            out.append("ready = free_i[b] <= now")
        out += [f"y_{n} = sum_{n}[b]" for n in self.sums]
        out += [f"y_{n} = F({n}_i{'' if self.layout == 'shared' else '[b]'})" for n in system.noises]
        steps = [line for x, e in system.derivatives.items() for line in self._step(x, e.subs(self.fixed))]
        wanted = {w for line in steps for w in re.findall(r"\by_(\w+)", line)}
        out += self._locals(wanted) + steps
        out += [f"next_{x} = next_{x} if ready else y_{x}" for x in self.states if x in system.gated]
        out.append(_ACCEPT)
        out += [f"{x}_i[b] = next_{x}" for x in self.states]
        after = Printer(self.constants, lambda n: self._constant(n, point=False) or f"next_{n}")
        out += [f"new{k}_i[b] = {bare(after.text(s.expression))}" for k, s in enumerate(system.sources)]
        if self.spiking:
            condition = bare(after.text(system.inline(system.threshold)))
            if system.crossing:  # 0 below, 2 in the step that went above, 1 from then on
                out.append(f"above_i[b] = (np.int32(1) if above_i[b] > np.int32(0) else np.int32(2)) if {condition} else np.int32(0)")
                condition = "above_i[b] == np.int32(2)"
            out.append(f"crossed = np.int32(crossed | np.int32({condition}))")
        return out

    def _locals(self, wanted: set[str]) -> list[str]:
        """Subexpressions that the steps read, each after those that it reads itself."""
        lines: dict[str, str] = {}

        def add(name: str) -> None:
            if name in lines or name not in self.system.subexpressions:
                return
            expression = self.system.subexpressions[name].subs(self.fixed)
            for symbol in sorted(s.name for s in expression.free_symbols):
                add(symbol)
            lines[name] = f"y_{name} = {bare(self.row.text(expression))}"

        for name in sorted(wanted):
            add(name)
        return list(lines.values())

    def _step(self, name: str, derivative: sympy.Expr) -> list[str]:
        """Exponential Euler step of one state."""
        x, dt = sympy.Symbol(name, real=True), sympy.Symbol("dt", real=True)
        a, b = split(self.system.inline(derivative, x).subs(self.fixed), x)
        y = f"y_{name}"
        if a == 0:
            return [f"next_{name} = {y} + {self.row.text(_expand(dt * b))}"]
        if self.constants.is_constant(a):
            rate = sympy.Symbol(self.constants.name(a, f"rate_{name}"), real=True)
            relative = sympy.Function("exprel")(rate * dt)
            gain = sympy.Symbol(self.constants.name(dt * relative, f"gain_{name}"), real=True)
            decay = sympy.Symbol(self.constants.name(rate * gain, f"decay_{name}"), real=True)
            return [f"next_{name} = {y} + {self.row.text(decay * x + _expand(gain * b))}"]
        if a.is_Mul or a.is_Pow:
            rest = _expand(b / a)
            if all(self.constants.is_constant(p.base) for p in rest.atoms(sympy.Pow) if p.exp.is_negative):
                # (x_inf - x)/tau: nothing to be divided but dt
                return [f"slope = {bare(self.row.text(dt * a))}", f"next_{name} = fma({self.row.text(x + rest)}, expm1(slope), {y})"]
        return [f"slope = {bare(self.row.text(_expand(dt * a)))}", f"rest = {bare(self.row.text(_expand(dt * b)))}",
                f"next_{name} = fma(fma(slope, {y}, rest), exprel(slope), {y})"]

    def _crossing(self) -> str:
        """Whether cell and lane have crossed the threshold."""
        return "above_i[b] == 2" if self.system.crossing else self.row.text(self.system.inline(self.system.threshold))

    def _threshold(self) -> list[str]:
        condition = self._crossing()
        load = [f"y_{x} = {x}_i[b]" for x in self.states if re.search(rf"\by_{x}\b", condition)]
        exact = f"fires[i, b] and {condition}" + (" and free_i[b] <= now" if self.gating else "")
        fire = ["spikes[n_spikes] = i*n_lanes + b", "n_spikes += 1"]
        if self.gating:
            busy = "busy[i, b]" if self.layout == "lanes" else "busy[i]"
            fire.append(f"free_i[b] = t + {busy}")
        for k in range(len(self.system.events)):
            delay = f"delay{k}[i, b]" if self.layout == "lanes" else f"delay{k}[i]"
            fire += [f"slot = (t + {delay}) % count{k}.size", f"ring{k}[slot, count{k}[slot]] = i*n_lanes + b",
                     f"count{k}[slot] += 1"]
        fire += ["if record_spikes and b < lane_out.size and row_of[i] >= 0:",
                 "    out_spikes[lane_out[b], t // every, row_of[i]] += np.uint16(1)"]
        return ["if crossed > 0:", "    for b in range(n_lanes):",
                *indented(indented([*load, f"if {exact}:", *indented(fire)]))]

    def _refresh(self, changed: str) -> list[str]:
        """Presynaptic values that depend on a state which has just been written at (i, b)."""
        out = []
        symbol = sympy.Symbol(changed, real=True)
        for k, source in enumerate(self.system.sources):
            if source.expression.has(symbol):
                out.append(f"new{k}[i, b] = {self.point.text(source.expression)}")
        return out

    def _deliver(self) -> list[str]:
        out = []
        lane = "[e, b]" if self.layout == "lanes" else "[e]"
        for k, event in enumerate(self.system.events):
            write = []
            for m, (state, _, _) in enumerate(event.writes):
                add = [f"all_{state}[i, b] += jump{k}_{m}{lane}", *self._refresh(state)]
                write += ["if free[i, b] <= now:", *indented(add)] if state in self.system.gated else add
            out += [f"slot = t % count{k}.size", f"for q in range(count{k}[slot]):",
                    *indented([f"j = ring{k}[slot, q] // n_lanes", f"b = ring{k}[slot, q] - j*n_lanes", "if release[j, b]:",
                          f"    for e in range(out{k}_start[j], out{k}_start[j + 1]):", f"        i = out{k}_post[e]",
                          *indented(indented(write))]), f"count{k}[slot] = 0"]
        return out

    def _poisson(self) -> list[str]:
        target = self.system.poisson_target
        if not target:
            return []
        gate = " and free[i, b] <= now" if target in self.system.gated else ""
        hit = f"if {{}} < po_limit[k, b]{gate}:"
        add = [f"all_{target}[i, b] += po_size[k, b]", *self._refresh(target)]
        if self.layout == "shared":  # first all draws, which is a vector loop, then the few that are events
            return ["for k in range(po_cell.size):", "    draw[k] = event_draw(key_low[0], key_high[0], t, po_cell[k], po_source[k])",
                    "for k in range(po_cell.size):", "    if draw[k] < po_most[k]:", "        i = po_cell[k]",
                    "        for b in range(n_lanes):",
                    *indented(indented(indented([hit.format("draw[k]"), *indented(add)])))]
        inner = ["if po_most[k] > 0:", "    for b in range(n_lanes):",
                 "        draw[b] = event_draw(key_low[b], key_high[b], t, i, po_source[k])",
                 "    for b in range(n_lanes):", *indented(indented([hit.format("draw[b]"), *indented(add)]))]
        return ["for k in range(po_cell.size):", "    i = po_cell[k]", *indented(inner)]

    def _reset(self) -> list[str]:
        if not self.system.resets:
            return []
        lines = []
        for state, expression in self.system.resets:
            lines.append(f"all_{state}[i, b] = {bare(self.point.text(self.system.inline(expression).subs(self.fixed)))}")
        for state in dict.fromkeys(s for s, _ in self.system.resets):
            lines += self._refresh(state)
        body = ["i = spikes[q] // n_lanes", "b = spikes[q] - i*n_lanes", *lines]
        return ["for q in range(n_spikes):", *indented(body)]


def _function(name: str, argument: str, doc: str, entries: dict[str, str]) -> str:
    lines = [f"def {name}({argument}):", f'    """{doc}"""', "    c = {}", *(f"    c[{n!r}] = {e}" for n, e in entries.items())]
    return "\n".join([*lines, "    return c"])


def indented(lines: list[str]) -> list[str]:
    """The lines one level further in."""
    return [f"    {line}" for line in lines]


def _expand(expression: sympy.Expr) -> sympy.Expr:
    return sympy.expand(expression, power_exp=False)


def _wrapped(names: list[str]) -> list[str]:
    rows, row = [], ""
    for name in names:
        if len(row) + len(name) > 100:
            rows.append(row)
            row = ""
        row = f"{row}, {name}" if row else name
    return [*rows, row]
