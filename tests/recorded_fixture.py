"""A small recording whose every number is known."""

import numpy as np

from wormsim.recorded import About, RecordedActivity

TIME_S = np.arange(40) * 0.5
LABELS = ["AVAL", "AVAR?", "", "SMDV", "RIML"]


def traces(n_frames: int = 40, n_regions: int = 5) -> np.ndarray:
    """Sines of different phase around 3, frames x regions."""
    return 3 + np.sin(0.3 * np.arange(n_frames)[:, None] + np.arange(n_regions))


def build(signals=None, time_s=TIME_S, labels=LABELS, **options) -> RecordedActivity:
    """The recording, or one with other parts."""
    signals = {"ratio": traces(len(time_s), len(labels))} if signals is None else signals
    about = options.pop("about", About(source="the fixture", citation="nobody 2000", notes=("made up",)))
    return RecordedActivity.build(signals, time_s, labels, about, **options)
