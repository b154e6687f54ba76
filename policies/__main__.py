"""CrossGuard policy pack; the engine starts it, and it serves until the engine ends."""

from pack import PACK, install, policies
from pulumi_policy import PolicyPack

install()
PolicyPack(PACK, policies())
