"""Contract between cloud-neutral code and the adapters: spec, results, Protocols and shared rules."""
