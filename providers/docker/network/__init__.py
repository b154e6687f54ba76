"""Network on Docker: resources, and the addresses and rules that are computed without an SDK."""
