"""Certificates, storage keys, images and containers on Docker: what every other capability depends on."""
