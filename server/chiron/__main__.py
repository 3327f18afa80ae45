"""`python -m chiron`, and the `chiron` command."""

from __future__ import annotations

from chiron.cli import main

if __name__ == "__main__":
    main()
