"""Run `agent-platform` as `python -m automation`."""

from automation.cli.main import main

main()
