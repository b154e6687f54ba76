"""Checks of the doctor. Each is a function that reads one `CheckInput` and returns one `Finding`."""
