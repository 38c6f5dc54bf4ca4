"""The kinds of perturbation, one a file.

A module has one public class, a :class:`wormsim.perturbation.Perturbation` named as the file is (``block_release.py``:
``BlockRelease``), and ``example(cells, dose, **window)``, which makes one of it: with a dose of 1 one that does something, with
0 one that does nothing, or None where there is no dose. The tests hold every file to what all of them promise: pure,
described in the manifest, nothing outside of the window, nothing at a dose of 0, the same in all engines.
"""

from .ablate import Ablate
from .block_gap_junctions import BlockGapJunctions
from .block_release import BlockRelease
from .clamp import Clamp
from .genotype import Genotype
from .rescue import Rescue
from .scale import Scale
from .silence import Silence
from .stimulate import Stimulate

__all__ = ["Ablate", "BlockGapJunctions", "BlockRelease", "Clamp", "Genotype", "Rescue", "Scale", "Silence", "Stimulate"]
