"""Job settings that a Docker host refuses or adjusts. Pure."""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, ConfigError, Diagnostic, Effect, Unsupported, listed
from providers.contract.spec import Platform

WITHOUT_RULE = ("Africa/Casablanca", "Africa/El_Aaiun")
"""Zones whose clock changes with Ramadan, which the notation of `posix_zone` cannot express."""
OWN_SUFFIXES = ("-files", "-opened")


def job_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Time zones without a rule that a container can apply, and names of the platform's own containers."""
    return [*_time_zones(spec), *_names(spec)]


def _names(spec: Platform) -> Iterator[Diagnostic]:
    for name in spec.jobs:
        if name.endswith(OWN_SUFFIXES):
            problem = f"containers beside those of jobs have names that end in {listed(OWN_SUFFIXES)}"
            yield ConfigError(f"jobs.{name}", problem, "rename the job")


def _time_zones(spec: Platform) -> list[Diagnostic]:
    return [
        Unsupported(
            "docker",
            f"jobs.{name}.time_zone",
            problem=f"the clock of {job.time_zone} changes with Ramadan, and containers have no time zone data",
            fix="use a zone with a fixed rule, such as UTC",
        )
        for name, job in spec.jobs.items()
        if job.time_zone in WITHOUT_RULE
    ]


def job_adjustments(spec: Platform) -> list[Adjustment]:
    """Differences of a container that waits from one that is new for each run."""
    return list(_one_container(spec))


def _one_container(spec: Platform) -> Iterator[Adjustment]:
    for name, job in spec.jobs.items():
        size = spec.services[job.service].size
        reason = (
            "one container waits for the times and runs the command in itself, because Docker has no scheduler: the image "
            "needs /bin/sh, date, sed and sleep, its ENTRYPOINT is not used, /tmp is emptied after each run, "
            f"{size.memory_gib:g} GiB stay its limit between runs, and a run that is due while another one runs is left out"
        )
        yield Adjustment(f"jobs.{name}.service", requested=job.service, effect=Effect.ADJUSTED, reason=reason)
