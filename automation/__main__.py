"""`python -m automation` is `agent-platform`."""

from automation.cli import main

main()
