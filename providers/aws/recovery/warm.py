"""Commands that let the standby region serve after the loss of the home region, with `recovery.mode: warm`. Pure.

The promotion cannot be undone. `aws rds wait` gives up after 30 minutes and can be repeated. DNS is changed last.
"""

import json

from providers.aws.entry.zone import zone_role
from providers.aws.naming import load_balancer_name
from providers.aws.recovery.commands import aws, cluster, database, find_services, service_variables
from providers.aws.recovery.limits import dns_problem
from providers.contract.recovery_plan import CloudCommand, CloudSteps, RecoverySite, Step

LAG = (
    "cloudwatch", "get-metric-statistics", "--namespace", "AWS/RDS", "--metric-name", "ReplicaLag", "--period", "60",
    "--statistics", "Maximum",
)  # fmt: skip


def warm_steps(site: RecoverySite, detect: Step) -> CloudSteps:
    """Return the steps for a lost region whose standby region runs; `site` is the stack in its home region."""
    there = RecoverySite(site.stack, site.spec, site.standby, resources=site.resources, moved=True)
    assess = (_lag(there),) if site.spec.database is not None else ()
    adopt = Step(
        "Jobs stay disabled until the state knows of this: run `agent-platform failover` later, which takes over what the commands "
        "changed."
    )
    return CloudSteps(
        detect=(detect,),
        assess=assess,
        without_tool=(*_promotion(there), _full_size(there), *_name(there), adopt),
    )


def _lag(site: RecoverySite) -> Step:
    hour = ("--start-time", "$START_TIME", "--end-time", "$END_TIME", "--query", "sort_by(Datapoints, &Timestamp)[-5:]")
    dimension = ("--dimensions", f"Name=DBInstanceIdentifier,Value={database(site)}")
    return Step(
        f"Delay of the replica in {site.region}, in seconds: what was written after it is lost.",
        commands=(aws(site, *LAG, *dimension, *hour), _state(site)),
    )


def _state(site: RecoverySite) -> CloudCommand:
    """Command that prints state and source of the instance; a promoted one has no source."""
    query = "DBInstances[0].[DBInstanceStatus,ReadReplicaSourceDBInstanceIdentifier]"
    return aws(site, "rds", "describe-db-instances", "--db-instance-identifier", database(site), "--query", query)


def _promotion(site: RecoverySite) -> tuple[Step, ...]:
    spec = site.spec.database
    if spec is None:
        return ()
    instance = ("--db-instance-identifier", database(site))
    promote = aws(
        site, "rds", "promote-read-replica", *instance, "--backup-retention-period", str(spec.backup.retention_days),
        "--query", "DBInstance.DBInstanceStatus",
    )  # fmt: skip
    text = (
        f"Promote the replica in {site.region}. It cannot be undone, and two regions must never write: first make sure that the "
        "services of the home region are stopped or cannot reach their database."
    )
    return (Step(text, commands=(promote, aws(site, "rds", "wait", "db-instance-available", *instance), _state(site))),)


def _full_size(site: RecoverySite) -> Step:
    commands: list[CloudCommand] = list(find_services(site))
    for name, variable in service_variables(site).items():
        bounds = site.spec.services[name].replicas
        if bounds.max > bounds.min:
            commands += _scaled(site, name, bounds.min, bounds.max)
        update = ("ecs", "update-service", "--cluster", cluster(site), "--service", f"${variable}")
        commands.append(aws(site, *update, "--desired-count", str(bounds.min), "--query", "service.desiredCount"))
    return Step(f"Run every service in {site.region} at its full size.", commands=tuple(commands))


def _scaled(site: RecoverySite, name: str, low: int, high: int) -> tuple[CloudCommand, ...]:
    """Commands that set the bounds of autoscaling; its resource ID ends with the name of the ECS service."""
    namespace, variable = ("--service-namespace", "ecs"), f"TARGET_{name.replace('-', '_').upper()}"
    listed = ("application-autoscaling", "describe-scalable-targets", *namespace, "--query")
    query = f"ScalableTargets[?contains(ResourceId, '/{site.stack}-{site.region}-compute-{name}-')].ResourceId | [0]"
    dimension = ("--scalable-dimension", "ecs:service:DesiredCount", "--resource-id", f"${variable}")
    bounds = ("--min-capacity", str(low), "--max-capacity", str(high))
    register = ("application-autoscaling", "register-scalable-target", *namespace, *dimension, *bounds)
    return (aws(site, *listed, query, sets=variable), aws(site, *register))


def _name(site: RecoverySite) -> tuple[Step, ...]:
    """Step that points the domain to the load balancer of the standby region."""
    spec = site.spec
    if not spec.public or spec.ingress.domain is None or spec.ingress.zone is None:
        return ()
    balancer = ("elbv2", "describe-load-balancers", "--names", load_balancer_name(site.stack), "--query")
    zones = f"HostedZones[?Name=='{spec.ingress.zone}.' && Config.PrivateZone == `false`].Id | [0]"
    change = {
        "Action": "UPSERT",
        "ResourceRecordSet": {
            "Name": spec.ingress.domain,
            "Type": "A",
            "AliasTarget": {"HostedZoneId": "$BALANCER_ZONE", "DNSName": "$BALANCER", "EvaluateTargetHealth": True},
        },
    }
    record = ("route53", "change-resource-record-sets", "--hosted-zone-id", "$ZONE", "--change-batch")
    problem, role = dns_problem(spec), zone_role(spec)
    return (
        Step(
            f"The services answer at the load balancer of {site.region}: point {spec.ingress.domain} to it."
            + (f" {problem}." if problem else "")
            + (f" Run the last two commands with the role {role}." if role else ""),
            commands=(
                aws(site, *balancer, "LoadBalancers[0].DNSName", sets="BALANCER"),
                aws(site, *balancer, "LoadBalancers[0].CanonicalHostedZoneId", sets="BALANCER_ZONE"),
                aws(site, "route53", "list-hosted-zones", "--query", zones, sets="ZONE"),
                aws(site, *record, json.dumps({"Changes": [change]})),
            ),
        ),
    )
