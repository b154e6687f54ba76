"""Modules that several services share; each image has the complete folder."""
