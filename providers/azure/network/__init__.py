"""Network on Azure: declared resources, and the addresses and security rules, which are computed without an SDK."""
