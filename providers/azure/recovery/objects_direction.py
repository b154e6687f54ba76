"""Direction of the copies of objects in a warm standby: from the account of the location that serves to the other one.

Nothing but replication can write to a container that receives copies, so the policies are removed before another location
serves, and made in the other direction when both answer. They are no resources of the program: the account that receives gives
both policies their id, so that another direction would replace them, and an update of one location would need the other one.
"""

from collections.abc import Iterator, Mapping, Sequence

from providers.azure.cli_commands import answer, context_in, rest
from providers.azure.context import AzureContext
from providers.azure.naming import data_account
from providers.azure.recovery.servers import other_region
from providers.azure.storage.limits import CONTAINER
from providers.contract.cli import CliCommand, CliFailure, DeployedStack, JsonObject, Shell
from providers.contract.json_data import is_list, is_mapping

API_VERSION = "2024-01-01"
"""Microsoft.Storage/storageAccounts/objectReplicationPolicies."""
EVERY_BLOB = "1601-01-01T00:00:00Z"
"""Minimum creation time with which blobs that exist already are copied: Storage API, `ObjectReplicationPolicyFilter`."""
NEW_POLICY = "default"
"""Id of a policy that the service gives an id."""


def open_objects(stack: DeployedStack, region: str, shell: Shell) -> None:
    """Remove the policies by which an account receives copies, so that services there can write."""
    if stack.spec.storage is None:
        return
    context = _context(stack, region)
    for policy in _policies(context, shell):
        if _ends_in(policy, "destinationAccount", context):
            shell.output(_removal(context, _text(policy, "policyId")))


def direct_objects(stack: DeployedStack, shell: Shell) -> Sequence[str]:
    """Copy objects from the location that serves to the other one, and return what was done; nothing when they are."""
    spec = stack.spec
    if spec.storage is None:
        return ()
    source, target = (
        _context(stack, region) for region in (spec.active_region, other_region(stack, spec.active_region))
    )
    sending, receiving = (list(_policies(context, shell)) for context in (source, target))
    complete = {_text(each, "policyId") for each in sending if _ends_in(each, "destinationAccount", target)}
    if any(_text(each, "policyId") in complete for each in receiving):
        return ()
    for context, policies in ((source, sending), (target, receiving)):
        for policy in policies:
            if _is_between(policy, source, target):
                shell.output(_removal(context, _text(policy, "policyId")))
    received = answer(shell, _put(target, NEW_POLICY, policy_body(source, target)))
    policy_id, rule_id = _ids(received, stack)
    shell.output(_put(source, policy_id, policy_body(source, target, rule_id)))
    return (f"objects of {source.region} are copied to {target.region}",)


def policy_body(source: AzureContext, target: AzureContext, rule_id: str = "") -> Mapping[str, object]:
    """Return a policy of either account; that of the source has the ids that the destination gave."""
    rule: dict[str, object] = {
        "sourceContainer": CONTAINER,
        "destinationContainer": CONTAINER,
        "filters": {"minCreationTime": EVERY_BLOB},
    }
    if rule_id:
        rule["ruleId"] = rule_id
    accounts = {"sourceAccount": _account_path(source), "destinationAccount": _account_path(target)}
    return {"properties": {**accounts, "metrics": {"enabled": True}, "rules": [rule]}}


def _context(stack: DeployedStack, region: str) -> AzureContext:
    return context_in(stack.spec, stack.name, region)


def _account_path(context: AzureContext) -> str:
    return f"{context.group_id}/providers/Microsoft.Storage/storageAccounts/{data_account(context)}"


def _policies(context: AzureContext, shell: Shell) -> Iterator[JsonObject]:
    """Yield the properties of the policies of an account."""
    found = answer(shell, rest("get", f"{_account_path(context)}/objectReplicationPolicies", API_VERSION))
    entries = found.get("value") if is_mapping(found) else None
    for each in entries if is_list(entries) else ():
        properties = each.get("properties") if is_mapping(each) else None
        if is_mapping(properties):
            yield properties


def _is_between(policy: JsonObject, first: AzureContext, second: AzureContext) -> bool:
    """Return whether a policy copies between two accounts of the stack, so that a policy of a user stays."""
    return all(
        any(_ends_in(policy, key, context) for context in (first, second))
        for key in ("sourceAccount", "destinationAccount")
    )


def _ends_in(policy: JsonObject, key: str, context: AzureContext) -> bool:
    """Return whether a policy names an account, by its id or by its name."""
    return str(policy.get(key, "")).rpartition("/")[2].lower() == data_account(context)


def _text(policy: JsonObject, key: str) -> str:
    return str(policy.get(key) or "")


def _put(context: AzureContext, policy: str, body: Mapping[str, object]) -> CliCommand:
    return rest("put", f"{_account_path(context)}/objectReplicationPolicies/{policy}", API_VERSION, body)


def _removal(context: AzureContext, policy: str) -> CliCommand:
    return rest("delete", f"{_account_path(context)}/objectReplicationPolicies/{policy}", API_VERSION)


def _ids(received: object, stack: DeployedStack) -> tuple[str, str]:
    """Return the ids of a policy and of its rule in the answer of the account that receives."""
    properties = received.get("properties") if is_mapping(received) else None
    rules = properties.get("rules") if is_mapping(properties) else None
    first = rules[0] if is_list(rules) and rules else None
    if not is_mapping(properties) or not is_mapping(first) or not properties.get("policyId") or not first.get("ruleId"):
        fix = f"run agent-platform up {stack.name} again"
        raise CliFailure("storage", "Azure gave the copies of objects no id", fix)
    return str(properties["policyId"]), str(first["ruleId"])
