"""What a neuron model and its synapse models say, parsed by Brian2 and sorted by sympy.

The text is Brian2's; this module says what each part is for the kernels: states, subexpressions, what is summed over
incoming edges, what a spike adds, what a reset writes. Importing it imports Brian2 (one to two seconds), which is why
only :mod:`wormsim.engines.cache` does so, when a kernel is not in the cache.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from . import importing_brian2  # noqa: F401 -- before Brian2

# isort: split

import sympy
from brian2 import Equations
from brian2.core.namespace import DEFAULT_UNITS
from brian2.equations.equations import DIFFERENTIAL_EQUATION, SUBEXPRESSION
from brian2.parsing.sympytools import str_to_sympy

from ..dynamics import NeuronModel, SynapseModel, noises
from ..errors import InputError
from .checks import ModelText, internal_size

EXTERNAL = ("I_ext", "G_ext", "GE_ext")


@dataclass(frozen=True)
class Source:
    """An expression of presynaptic states that edges gather: `terms` are (summed variable, coefficient of the edge)."""

    pathway: int
    expression: sympy.Expr
    terms: tuple[tuple[str, sympy.Expr], ...]
    chemical: bool


@dataclass(frozen=True)
class ConstantSum:
    """A summed variable without presynaptic states: it changes only with who is alive and who releases."""

    name: str
    pathway: int
    coefficient: sympy.Expr
    chemical: bool


@dataclass(frozen=True)
class Events:
    """What a spike adds along one pathway: (target state, sign, coefficient of the edge)."""

    pathway: int
    delay: str
    writes: tuple[tuple[str, int, sympy.Expr], ...]


@dataclass
class System:
    """A neuron with its synapses, sorted."""

    derivatives: dict[str, sympy.Expr] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    subexpressions: dict[str, sympy.Expr] = field(default_factory=dict)
    initial: dict[str, sympy.Expr] = field(default_factory=dict)
    threshold: sympy.Basic | None = None
    resets: list[tuple[str, sympy.Expr]] = field(default_factory=list)
    refractory: str = ""
    crossing: bool = False
    sources: list[Source] = field(default_factory=list)
    constant_sums: list[ConstantSum] = field(default_factory=list)
    events: list[Events] = field(default_factory=list)
    poisson_target: str = ""
    noises: tuple[str, ...] = ()
    parameters: set[str] = field(default_factory=set)

    def inline(self, expression: sympy.Basic, only_with: sympy.Symbol | None = None) -> sympy.Basic:
        """The expression with subexpressions written out: all, or only those in which a state occurs."""
        for _ in range(len(self.subexpressions) + 1):
            known = {sympy.Symbol(n, real=True): e for n, e in self.subexpressions.items()}
            there = {s: e for s, e in known.items() if expression.has(s)}
            if only_with is not None:
                there = {s: e for s, e in there.items() if self.inline(e).has(only_with)}
            if not there:
                return expression
            expression = expression.subs(there)
        raise InputError("subexpressions refer to each other in a circle")


def read(neuron: NeuronModel, synapses: tuple[SynapseModel, ...]) -> System:
    """Parse and sort.

    Raises
    ------
    InputError
        What the kernels cannot run, with the offending text; units that do not agree.
    UnknownNameError
        A name that nothing defines.
    """
    text = ModelText(neuron, synapses)
    equations = text.equations
    declared = _declared(neuron, synapses, equations)
    text.check_names()
    text.check_kernel_names()

    system = System(noises=noises(neuron, synapses))
    # a symbol xi stands for a standard normal number of the step
    white = {sympy.Symbol(n, real=True): sympy.Symbol(n, real=True) / sympy.sqrt(sympy.Symbol("dt", real=True)) for n in system.noises}

    def parse(text: str) -> sympy.Basic:
        return _parse(text, declared).subs(white)

    edge_values = {e.symbol for s in synapses for e in s.edge}
    current = " + ".join([*(f"({s.current})" for s in synapses), "I_ext - G_ext*v + GE_ext"])
    for name, equation in equations.items():
        if equation.type == DIFFERENTIAL_EQUATION:
            system.derivatives[name] = parse(equation.expr.code)
            if "unless refractory" in equation.flags and neuron.refractory:
                system.gated.add(name)
        elif equation.type == SUBEXPRESSION:
            system.subexpressions[name] = parse(equation.expr.code)
        else:
            raise InputError(f"{neuron.name}: parameter {name} is declared in the equations; list it as a Parameter instead")
    system.subexpressions["I"] = parse(current)
    for model in (neuron, *synapses):
        system.initial.update({state: parse(e) for state, e in model.initial.items()})
    system.crossing = neuron.counts_crossings
    system.refractory = neuron.refractory if neuron.threshold and not system.crossing else ""
    if neuron.threshold:
        system.threshold = parse(neuron.threshold)
        for reset in (neuron.reset, *(s.reset for s in synapses)):
            system.resets += _statements(reset, system, parse)
    if system.crossing and (system.resets or system.gated):
        raise InputError(f"{neuron.name}: where the refractory condition is the threshold itself a spike is an upward crossing; "
                         "then there is no reset, and no state is held (unless refractory)")
    for number, synapse in enumerate(synapses):
        for name, (expression, _) in synapse.summed.items():
            _sort_sum(system, number, synapse, name, parse(expression))
        if synapse.on_pre and neuron.threshold:
            system.events.append(Events(number, synapse.delay, _writes(synapse, system, parse)))
        system.poisson_target = system.poisson_target or synapse.poisson_target
    pushed = {state for e in system.events for state, _, _ in e.writes} | {system.poisson_target}
    if system.crossing and any(s.name in pushed for s in system.inline(system.threshold).free_symbols):
        raise InputError(f"{neuron.name}: spikes are upward crossings of {neuron.threshold!r}, which events must not write to")
    system.sources = _merge(system.sources)
    _check_noises(system, text)
    both = {c.name for c in system.constant_sums} & {name for s in system.sources for name, _ in s.terms}
    if both:
        raise InputError(f"{', '.join(sorted(both))} adds terms with and without a presynaptic state; make them two variables")
    _collect_parameters(system, edge_values)
    text.check_units()
    return system


def _parse(text: str, declared: set[str]) -> sympy.Basic:
    """Text as sympy; a unit name that the model does not declare itself becomes its size in internal units."""
    try:
        expression = str_to_sympy(text)
    except (SyntaxError, ValueError, KeyError, NotImplementedError) as error:
        raise InputError(f"Brian2 does not read {text.strip()!r}: {error}") from error
    units = {s for s in expression.free_symbols if s.name in DEFAULT_UNITS and s.name not in declared}
    return expression.subs({s: sympy.Float(_internal(DEFAULT_UNITS[s.name])) for s in units})


def _declared(neuron: NeuronModel, synapses: tuple[SynapseModel, ...], equations: Equations) -> set[str]:
    """Every name that the models themselves give a meaning (a state may be called s)."""
    own = {*equations, *EXTERNAL, "I", *(p.symbol for p in neuron.parameters)}
    for s in synapses:
        own |= {*(p.symbol for p in s.parameters), *(e.symbol for e in s.edge), *s.summed, *s.derived}
    return own | {f"{name}_pre" for name in own}


def _internal(quantity) -> float:
    """Size of a unit in mV, ms, pA, um, uM and their products."""
    return float(quantity) / internal_size(quantity.dim)


def _statements(text: str, system: System, parse) -> list[tuple[str, sympy.Expr]]:
    out = []
    for statement in filter(None, (s.strip() for s in re.split(r"[\n;]", text))):
        match = re.fullmatch(r"(\w+)\s*([-+*/]?)=\s*(.+)", statement)
        if match is None or match[1] not in system.derivatives:
            raise InputError(f"reset {statement!r} must assign to a state ({', '.join(system.derivatives)})")
        name, operator, value = match[1], match[2], parse(match[3])
        old = sympy.Symbol(name, real=True)
        out.append((name, {"": value, "+": old + value, "-": old - value, "*": old * value,
                           "/": old / value}[operator]))
    return out


def _writes(synapse: SynapseModel, system: System, parse) -> tuple[tuple[str, int, sympy.Expr], ...]:
    allowed = {e.symbol for e in synapse.edge}
    out = []
    for statement in filter(None, (s.strip() for s in re.split(r"[\n;]", synapse.on_pre))):
        match = re.fullmatch(r"(\w+)_post\s*([-+])=\s*(.+)", statement)
        if match is None or match[1] not in system.derivatives:
            raise InputError(f"synapse model {synapse.name}: on_pre statement {statement!r} must read "
                             f"'state_post += value'; states: {', '.join(system.derivatives)}")
        value = parse(match[3])
        foreign = {s.name for s in value.free_symbols} - allowed
        if foreign:
            raise InputError(f"synapse model {synapse.name}: {statement!r} uses {', '.join(sorted(foreign))}; what a spike "
                             f"adds may use only the values of the edge ({', '.join(sorted(allowed))})")
        out.append((match[1], 1 if match[2] == "+" else -1, value))
    return tuple(out)


def _sort_sum(system: System, number: int, synapse: SynapseModel, name: str, text: sympy.Expr) -> None:
    expression = sympy.expand(text)
    allowed = {e.symbol for e in synapse.edge}
    chemical = not synapse.undirected
    for term in sympy.Add.make_args(expression):
        pre = [s for s in term.free_symbols if s.name.endswith("_pre")]
        coefficient, source = term.as_independent(*pre, as_Add=False) if pre else (term, sympy.Integer(1))
        foreign = {s.name for s in coefficient.free_symbols} - allowed
        if foreign or source.free_symbols - set(pre):
            raise InputError(f"synapse model {synapse.name}: {name} = {text} must be a sum of products of edge values and "
                             f"presynaptic states; {', '.join(sorted(foreign)) or source} is neither")
        if not pre:
            system.constant_sums.append(ConstantSum(name, number, coefficient, chemical))
            continue
        own = source.subs({s: sympy.Symbol(s.name[: -len("_pre")], real=True) for s in pre})
        system.sources.append(Source(number, system.inline(own), ((name, coefficient),), chemical))


def _merge(sources: list[Source]) -> list[Source]:
    """One gather for the sums of a pathway that read the same presynaptic expression."""
    merged: dict[tuple, Source] = {}
    for s in sources:
        key = (s.pathway, s.expression)
        old = merged.get(key)
        merged[key] = s if old is None else Source(s.pathway, s.expression, old.terms + s.terms, s.chemical)
    return list(merged.values())


def _check_noises(system: System, text: ModelText) -> None:
    """White noise is the same sum of small steps in every calculus only where it is added."""
    varying = {*system.derivatives, *(name for s in system.sources for name, _ in s.terms)}
    for name, derivative in system.derivatives.items():
        whole = system.inline(derivative)
        for noise in system.noises:
            size = sympy.diff(whole, sympy.Symbol(noise, real=True))
            if size.free_symbols & {sympy.Symbol(n, real=True) for n in (*varying, *system.noises)}:
                raise InputError(f"d{name}/dt = {text.equations[name].expr.code}: the noise {noise} must be added, times something "
                                 "that does not change from step to step; here it is multiplied by a state or is not linear")
    elsewhere = [("threshold", text.neuron.threshold)]
    for model in (text.neuron, *text.synapses):
        elsewhere += [("reset", model.reset), *((f"initial {state}", e) for state, e in model.initial.items())]
    for synapse in text.synapses:
        elsewhere += [("on_pre", synapse.on_pre), *((f"summed {name}", e) for name, (e, _) in synapse.summed.items())]
    for where, line in elsewhere:
        if re.search(r"\bxi(_\w+)?\b", line):
            raise InputError(f"{where}: {line}: noise (xi) may stand in the equations of a cell only")


def _collect_parameters(system: System, edge_values: set[str]) -> None:
    made = {*system.derivatives, *system.subexpressions, *EXTERNAL, *(c.name for c in system.constant_sums),
            *(name for s in system.sources for name, _ in s.terms)}
    expressions = [*system.derivatives.values(), *system.subexpressions.values(), *system.initial.values(),
                   *(e for _, e in system.resets), *(s.expression for s in system.sources)]
    if system.threshold is not None:
        expressions.append(system.threshold)
    names = {s.name for e in expressions for s in e.free_symbols} - made
    wrong = names & edge_values
    if wrong:
        raise InputError(f"{', '.join(sorted(wrong))} belongs to the edges and cannot stand in the equations of a cell")
    names |= {system.refractory, *(e.delay for e in system.events)}
    names -= {"", "dt", *system.noises}
    system.parameters = names
