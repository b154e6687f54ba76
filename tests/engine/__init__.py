"""Tests under the real engine, with provider plugins that stand in for the clouds."""
