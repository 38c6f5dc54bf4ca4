"""How far the male's spicules are out, from the activation of their muscles."""

from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def protract(activation, protractor, retractor, extension):
    """How far the spicules are out, 0..1, (L,): the mean of the protractors less that of the retractors; `activation` is (muscle, L)."""
    for b in range(extension.size):
        out = 0.0
        for m in protractor:
            out += activation[m, b] / protractor.size
        for m in retractor:
            out -= activation[m, b] / retractor.size
        extension[b] = max(out, 0.0)
