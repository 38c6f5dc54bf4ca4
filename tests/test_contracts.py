"""The contracts of the house, over everything that is in it: a new file in a plural folder is covered without an edit.

What a folder asks of its files stands in its own docstring (``wormsim/<folder>/__init__.py``).
"""

from __future__ import annotations

import importlib
import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from wormsim import catalog, units
from wormsim.dynamics import NeuronModel, SynapseModel
from wormsim.indicators import Indicator
from wormsim.parameter import CERTAINTIES, Parameter

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("readers", "neurons", "synapses", "modulators", "perturbations", "engines", "assays", "metrics", "studies", "recordings",
           "indicators", "observables", "objectives")
MODULES = [(folder, name) for folder in FOLDERS for name in catalog.names(folder)]
YEAR = re.compile(r"\b(18|19|20)\d\d\b")


def tracked() -> list[Path]:
    """Files that are in git or would be; all files where there is no git."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return [path for path in ROOT.rglob("*") if path.is_file() and not {".git", ".venv"} & set(path.parts)]
    return [path for line in done.stdout.splitlines() if (path := ROOT / line).is_file()]


def text_of(path: Path) -> str | None:
    """Text of a file, None where it is not text."""
    data = path.read_bytes()
    return None if b"\0" in data[:8192] else data.decode("utf-8")


def docstring(thing) -> str:
    return inspect.getdoc(thing) or ""


def public(module) -> dict[str, object]:
    """Functions and classes that a module defines and does not hide."""
    return {name: value for name, value in vars(module).items()
            if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
            and (inspect.isfunction(value) or inspect.isclass(value))}


# ---------------------------------------------------------------- files


def test_no_file_is_longer_than_500_lines():
    long = {str(path.relative_to(ROOT)): n for path in tracked() if path.suffix == ".py"
            if (n := len(path.read_text("utf-8").splitlines())) > 500}
    assert long == {}


# Put together from parts, so that this file holds none of what it looks for.
_FOLDERS = "|".join(["work", "root", "home", "tmp", "Users"])
_HOSTS = ["py" + r"pi\.org", "python" + "hosted", r"registry\." + "npmjs", r"deb\." + "debian", r"conda\." + "anaconda"]
_SECRET = r"BEGIN [A-Z ]*PRIVATE" + r" KEY|AKIA[0-9A-Z]{16}|(?:pass" + r"word|token)\s*=\s*['\"]\w{8,}"
FORBIDDEN = [
    ("path of one machine", re.compile(rf"(?<![\w.~*/-])/(?:{_FOLDERS})/")),
    ("host of a package registry", re.compile("|".join(_HOSTS))),
    ("key or password", re.compile(_SECRET)),
]


@pytest.mark.parametrize(("what", "pattern"), FORBIDDEN, ids=[what for what, _ in FORBIDDEN])
def test_no_file_names_what_only_one_machine_has(what, pattern):
    hits = [f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
            for path in tracked() if (text := text_of(path)) is not None
            for number, line in enumerate(text.splitlines(), start=1) if pattern.search(line)]
    assert hits == [], f"a {what}"


def test_the_patterns_find_what_they_are_for():
    samples = ["/" + "work/main", "https://" + "pyp" + "i.org/simple", "token" + " = 'abcdefgh1234'"]
    for (_, pattern), sample in zip(FORBIDDEN, samples, strict=True):
        assert pattern.search(sample)


def test_files_are_utf8_text_with_unix_line_ends():
    for path in tracked():
        if path.suffix in {".py", ".toml", ".md", ".csv", ".txt", ".cff", ".yml", ".html"}:
            data = path.read_bytes()
            data.decode("utf-8")
            assert b"\r" not in data, path


def test_ruff_finds_nothing():
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "concise", "."]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout


# ---------------------------------------------------------------- every module of a plural folder


@pytest.mark.parametrize("folder", [*FOLDERS, "circuits", "experiments", "kernels", "datasets"])
def test_folder_says_what_it_asks_of_its_files(folder):
    assert len(docstring(importlib.import_module(f"wormsim.{folder}"))) > 30


@pytest.mark.parametrize(("folder", "name"), MODULES)
def test_module_and_what_it_offers_are_described(folder, name):
    module = catalog.load(folder, name)
    assert len(docstring(module)) > 40
    for symbol, value in public(module).items():
        assert docstring(value), f"{folder}/{name}.py: {symbol} has no docstring"


@pytest.mark.parametrize(("folder", "name"), [m for m in MODULES if m[0] in ("neurons", "synapses", "modulators", "assays", "indicators")])
def test_module_of_facts_names_its_sources(folder, name):
    text = inspect.getsource(catalog.load(folder, name))
    assert YEAR.search(text), f"{folder}/{name}.py: no source (author and year)"


# ---------------------------------------------------------------- neurons and synapses


def check_parameters(model: NeuronModel | SynapseModel | Indicator) -> None:
    keys = [p.key for p in model.parameters]
    assert len(keys) == len(set(keys))
    for p in model.parameters:
        assert isinstance(p, Parameter)
        assert p.unit in units.UNITS, p.symbol
        assert p.certainty in CERTAINTIES, p.symbol
        assert len(p.source) >= 8, f"{p.symbol}: a source says who and when, or why it is free to choose"
        if p.certainty != "guess":
            others = {q.symbol for q in model.parameters} - {p.symbol}
            follows = others & set(re.findall(r"\w+", p.source))
            assert YEAR.search(p.source) or follows, f"{p.symbol}: certainty {p.certainty!r} needs a publication"
        if p.prior is not None:
            assert p.prior.low <= p.value <= p.prior.high, f"{p.symbol}: value outside its own prior"


@pytest.mark.parametrize("name", catalog.names("neurons"))
def test_neuron(name):
    model = catalog.load("neurons", name).MODEL
    assert isinstance(model, NeuronModel)
    assert model.name == name
    check_parameters(model)
    assert re.search(r"\bdv/dt\s*=.*: volt", model.equations)
    assert bool(model.threshold) == bool(model.reset) or model.counts_crossings
    assert model.dt_ms > 0
    symbols = {p.symbol for p in model.parameters}
    assert not model.refractory or model.refractory in symbols or model.counts_crossings
    assert set(model.muscle) <= {p.key for p in model.parameters}
    takes = [(s.kind, s.transmitter) for s in (catalog.load("synapses", name).MODEL for name in model.synapses)]
    assert len(takes) == len(set(takes)), "one default synapse a kind of edge, or a kind and transmitter"
    states = set(re.findall(r"\bd(\w+)/dt", model.equations))
    assert set(model.initial) <= states
    assert "v" in model.initial


@pytest.mark.parametrize("name", catalog.names("synapses"))
def test_synapse(name):
    model = catalog.load("synapses", name).MODEL
    assert isinstance(model, SynapseModel)
    assert model.name == name
    assert model.kind in ("chemical", "electrical", "contact", "monoamine", "peptide")
    check_parameters(model)
    keys, symbols = {p.key for p in model.parameters}, {p.symbol for p in model.parameters}
    assert not model.delay or model.delay in symbols
    for edge in model.edge:
        assert edge.scale in keys, edge.symbol
    states = set(re.findall(r"\bd(\w+)/dt", model.cell_equations))
    assert states <= set(model.initial) <= states | {"v"}
    assert not model.poisson_target or model.poisson_target in states


BRIAN2_WORDS = {"t", "dt", "int", "xi", "exp", "clip", "sqrt", "log", "tanh", "mV", "ms", "nS", "pA", "pF", "volt", "amp"}


@pytest.mark.parametrize("folder", ["neurons", "synapses"])
def test_every_symbol_is_declared_and_every_parameter_used(folder):
    """Brian2 itself reads the equations; a symbol that is nowhere declared would only fail when somebody runs it."""
    from brian2 import Equations

    for name in catalog.names(folder):
        model = catalog.load(folder, name).MODEL
        equations = Equations(model.equations if folder == "neurons" else model.cell_equations or "dummy : 1")
        symbols = {p.symbol for p in model.parameters}
        texts = [getattr(model, field, "") for field in
                 ("equations", "cell_equations", "threshold", "reset", "refractory", "on_pre", "delay", "current")]
        texts += list(model.initial.values()) + [expression for expression, _ in getattr(model, "summed", {}).values()]
        words = set(re.findall(r"[A-Za-z_]\w*", " ".join(texts)))
        by_rule = {edge.scale for edge in getattr(model, "edge", ())}
        unused = {p.symbol for p in model.parameters if p.symbol not in words and p.key not in by_rule}
        assert unused == set(), f"{folder}/{name}.py: parameters that nothing uses"
        if folder == "neurons":
            known = symbols | set(equations.names) | {"I"} | BRIAN2_WORDS
            assert {str(word) for word in equations.identifiers} - known == set(), f"{folder}/{name}.py: not declared"


# ---------------------------------------------------------------- readers


def connectome_names() -> list[tuple[str, str]]:
    return [(module, name) for module in catalog.names("readers")
            for name in getattr(catalog.load("readers", module), "NAMES", ())]


def test_reader_modules_offer_names_or_a_table():
    for name in catalog.names("readers"):
        module = catalog.load("readers", name)
        assert hasattr(module, "read_table") or (isinstance(module.NAMES, tuple) and module.NAMES), name
        if getattr(module, "NAMES", ()):
            assert YEAR.search(docstring(module)), f"readers/{name}.py: whose wiring, and when published?"
    names = [name for _, name in connectome_names()]
    assert len(names) == len(set(names)) > 0


@pytest.mark.parametrize(("module", "name"), connectome_names())
def test_connectome(module, name):
    """Every connectome has the columns, the units and the provenance that the rest of the house counts on."""
    from wormsim.connectome import CELL_KINDS, EDGE_KINDS, UNDIRECTED_KINDS

    connectome = catalog.load("readers", module).read(name)
    assert connectome.name == name
    for key in ("citation", "doi", "licence", "source", "sha256", "weight_unit", "notes"):
        assert key in connectome.provenance, key
    assert re.fullmatch(r"10\.\d{4,9}/\S+", connectome.provenance["doi"])
    assert connectome.provenance["weight_unit"]
    cells, edges = connectome.cells, connectome.edges
    assert {"cell_class", "kind", "sex", "transmitter", "role"} <= set(cells.columns)
    assert {"pre", "post", "kind", "contacts"} <= set(edges.columns)
    assert cells.index.is_unique
    assert set(cells["kind"]) <= set(CELL_KINDS)
    assert set(edges["kind"]) <= set(EDGE_KINDS)
    assert set(edges["pre"]) | set(edges["post"]) <= set(cells.index)
    contacts = edges["contacts"].to_numpy(float)
    assert np.isfinite(contacts).all()
    assert (contacts > 0).all()
    order = {cell: i for i, cell in enumerate(cells.index)}
    undirected = edges[edges["kind"].isin(UNDIRECTED_KINDS)]
    assert (undirected["pre"].map(order).to_numpy() <= undirected["post"].map(order).to_numpy()).all()
    identity = [c for c in ("pre", "post", "kind", "transmitter", "receptor") if c in edges.columns]
    assert not edges.duplicated(identity).any()


# ---------------------------------------------------------------- activity: recordings, indicators, observables


@pytest.mark.parametrize("name", catalog.names("recordings"))
def test_reader_of_recordings(name):
    module = catalog.load("recordings", name)
    assert list(inspect.signature(module.matches).parameters) == ["path"]
    assert list(inspect.signature(module.animals).parameters) == ["path"]
    first, second, *options = inspect.signature(module.read).parameters.values()
    assert (first.name, second.name) == ("path", "animal")
    assert all(p.kind is p.KEYWORD_ONLY and p.default is not p.empty for p in options), "a file is read without options"


@pytest.mark.parametrize("name", catalog.names("indicators"))
def test_indicator(name):
    indicator = catalog.load("indicators", name).INDICATOR
    assert isinstance(indicator, Indicator)
    assert indicator.name == name
    check_parameters(indicator)
    assert set(indicator.values()) == {"Kd_uM", "hill", "range", "tau_on_ms", "tau_off_ms"}
    assert min(indicator.values().values()) > 0
    assert indicator.values()["range"] > 1


@pytest.mark.parametrize("name", catalog.names("observables"))
def test_observable(name):
    """One public class that can look at a recording, and numbers with their sources."""
    module = catalog.load("observables", name)
    instruments = [thing for thing in public(module).values() if hasattr(thing, "of")]
    assert len(instruments) == 1
    assert list(inspect.signature(instruments[0].of).parameters) == ["self", "recording"]
    for p in getattr(module, "PARAMETERS", ()):
        assert isinstance(p, Parameter)
        assert len(p.source) >= 8, p.symbol
        assert p.prior is None or p.prior.low <= p.value <= p.prior.high


# ---------------------------------------------------------------- assays, studies, circuits, experiments


@pytest.mark.parametrize("name", catalog.names("assays"))
def test_assay(name):
    from wormsim.behaviour_assay import BehaviourAssay
    from wormsim.circuit import load_circuit
    from wormsim.effects import MEASURES
    from wormsim.mating_ethogram import MEASURES as MATING_MEASURES
    from wormsim.pump_probe import PumpProbe

    assay = catalog.load("assays", name).ASSAY
    assert assay.name == name
    assert YEAR.search(assay.source)
    assert len(docstring(catalog.load("assays", name))) > 400, "each choice is justified by a source"
    if isinstance(assay, BehaviourAssay):
        assert assay.duration_s > 0
        assert assay.repeats >= 1
        assert assay.limits
        assert load_circuit(assay.circuit)
        assert set(assay.absent) <= set(MATING_MEASURES) | set(MEASURES)
        return
    if isinstance(assay, PumpProbe):
        assert 0 < assay.pulse_ms < assay.watch_ms
        assert set(assay.priors) <= set(assay.build(load_circuit(assay.circuit)).parameters)
        return
    times = [0, *assay.baseline_ms, *assay.window_ms, assay.duration_ms]
    assert times == sorted(times)
    assert assay.baseline_ms[0] < assay.baseline_ms[1]
    assert assay.window_ms[0] < assay.window_ms[1]
    positive = [w for w in assay.readout.values() if w > 0]
    negative = [w for w in assay.readout.values() if w < 0]
    assert sum(positive) == pytest.approx(1)
    assert sum(negative) == pytest.approx(-1)
    assert set(assay.dt_ms) <= set(catalog.names("neurons"))
    circuit = load_circuit(assay.circuit)
    for group in (*assay.readout, *(c.group for c in assay.contacts)):
        assert circuit.groups[group], group


@pytest.mark.parametrize("name", catalog.names("studies"))
def test_study(name):
    from pydantic import BaseModel

    module = catalog.load("studies", name)
    assert issubclass(module.Spec, BaseModel)
    assert module.Spec.model_config.get("extra") == "forbid"
    assert list(inspect.signature(module.run).parameters)[:2] == ["spec", "runner"]


@pytest.mark.parametrize("name", catalog.names("metrics"))
def test_metric(name):
    """A metric says what chance and perfection score, so that a value is never shown without them."""
    module = catalog.load("metrics", name)
    assert np.isfinite([module.FLOOR, module.CEILING]).all()
    assert module.FLOOR < module.CEILING
    assert public(module)


@pytest.mark.parametrize("name", catalog.names("objectives"))
def test_objective(name):
    """What is fitted and what is scored is said by the objective itself, before anything runs."""
    from wormsim.objective import Objective

    kind = catalog.load("objectives", name).Fit
    assert issubclass(kind, Objective)
    assert kind.question.endswith("?")
    assert YEAR.search(kind.source)
    assert kind.fitted_on != kind.scored_on
    assert "left out" in kind.scored_on
    assert kind.split_by
    assert kind.floor < kind.ceiling
    for method in ("units", "observed", "simulate", "score"):
        assert getattr(kind, method) is not getattr(Objective, method), method


@pytest.mark.parametrize("name", catalog.names("circuits"))
def test_circuit(name):
    from wormsim.circuit import load_circuit

    circuit = load_circuit(name)
    assert circuit.name == name
    assert circuit.description
    assert YEAR.search(str(circuit.source)), "where the circuit and its groups are from"
    assert circuit.groups
    cells = set(circuit.connectome.cells.index)
    for group, members in circuit.groups.items():
        assert members, group
        assert set(members) <= cells, group
    assert "sign" in circuit.connectome.edges.columns


@pytest.mark.parametrize("name", catalog.names("experiments"))
def test_experiment(name):
    from wormsim.experiment import load_experiment

    table = tomllib.loads(catalog.toml_path("experiments", name).read_text("utf-8"))["experiment"]
    assert table["name"] == name
    experiment = load_experiment(name)
    assert experiment.name == name
    assert experiment.header.question.endswith("?")
    assert YEAR.search(" ".join(experiment.header.source))
    assert set(experiment.header.fitted_on).isdisjoint(experiment.header.scored_on)
