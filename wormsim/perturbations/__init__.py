"""The kinds of perturbation, one a file."""

from .ablate import Ablate
from .block_release import BlockRelease
from .silence import Silence
from .stimulate import Stimulate

__all__ = ["Ablate", "BlockRelease", "Silence", "Stimulate"]
