"""Secrets of a stack: which a stack lists, checks of their values, `.env` files, and storage through the engine."""
