"""Brian2, imported without letting it take over Ctrl-C.

Importing Brian2 installs a handler of its own for the interrupt signal. That fails in any thread but the main one, where a
cluster's workers compute, and it would keep Ctrl-C from ending a run. Modules that import Brian2 import this one first.
"""

import signal
import sys

if "brian2" not in sys.modules:
    _install = signal.signal
    signal.signal = lambda number, handler: signal.getsignal(number)
    try:
        import brian2  # noqa: F401
    finally:
        signal.signal = _install
