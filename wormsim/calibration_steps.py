"""Everything that a calibration can ask for, by name."""

from .calibration import Step
from .hermaphrodite_calibration import hermaphrodite_steps
from .male_calibration import male_steps
from .male_stopping import stopping_steps


def steps() -> dict[str, Step]:
    """Steps of hermaphrodites and of males."""
    return {**hermaphrodite_steps(), **steps_of_males()}


def steps_of_males() -> dict[str, Step]:
    """Steps of males."""
    return {**male_steps(), **stopping_steps()}
