"""Decision of each cloud's declared WAF rules on a request, from what the core rule set detects in it.

Only the structure is evaluated: which rules inspect what on which path. The managed rules are represented by the core rule set.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import cast

from automation.plan.inventory import Inventory
from providers.contract.haproxy.admission import WAF_RULES
from tests.planning import plan, production
from tests.waf.replay import Detection, HttpRequest

BEHIND_GATEWAY: Mapping[str, object] = {
    "azure.entry": "gateway",
    "ingress.certificate": {"azure": "certificates/acme-certs/agents"},
}
Node = Mapping[str, object]
Decision = Callable[[Inventory, HttpRequest, Detection], bool]


@cache
def planned(cloud: str, mode: str = "block", prompts: tuple[str, ...] | None = None) -> Inventory:
    """Plan of production on a cloud, or with the other entry of Azure, and with settings of the WAF."""
    waf: dict[str, object] = {"mode": mode, **({} if prompts is None else {"prompts": list(prompts)})}
    risk: dict[str, object] = {"accept_risk": {"ingress.waf.mode": "a trial of rules"}} if mode == "count" else {}
    name, _, gateway = cloud.partition("-")
    entry: Mapping[str, object] = BEHIND_GATEWAY if gateway else {}
    return plan(production({"ingress.waf": waf, **risk, **entry}, cloud=name))


def nodes(value: object) -> list[Node]:
    return cast("list[Node]", value)


def node(value: object) -> Node:
    return cast("Node", value)


def aws(inventory: Inventory, sent: HttpRequest, found: Detection) -> bool:
    """True when the web ACL blocks: managed rules outside of bodies, and the rule on the labels of body rules."""
    rules = {str(rule["name"]): rule for rule in nodes(inventory.one("prod-entry-us-west-2-acl").inputs["rules"])}
    managed = rules["AWSManagedRulesCommonRuleSet"]
    if "none" not in node(managed["overrideAction"]):
        return False
    group = node(node(managed["statement"])["managedRuleGroupStatement"])
    counted = {str(each["name"]) for each in nodes(group["ruleActionOverrides"])}
    bodies_block = "CrossSiteScripting_BODY" not in counted
    if found.outside or (found.body and bodies_block):
        return True
    if not found.body or "bodies" not in rules or "block" not in node(rules["bodies"]["action"]):
        return False
    labels, elsewhere = nodes(node(node(rules["bodies"]["statement"])["andStatement"])["statements"])
    assert "awswaf:managed:aws:core-rule-set:CrossSiteScripting_Body" in str(labels)
    match = node(node(node(node(elsewhere["notStatement"])["statement"])["regexMatchStatement"]))
    return not re.search(str(match["regexString"]), sent.path)


def gcp(inventory: Inventory, sent: HttpRequest, found: Detection) -> bool:
    """True when a rule of the policy denies: it inspects bodies unless it excludes them, on the paths of its expression."""
    rules = nodes(inventory.one("prod-entry-policy").inputs["rules"])
    for rule in rules:
        expression = str(node(node(rule["match"]).get("expr") or {}).get("expression", ""))
        if "evaluatePreconfiguredWaf" not in expression or rule.get("preview"):
            continue
        condition = re.match(r"(!?)request[.]path[.]matches[(]'([^']+)'[)] && ", expression)
        if condition and bool(re.search(condition[2], sent.path)) == bool(condition[1]):
            continue
        bodies = "requestBodies" not in str(rule.get("preconfiguredWafConfig"))
        if found.outside or (found.body and bodies):
            return True
    return False


def azure(inventory: Inventory, sent: HttpRequest, found: Detection) -> bool:
    """True when the managed rules of Front Door block a request that no earlier rule allows."""
    firewall = inventory.one("prod-entry-firewall").inputs
    for rule in nodes(node(firewall["customRules"])["rules"]):
        if rule["action"] == "Allow" and all(_matches(each, sent) for each in nodes(rule["matchConditions"])):
            return False
    sets = nodes(node(firewall["managedRules"])["managedRuleSets"])
    return sets[0]["ruleSetAction"] == "Block" and bool(found.outside or found.body)


def azure_gateway(inventory: Inventory, sent: HttpRequest, found: Detection) -> bool:
    """True when the managed rules of Application Gateway block a request that no earlier rule allows."""
    policy = inventory.one("prod-entry-policy").inputs
    for rule in nodes(policy["customRules"]):
        conditions = [_as_front_door(each) for each in nodes(rule["matchConditions"])]
        if rule["action"] == "Allow" and all(_matches(each, sent) for each in conditions):
            return False
    (rules, _) = nodes(node(policy["managedRules"])["managedRuleSets"])
    assert "ruleGroupOverrides" not in rules and node(policy["policySettings"])["mode"] == "Prevention"
    return bool(found.outside or found.body)


def _as_front_door(condition: Node) -> Node:
    """The same condition with the names of Front Door: several variables, other names, and a misspelt negation."""
    (variable,) = nodes(condition["matchVariables"])
    names = {"RequestHeaders": "RequestHeader", "RemoteAddr": "SocketAddr"}
    return {
        "matchVariable": names.get(str(variable["variableName"]), variable["variableName"]),
        "selector": variable.get("selector", ""),
        "operator": {"Regex": "RegEx"}.get(str(condition["operator"]), condition["operator"]),
        "matchValue": condition["matchValues"],
        "negateCondition": condition.get("negationConditon"),
        "transforms": condition.get("transforms"),
    }


def _matches(condition: Node, sent: HttpRequest) -> bool:
    variable = str(condition["matchVariable"])
    texts = {"RequestMethod": sent.method, "RequestUri": f"https://agents.example.com:443{sent.target}"}
    text = texts.get(variable) or sent.header(str(condition.get("selector", "")))
    text = text.lower() if "Lowercase" in str(condition.get("transforms")) else text
    operator = str(condition["operator"])
    tests: Mapping[str, Callable[[str], bool]] = {
        "Equal": lambda value: value == text,
        "RegEx": lambda value: bool(re.search(value, text)),
        "Contains": lambda value: value in text,
    }
    return any(tests[operator](str(value)) for value in nodes(condition["matchValue"])) != bool(
        condition.get("negateCondition")
    )


def docker(_inventory: Inventory, _sent: HttpRequest, _found: Detection) -> bool:
    """False: no rule of HAProxy reads a body; `tests/docker/test_admission.py` sends the requests to a HAProxy with the rules."""
    assert not any("req.body" in condition for _, condition in WAF_RULES)
    return False


DECISIONS: Mapping[str, Decision] = {"aws": aws, "gcp": gcp, "azure": azure, "azure-gateway": azure_gateway}
