"""Tests with the real engine and fake provider plugins."""
