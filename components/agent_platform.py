"""The walk over the whole tree: the regions, the entry over them, monitoring over all."""

from dataclasses import replace

import pulumi
import pulumi_random as random

from components.adjustments import adjustments
from components.details import details_of, public_url
from components.overrides import Overrides
from components.program_settings import Secrets, Spec, settings_of
from components.region import Region, RunningRegion
from components.replacement import create_first
from components.settings import Settings
from components.standby import StandbyRegion
from providers import cloud, limits
from providers.contract.adapter import AnyCloud
from providers.contract.component import Scope, type_token
from providers.contract.region_specs import home_spec, is_passive, is_warm, standby_spec
from providers.contract.results import Entry, Monitoring, Workloads
from providers.contract.spec import Platform


class AgentPlatform(pulumi.ComponentResource):
    """One agent platform on the cloud that its spec names; `outputs` are those of its stack, `details` have types.

    The names of all its resources begin with `name`, in the cloud too, so it must be unique in the account: include the stack's
    name in programs with several stacks. `spec` has the keys of a stack file; images, environment values and tags can be
    Outputs. `secrets` are the values of the secrets that the spec lists, by name. Raises InvalidConfiguration with every error
    before anything is declared.
    """

    def __init__(
        self,
        name: str,
        spec: Spec,
        opts: pulumi.ResourceOptions | None = None,
        *,
        secrets: Secrets | None = None,
    ) -> None:
        settings, given = settings_of(name, spec, secrets), spec
        spec, adapter = settings.spec, cloud(settings.spec.cloud)
        self.spec = spec
        overrides = Overrides(spec)
        opts = pulumi.ResourceOptions.merge(opts, create_first(spec.cloud))
        opts = pulumi.ResourceOptions.merge(opts, overrides.options)
        super().__init__(type_token("agent-platform"), name, {}, opts)
        if not isinstance(given, Settings):
            # those of a stack file are in its plan
            for adjustment in adjustments(spec):
                pulumi.log.info(str(adjustment), resource=self)
        region_name = limits(spec.cloud).region(spec)

        scope = Scope(name, self, tags_of(settings), applied=settings.applied, values=settings.values)
        scope = scope.with_provider(random.Provider(scope.named("random"), opts=scope.opts()))
        standby = standby_region(scope, adapter, settings)
        scope = scope.with_provider(adapter.provider(scope, spec, region_name))

        receivers = standby.receivers if standby else None
        home = Region(scope, adapter, in_home_region(settings), region_name, receivers).running
        regions = {region_name: home}
        if standby is not None and is_warm(spec):
            regions[standby.region] = standby.start(home)
        origins = {name: region.workloads.origin for name, region in regions.items() if region.workloads.origin}
        entry = scope.component("entry", adapter.entry, spec, origins) if origins else empty_entry()
        monitoring = {region_name: scope.component("monitoring", home.monitoring, entry)}
        if standby is not None and is_warm(spec):
            watch = standby.scope.component("monitoring", regions[standby.region].monitoring, entry)
            monitoring[standby.region] = watch

        active = spec.active_region if is_warm(spec) else region_name
        self.outputs = outputs(spec, active, regions[active], entry, monitoring[active])
        self.outputs |= home.generated_key
        self.details = details_of(spec, active, regions[active], entry, monitoring[active], home.generated_key)
        overrides.check()
        self.register_outputs(self.outputs)


def outputs(
    spec: Platform, name: str, region: RunningRegion, entry: Entry, monitoring: Monitoring
) -> dict[str, pulumi.Input[object]]:
    """Return the outputs of the stack: addresses of the region that serves."""
    return {
        "url": entry.url,
        "services": {**callable_services(spec, region.workloads), **public_urls(spec, entry)},
        "database_host": region.database.host if region.database else "",
        "dashboard_url": monitoring.dashboard_url,
        "cloud": spec.cloud,
        "region": name,
    }


def standby_region(scope: Scope, adapter: AnyCloud, settings: Settings) -> StandbyRegion | None:
    """Receivers of copies in the standby region, with a provider of their own; None with `recovery.mode: none`."""
    region = settings.spec.standby_region
    if region is None:
        return None
    scope = scope.with_provider(adapter.provider(scope, settings.spec, region))
    return StandbyRegion(scope, adapter, in_standby_region(settings), region)


def in_home_region(settings: Settings) -> Settings:
    """Return the settings of the home region; rollouts in steps are those of the region that serves."""
    spec = home_spec(settings.spec)
    return replace(settings, spec=spec, positions={} if is_passive(spec) else settings.positions)


def in_standby_region(settings: Settings) -> Settings:
    """Return the settings of the standby region, in which nothing runs without `recovery.mode: warm`."""
    if not is_warm(settings.spec):
        return settings
    spec = standby_spec(settings.spec)
    return replace(settings, spec=spec, positions={} if is_passive(spec) else settings.positions)


def tags_of(settings: Settings) -> dict[str, pulumi.Input[str]]:
    """The user's tags and the platform's own three, by which everything of a stack is found again."""
    user: dict[str, pulumi.Input[str]] = {**settings.spec.tags, **settings.deferred.tags}
    return {**user, "project": "agent-platform", "stack": settings.stack, "managed-by": "pulumi"}


def callable_services(spec: Platform, workloads: Workloads) -> dict[str, pulumi.Output[str]]:
    """Private address of each service that listens."""
    return {name: workloads.services[name] for name, service in spec.services.items() if service.port is not None}


def public_urls(spec: Platform, entry: Entry) -> dict[str, pulumi.Output[str]]:
    """Public URL of each routed service."""
    return {name: public_url(entry, service.path or "") for name, service in spec.public.items()}


def empty_entry() -> Entry:
    """The entry of a platform without a routed service."""
    return Entry(url=pulumi.Output.from_input(""))
