"""The program of every stack: load its settings, build one platform, export its outputs."""

from components.program import run

run()
