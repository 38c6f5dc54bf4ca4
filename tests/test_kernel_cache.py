"""The kernel cache: found by the next process without Brian2, safe with two at once, and not needed."""

import errno
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_network import everything, network, quiet

from wormsim.engines import cache, numba_engine
from wormsim.errors import DataWarning
from wormsim.network import Lanes

LANES = Lanes(np.zeros(2, np.int32), np.zeros(2, np.uint64))
SCRIPT = """
import sys, hashlib
import numpy as np
from small_network import everything, network, quiet
from wormsim.engines import cache, numba_engine
from wormsim.network import Lanes
net = network("graded", 6)
out = numba_engine.run(net, [quiet(0, 50, 6, 2)], Lanes(np.zeros(2, np.int32), np.zeros(2, np.uint64)), 50, 0.5, everything(net))
print(hashlib.sha256(out["v"].tobytes()).hexdigest(), "brian2" in sys.modules, cache.info()["kernels"])
"""


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    monkeypatch.setenv("WORMSIM_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "_LOADED", {})
    monkeypatch.setattr(cache, "_WARNED", set())
    return tmp_path / "cache"


def start(place):
    env = {**os.environ, "WORMSIM_CACHE_DIR": str(place), "PYTHONPATH": str(Path(__file__).parent)}
    return subprocess.Popen([sys.executable, "-c", SCRIPT], env=env, stdout=subprocess.PIPE, text=True)


def simulate(net=None):
    net = net or network("graded", 6)
    return numba_engine.run(net, [quiet(0, 50, 6, 2)], LANES, 50, 0.5, everything(net))["v"]


def test_two_processes_at_once_and_a_third_later(fresh):
    first = [start(fresh), start(fresh)]
    told = [p.communicate(timeout=300)[0].split() for p in first]
    assert [p.returncode for p in first] == [0, 0]
    third = start(fresh)
    told.append(third.communicate(timeout=300)[0].split())
    assert len({digest for digest, _, _ in told}) == 1
    assert told[2][1:] == ["False", "1"], "a kernel that is there must be used without Brian2"
    assert not list(fresh.rglob("*.tmp"))


def test_every_module_that_writes_kernels_counts_for_their_key():
    """What the generators import from beside them, and what that imports; kernels/ counts whole."""
    folder, found, new = Path(cache.__file__).parent, set(), {"codegen", "linear"}
    while new:
        found |= new
        texts = [(folder / f"{name}.py").read_text() for name in new]
        named = {name for text in texts for name in re.findall(r"from \.(\w+) import", text)}
        new = named - found - {"cache", "trial"}  # the key itself, and arrays that a caller fills
    assert found <= set(cache._WRITERS)


def test_info_and_clear(fresh):
    assert cache.info() == {"folder": str(fresh / "kernels"), "kernels": 0, "bytes": 0}
    cache.kernel(network("graded", 3).neuron, (), "shared", "float32")
    found = cache.info()
    assert found["kernels"] == 1
    assert found["bytes"] > 1000
    assert cache.clear() == 1
    assert cache.info()["kernels"] == 0
    assert not cache._LOADED


def test_the_key_follows_the_text_and_not_the_values():
    net = network("graded", 3)
    synapses = tuple(p.synapse for p in net.pathways)
    key = cache._key(net.neuron, synapses, "shared", "float32")
    other = replace(net.neuron, parameters=tuple(replace(p, value=p.value * 2) for p in net.neuron.parameters))
    assert cache._key(other, synapses, "shared", "float32") == key
    changed = replace(net.neuron, equations=net.neuron.equations.replace("v_leak - v", "v_leak - 2*v"))
    keys = {key, cache._key(changed, synapses, "shared", "float32"), cache._key(net.neuron, synapses, "lanes", "float32"),
            cache._key(net.neuron, synapses, "shared", "float64"), cache._key(net.neuron, synapses[:1], "shared", "float32")}
    assert len(keys) == 5


def test_a_folder_that_cannot_be_made_falls_back_with_a_warning(fresh, tmp_path, monkeypatch):
    expected = simulate()
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("WORMSIM_CACHE_DIR", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr(cache, "_LOADED", {})
    monkeypatch.setattr(cache.tempfile, "gettempdir", lambda: str(tmp_path))
    with pytest.warns(DataWarning, match="set WORMSIM_CACHE_DIR"):
        assert simulate().tobytes() == expected.tobytes()
    assert list(tmp_path.glob("wormsim-kernels-*/*/wormsim_kernel_*.py"))


def test_no_place_at_all_compiles_in_memory(fresh, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("WORMSIM_CACHE_DIR", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr(cache.tempfile, "gettempdir", lambda: str(tmp_path / "file"))
    with pytest.warns(DataWarning, match="kernel could not be kept"):
        module = cache.kernel(network("graded", 3).neuron, (), "shared", "float32")
    assert module.CACHE is False


def test_a_disk_that_fills_up_while_numba_saves(fresh, monkeypatch):
    expected = simulate()
    cache.clear()
    from numba.core import caching

    def full(*arguments, **named):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(caching.IndexDataCacheFile, "save", full)
    with pytest.warns(DataWarning, match="No space left"):
        assert simulate().tobytes() == expected.tobytes()


def test_a_temporary_folder_of_somebody_else_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr(cache.tempfile, "gettempdir", lambda: str(tmp_path))
    place = cache._temporary()
    assert place.stat().st_mode & 0o777 == 0o700
    place.chmod(0o777)
    with pytest.raises(PermissionError):
        cache._temporary()
