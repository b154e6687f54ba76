"""Tests of the adapter for Kubernetes."""
