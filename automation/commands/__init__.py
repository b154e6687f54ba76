"""The commands, one module for each group; what a command does is imported when it runs."""
