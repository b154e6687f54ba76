"""What holds something on this machine.

No row tells which revision runs: a copy is made anew for every change, and an update waits until it is well, so a copy
that stands is the one that was asked for.
"""

from providers.contract.operations import Operations, Stateful

OPERATIONS = Operations(
    stateful=(
        Stateful("docker:index/volume:Volume", "what the database, the cache, the object store or Prometheus wrote"),
        Stateful("tls:index/privateKey:PrivateKey", "a key that clients of the entry were told to trust"),
    ),
    running=(),
)
