"""The plan of a stack: what it would declare, told to people and to machines."""
