"""The `agent-platform` command line: commands, options, text and JSON output."""
