"""Makes the studies in ``studies_for_tests`` known to wormsim; also a launcher of the command line with them."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOML = """\
nodes = 6

[experiment]
name = "paths"
kind = "path_screen"
title = "Which node does a path need?"
question = "Which node's loss cuts every path?"
source = ["Menger's theorem.", "Graphs drawn at random."]
fitted_on = "nothing"
scored_on = "graphs drawn at random"
seed = 3

[screen]
samples = 8
probability = 0.2
"""


def add_studies() -> None:
    import wormsim.studies

    folder = str(HERE / "studies_for_tests")
    if folder not in wormsim.studies.__path__:
        wormsim.studies.__path__.append(folder)
    if str(HERE) not in sys.path:
        sys.path.insert(0, str(HERE))


def code_version() -> str:
    """Version of the code as it lies on disk now: an edit while a test runs is no fault of resuming."""
    from wormsim import chunks

    chunks.content_version.cache_clear()
    return chunks.content_version()


if __name__ == "__main__":
    add_studies()
    from wormsim.cli import main

    main()
