"""Rules of the managed groups of the web ACL, by group, and those that inspect bodies. Pure.

Source: AWS WAF developer guide, "AWS Managed Rules rule groups list".
"""

from collections.abc import Mapping

from providers.contract.closed_paths import closed_paths
from providers.contract.prompts import is_everything, prompt_paths
from providers.contract.spec import Platform

BODY = "_BODY"
MANAGED_RULES: Mapping[str, tuple[str, ...]] = {
    "AWSManagedRulesAmazonIpReputationList": (
        "AWSManagedIPReputationList", "AWSManagedReconnaissanceList", "AWSManagedIPDDoSList",
    ),
    "AWSManagedRulesAnonymousIpList": ("AnonymousIPList", "HostingProviderIPList"),
    "AWSManagedRulesKnownBadInputsRuleSet": (
        "JavaDeserializationRCE_HEADER", "JavaDeserializationRCE_BODY", "JavaDeserializationRCE_URIPATH",
        "JavaDeserializationRCE_QUERYSTRING", "Host_localhost_HEADER", "PROPFIND_METHOD", "ExploitablePaths_URIPATH",
        "Log4JRCE_HEADER", "Log4JRCE_QUERYSTRING", "Log4JRCE_BODY", "Log4JRCE_URIPATH", "ReactJSRCE_BODY",
    ),
    "AWSManagedRulesSQLiRuleSet": (
        "SQLi_QUERYARGUMENTS", "SQLiExtendedPatterns_QUERYARGUMENTS", "SQLi_BODY", "SQLiExtendedPatterns_BODY",
        "SQLi_COOKIE",
    ),
    "AWSManagedRulesCommonRuleSet": (
        "NoUserAgent_HEADER", "UserAgent_BadBots_HEADER", "SizeRestrictions_QUERYSTRING", "SizeRestrictions_Cookie_HEADER",
        "SizeRestrictions_BODY", "SizeRestrictions_URIPATH", "EC2MetaDataSSRF_BODY", "EC2MetaDataSSRF_COOKIE",
        "EC2MetaDataSSRF_URIPATH", "EC2MetaDataSSRF_QUERYARGUMENTS", "GenericLFI_QUERYARGUMENTS", "GenericLFI_URIPATH",
        "GenericLFI_BODY", "RestrictedExtensions_URIPATH", "RestrictedExtensions_QUERYARGUMENTS",
        "GenericRFI_QUERYARGUMENTS", "GenericRFI_BODY", "GenericRFI_URIPATH", "CrossSiteScripting_COOKIE",
        "CrossSiteScripting_QUERYARGUMENTS", "CrossSiteScripting_BODY", "CrossSiteScripting_URIPATH",
    ),
}  # fmt: skip
"""Groups in the order of evaluation, the cheapest first: address lists before content inspection."""
COUNTED_RULES = {
    "AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY",),
    "AWSManagedRulesAnonymousIpList": ("HostingProviderIPList",),
}
"""Rules of a group that count instead of block: long prompts, and callers in hosting providers."""
LABELS = {
    "AWSManagedRulesKnownBadInputsRuleSet": "known-bad-inputs",
    "AWSManagedRulesSQLiRuleSet": "sql-database",
    "AWSManagedRulesCommonRuleSet": "core-rule-set",
}
"""Namespace of the labels of a group whose rules inspect bodies."""
RULES = tuple(rule for rules in MANAGED_RULES.values() for rule in rules)


def judges_bodies(spec: Platform) -> bool:
    """True when a rule after the groups blocks bodies, because the groups only count them for the paths of prompts."""
    paths = prompt_paths(spec).paths
    return bool(paths) and not any(is_everything(path) for path in paths)


def rule_count(spec: Platform) -> int:
    """Number of rules of the web ACL, which AWS bills."""
    limits = spec.ingress.rate_limit
    rates = 1 + (limits.per_key is not None) + len(limits.paths)
    managed = len(MANAGED_RULES) + judges_bodies(spec) if spec.ingress.waf_settings else 0
    return rates + managed + bool(closed_paths(spec))


def body_rules(group: str) -> tuple[str, ...]:
    """Rules of a group that inspect bodies, without those that only count in any case."""
    return tuple(
        rule for rule in MANAGED_RULES[group] if rule.endswith(BODY) and rule not in COUNTED_RULES.get(group, ())
    )


def body_label(group: str, rule: str) -> str:
    """Label that a body rule adds to a request: `awswaf:managed:aws:sql-database:SQLi_Body`."""
    return f"awswaf:managed:aws:{LABELS[group]}:{rule.removesuffix(BODY)}_Body"
