"""Rules over the hosts outside that services list."""

from collections.abc import Iterator

from providers.contract.diagnostics import ConfigError
from providers.contract.egress import checks_names, hosts_of
from providers.contract.spec import Platform


def check_egress(spec: Platform) -> Iterator[ConfigError]:
    """Refuse hosts without outbound access, a check of names without it, and a host that is listed twice with one port."""
    if checks_names(spec) and spec.network.egress == "none":
        problem = "no effect, as `network.egress: none` lets no service out"
        yield ConfigError("network.egress_control", problem, "remove it, or set network.egress to per_zone or single")
    for name in spec.services:
        key, hosts = f"services.{name}.egress", hosts_of(spec, name)
        if hosts and spec.network.egress == "none":
            problem = "no host outside can be reached with `network.egress: none`"
            yield ConfigError(key, problem, "set network.egress to per_zone or single, or remove this key")
        for host in sorted({host for host in hosts if hosts.count(host) > 1}):
            yield ConfigError(key, f"{host} is listed twice", "list it once")
