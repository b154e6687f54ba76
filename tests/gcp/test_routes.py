"""Path rules of the URL map, and the path that an uptime check requests."""

from hypothesis import given
from hypothesis import strategies as st

from providers.contract.spec import Platform, Service
from providers.gcp.entry.limits import entry_refusals
from providers.gcp.entry.routes import default_service, path_patterns, route_tests, service_at, uptime_target
from tests.gcp.plans import unchecked_spec

segment = st.text("abcxyz", min_size=1, max_size=3)
some_paths = st.sets(st.lists(segment, max_size=3).map(lambda parts: "/" + "/".join(parts)), min_size=1, max_size=6)


def platform(*paths: str) -> Platform:
    services = {f"s{n}": Service(image="api:1", port=80, path=path) for n, path in enumerate(paths)}
    return Platform(cloud="gcp", services=services)


def matches(pattern: str, path: str) -> bool:
    """Match of a path rule in the URL map."""
    return path == pattern or (pattern.endswith("/*") and path.startswith(pattern[:-1]))


@given(some_paths, st.lists(segment, max_size=4))
def test_the_longest_matching_rule_has_the_same_service(paths: set[str], parts: list[str]) -> None:
    spec, path = platform(*paths), "/" + "/".join(parts)
    rules = {rule: name for name, service in spec.public.items() for rule in path_patterns(service.path or "")}
    matching = [rule for rule in rules if rule and matches(rule, path)]
    assert service_at(spec, path) == (rules[max(matching, key=len)] if matching else default_service(spec))


@given(some_paths)
def test_every_route_test_has_the_service_at_its_path(paths: set[str]) -> None:
    spec = platform(*paths)
    assert {name for name in route_tests(spec).values()} == set(spec.services)
    assert all(service_at(spec, path) == name for path, name in route_tests(spec).items())


def test_a_prefix_does_not_match_a_longer_word() -> None:
    assert path_patterns("/chat/") == ["/chat", "/chat/*"]
    assert service_at(platform("/chat"), "/chatter") is None


def test_without_a_service_at_the_root_there_is_no_default() -> None:
    assert default_service(platform("/chat")) is None and default_service(platform("/chat", "/")) == "s1"


def test_a_health_path_that_reaches_its_service_must_return_success() -> None:
    assert uptime_target(unchecked_spec(), "gateway") == ("/health", ("STATUS_CLASS_2XX",))


def test_a_health_path_that_reaches_another_service_is_not_requested() -> None:
    path, statuses = uptime_target(unchecked_spec({"services.chat.path": "/chat"}), "chat")
    assert path == "/chat" and "STATUS_CLASS_5XX" not in statuses and "STATUS_CLASS_4XX" in statuses


def test_a_path_that_is_no_valid_rule_is_refused() -> None:
    (refusal,) = entry_refusals(platform("/a//b"), "prod")
    assert refusal.problem == '"/a//b" is not a valid path rule of a URL map'
    assert "no empty segment" in refusal.fix
