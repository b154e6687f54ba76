"""Load of one replica by Little's law: requests in flight = arrival rate x seconds per request. Pure."""

from providers.contract.spec import Platform, Service


def seconds_per_request(spec: Platform) -> float:
    """Seconds that a request is assumed to take: the SLO's 95th percentile, else the threshold of the latency alarm."""
    slo = spec.monitoring.slo
    return slo.latency_p95_seconds if slo else spec.monitoring.alerts.latency_p95_seconds


def requests_in_flight(spec: Platform, service: Service) -> float:
    """Concurrent requests of one replica that serves `requests_per_replica_per_minute`."""
    return service.autoscaling.requests_per_replica_per_minute / 60 * seconds_per_request(spec)
