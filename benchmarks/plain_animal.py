"""One hermaphrodite in a closed loop, in NumPy and SciPy, without noise: the peer of `whole_animal.py` and the reference of the tests.

Written apart from wormsim's own loop, from its equations (docs/body.md). Of wormsim it takes the individual's edges (sender, receiver,
conductance), names, classes and contacts of the connectome, the animal's numbers, constants, the body's form and its pose at the start. Gains,
potentials at rest, where muscles pull and what stretch receptors feel are worked out here in another way, and so is every step.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping, Sequence

import numpy as np
from scipy import linalg, sparse
from scipy.sparse.linalg import spsolve

from wormsim.animal import Wiring
from wormsim.body import muscles, parameters, stretch
from wormsim.body.drag import MEDIA
from wormsim.closed_loop import start_pose

#: An animal at the end of a run: nodes (49,) in mm, every cell's potential (N,) in mV, every muscle's activation (M,) from 0 to 1.
Animal = namedtuple("Animal", "x_mm y_mm v_mV activation")
#: Muscles in each row of the body wall, numbered from the head, and which way the row bends the body.
WALL_ROWS = {"MDL": (24, 1.0), "MDR": (24, 1.0), "MVL": (23, -1.0), "MVR": (24, -1.0)}


def walk(wiring: Wiring, numbers: Mapping[str, float], duration_s: float, medium: str = "agar", *, dt_ms: float = 2.0,
         without: Sequence[str] = (), drive_pA: Mapping[str, float] | None = None, feels_stretch: bool = True,
         touch: tuple[Sequence[str], float, float] | None = None) -> Animal:
    """Run one animal.

    Parameters
    ----------
    wiring : wormsim.animal.Wiring
        Of a hermaphrodite.
    numbers : mapping
        Parameters of the animal, as in :mod:`wormsim.body.parameters`.
    duration_s, dt_ms : float
    medium : str
    without : sequence of str
        Cells that are ablated; thresholds stay those of the intact animal.
    drive_pA : mapping, optional
        Current into each cell that is named; the animal's own `I_AVB_pA` into AVBL and AVBR by default.
    feels_stretch : bool
    touch : tuple of sequence of str, float and float, optional
        Cells in which `g_touch_nS` opens towards 0 mV, from when until when, s; then it closes with `hold_s`.
    """
    numbers = dict(numbers)  # looked up in every step: a Series is slow at that
    cells, form, dt = list(wiring.cells), wiring.form, dt_ms * 1e-3
    row = {name: i for i, name in enumerate(cells)}
    alive = np.array([name not in without for name in cells], float)
    v_leak, e_exc, e_inh, beta, ratio = (parameters.FIXED[k] for k in ("v_leak_mV", "E_exc_mV", "E_inh_mV", "beta_per_mV", "rise_over_decay"))
    into, out, coupling, offset = gains(wiring, numbers)
    exc, inh, gap = conductances(wiring, into, out, coupling)
    s = ratio / (ratio + 1 + np.exp(beta * offset))
    rest = potentials_at_rest(exc @ s, inh @ s, gap, numbers["g_leak_nS"])
    v, half = rest.copy(), rest + offset
    exc, inh, gap = (w @ sparse.diags_array(alive) for w in (exc, inh, gap))  # the dead send nothing
    g_gap = gap.sum(axis=1)
    drive_pA = dict.fromkeys(("AVBL", "AVBR"), numbers["I_AVB_pA"]) if drive_pA is None else drive_pA
    touched, from_s, until_s = touch or ((), 0.0, 0.0)
    opens = np.array([numbers["g_touch_nS"] if name in touched else 0.0 for name in cells])
    current = np.array([drive_pA.get(name, 0.0) for name in cells])
    pull = bends(wiring.muscle_names, form.joints)
    of_muscle = [row[name] for name in wiring.muscle_names]
    activation, keep = np.zeros(len(of_muscle)), np.exp(-dt_ms / muscles.TAU_MS)
    feel = receptors(wiring, numbers) if feels_stretch else np.zeros((len(cells), form.segments - 1))
    x, y = start_pose(wiring)
    kappa = np.zeros(form.segments - 1)
    bend, eta = numbers["bend_uN_mm2"] * form.stiffness_profile, numbers["eta_uN_mm2_s"] * form.stiffness_profile
    h = dt_ms / numbers["C_m_pF"]
    for step in range(round(duration_s / dt)):
        ge, gi = exc @ s, inh @ s
        # open while it lasts, and closing with a time constant from its last step on
        since = (step - round(until_s / dt) + 1) * dt
        felt = 0.0 if step < round(from_s / dt) else np.exp(-max(since, 0.0) / numbers["hold_s"])
        g = numbers["g_leak_nS"] + ge + gi + g_gap + opens * felt
        driven = numbers["g_leak_nS"] * v_leak + ge * e_exc + gi * e_inh + gap @ v + current + feel @ kappa
        up = ratio * numbers["a_d_per_s"] * dt / (1 + np.exp(-beta * (v - half)))
        rate = up + numbers["a_d_per_s"] * dt
        v, s = v - alive * (driven / g - v) * np.expm1(-g * h), s - (up / rate - s) * np.expm1(-rate)
        wanted = alive[of_muscle] / (1 + np.exp(-(v - rest)[of_muscle] / numbers["muscle_slope_mV"]
                                                + numbers["muscle_half_mV"] / numbers["muscle_slope_mV"]))
        activation = wanted + (activation - wanted) * keep
        x, y, kappa = body_step(x, y, numbers["kappa_max_per_mm"] * (pull @ activation), bend, eta, form.segment_mm, *MEDIA[medium], dt)
    return Animal(x, y, v, activation)


def gains(wiring: Wiring, numbers: Mapping[str, float]) -> tuple[np.ndarray, ...]:
    """Of every cell: conductance of a contact that it receives (nS), its output, root of a gap contact (nS), threshold above rest (mV)."""
    rows = []
    bending = set(wiring.muscle_names)
    for name, of_class in wiring.circuit.connectome.cells["cell_class"].items():
        group = next((g for g, classes in parameters.GROUPS.items() if of_class in classes), "other")
        into = numbers["in_muscle"] if name in bending else numbers.get(f"in_{group}", 1.0)
        rows.append((numbers["g_chem_contact_nS"] * into, numbers.get(f"gain_{group}", 1.0),
                     np.sqrt(numbers["g_gap_contact_nS"]) * numbers.get(f"gap_{group}", 1.0), numbers[f"half_{group}_mV"]))
    return tuple(np.array(rows).T)


def conductances(wiring: Wiring, into: np.ndarray, out: np.ndarray, coupling: np.ndarray) -> list[sparse.csr_array]:
    """Excitatory, inhibitory and gap conductances in nS, row of the receiver, column of the sender."""
    n = len(wiring.cells)
    paths = {path.synapse.name: path for path in wiring.model.lower(wiring.samples).pathways}
    found = []
    for name, value, receiver, sender in (("graded_chemical", "g_exc", into, out), ("graded_chemical", "g_inh", into, out),
                                          ("gap_junction", "g_gap", coupling, coupling)):
        pre, post, contacts = paths[name].pre, paths[name].post, paths[name].values[value][:, 0]
        found.append(sparse.coo_array((contacts * receiver[post] * sender[pre], (post, pre)), (n, n)).tocsr())
    return found


def potentials_at_rest(ge: np.ndarray, gi: np.ndarray, gap: sparse.csr_array, g_leak_nS: float) -> np.ndarray:
    """Potentials in mV at which no current flows, with the synapses as open as they are at rest."""
    fixed = parameters.FIXED
    total = sparse.diags_array(g_leak_nS + ge + gi + gap.sum(axis=1)) - gap
    return spsolve(total.tocsc(), g_leak_nS * fixed["v_leak_mV"] + ge * fixed["E_exc_mV"] + gi * fixed["E_inh_mV"])


def bends(names: Sequence[str], joints: np.ndarray) -> np.ndarray:
    """What each muscle gives to each joint, (joints, muscles): of every row, the two muscles that a joint lies between."""
    column, out = {name: k for k, name in enumerate(names)}, np.zeros((len(joints), len(names)))
    for wall, (many, sign) in WALL_ROWS.items():
        for j, place in enumerate(joints):
            at = min(max(place * many + 0.5, 1.0), many)  # muscle k is centred on (k - 1/2)/many
            before = min(int(at), many - 1)
            out[j, column[f"{wall}{before:02d}"]] += sign / 2 * (before + 1 - at)
            out[j, column[f"{wall}{before + 1:02d}"]] += sign / 2 * (at - before)
    return out


def receptors(wiring: Wiring, numbers: Mapping[str, float]) -> np.ndarray:
    """Current of every cell per curvature of every joint, (N, joints), pA mm.

    A receptor's field lies about the mean place of the muscles that its cell contacts. A joint's curvature counts over the segment's length
    before it, by the share of it within the field.
    """
    cells, joints = wiring.circuit.connectome.cells["cell_class"], wiring.form.segments - 1
    edges = wiring.circuit.connectome.edges
    contacts: dict[str, list] = {}
    for pre, post, weight in edges.loc[edges["kind"] == "chemical", ["pre", "post", "contacts"]].itertuples(index=False):
        if post[:3] in WALL_ROWS:
            contacts.setdefault(pre, []).append((weight, (int(post[3:]) - 0.5) / WALL_ROWS[post[:3]][0]))
    out = np.zeros((len(cells), joints))
    for i, (name, of_class) in enumerate(cells.items()):
        group = next((g for g, classes in stretch.GROUPS.items() if of_class in classes), None)
        side = name.removeprefix(of_class)[:-1] if group == "head" else name[0]  # SMDDL feels as dorsal, VB1 as ventral, RMDL as neither
        if group and side and name in contacts:
            weight, place = np.array(contacts[name], float).T
            middle = weight @ place / weight.sum() + numbers[f"field_{group}"]
            low = np.clip(middle - stretch.HALF_WIDTH, 0, 0.98) * joints
            high = np.clip(middle + stretch.HALF_WIDTH, 0.02, 1) * joints
            share = np.clip(np.minimum(high, np.arange(1, joints + 1)) - np.maximum(low, np.arange(joints)), 0, None) / (high - low)
            out[i] = numbers[f"stretch_{group}_pA_mm"] * {"D": 1, "V": -1}[side] * share
    return out


def body_step(x, y, kappa0, bend, eta, seg, along, across, dt):
    """One step of the rod by dense rows and a banded solver."""
    n = len(x)
    dx, dy = np.diff(x), np.diff(y)
    length = np.hypot(dx, dy)
    tx, ty = dx / length, dy / length
    f, band = np.zeros(2 * n), np.zeros((6, 2 * n))
    i = 2 * np.arange(n - 1)
    force = parameters.STRETCH_UN * (length / seg - 1)
    for shift, sign in ((0, 1.0), (2, -1.0)):
        np.add.at(f, i + shift, sign * force * tx)
        np.add.at(f, i + shift + 1, sign * force * ty)
        np.add.at(band[0], i + shift, seg / 2 * (along * tx**2 + across * ty**2))
        np.add.at(band[1], i + shift, seg / 2 * (along - across) * tx * ty)
        np.add.at(band[0], i + shift + 1, seg / 2 * (along * ty**2 + across * tx**2))
    add_rank_one(band, i, np.stack([-tx, -ty, tx, ty]), dt * parameters.STRETCH_UN / seg)
    slope = 2 / (1 + tx[:-1] * tx[1:] + ty[:-1] * ty[1:])
    kappa = slope * (tx[:-1] * ty[1:] - ty[:-1] * tx[1:]) / seg
    ax, ay, bx, by = -ty[:-1] / length[:-1], tx[:-1] / length[:-1], -ty[1:] / length[1:], tx[1:] / length[1:]
    g = slope * np.stack([ax, ay, -ax - bx, -ay - by, bx, by])
    for k in range(6):
        np.add.at(f, i[:-1] + k, -bend * (kappa - kappa0) * g[k])
    add_rank_one(band, i[:-1], g, (dt * bend + eta) / seg)
    u = linalg.solveh_banded(band, f, lower=True)
    return x + dt * u[::2], y + dt * u[1::2], kappa


def add_rank_one(band, first, g, c):
    for a in range(len(g)):
        for b in range(a + 1):
            np.add.at(band[a - b], first + b, c * g[a] * g[b])
