"""Rights that the user of a context lacks for a stack, by reviews that the API server answers to everyone about themselves."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from providers.contract.spec import Platform
from providers.kubernetes.preflight.kubectl import PARALLEL_CALLS, Fields, Kubectl, QueryForbidden
from providers.kubernetes.preflight.rights import (
    EVERY,
    Right,
    access_review,
    allows,
    destruction_rights,
    namespace_rights,
    required_rights,
)


def missing_rights(kubectl: Kubectl, spec: Platform, namespace: str) -> tuple[str, ...]:
    """Return the rights in the namespace and on it that this user lacks; while it does not exist, that to create it."""
    rules = kubectl.review("SelfSubjectRulesReview", {"namespace": namespace})
    missing = [right for right in required_rights(spec) if not allows(rules, right)]
    if missing and rules.get("incomplete") is True:
        missing = _really_missing(kubectl, missing, namespace)
    if _exists(kubectl, namespace):
        missing += [each for each in namespace_rights(namespace) if not _has(kubectl, rules, each, namespace)]
    else:
        # a namespace is an object of the cluster, which the rules of a namespace say nothing about
        create = Right("create", "", "namespaces")
        missing += [] if _may(kubectl, create, "") else [create]
    return tuple(str(right) for right in missing)


def missing_to_destroy(kubectl: Kubectl, namespace: str) -> tuple[str, ...]:
    """Return the rights that this user lacks for the deletion of the namespace; none are needed while it does not exist."""
    if not _exists(kubectl, namespace):
        return ()
    rights = destruction_rights(namespace)
    return tuple(str(each) for each in rights if not _may(kubectl, each, namespace if each.name else ""))


def _really_missing(kubectl: Kubectl, rights: list[Right], namespace: str) -> list[Right]:
    """Return the rights that no authorizer grants; administrators, whom RBAC does not know on EKS, have every one."""
    if _may(kubectl, EVERY, namespace):
        return []
    with ThreadPoolExecutor(PARALLEL_CALLS) as pool:
        answers = list(pool.map(partial(_may, kubectl, namespace=namespace), rights))
    return [right for right, allowed in zip(rights, answers, strict=True) if not allowed]


def _exists(kubectl: Kubectl, namespace: str) -> bool:
    """True for a namespace that exists, or that this user may not read."""
    try:
        return kubectl.get(f"/api/v1/namespaces/{namespace}") is not None
    except QueryForbidden:
        return True


def _has(kubectl: Kubectl, rules: Fields, right: Right, namespace: str) -> bool:
    """True for a right to one object, which a rule may grant for every name, or for this name alone."""
    return allows(rules, right) or _may(kubectl, right, namespace)


def _may(kubectl: Kubectl, right: Right, namespace: str) -> bool:
    return kubectl.review("SelfSubjectAccessReview", access_review(right, namespace)).get("allowed") is True
