"""Network on AWS: resources, and the addresses and rules that are computed without an SDK."""
