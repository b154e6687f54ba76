"""The `agent-platform` command line: commands, options, text and JSON output.

Commands import the code that they run inside their functions: an invalid stack file is reported before rich or an SDK is
loaded. Types of such modules are imported under TYPE_CHECKING for the same reason.
"""
