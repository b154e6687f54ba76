"""Which path leads where."""

from hypothesis import given
from hypothesis import strategies as st

from providers.contract.spec import Platform, Service
from providers.gcp.entry.routes import checked, entry_refusals, fallback, leads_to, patterns, proofs
from tests.gcp.variants import spec_of

segment = st.text("abcxyz", min_size=1, max_size=3)
some_paths = st.sets(st.lists(segment, max_size=3).map(lambda parts: "/" + "/".join(parts)), min_size=1, max_size=6)


def platform(*paths: str) -> Platform:
    services = {f"s{n}": Service(image="api:1", port=80, path=path) for n, path in enumerate(paths)}
    return Platform(cloud="gcp", services=services)


def matches(pattern: str, path: str) -> bool:
    """A path rule as the URL map reads it."""
    return path == pattern or (pattern.endswith("/*") and path.startswith(pattern[:-1]))


@given(some_paths, st.lists(segment, max_size=4))
def test_the_longest_matching_rule_leads_to_the_same_service(paths: set[str], parts: list[str]) -> None:
    spec, path = platform(*paths), "/" + "/".join(parts)
    rules = {rule: name for name, service in spec.public.items() for rule in patterns(service.path or "")}
    found = [rule for rule in rules if rule and matches(rule, path)]
    assert leads_to(spec, path) == (rules[max(found, key=len)] if found else fallback(spec))


@given(some_paths)
def test_every_proof_names_the_service_that_the_path_leads_to(paths: set[str]) -> None:
    spec = platform(*paths)
    assert {name for name in proofs(spec).values()} == set(spec.services)
    assert all(leads_to(spec, path) == name for path, name in proofs(spec).items())


def test_a_prefix_is_no_longer_word() -> None:
    assert patterns("/chat/") == ["/chat", "/chat/*"]
    assert leads_to(platform("/chat"), "/chatter") is None


def test_no_service_at_the_root_leaves_the_rest_to_nobody() -> None:
    assert fallback(platform("/chat")) is None and fallback(platform("/chat", "/")) == "s1"


def test_a_health_path_that_leads_to_its_service_is_asked_for_success() -> None:
    assert checked(spec_of(), "gateway") == ("/health", ("STATUS_CLASS_2XX",))


def test_a_health_path_that_leads_elsewhere_is_not_asked() -> None:
    path, statuses = checked(spec_of({"services.chat.path": "/chat"}), "chat")
    assert path == "/chat" and "STATUS_CLASS_5XX" not in statuses and "STATUS_CLASS_4XX" in statuses


def test_a_path_that_no_rule_can_hold_is_refused() -> None:
    (refusal,) = entry_refusals(platform("/a//b"), "prod")
    assert "no empty segment" in str(refusal)
