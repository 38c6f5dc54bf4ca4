"""Null models of a wiring diagram: what stays is said, all else is chance.

``degree``
    Edge swaps (Maslov & Sneppen 2002, doi:10.1126/science.1065103): two edges a -> b and c -> d become a ->
    d and c -> b. Kept exactly: every cell's number of chemical inputs and outputs and of gap junctions, each
    apart for partners that are neurons, muscles or other cells, so that a muscle never becomes presynaptic;
    the number of edges; the self-loops, which stay where they are. Contacts, transmitter and sign travel
    with the presynaptic stub, so the contacts and signs that each cell sends out are kept too; those that it
    receives are not. Gap junctions are swapped as undirected pairs. No duplicated edge and no new self-loop
    arises.
``weights``
    Contacts permuted among the edges of a kind whose ends are of the same kinds of cell (neuron to neuron,
    neuron to muscle, ...). Kept: who is wired to whom, signs, and the distribution of contacts.
``signs``
    Signs, with their sources and certainties, permuted among the sign groups (presynaptic class to
    postsynaptic class), neuron-to-muscle groups apart from the rest. Kept: wiring, contacts, one sign a
    group, and how many groups are excitatory, inhibitory and unknown; the number of edges of each sign is
    kept only on average.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .connectome import UNDIRECTED_KINDS, Connectome
from .errors import InputError, UnknownNameError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

HOWS = ("degree", "weights", "signs")

#: Swaps tried for each edge. The chain forgets its start after a few swaps an edge (Milo et al. 2003,
#: arXiv:cond-mat/0312028, find 100 an edge ample and far fewer enough; on the male connectome the share of
#: original edges levels off after 5: see tests/test_shuffle.py).
SWAPS_PER_EDGE = 10


def shuffle(connectome: Connectome, how: str, seed: int) -> Connectome:
    """A shuffled connectome with the same cells.

    Parameters
    ----------
    connectome : Connectome
    how : {"degree", "weights", "signs"}
        See the module's text for what each keeps.
    seed : int
        Same seed, same result, on every machine.

    Raises
    ------
    UnknownNameError
        Another `how`.
    InputError
        ``"signs"`` on a connectome that has no signs yet.
    """
    import numpy as np

    if how not in HOWS:
        raise UnknownNameError("shuffle", how, HOWS, f"give one of {', '.join(HOWS)}")
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise InputError(f"seed is {seed!r}; it must be a whole number of at least 0")
    rng = np.random.Generator(np.random.PCG64([HOWS.index(how), int(seed)]))
    edges = {"degree": _degree, "weights": _weights, "signs": _signs}[how](connectome, rng)
    return connectome.with_edges(edges, name=f"{connectome.name} ({how} shuffled, seed {seed})")


def _strata(connectome: Connectome, ordered: bool) -> Iterator[tuple[str, np.ndarray]]:
    """Kind and rows of the edges that may be exchanged: same kind, same kinds of cells at the ends."""
    import numpy as np
    import pandas as pd

    edges = connectome.edges
    kinds = connectome.cells["kind"].to_numpy(dtype=str)
    kind, a, b = edges["kind"].to_numpy(dtype=str), kinds[connectome.pre_index], kinds[connectome.post_index]
    turn = np.isin(kind, UNDIRECTED_KINDS) & (a > b)
    frame = pd.DataFrame({"kind": kind, "a": np.where(turn, b, a), "b": np.where(turn, a, b)})
    by = ["kind", "a", "b"]
    if ordered:
        for column in ("transmitter", "receptor"):
            if column in edges.columns:
                text = edges[column].astype("string").fillna("").to_numpy(dtype=object)
                # a chemical edge is told apart by its two cells alone; extrasynaptic ones by ligand and
                # receptor too
                frame[column] = [t if k in ("monoamine", "peptide") else "" for t, k in
                                 zip(text, frame["kind"], strict=True)]
                by.append(column)
    for key, rows in sorted(frame.groupby(by, sort=False).indices.items()):
        yield key[0], rows


def _degree(connectome: Connectome, rng: np.random.Generator) -> pd.DataFrame:
    import numpy as np

    kinds = connectome.cells["kind"].to_numpy(dtype=object)
    pre, post = connectome.pre_index.copy(), connectome.post_index.copy()
    for kind, rows in _strata(connectome, ordered=True):
        rows = rows[pre[rows] != post[rows]]
        if len(rows) < 2:
            continue
        a, b = pre[rows], post[rows]
        mirrored = kind in UNDIRECTED_KINDS
        if mirrored:
            # put the end whose kind sorts first into a, so that a swap keeps neuron-muscle pairs as they are
            turn = kinds[a].astype(str) > kinds[b].astype(str)
            a, b = np.where(turn, b, a), np.where(turn, a, b)
        same = mirrored and kinds[a[0]] == kinds[b[0]]
        pre[rows], post[rows] = _swap(a, b, len(connectome.cells), rng, mirrored, same)
    names = connectome.cells.index.to_numpy(dtype=object)
    turn = (pre > post) & connectome.edges["kind"].isin(UNDIRECTED_KINDS).to_numpy()
    pre, post = np.where(turn, post, pre), np.where(turn, pre, post)
    return connectome.edges.assign(pre=names[pre], post=names[post])


def _swap(a: np.ndarray, b: np.ndarray, n_cells: int, rng: np.random.Generator, mirrored: bool,
          turnable: bool) -> tuple[np.ndarray, np.ndarray]:
    """Swap the ends b of random pairs of edges, leaving out swaps that would double an edge or close a
    loop.
    """
    import numpy as np

    n_edges = len(a)
    n_swaps = SWAPS_PER_EDGE * n_edges
    first = rng.integers(0, n_edges, n_swaps).tolist()
    second = rng.integers(0, n_edges, n_swaps).tolist()
    turns = rng.integers(0, 2, n_swaps).tolist() if turnable else [0] * n_swaps
    a, b = a.tolist(), b.tolist()

    def key(x: int, y: int) -> int:
        return (y * n_cells + x) if mirrored and x > y else (x * n_cells + y)

    present = {key(x, y) for x, y in zip(a, b, strict=True)}
    for i, j, turn in zip(first, second, turns, strict=True):
        a1, b1, a2, b2 = a[i], b[i], a[j], b[j]
        if turn:
            a2, b2 = b2, a2
        if i == j or a1 == b2 or a2 == b1:
            continue
        new1, new2 = key(a1, b2), key(a2, b1)
        if new1 in present or new2 in present or new1 == new2:
            continue
        present.remove(key(a1, b1))
        present.remove(key(a2, b2))
        present.add(new1)
        present.add(new2)
        b[i] = b2
        a[j], b[j] = a2, b1
    return np.asarray(a), np.asarray(b)


def _weights(connectome: Connectome, rng: np.random.Generator) -> pd.DataFrame:
    contacts = connectome.edges["contacts"].to_numpy(dtype=float).copy()
    for _, rows in _strata(connectome, ordered=False):
        contacts[rows] = contacts[rng.permutation(rows)]
    return connectome.edges.assign(contacts=contacts)


def _signs(connectome: Connectome, rng: np.random.Generator) -> pd.DataFrame:
    edges = connectome.edges
    columns = ["sign", "sign_source", "sign_certainty"]
    missing = [c for c in (*columns, "sign_group") if c not in edges.columns]
    if missing:
        raise InputError(f"{connectome.name} has no signs to shuffle (no column {', '.join(missing)}): "
                         "call wormsim.signs.assign_signs first")
    result = edges.copy()
    chemical = (edges["kind"] == "chemical").to_numpy()
    to_muscle = (connectome.cells["kind"] == "muscle").to_numpy()[connectome.post_index]
    for part in (chemical & to_muscle, chemical & ~to_muscle):
        if not part.any():
            continue
        groups = edges.loc[part].groupby("sign_group", sort=True)[columns].first()
        order = rng.permutation(len(groups))
        codes = groups.index.get_indexer(edges.loc[part, "sign_group"])
        for column in columns:
            result.loc[part, column] = groups[column].array[order][codes]
    return result
