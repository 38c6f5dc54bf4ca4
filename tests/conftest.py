"""What every test starts from: no display, no colour, the same random examples, recorded data if it is there."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("COLUMNS", "120")
os.environ["NO_COLOR"] = "1"

# A run in the background (nohup, &) ignores Ctrl-C, and so would every process that a test starts and interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parents[1]
# Compiled kernels are kept from one test run to the next, but not among the user's own.
os.environ.setdefault("WORMSIM_CACHE_DIR", str(ROOT / ".pytest_cache" / "wormsim"))

try:
    from hypothesis import settings
except ImportError:  # an install without [dev]
    pass
else:
    # A kernel compiled inside an example is no sign of a slow test; the same examples every time keep CI steady.
    settings.register_profile("wormsim", deadline=None, derandomize=True, max_examples=50)
    settings.load_profile("wormsim")


def pytest_configure(config: pytest.Config) -> None:
    """Make the cache folder before there is a second worker that could meet it half made."""
    from wormsim import cache

    if not hasattr(config, "workerinput"):
        cache.folder()


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository root; skips when the tests run against an installed wheel alone."""
    if not (ROOT / "pyproject.toml").is_file():
        pytest.skip("not run from the repository")
    return ROOT


@pytest.fixture(scope="session")
def calls() -> Callable[[Callable[[], object]], int]:
    """Counts the function calls of some work: a loop over edges where there was none shows in it, and a busy machine does not."""

    def count(work: Callable[[], object]) -> int:
        seen = 0

        def event(_frame, what: str, _arg) -> None:
            nonlocal seen
            seen += what in ("call", "c_call")

        before = sys.getprofile()
        sys.setprofile(event)
        try:
            work()
        finally:
            sys.setprofile(before)
        return seen

    return count


@pytest.fixture(scope="session")
def recorded_data() -> Path:
    """Folder with recordings that may not be redistributed, to check against; skips where it is absent.

    ``WORMSIM_RECORDED_DATA`` names it; without that it is looked for beside the repository.
    """
    folder = Path(os.environ.get("WORMSIM_RECORDED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no recorded data: {folder} is not there (set WORMSIM_RECORDED_DATA)")
    return folder
