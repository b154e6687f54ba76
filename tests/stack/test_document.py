"""Stack files as documents: sealed values, keys beside the platform, forgotten wrappers, changes."""

from pathlib import Path

import pytest
import yaml

from automation.plan.spec_keys import BASE
from automation.stack.document import (
    Stack,
    StackDocument,
    parse_setting,
    read_stack,
    stack_names,
    stack_of,
    with_values,
)
from components.configuration import PLATFORM_KEY
from providers.contract.diagnostics import Effect, InvalidConfiguration
from providers.contract.spec.defaults import Raw

WITH_SECRET = with_values(BASE, {"services.web.secrets": ["API_KEY"]})
KEY = "agent-platform:API_KEY"
SEALED = {"secure": "v1:abc"}


def written(folder: Path, text: str, name: str = "trial") -> Path:
    (folder / f"Pulumi.{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def stack_file(folder: Path, platform: object, **others: object) -> Stack:
    return read_stack(written(folder, yaml.safe_dump({"config": {PLATFORM_KEY: platform, **others}})), "trial")


def messages(folder: Path, name: str = "trial", cloud: str | None = None) -> list[str]:
    with pytest.raises(InvalidConfiguration) as invalid:
        read_stack(folder, name, cloud)
    return [str(diagnostic) for diagnostic in invalid.value.diagnostics]


def messages_of(folder: Path, platform: object, **others: object) -> list[str]:
    return messages(written(folder, yaml.safe_dump({"config": {PLATFORM_KEY: platform, **others}})))


def test_a_sealed_secret_stays_sealed(tmp_path: Path) -> None:
    stack = stack_file(tmp_path, WITH_SECRET, **{KEY: SEALED})
    assert stack.config[KEY] == f"<secret {KEY}>"
    assert (stack.secret_keys, stack.missing_secrets) == ((KEY,), ())


def test_a_secret_without_a_value_is_missing_and_secret(tmp_path: Path) -> None:
    stack = stack_file(tmp_path, WITH_SECRET)
    assert stack.missing_secrets == ("API_KEY",)
    assert stack.config[KEY] == "<missing secret API_KEY>"
    assert stack.secret_keys == (KEY,)


def test_a_secret_inside_the_object_is_refused_with_its_key_and_not_printed(tmp_path: Path) -> None:
    platform = with_values(BASE, {"services.web.environment": {"TOKEN": SEALED}})
    (message,) = messages_of(tmp_path, platform)
    assert message.startswith("services.web.environment.TOKEN: a secret inside the object would be passed on")
    assert "abc" not in message


def test_another_cloud_can_be_chosen(tmp_path: Path) -> None:
    written(tmp_path, yaml.safe_dump({"config": {PLATFORM_KEY: BASE}}))
    assert read_stack(tmp_path, "trial", "gcp").spec.cloud == "gcp"
    assert messages(tmp_path, cloud="awz") == [
        'cloud: "awz" is not one of the allowed values (did you mean aws). Use aws, gcp, azure, docker or kubernetes.'
    ]


def test_a_stack_without_a_file_names_those_that_have_one(tmp_path: Path) -> None:
    for name in ("prod", "staging"):
        written(tmp_path, "", name)
    assert messages(tmp_path, "prdo") == ["stack: no file Pulumi.prdo.yaml (did you mean prod). Use prod or staging."]


@pytest.mark.parametrize("name", ["../prod", "", "a/b", "."])
def test_a_name_that_is_a_path_is_no_stack(tmp_path: Path, name: str) -> None:
    (message,) = messages(tmp_path, name)
    assert message.startswith("stack: no file ")


def test_a_folder_without_stack_files_says_where_to_go(tmp_path: Path) -> None:
    (message,) = messages(tmp_path)
    assert message.endswith(". Run this in the folder of the stack files.")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Pulumi.trial.yaml: empty. Describe the platform under config, agent-platform:platform."),
        ("[]", "Pulumi.trial.yaml: not a mapping. Describe the platform under config, agent-platform:platform."),
        ("config: text", "Pulumi.trial.yaml: config: not a mapping. Describe the platform under config, agent-platform:platform."),
        ("config:", "Pulumi.trial.yaml: config: empty. Describe the platform under config, agent-platform:platform."),
        ("encryptionsalt: v1", "Pulumi.trial.yaml: config: missing. Describe the platform under config, agent-platform:platform."),
        ("config: {}", "agent-platform:platform: missing. Describe the platform under this key."),
        ("config: {agent-platform:platform: }", "agent-platform:platform: no value. Describe the platform under this key."),
        ("config: {agent-platform:platform: [a]}", "agent-platform:platform: not a mapping. Write it as keys and values."),
        (
            "cloud: aws\nservices: {}\n",
            "Pulumi.trial.yaml: cloud and services are at the top level. Indent them under config, agent-platform:platform.",
        ),
        (
            "agent-platform:platform: {cloud: aws}\n",
            "Pulumi.trial.yaml: agent-platform:platform is at the top level. Indent it under config.",
        ),
        (
            "config:\n  cloud: aws\n  services: {}\n",
            "Pulumi.trial.yaml: config: cloud and services are directly under config. Indent them under agent-platform:platform.",
        ),
        (
            "config:\n  agent-platform:cloud: aws\n  agent-platform:services: {}\n",
            "agent-platform:cloud: unknown key. Indent cloud under agent-platform:platform.",
        ),
        (
            "config:\n  platform: {cloud: aws}\n",
            "platform: unknown key. Write it as agent-platform:platform.",
        ),
        (
            "confg: {}\n",
            "Pulumi.trial.yaml: confg: unknown key (did you mean config). "
            "Remove it; the keys at the top level are config, environment, encryptionsalt, encryptedkey and secretsprovider.",
        ),
    ],
)  # fmt: skip
def test_a_file_without_the_wrapper_says_where_the_platform_belongs(tmp_path: Path, text: str, message: str) -> None:
    assert messages(written(tmp_path, text))[0] == message


@pytest.mark.parametrize("text", ["cloud: aws\nservices: {}\n", "config:\n  cloud: aws\n  services: {}\n"])
def test_a_forgotten_wrapper_is_one_error(tmp_path: Path, text: str) -> None:
    assert len(messages(written(tmp_path, text))) == 1


BESIDE: dict[str, tuple[str, object, str]] = {
    "a setting of the default provider": (
        "aws:region", "us-west-2",
        "aws:region: no effect: the platform configures its providers itself. "
        "Set aws.region inside agent-platform:platform and remove this key.",
    ),
    "a key of this project": (
        "agent-platform:debug", True,
        "agent-platform:debug: unknown key. Remove it; a secret has the name of its variable, in upper case.",
    ),
    "a key of another program": ("shop:currency", "EUR", "shop:currency: unknown key. Remove it."),
    "a misspelt secret": (
        "agent-platform:API_KYE", SEALED,
        "agent-platform:API_KYE: no service lists this secret (did you mean API_KEY). "
        "Correct its name, or remove it.",
    ),
    "an unlisted secret in clear text": (
        "agent-platform:TOKEN", "hunter2",
        "agent-platform:TOKEN: a value in clear text that no service lists. List it under a service's `secrets` and run "
        "`agent-platform secret set STACK TOKEN`, or remove it.",
    ),
    "a secret that is a list": (
        "agent-platform:API_KEY", ["hunter2"],
        "agent-platform:API_KEY: a secret is text. Remove it and run `agent-platform secret set STACK API_KEY`.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("key", "value", "message"), BESIDE.values(), ids=BESIDE)
def test_an_unknown_key_beside_the_platform_is_reported(tmp_path: Path, key: str, value: object, message: str) -> None:
    assert messages_of(tmp_path, WITH_SECRET, **{key: value}) == [message]


def test_errors_beside_and_inside_the_platform_are_reported_together(tmp_path: Path) -> None:
    lines = messages_of(tmp_path, with_values(BASE, {"network.zones": 9}), **{"aws:region": "us-west-2"})
    assert [line.partition(": ")[0] for line in lines] == ["aws:region", "network.zones"]


def test_a_sealed_secret_that_no_service_lists_is_noted_and_not_refused(tmp_path: Path) -> None:
    (note,) = stack_file(tmp_path, WITH_SECRET, **{KEY: SEALED, "agent-platform:OLD_TOKEN": SEALED}).adjustments
    assert (note.key, note.effect) == ("agent-platform:OLD_TOKEN", Effect.IGNORED)


def test_keys_of_the_engine_and_of_ephemeral_stacks_are_passed_on_as_text(tmp_path: Path) -> None:
    expires = "2026-01-31T10:00:00+00:00"
    others = {"pulumi:disable-default-providers": ["*"], "agent-platform:expires_at": expires}
    config = stack_file(tmp_path, BASE, **others).config
    assert config["pulumi:disable-default-providers"] == '["*"]'
    assert config["agent-platform:expires_at"] == expires


@pytest.mark.parametrize("value", ["2026-01-31", "22:30", "2026-01-31 10:00:00"])
def test_dates_and_times_are_text(tmp_path: Path, value: str) -> None:
    text = yaml.safe_dump({"config": {PLATFORM_KEY: BASE}}).replace(
        "profile:", f"tags: {{since: {value}}}\n    profile:"
    )
    assert read_stack(written(tmp_path, text), "trial").spec.tags == {"since": value}


def test_the_stacks_of_a_folder_are_those_with_a_file(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").touch()
    for name in ("b", "a"):
        written(tmp_path, "", name)
    assert stack_names(tmp_path) == ["a", "b"]


EMPTY: dict[str, Raw] = {
    "database": {"database": None, "services.web.uses": ["database"]},
    "network": {"network": None},
    "services.web.size": {"services.web.size": None},
    "services.web.environment": {"services.web.environment": None},
    "services.web.secrets": {"services.web.secrets": None},
    "monitoring.alerts": {"monitoring.alerts": None},
    "tags": {"tags": None},
}


@pytest.mark.parametrize(("key", "changes"), EMPTY.items(), ids=EMPTY)
def test_a_block_without_a_value_has_its_defaults(key: str, changes: Raw) -> None:
    empty: object = [] if key.endswith("secrets") else {}
    written_out = with_values(BASE, {**changes, key: empty})
    left_blank = with_values(BASE, changes)
    assert stack_of("trial", {PLATFORM_KEY: left_blank}).spec == stack_of("trial", {PLATFORM_KEY: written_out}).spec


def test_the_blank_block_of_another_cloud_is_absent() -> None:
    assert stack_of("trial", {PLATFORM_KEY: with_values(BASE, {"gcp": None})}).spec.gcp is None


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("profile", "profile: no value. Set one, or remove the key for its default."),
        ("network.zones", "network.zones: no value. Set one, or remove the key for its default."),
        ("aws", "aws.region: missing. Set it: AWS region, for example us-west-2."),
        ("services", "services: empty. Add at least 1 entry."),
        ("budget", "budget.monthly_usd: missing. Set it: "),
        ("services.web.environment.FLAG", "services.web.environment.FLAG: no value. Set one, or remove the key"),
    ],
)
def test_a_single_value_that_is_blank_is_refused(tmp_path: Path, key: str, message: str) -> None:
    assert messages_of(tmp_path, with_values(BASE, {key: None}))[0].startswith(message)


def test_overrides_keep_the_comments_of_the_file() -> None:
    text = "# head\nconfig:\n  agent-platform:platform:\n    cloud: aws  # ours\n    cache: {memory_gib: 3}\n"
    document = StackDocument.parse(text, Path("Pulumi.trial.yaml"))
    changed = document.with_overrides({"cloud": "gcp", "cache": None, "network.zones": 2})
    assert changed.dump() == (
        "# head\nconfig:\n  agent-platform:platform:\n    cloud: gcp  # ours\n    network:\n      zones: 2\n"
    )
    assert document.dump() == text
    assert changed.is_written("network.zones") and not changed.is_written("cache")


def test_a_setting_is_a_path_and_a_yaml_value() -> None:
    assert parse_setting("network.zones=2") == ("network.zones", 2)
    assert parse_setting("services.web.image=a=b") == ("services.web.image", "a=b")
    assert parse_setting("cache=") == ("cache", None)


@pytest.mark.parametrize("text", ["network.zones", "=hunter2", "a..b=hunter2", "token=[hunter2", "token=*hunter2"])
def test_a_setting_that_cannot_be_read_is_refused_without_its_value(text: str) -> None:
    with pytest.raises(InvalidConfiguration) as invalid:
        parse_setting(text)
    assert "hunter2" not in str(invalid.value)
