"""Accepted failures of security checks that a stack file must not have."""

from collections.abc import Mapping

import pytest

from components.validation.parse import parse
from providers.contract.diagnostics import InvalidConfiguration
from tests.planning import production

ERRORS: Mapping[str, tuple[Mapping[str, object], str]] = {
    "an accepted check that does not exist": (
        {"accept_checks": {"secret-rotate": {"reason": "rotated by hand"}}},
        "accept_checks.secret-rotate: there is no security check secret-rotate (did you mean secrets-rotate). Use a name of docs/audit.md.",
    ),
    "an accepted check without a reason": (
        {"accept_checks": {"azure/secrets-rotate": {"reason": "because"}}},
        "accept_checks.azure/secrets-rotate.reason: the reason is too short. Say in a few words why the failure is accepted.",
    ),
    "an accepted check until a day that does not exist": (
        {"accept_checks": {"secrets-rotate": {"reason": "rotated by hand", "until": "2027-02-30"}}},
        "accept_checks.secrets-rotate.until: 2027-02-30 is not a day of the calendar. Use the last day of the acceptance, as YYYY-MM-DD.",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_acceptance_that_is_not_valid_is_refused(name: str) -> None:
    changes, message = ERRORS[name]
    with pytest.raises(InvalidConfiguration) as refused:
        parse(production(changes), "prod")
    assert [str(each) for each in refused.value.diagnostics] == [message]


def test_an_acceptance_with_reason_and_day_is_read() -> None:
    entry = {"reason": "rotated by hand", "until": "2027-03-31"}
    spec = parse(production({"accept_checks": {"secrets-rotate/prod-secrets-OPENAI_API_KEY": entry}}), "prod")
    assert spec.accept_checks["secrets-rotate/prod-secrets-OPENAI_API_KEY"].model_dump() == entry
