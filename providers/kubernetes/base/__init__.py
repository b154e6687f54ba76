"""Namespace objects that every other capability depends on: accounts, pull secrets, policies, secrets, images."""
