"""Observables: what an instrument would have seen of a simulation, one a file, found by file name.

A module has one public class whose instances say how the instrument is set, with ``of(recording)``, which returns what it
sees of every variant. :func:`observe` is that call with the arguments in reading order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from ..recording import Recording

Seen = TypeVar("Seen", covariant=True)


class Observable(Protocol[Seen]):
    """Anything that can look at a recording."""

    def of(self, recording: Recording) -> Seen:
        """What it sees."""
        ...


def observe(recording: Recording, observable: Observable[Seen]) -> Seen:
    """What an instrument sees of a simulation, for all of its variants.

    Parameters
    ----------
    recording : Recording
    observable : Observable
        Such as :class:`wormsim.observables.calcium.Calcium`.
    """
    return observable.of(recording)
