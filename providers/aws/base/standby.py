"""Standby region of AWS: what receives copies of the home region's data, and what services there continue."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.context import AwsContext
from providers.aws.storage.bucket import SecureBucket
from providers.contract.component import Scope
from providers.contract.results import Standby


@dataclass(frozen=True)
class HomeData:
    """Data of the home region that the standby region continues: its database instance, and the password of both."""

    database_arn: pulumi.Output[str]
    password: pulumi.Output[str]


@dataclass(frozen=True)
class AwsStandby(Standby):
    """Data key, repositories and bucket of the standby region, and the scopes in which more is declared there."""

    context: AwsContext
    scope: Scope
    key: pulumi.Output[str]
    repositories: Mapping[str, aws.ecr.Repository]
    """Repositories by image name."""
    bucket: SecureBucket | None
    """None without object storage."""
    scopes: Mapping[str, Scope]
    """Scopes of the components keys, registry and storage, to which services add what they need."""
    home: HomeData | None = None
    """None until the home region is declared, without a database, and without services in the standby region."""
