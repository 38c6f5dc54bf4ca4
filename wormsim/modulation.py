"""The state an animal is in, in words: which modulators are there, at which level, or released by its own cells.

``"serotonin:high"``, ``"dopamine:low, pdf:0.5"``, ``"serotonin:released"``: on the command line, in an experiment's TOML
(``state = ["serotonin:high"]``) and in Python. Levels are those of :mod:`wormsim.modulator_rules`; ``released`` leaves the
concentration to the activity of the releasing cells (:mod:`wormsim.release`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from .errors import InputError, UnknownNameError
from .modulator import load_modulator
from .modulator_rules import LEVELS, concentration
from .perturbations.modulate import Modulate
from .release import with_release

if TYPE_CHECKING:
    from .model import Model

RELEASED = "released"


def parse_state(state: str | Iterable[str] | Mapping[str, float | str]) -> dict[str, float | str]:
    """Modulator to level, in the order given.

    Parameters
    ----------
    state : str, iterable of str or mapping
        ``"serotonin:high, pdf:low"``, ``["serotonin:high"]`` or ``{"serotonin": "high"}``.

    Raises
    ------
    InputError
        A part that is not MODULATOR:LEVEL, a modulator named twice, a concentration that is negative or not a number.
    UnknownNameError
        A modulator or level that is not known.
    """
    if isinstance(state, Mapping):
        parts = [(str(name), level) for name, level in state.items()]
    else:
        texts = [t.strip() for text in ([state] if isinstance(state, str) else state) for t in text.split(",")]
        parts = []
        for text in filter(None, texts):
            name, colon, level = text.partition(":")
            if not (colon and name.strip() and level.strip()):
                raise InputError(f"state {text!r}: write MODULATOR:LEVEL, as in serotonin:high")
            parts.append((name, level.strip()))
    found: dict[str, float | str] = {}
    for name, level in parts:
        key = load_modulator(name).name
        if key in found:
            raise InputError(f"state: {key} is named twice")
        if level != RELEASED:
            try:
                concentration(level)
            except UnknownNameError:
                raise UnknownNameError(f"level of {key}", str(level), [*LEVELS, RELEASED],
                                       f"give a relative concentration of at least 0, or one of {', '.join([*LEVELS, RELEASED])}") from None
        found[key] = level
    return found


def in_state(model: Model, state: str | Iterable[str] | Mapping[str, float | str], *, without: Iterable[str] = (),
             shuffle: int | None = None) -> Model:
    """The model in a state.

    Parameters
    ----------
    model : Model
    state : str, iterable of str or mapping
        See :func:`parse_state`.
    without : iterable of str
        Receptors that are missing, as in a mutant; each must be one of a modulator of the state.
    shuffle : int, optional
        Control: seed that deals the receptors to other cells.
    """
    levels, missing = parse_state(state), tuple(without)
    receptors = {name: [r.name for r in load_modulator(name).receptors] for name in levels}
    for receptor in missing:
        if not any(receptor in names for names in receptors.values()):
            known = [r for names in receptors.values() for r in names]
            raise UnknownNameError("receptor", receptor, known, f"the state has {', '.join(levels) or 'no modulator'}")
    for name, level in levels.items():
        options = {"without": [r for r in missing if r in receptors[name]], "shuffle": shuffle}
        model = with_release(model, name, **options) if level == RELEASED else Modulate(name, level, **options)(model)
    return model
