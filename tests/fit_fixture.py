"""Makes the objectives in ``objectives_for_tests`` known to wormsim; also a launcher of the command line with them."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def add_objectives() -> None:
    import wormsim.objectives

    folder = str(HERE / "objectives_for_tests")
    if folder not in wormsim.objectives.__path__:
        wormsim.objectives.__path__.append(folder)
    if str(HERE) not in sys.path:
        sys.path.insert(0, str(HERE))


def remove_objectives() -> None:
    import wormsim.objectives

    wormsim.objectives.__path__[:] = [p for p in wormsim.objectives.__path__ if "objectives_for_tests" not in p]


if __name__ == "__main__":
    add_objectives()
    from wormsim.cli import main

    main()
