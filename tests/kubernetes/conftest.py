"""Plans on Kubernetes, before the name of the cloud is one that stack files may have."""

import pytest

from providers import AVAILABLE

ACCEPTED = tuple(dict.fromkeys((*AVAILABLE, "kubernetes")))


@pytest.fixture(autouse=True)
def kubernetes_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let validation accept the cloud."""
    for module in ("parse", "platform_rules"):
        monkeypatch.setattr(f"components.validation.{module}.AVAILABLE", ACCEPTED)
