"""Policy pack over its wire format, in the pack's own Python environment, which `make policies` builds."""
