"""Runner: a pure function mapped over independent chunks, here or on a cluster; a killed run goes on."""

from __future__ import annotations

import collections
import contextlib
import os
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING

from .chunks import ChunkStore, DamagedChunkError, canonical_json, chunk_name, content_version, encode_chunk
from .errors import DataWarning, InputError, WormsimError, warn_data

if TYPE_CHECKING:
    import pandas as pd

BACKENDS = ("local", "dask")
_CONNECT_S = 10
_SPEC_SHOWN = 400  # characters of a chunk's spec that an error shows
# One chunk at a time in a process: kernels bring their own threads, and catching warnings is process-wide.
_PROCESS_LOCK = threading.Lock()


class ChunkError(WormsimError):
    """A chunk's function failed; the message names the chunk's spec."""


@dataclass
class Stage:
    """What one call of :meth:`Runner.map` did; stands in the manifest."""

    name: str
    chunks: int
    resumed: int
    damaged: int
    wall_s: float


@dataclass
class _Failure:
    name: str
    message: str
    is_input: bool
    traceback: str
    cause: BaseException | None = field(default=None, compare=False)


_Outcome = tuple[str, bytes] | _Failure  # name and bytes of a finished chunk


class Runner:
    """Computes chunks and keeps them.

    A chunk is ``function(spec)`` for a function at the top of a module that depends on nothing but its spec.
    Its table is written whole to ``<out>/chunks/<name>.parquet``, where the name is a hash of the function,
    the spec, the files that the spec names, wormsim's code and data, and the versions of the packages that
    compute. What is there is not computed again, so a killed run goes on where it was. Tables and bytes are
    the same for any `jobs`, `backend` and any number of interruptions.

    Parameters
    ----------
    out : path
        Results folder.
    jobs : int, optional
        Processes; all cores by default. 1 computes in this process. Threads are limited so that processes x
        threads is at most the number of cores.
    backend : {"local", "dask"}
        ``"dask"`` needs the extra ``wormsim-circuits[cluster]``.
    scheduler : str, optional
        Address of a running dask scheduler (``tcp://host:8786``); without it a dask cluster is made on this
        machine.
    progress : bool
        A bar per stage on a terminal, one line per stage elsewhere (both on stderr); False: nothing.

    Attributes
    ----------
    stages : list of Stage
        What was done, in order.
    """

    def __init__(self, out: str | Path, jobs: int | None = None, backend: str = "local",
                 scheduler: str | None = None, progress: bool = True):
        if backend not in BACKENDS:
            raise InputError(f"unknown backend {backend!r}; there are {' and '.join(BACKENDS)}")
        if scheduler is not None and backend != "dask":
            raise InputError(f"a scheduler address ({scheduler}) needs backend \"dask\"")
        if jobs is not None and (not isinstance(jobs, int) or jobs < 1):
            raise InputError(f"jobs must be a whole number of at least 1, not {jobs!r}")
        if backend == "dask":
            distributed = _import_distributed()
            if scheduler is not None:  # a mistake in it costs no run and claims no folder
                _connect(distributed, scheduler).close()
        self.out = Path(out)
        self.cores = _cores()
        self.jobs = jobs or self.cores
        self.backend, self.scheduler, self.progress = backend, scheduler, progress
        self.store = ChunkStore(self.out / "chunks")
        self.stages: list[Stage] = []

    def map(self, function: Callable[[dict], pd.DataFrame], specs: Sequence[Mapping],
            stage: str) -> list[pd.DataFrame]:
        """Tables of ``function(spec)`` for all specs, in their order.

        Parameters
        ----------
        function : callable
            Takes one spec (a dict), returns a DataFrame with text as column names. At the top of a module;
            pure: a random number comes from a seed in the spec.
        specs : sequence of mappings
            JSON-able. Equal specs are computed once.
        stage : str
            What is done, for the progress bar and the manifest.

        Raises
        ------
        InputError
            If a chunk raised one, with its message.
        ChunkError
            If a chunk failed in another way. Finished chunks are kept in both cases.
        """
        began = time.perf_counter()
        names = [chunk_name(function, spec) for spec in specs]
        wanted = dict(zip(names, (dict(spec) for spec in specs), strict=True))
        done, damaged = self._resume(wanted)
        resumed = len(done)
        pending = {name: spec for name, spec in wanted.items() if name not in done}
        with _Progress(self.progress, stage, len(wanted), resumed) as bar:
            results = self._compute(function, pending)
            try:
                for result in results:
                    if isinstance(result, _Failure):
                        raise _chunk_error(result, function, pending[result.name])
                    name, data = result
                    done[name] = self.store.write(name, data)
                    bar.advance()
            finally:
                results.close()
        self.stages.append(Stage(stage, len(wanted), resumed, damaged, time.perf_counter() - began))
        _pass_on_warnings(stage, [done[name][1] for name in wanted])
        return [done[name][0] for name in names]

    def sequence(self, function: Callable[[dict], pd.DataFrame], following: Callable[[list[pd.DataFrame]], Mapping],
                 n: int, stage: str) -> list[pd.DataFrame]:
        """Tables of `n` chunks of which each builds on the ones before it, such as the generations of an optimiser.

        They are computed in this process, one after the other. A sequence that was interrupted goes through what is there
        again, which costs reading it, and then on: the tables are those of a run that was not.

        Parameters
        ----------
        function : callable
            As in :meth:`map`.
        following : callable
            Takes the tables so far and returns the spec of the next chunk; called `n` times, in order.
        n : int
        stage : str

        Raises
        ------
        InputError, ChunkError
            As in :meth:`map`.
        """
        began = time.perf_counter()
        found: list[tuple[pd.DataFrame, list[str]]] = []
        resumed = damaged = 0
        with _Progress(self.progress, stage, n, 0) as bar:
            for _ in range(n):
                spec = dict(following([table for table, _ in found]))
                name = chunk_name(function, spec)
                there, broken = self._resume({name: spec})
                resumed, damaged = resumed + len(there), damaged + broken
                if name not in there:
                    outcome = _run_chunk(function, spec, name)
                    if isinstance(outcome, _Failure):
                        raise _chunk_error(outcome, function, spec)
                    there[name] = self.store.write(*outcome)
                found.append(there[name])
                bar.advance()
            bar.resumed = resumed
        self.stages.append(Stage(stage, n, resumed, damaged, time.perf_counter() - began))
        _pass_on_warnings(stage, [warned for _, warned in found])
        return [table for table, _ in found]

    def _resume(self, wanted: Mapping[str, dict]) -> tuple[dict[str, tuple[pd.DataFrame, list[str]]], int]:
        done, damaged = {}, []
        for name in wanted:
            try:
                found = self.store.read(name)
            except DamagedChunkError:
                damaged.append(f"{name}.parquet")
                continue
            if found is not None:
                done[name] = found
        warn_data(len(damaged), "damaged chunk file(s) computed again", damaged, stacklevel=4)
        return done, len(damaged)

    def _compute(self, function: Callable, pending: Mapping[str, dict]) -> Iterator[_Outcome]:
        if not pending:
            return _nothing()
        if self.backend == "dask":
            return self._compute_dask(function, pending)
        if self.jobs == 1 or len(pending) == 1:
            return (_run_chunk(function, spec, name) for name, spec in pending.items())
        return self._compute_loky(function, pending)

    def _compute_loky(self, function: Callable, pending: Mapping[str, dict]) -> Iterator[_Outcome]:
        import joblib
        from joblib.externals.loky.process_executor import TerminatedWorkerError

        jobs = min(self.jobs, len(pending))
        threads = _threads_each(self.cores, jobs)
        with joblib.parallel_config(backend="loky", n_jobs=jobs, inner_max_num_threads=threads), _deaf_children():
            parallel = joblib.Parallel(return_as="generator_unordered", batch_size=1, pre_dispatch="2*n_jobs")
            results = parallel(joblib.delayed(_run_remote)(function, spec, name, content_version(), threads)
                               for name, spec in pending.items())
        try:
            for result in results:  # noqa: UP028 -- closed inside the filter below
                yield result
        except TerminatedWorkerError as error:
            raise WormsimError("a worker process was killed, most often because memory ran out. Finished "
                               f"chunks are kept: run the same again with fewer jobs than {jobs}") from error
        finally:
            with warnings.catch_warnings():  # joblib warns of the tasks that a failed stage leaves behind
                warnings.simplefilter("ignore")
                results.close()

    def _compute_dask(self, function: Callable, pending: Mapping[str, dict]) -> Iterator[_Outcome]:
        distributed = _import_distributed()
        cluster = client = None
        try:
            if self.scheduler is None:
                jobs = min(self.jobs, len(pending))
                threads = _threads_each(self.cores, jobs)
                cluster = distributed.LocalCluster(n_workers=jobs, threads_per_worker=1,
                                                   dashboard_address=None)
            else:
                threads = None
            client = _connect(distributed, cluster or self.scheduler)
            futures = [client.submit(_run_remote, function, spec, name, content_version(), threads,
                                     key=f"wormsim-{name}", pure=False, retries=2)
                       for name, spec in pending.items()]
            for future in distributed.as_completed(futures, loop=client.loop):
                yield future.result()
                future.release()
        finally:
            if client is not None:
                client.close()
            if cluster is not None:
                cluster.close()


@contextlib.contextmanager
def _deaf_children() -> Iterator[None]:
    """Processes started meanwhile never hear Ctrl-C: this one does, once, and ends them; else each shows its traceback.

    A blocked signal stays blocked in what a thread starts, from the first instant on; here it is only held back.
    The trackers of temporary files are started first, because starting one lets the signal through again.
    """
    from joblib.externals.loky.backend import resource_tracker as of_loky

    resource_tracker.ensure_running()
    of_loky.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _nothing() -> Iterator:
    """A generator of nothing (a plain ``iter(())`` has no ``close``)."""
    yield from ()


def _run_chunk(function: Callable, spec: dict, name: str) -> _Outcome:
    import pandas as pd

    with _PROCESS_LOCK, warnings.catch_warnings():
        warned: list[str] = []
        show = warnings.showwarning

        def keep(message, category, filename, lineno, file=None, line=None):
            if issubclass(category, DataWarning):
                warned.append(str(message))
            else:
                show(message, category, filename, lineno, file, line)

        warnings.simplefilter("always", DataWarning)
        warnings.showwarning = keep
        try:
            frame = function(dict(spec))
            if not isinstance(frame, pd.DataFrame):
                raise TypeError(f"returned {type(frame).__name__}, not a DataFrame")
            return name, encode_chunk(name, frame, warned)
        except Exception as error:
            return _Failure(name, f"{type(error).__name__}: {error}" if not isinstance(error, InputError)
                            else str(error), isinstance(error, InputError), traceback.format_exc(), error)


def _run_remote(function: Callable, spec: dict, name: str, version: str,
                threads: int | None) -> _Outcome:
    if content_version() != version:
        return _Failure(name, "this worker has another version of wormsim, its data or its numeric packages "
                        "than the process that sent the work: install the same on both, and do not edit wormsim "
                        "while it runs. Finished chunks are kept", True, "")
    _limit_threads(threads if threads is not None else _dask_threads())
    result = _run_chunk(function, spec, name)
    if isinstance(result, _Failure):
        result.cause = None  # an exception may not survive pickling
    return result


def _chunk_error(failure: _Failure, function: Callable, spec: dict) -> WormsimError:
    text = canonical_json(spec)
    if len(text) > _SPEC_SHOWN:
        text = f"{text[:_SPEC_SHOWN]} ... ({len(text)} characters)"
    where = f"in chunk {text} of {function.__module__}.{function.__qualname__}"
    if failure.is_input:
        error: WormsimError = InputError(failure.message)  # the user's mistake: our chunks are no help to him
    else:
        error = ChunkError(f"{failure.message}\n{where}\n{failure.traceback}".rstrip())
    error.__cause__ = failure.cause
    return error


def _pass_on_warnings(stage: str, per_chunk: list[list[str]]) -> None:
    counts = collections.Counter(message for warned in per_chunk for message in dict.fromkeys(warned))
    for message, n in counts.items():
        warnings.warn(f"{message} [in {n} of {len(per_chunk)} chunks of {stage!r}]", DataWarning,
                      stacklevel=3)


def _cores() -> int:
    import joblib

    return joblib.cpu_count()


def _threads_each(cores: int, jobs: int) -> int:
    share = max(1, cores // jobs)
    asked = os.environ.get("NUMBA_NUM_THREADS", "")
    return min(share, int(asked)) if asked.isdigit() and int(asked) > 0 else share


def _limit_threads(n: int) -> None:
    os.environ["NUMBA_NUM_THREADS"] = str(n)
    if "numba" in sys.modules:
        numba = sys.modules["numba"]
        numba.set_num_threads(min(n, numba.config.NUMBA_NUM_THREADS))


def _dask_threads() -> int:
    from distributed import get_worker

    return get_worker().state.nthreads


def _import_distributed():
    try:
        import distributed
    except ImportError as error:
        raise InputError("backend \"dask\" needs the package distributed: "
                         "pip install \"wormsim-circuits[cluster]\"") from error
    return distributed


def _connect(distributed, where):
    try:
        return distributed.Client(where, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise InputError(f"no dask scheduler answers at {where} ({error}); start one with `dask scheduler` "
                         "and workers with `dask worker`, or leave the address out for a cluster on this "
                         "machine") from error


class _Progress:
    """A rich bar on a terminal, a line elsewhere; both on stderr, which leaves stdout to results."""

    def __init__(self, wanted: bool, stage: str, total: int, resumed: int):
        self.stage, self.total, self.resumed = stage, total, resumed
        self.began = time.perf_counter()
        self.bar = None
        self.line = wanted and not sys.stderr.isatty()
        if wanted and not self.line:
            from rich import progress as rp
            from rich.console import Console

            columns = (rp.TextColumn("{task.description}"), rp.BarColumn(), rp.MofNCompleteColumn(),
                       rp.TimeElapsedColumn(), rp.TextColumn("ETA"), rp.TimeRemainingColumn())
            self.bar = rp.Progress(*columns, console=Console(stderr=True))
            self.task = self.bar.add_task(stage, total=total, completed=resumed)

    def __enter__(self) -> _Progress:
        if self.bar is not None:
            self.bar.start()
        return self

    def advance(self) -> None:
        if self.bar is not None:
            self.bar.advance(self.task)

    def __exit__(self, kind, error, trace) -> None:
        if self.bar is not None:
            self.bar.stop()
        if self.line and kind is None:
            again = f", {self.resumed} of them from before" if self.resumed else ""
            print(f"{self.stage}: {self.total} chunk{'' if self.total == 1 else 's'}{again}, {time.perf_counter() - self.began:.1f} s",
                  file=sys.stderr, flush=True)
