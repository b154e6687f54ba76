"""`python -m automation` is `agent-platform`."""

from automation.cli.main import main

main()
