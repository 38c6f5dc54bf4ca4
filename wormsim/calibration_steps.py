"""Everything that a calibration can ask for, by name."""

from .calibration import Step
from .hermaphrodite_calibration import hermaphrodite_steps
from .male_calibration import male_steps


def steps() -> dict[str, Step]:
    """Steps of hermaphrodites and of males."""
    return {**hermaphrodite_steps(), **male_steps()}
