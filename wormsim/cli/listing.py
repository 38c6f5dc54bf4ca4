"""``wormsim list`` and ``wormsim show``."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .. import catalog
from ..errors import UnknownNameError
from ..validation import read_toml
from .terminal import examples, facts, heading, markdown, paragraph, print_frame, print_table, some

if TYPE_CHECKING:
    import pandas as pd

    from ..connectome import Connectome
    from ..parameter import Parameter

_NAMES_SHOWN = 24


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command("list", epilog=examples("wormsim list", "wormsim list connectomes", "wormsim list neurons"))(list_names)
    app.command("show", epilog=examples("wormsim show cook2019_male", "wormsim show whole_male",
                                        "wormsim show mating_turn", "wormsim show lif"))(show)


def list_names(
    what: Annotated[str | None, typer.Argument(
        help="connectomes, circuits, neurons, synapses, perturbations, genotypes, modulators, assays, metrics, objectives, observables, "
             "indicators, recordings or experiments; all if not given.")] = None,
) -> None:
    """List what there is: connectomes, circuits, models, perturbations, genotypes, assays, metrics, what reads activity, experiments."""
    if what is not None and what not in _LISTS:
        raise UnknownNameError("list", what, _LISTS, f"there are {', '.join(_LISTS)}")
    for name, rows in _LISTS.items():
        if what in (None, name):
            found = rows()
            print_table(["name", "what it is"], found, title=name) if found else paragraph(f"{name}: none\n")


def _connectomes() -> list[list[str]]:
    from ..readers import connectome_names, load_connectome

    said = {name: repr(load_connectome(name)).split(": ", 1)[-1].rstrip(">") for name in connectome_names()}
    return [[name, re.sub(r"\b1 (neuron|muscle)s\b", r"1 \1", text)] for name, text in said.items()]


def _from_toml(folder: str, describe: Callable[[dict], str]) -> list[list[str]]:
    rows = []
    for name in catalog.names(folder):
        rows.append([name, describe(read_toml(catalog.toml_path(folder, name))[0])])
    return rows


def _from_modules(folder: str) -> list[list[str]]:
    return [[name, _first_sentence(catalog.load(folder, name))] for name in catalog.names(folder)]


def _mutants() -> dict[str, list]:
    """Rows of the table of mutants, by gene."""
    from ..perturbations.genotype import genotypes

    found: dict[str, list] = {}
    for row in genotypes().itertuples():
        found.setdefault(row.gene, []).append(row)
    return found


def _change(row: Any) -> str:
    """One change of a mutant in words."""
    what = {"transmitter": f"{row.target}", "release": "release from synaptic vesicles", "dense_core": f"release of {row.target}",
            "gap_junctions": "gap junctions", "receptor": f"receptor {row.target}", "received": f"{row.target} received by {row.onto}"}
    share = "all" if row.lost == 1 and row.low != row.low else f"{row.lost:g}" + ("" if row.low != row.low else
                                                                                f" ({row.low:g}-{row.high:g})")
    return f"{share} of {what[row.change]} lost" if row.change != "receptor" else f"{what['receptor']} lost"


def _first_sentence(thing: Any) -> str:
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


_LISTS: dict[str, Callable[[], list[list[str]]]] = {
    "connectomes": _connectomes,
    "circuits": lambda: _from_toml("circuits", lambda t: str(t.get("description", ""))),
    "neurons": lambda: _from_modules("neurons"),
    "synapses": lambda: _from_modules("synapses"),
    "perturbations": lambda: _from_modules("perturbations"),
    "genotypes": lambda: [[gene, "; ".join(_change(row) for row in rows)] for gene, rows in _mutants().items()],
    "modulators": lambda: _from_modules("modulators"),
    "assays": lambda: _from_modules("assays"),
    "metrics": lambda: _from_modules("metrics"),
    "objectives": lambda: _from_modules("objectives"),
    "observables": lambda: _from_modules("observables"),
    "indicators": lambda: _from_modules("indicators"),
    "recordings": lambda: _from_modules("recordings"),
    "experiments": lambda: _from_toml("experiments", lambda t: str(t.get("experiment", {}).get("question", ""))),
}


def show(name: Annotated[str, typer.Argument(help="Name of anything that `wormsim list` lists, a cell or class, or a path "
                                                  "of a table, circuit or experiment of your own.")]) -> None:
    """Show one thing: what it is, where it is from, what it counts."""
    from ..readers import TABLE_ENDINGS, connectome_names

    if name.endswith(TABLE_ENDINGS):
        return _show_connectome(name)
    if name.endswith(".toml"):
        settings, _ = read_toml(catalog.toml_path("experiments", name))
        return _show_experiment(name) if "experiment" in settings else _show_circuit(name)
    known = {"connectome": connectome_names(),
             **{folder: catalog.names(folder) for folder in ("circuits", "neurons", "synapses", "perturbations", "modulators", "assays",
                                                             "metrics", "objectives", "observables", "indicators", "recordings",
                                                             "experiments")}, "genotypes": list(_mutants())}
    if not any(name in names for names in known.values()) and (cells := _show_cells(name)):
        raise UnknownNameError("name", name, [n for names in (*known.values(), cells) for n in names],
                               "`wormsim list` lists all there is except cells")
    for kind, names in known.items():
        if name in names:
            _SHOW[kind](name)
    return None


def _show_connectome(name: str) -> None:
    from ..readers import load_connectome

    connectome: Connectome = load_connectome(name)
    heading(f"connectome {connectome.name}")
    source = connectome.provenance
    facts([("source", connectome.cite()), ("file", source.get("source")), ("SHA-256", source.get("sha256")),
           ("contacts in", source.get("weight_unit"))])
    print_frame(connectome.summary())
    cells = connectome.cells
    neurons = cells[cells["kind"] == "neuron"]
    if "transmitter" in neurons and neurons["transmitter"].notna().any():
        counts = neurons["transmitter"].fillna("unknown").value_counts()
        print_table(["transmitter", "neurons"], list(counts.items()), right=("neurons",))
    for note in source.get("notes", ()):
        paragraph(f"note: {note}")


def _show_cells(name: str) -> set[str]:
    """Show a cell or a class that some connectome has; where none has it, return what they have."""
    from ..names import canonical_name
    from ..readers import connectome_names, load_connectome

    having: dict[str, list[str]] = {}
    about: dict[str, pd.Series] = {}
    known: set[str] = set()
    canonical = canonical_name(name)
    for connectome in (load_connectome(n) for n in connectome_names()):
        cells = connectome.cells
        known |= {*cells.index, *cells["cell_class"].dropna()}
        found = cells[cells.index == canonical]
        if not len(found):
            found = cells[cells["cell_class"] == name]
        for cell, row in found.iterrows():
            having.setdefault(cell, []).append(connectome.name)
            about.setdefault(cell, row)
    for cell, row in about.items():
        heading(f"{row['kind'] if row['kind'] != 'other' else 'cell'} {cell}")
        certainty = row.get("transmitter_certainty", "")
        transmitter = row.get("transmitter")
        transmitter = transmitter if isinstance(transmitter, str) else ""
        facts([("class", row["cell_class"]), ("sex", row.get("sex")), ("role", row.get("role")),
               ("transmitter", f"{transmitter} ({certainty})" if transmitter and certainty else transmitter or "unknown"),
               ("in", ", ".join(having[cell]))])
    return set() if about else known


def _show_circuit(name: str) -> None:
    from ..circuit import load_circuit

    circuit = load_circuit(name)
    heading(f"circuit {circuit.name}")
    facts([("what it is", circuit.description), ("rests on", circuit.source),
           ("connectome", circuit.connectome.name)])
    print_frame(circuit.connectome.summary())
    signs = circuit.connectome.edges
    signs = signs[signs["kind"] == "chemical"]["sign"].map({1: "excitatory", -1: "inhibitory"}).fillna("unknown")
    print_table(["sign", "chemical edges"], list(signs.value_counts().items()), right=("chemical edges",))
    rows = [[group, len(cells), some(cells, _NAMES_SHOWN)] for group, cells in circuit.groups.items()]
    if rows:
        print_table(["group", "cells", "members"], rows, right=("cells",))


def _show_experiment(name: str) -> None:
    from ..experiment import load_experiment
    from ..report import flatten

    experiment = load_experiment(name)
    header = experiment.header
    heading(f"experiment {experiment.name}")
    facts([("question", header.question), ("study", header.kind), ("seed", header.seed),
           ("source", "\n".join(header.source)), ("fitted on", "\n".join(header.fitted_on)),
           ("scored on", "\n".join(header.scored_on))])
    print_table(["setting", "value"], flatten(experiment.spec.model_dump(mode="json", exclude={"seed"})))
    paragraph(f"Run it with `wormsim run {name}`; change a setting with --set KEY=VALUE.")


def _show_model(folder: str, name: str) -> None:
    module = catalog.load(folder, name)
    model = module.MODEL
    heading(f"{'neuron' if folder == 'neurons' else 'synapse'} model {name}")
    markdown(inspect.getdoc(module) or "")
    rows = [(f.name.replace("_", " "), getattr(model, f.name)) for f in dataclasses.fields(model)
            if f.name not in ("name", "parameters")]
    facts([(label, _text(value)) for label, value in rows])
    _parameters(model.parameters)


def _parameters(parameters: Iterable[Parameter]) -> None:
    print_table(["parameter", "value", "unit", "certainty", "prior", "source"],
                [[p.symbol, f"{p.value:g}", p.unit, p.certainty, _prior(p.prior), p.source] for p in parameters],
                right=("value",))


def _text(value: Any) -> str:
    """A field of a model in one line; nested descriptions have a place of their own and are left out."""
    if isinstance(value, dict):
        return "; ".join(f"{key} = {item}" for key, item in value.items())
    if isinstance(value, tuple):
        return ", ".join(value) if all(isinstance(item, str) for item in value) else ""
    return str(value) if isinstance(value, (str, float, int)) else ""


def _prior(prior: Any) -> str:
    return "" if prior is None else f"{prior.kind} {prior.low:g} to {prior.high:g}"


def _show_modulator(name: str) -> None:
    from ..modulator import load_modulator

    module, modulator = catalog.load("modulators", name), load_modulator(name)
    heading(f"modulator {name}")
    markdown(inspect.getdoc(module) or "")
    facts([("kind", modulator.kind), ("does", modulator.does), ("who releases it", modulator.source)])
    print_table(["receptor", "coupling", "certainty", "source"],
                [[r.name, r.coupling, r.certainty, r.source] for r in modulator.receptors])
    print_table(["parameter", "value", "unit", "certainty", "prior"],
                [[p.symbol, f"{p.value:g}", p.unit, p.certainty, _prior(p.prior)] for p in (*modulator.parameters, modulator.clearance)],
                right=("value",))
    paragraph("`wormsim modulators CIRCUIT` names the cells")


def _show_documented(folder: str, name: str) -> None:
    module = catalog.load(folder, name)
    heading(f"{folder[:-1]} {name}")
    markdown(inspect.getdoc(module) or "")
    paragraph("")
    if parameters := getattr(module, "PARAMETERS", ()) or getattr(getattr(module, "INDICATOR", None), "parameters", ()):
        _parameters(parameters)


def _show_objective(name: str) -> None:
    kind = catalog.load("objectives", name).Fit
    _show_documented("objectives", name)
    facts([("fitted on", kind.fitted_on), ("scored on", kind.scored_on), ("split by", kind.split_by), ("source", kind.source)])
    print_table(["setting", "default", "what it is"],
                [[key, "(needed)" if field.is_required() else str(field.get_default(call_default_factory=True)), field.description or ""]
                 for key, field in kind.model_fields.items()])
    paragraph(f"Fit it with `wormsim fit {name}`; change a setting with --set objective.settings.KEY=VALUE.")


def _show_perturbation(name: str) -> None:
    module = catalog.load("perturbations", name)
    heading(f"perturbation {name}")
    markdown(inspect.getdoc(module) or "")
    markdown(inspect.getdoc(getattr(module, "".join(word.capitalize() for word in name.split("_")))) or "")
    paragraph("")


def _show_genotype(name: str) -> None:
    heading(f"genotype {name}")
    print_table(["what is lost", "certainty", "source", "note"],
                [[_change(row), row.certainty, row.source, row.note] for row in _mutants()[name]])


_SHOW: dict[str, Callable[[str], None]] = {
    "connectome": _show_connectome,
    "circuits": _show_circuit,
    "neurons": lambda name: _show_model("neurons", name),
    "synapses": lambda name: _show_model("synapses", name),
    "perturbations": _show_perturbation,
    "genotypes": _show_genotype,
    "modulators": _show_modulator,
    "assays": lambda name: _show_documented("assays", name),
    "metrics": lambda name: _show_documented("metrics", name),
    "objectives": _show_objective,
    "observables": lambda name: _show_documented("observables", name),
    "indicators": lambda name: _show_documented("indicators", name),
    "recordings": lambda name: _show_documented("recordings", name),
    "experiments": _show_experiment,
}
