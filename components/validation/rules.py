"""Rules that look at two keys together. Each is a short pure function from the spec to its mistakes."""

from collections.abc import Callable, Iterator

from components.validation.data import database_rules, recovery_rules
from components.validation.entry import entry_rules
from components.validation.references import reference_rules
from components.validation.risks import risk_rules
from components.validation.services import service_rules
from providers.contract.diagnostics import ConfigError
from providers.contract.spec import Platform

Rule = Callable[[Platform], Iterator[ConfigError]]

RULES: tuple[Rule, ...] = (
    *reference_rules,
    *service_rules,
    *entry_rules,
    *database_rules,
    *recovery_rules,
    *risk_rules,
)


def contradictions(spec: Platform) -> list[ConfigError]:
    """Every mistake of a spec whose keys are each well-formed, in the order of the rules."""
    return [mistake for rule in RULES for mistake in rule(spec)]
