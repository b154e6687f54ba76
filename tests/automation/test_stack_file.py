"""A stack file read without an engine: sealed values stay sealed, missing secrets are told, mistakes are sentences."""

from pathlib import Path

import pytest
import yaml

from automation.plan.spec_keys import BASE
from automation.stack.document import Stack, read_stack, stack_names, stack_of
from automation.stack.keys import with_values
from components.configuration import PLATFORM_KEY
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.spec.defaults import Raw

WITH_SECRET = with_values(BASE, {"services.web.secrets": ["API_KEY"]})
KEY = "agent-platform:API_KEY"


def written(folder: Path, text: str, name: str = "trial") -> Path:
    (folder / f"Pulumi.{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def stack_file(folder: Path, platform: object, **others: object) -> Stack:
    return read_stack(written(folder, yaml.safe_dump({"config": {PLATFORM_KEY: platform, **others}})), "trial")


def mistakes(folder: Path, name: str = "trial", cloud: str | None = None) -> list[str]:
    with pytest.raises(InvalidConfiguration) as told:
        read_stack(folder, name, cloud)
    return [str(refusal) for refusal in told.value.diagnostics]


def test_a_sealed_secret_stays_sealed(tmp_path: Path) -> None:
    stack = stack_file(tmp_path, WITH_SECRET, **{KEY: {"secure": "v1:abc"}})
    assert stack.config[KEY] == f"<secret {KEY}>"
    assert (stack.secret_keys, stack.missing_secrets) == ((KEY,), ())


def test_a_secret_without_a_value_is_told_as_missing(tmp_path: Path) -> None:
    stack = stack_file(tmp_path, WITH_SECRET)
    assert stack.missing_secrets == ("API_KEY",)
    assert stack.config[KEY] == "<missing secret API_KEY>"


def test_a_missing_secret_is_secret_too(tmp_path: Path) -> None:
    assert stack_file(tmp_path, WITH_SECRET).secret_keys == (KEY,)


def test_a_secret_inside_the_object_is_refused_and_not_shown(tmp_path: Path) -> None:
    platform = with_values(BASE, {"services.web.environment": {"TOKEN": {"secure": "v1:abc"}}})
    written(tmp_path, yaml.safe_dump({"config": {PLATFORM_KEY: platform}}))
    (sentence,) = mistakes(tmp_path)
    assert "stands inside the object" in sentence
    assert "abc" not in sentence


def test_another_cloud_can_be_asked_for(tmp_path: Path) -> None:
    written(tmp_path, yaml.safe_dump({"config": {PLATFORM_KEY: BASE}}))
    assert mistakes(tmp_path, cloud="awz") == [
        'cloud: "awz" is not one of the allowed words (did you mean aws); use aws, gcp, azure or docker.'
    ]


def test_a_stack_without_a_file_names_those_that_have_one(tmp_path: Path) -> None:
    for name in ("prod", "staging"):
        written(tmp_path, "", name)
    assert mistakes(tmp_path, "prdo") == [
        'stack: "prdo" has no file Pulumi.prdo.yaml (did you mean prod); the stacks here are prod and staging.'
    ]


def test_a_folder_without_stack_files_says_where_to_go(tmp_path: Path) -> None:
    (sentence,) = mistakes(tmp_path)
    assert sentence.endswith("; run this in the folder of the stack files.")


def test_a_file_that_is_no_yaml_names_its_line(tmp_path: Path) -> None:
    assert mistakes(written(tmp_path, "config:\n  a: [1\n")) == [
        "Pulumi.trial.yaml: nothing is not YAML at line 3; mend its syntax."
    ]


@pytest.mark.parametrize("text", ["", "[]", "config: text", "other: {}"])
def test_a_file_without_configuration_is_refused(tmp_path: Path, text: str) -> None:
    (sentence,) = mistakes(written(tmp_path, text))
    assert sentence.endswith("must hold the stack's configuration.")


def test_a_file_without_the_platform_is_refused(tmp_path: Path) -> None:
    assert mistakes(written(tmp_path, "config: {}")) == [
        "agent-platform:platform: nothing is set; describe the platform in the stack file."
    ]


def test_what_yaml_takes_for_a_date_is_text() -> None:
    platform: Raw = yaml.safe_load("tags: {since: 2026-01-31}")
    assert stack_of("trial", {PLATFORM_KEY: with_values(BASE, platform)}).spec.tags == {"since": "2026-01-31"}


def test_other_keys_are_handed_on_as_text(tmp_path: Path) -> None:
    stack = stack_file(tmp_path, BASE, **{"aws:region": "us-west-2", "pulumi:disable-default-providers": ["*"]})
    assert stack.config["aws:region"] == "us-west-2"
    assert stack.config["pulumi:disable-default-providers"] == '["*"]'


def test_the_stacks_of_a_folder_are_those_with_a_file(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").touch()
    for name in ("b", "a"):
        written(tmp_path, "", name)
    assert stack_names(tmp_path) == ["a", "b"]
