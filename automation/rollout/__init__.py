"""Rollouts in steps: records, bake times, and the driver that `up` uses."""
