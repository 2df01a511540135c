"""``python -m bridge.cli`` is the ``void`` command."""

from bridge.cli import main

main()
