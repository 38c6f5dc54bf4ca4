"""Wormsim: a nervous system from its wiring diagram, simulated, cut, and scored against measurement.

Importing this package loads nothing else; each public name loads its module when it is first used.
"""

from importlib import import_module as _import_module

__version__ = "0.1.0"

_HOME = {
    "load_connectome": "readers",
    "read_table": "readers.table",
    "Connectome": "connectome",
    "Cohort": "cohort",
    "assign_signs": "signs",
    "load_circuit": "circuit",
    "Circuit": "circuit",
    "Model": "model",
    "Prior": "parameter",
    "Ablate": "perturbations",
    "BlockRelease": "perturbations",
    "Silence": "perturbations",
    "Stimulate": "perturbations",
    "Variants": "variants",
    "simulate": "simulation",
    "Recording": "recording",
    "load_recording": "recordings",
    "to_brian2": "engines.brian2_network",
    "Experiment": "experiment",
    "load_experiment": "experiment",
    "run": "experiment",
    "rank": "studies.ablation_screen",
    "plot_traces": "plotting.traces",
    "plot_groups": "plotting.traces",
    "InputError": "errors",
}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> object:
    try:
        home = _HOME[name]
    except KeyError:
        raise AttributeError(f"module 'wormsim' has no attribute {name!r}") from None
    value = globals()[name] = getattr(_import_module(f"wormsim.{home}"), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
