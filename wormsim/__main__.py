"""``python -m wormsim`` is the command ``wormsim``."""

from .cli import main

if __name__ == "__main__":
    main()
