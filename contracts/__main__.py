"""``python -m contracts`` is the ``offtake`` command."""

from contracts.cli import main

if __name__ == "__main__":
    main()
