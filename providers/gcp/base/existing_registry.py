"""Repository of Artifact Registry that exists already: its address, and what its owner must allow. Pure."""

import re
from dataclasses import dataclass

from providers.contract.diagnostics import Adjustment, Effect
from providers.contract.existing_registry import existing_registry, owner_decides
from providers.contract.images import parse_image
from providers.contract.spec import Platform, Service

KEY = "registry.existing.gcp.repository"
REPOSITORY = re.compile(r"projects/(?P<project>[^/]+)/locations/(?P<location>[^/]+)/repositories/(?P<name>[^/]+)")


@dataclass(frozen=True)
class GcpRepository:
    """Repository of Artifact Registry."""

    project: str
    location: str
    name: str

    @property
    def host(self) -> str:
        """Host of the registries of its location."""
        return f"{self.location}-docker.pkg.dev"

    @property
    def address(self) -> str:
        """Beginning of the addresses of its images."""
        return f"{self.host}/{self.project}/{self.name}"


def existing_repository(spec: Platform) -> GcpRepository | None:
    """Return the repository of others; None where the platform creates its own."""
    existing = existing_registry(spec)
    match = REPOSITORY.fullmatch(existing.gcp.repository) if existing is not None and existing.gcp is not None else None
    return GcpRepository(match["project"], match["location"], match["name"]) if match is not None else None


def existing_image(spec: Platform, service: Service) -> str | None:
    """Return the address of the image of a service in the repository."""
    repository = existing_repository(spec)
    return f"{repository.address}/{parse_image(service.image).name}" if repository is not None else None


def existing_registry_adjustments(spec: Platform) -> list[Adjustment]:
    """Report what the owner of the repository decides, and what that of another project must allow."""
    repository = existing_repository(spec)
    if repository is None:
        return []
    project = spec.gcp.project if spec.gcp is not None else ""
    found = [owner_decides(repository.name)]
    if repository.project != project:
        reason = (
            f"its owner must grant roles/artifactregistry.reader on it to the Cloud Run service agent of {project} "
            "(service-NUMBER@serverless-robot-prod.iam.gserviceaccount.com): the agent serves every stack of the project, so that no "
            "stack grants or removes it"
        )
        found.append(Adjustment(KEY, f"project {repository.project}", Effect.PARTIAL, reason))
    return found
