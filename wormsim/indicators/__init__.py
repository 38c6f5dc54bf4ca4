"""Calcium indicators, one a file, found by file name.

A module has ``INDICATOR``, an :class:`Indicator` whose name is the file's: half-saturating calcium, Hill coefficient,
brightness when saturated over brightness without calcium, and time constants of rise and fall, each with unit, source and
certainty.

All were measured in purified protein or in mammalian neurons; none in the worm. Where a number could be checked against a
public text or table its source says so; the others are from memory and marked ``medium`` or ``low``.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..parameter import Parameter


@dataclass(frozen=True)
class Indicator:
    """How fluorescence follows calcium.

    Attributes
    ----------
    name : str
    parameters : tuple of Parameter
        ``Kd`` (uM), ``hill``, ``range`` (F saturated over F without calcium), ``tau_on`` and ``tau_off`` (ms).
    """

    name: str
    parameters: tuple[Parameter, ...]

    def values(self) -> dict[str, float]:
        """Values by public name: ``Kd_uM``, ``hill``, ``range``, ``tau_on_ms``, ``tau_off_ms``."""
        return {p.key: p.value for p in self.parameters}
