"""Manifests from the plan of a stack: names, references, numbers, secrets, and the folder that they are written to."""

from collections.abc import Mapping
from pathlib import Path

import pulumi
import pytest
import yaml

from automation.plan.inventory import Inventory
from automation.plan.recorder import record
from automation.render.documents import KUSTOMIZATION, SECRETS_FILE, folder_content, write_folder, yaml_of
from automation.render.manifests import Manifest, render_stack
from automation.render.secrets import SecretStore, required_secrets, with_placeholders, without_secrets
from providers.contract.diagnostics import InvalidConfiguration

STORE = SecretStore("vault")
VALUE = "c2VjcmV0LXZhbHVl"


def inventory(content: str = "a: 1", secret_in_config: bool = False, later: bool = False) -> Inventory:
    """Inventory of a Namespace, a Secret, a ConfigMap, a Deployment that reads both, and a route."""

    def program() -> None:
        import pulumi_kubernetes as kubernetes

        provider = kubernetes.Provider("prod-cluster", context="acme", namespace="agents")
        opts = pulumi.ResourceOptions(provider=provider)
        kubernetes.core.v1.Namespace("prod-namespace", metadata={"name": "agents"}, opts=opts)
        secret = kubernetes.core.v1.Secret(
            "prod-secrets-key", metadata={"labels": {"a": "b"}}, data={"value": pulumi.Output.secret(VALUE)}, opts=opts
        )
        data = {"app.yaml": pulumi.Output.secret(content) if secret_in_config else content}
        config = kubernetes.core.v1.ConfigMap("prod-config", metadata={"namespace": "agents"}, data=data, opts=opts)
        names = {
            "key": secret.metadata.apply(lambda values: str(values.name)),
            "config": config.metadata.apply(lambda values: str(values.name)),
        }
        deployment = kubernetes.apps.v1.Deployment(
            "prod-compute-web",
            metadata={"name": "web", "annotations": {"pulumi.com/timeoutSeconds": "600", "note": "kept"}},
            spec=kubernetes.apps.v1.DeploymentSpecArgs(
                replicas=2,
                selector=kubernetes.meta.v1.LabelSelectorArgs(match_labels={"a": "b"}),
                template=kubernetes.core.v1.PodTemplateSpecArgs(
                    metadata=kubernetes.meta.v1.ObjectMetaArgs(annotations=names)
                ),
            ),
            opts=opts,
        )
        spec: dict[str, object] = {"weight": 3.0, "half": 0.5, "address": deployment.status if later else "1e3"}
        kubernetes.apiextensions.CustomResource(
            "prod-entry", api_version="example.com/v1", kind="Route", metadata={"name": "entry"}, spec=spec, opts=opts
        )

    return record(program, "prod")


def manifests(declared: Inventory) -> tuple[Manifest, ...]:
    return render_stack(declared).manifests


def by_kind(rendered: tuple[Manifest, ...]) -> Mapping[str, Manifest]:
    return {each.kind: each for each in rendered}


def test_an_object_without_a_name_has_its_logical_name_and_a_hash_of_its_content() -> None:
    first, again, changed = (by_kind(manifests(inventory(text))) for text in ("a: 1", "a: 1", "a: 2"))
    assert first["ConfigMap"].name.startswith("prod-config-")
    assert first["ConfigMap"].name == again["ConfigMap"].name != changed["ConfigMap"].name


def test_references_have_the_names_of_the_rendered_objects() -> None:
    objects = by_kind(manifests(inventory()))
    spec = yaml.safe_load(yaml_of(objects["Deployment"].body))["spec"]
    assert spec["template"]["metadata"]["annotations"] == {
        "key": "prod-secrets-key",
        "config": objects["ConfigMap"].name,
    }


def test_each_object_has_the_namespace_of_its_provider_except_those_of_the_cluster() -> None:
    namespaces = {each.kind: each.namespace for each in manifests(inventory())}
    assert namespaces.pop("Namespace") == ""
    assert set(namespaces.values()) == {"agents"}


def test_settings_of_the_engine_are_left_out() -> None:
    assert by_kind(manifests(inventory()))["Deployment"].metadata["annotations"] == {"note": "kept"}


def test_whole_numbers_are_integers_and_texts_like_numbers_are_quoted() -> None:
    text = yaml_of(by_kind(manifests(inventory()))["Route"].body)
    assert "weight: 3\n" in text
    assert "half: 0.5\n" in text
    assert 'address: "1e3"\n' in text


def test_no_file_has_the_value_of_a_secret() -> None:
    rendered = manifests(inventory())
    for store in (None, STORE):
        written = tuple(without_secrets(rendered, store))
        content = folder_content("prod", written, required_secrets(rendered))
        assert not any(VALUE in text for text in content.values())


def test_secrets_are_left_out_and_listed_without_a_store() -> None:
    rendered = manifests(inventory())
    written = tuple(without_secrets(rendered, None))
    content = folder_content("prod", written, required_secrets(rendered))
    assert "Secret" not in {each.kind for each in written}
    assert "| prod-secrets-key | Opaque | `value` |" in content[SECRETS_FILE]


def test_an_external_secret_reads_each_key_from_the_store() -> None:
    written = by_kind(tuple(without_secrets(manifests(inventory()), STORE)))
    assert "Secret" not in written
    assert written["ExternalSecret"].body["spec"] == {
        "refreshInterval": "1h",
        "secretStoreRef": {"name": "vault", "kind": "ClusterSecretStore"},
        "target": {"name": "prod-secrets-key", "creationPolicy": "Owner"},
        "data": [{"secretKey": "value", "remoteRef": {"key": "prod-secrets-key", "property": "value"}}],
    }


def test_a_dry_run_has_secrets_with_empty_values() -> None:
    assert by_kind(tuple(with_placeholders(manifests(inventory()))))["Secret"].body["data"] == {"value": ""}


def test_an_object_with_a_secret_value_that_is_not_a_secret_is_left_out_and_listed() -> None:
    rendered = render_stack(inventory(secret_in_config=True))
    (left_out,) = rendered.left_out
    assert (left_out.kind, left_out.paths) == ("ConfigMap", ("data.app.yaml",))
    assert "ConfigMap" not in {each.kind for each in rendered.manifests}
    content = folder_content("prod", rendered.manifests, (), rendered.left_out)
    assert f"| ConfigMap {left_out.name} | `data.app.yaml` |" in content[SECRETS_FILE]
    assert not any("a: 1" in text for text in content.values())


def test_a_random_text_is_the_same_on_every_machine() -> None:
    def program() -> None:
        import pulumi_kubernetes as kubernetes
        import pulumi_random as random

        folder = random.RandomString("prod-folder", length=6, special=False)
        kubernetes.core.v1.ConfigMap("prod-config", metadata={"name": "config"}, data={"folder": folder.result})

    texts = [
        by_kind(manifests(record(program, stack)))["ConfigMap"].body["data"] for stack in ("prod", "prod", "staging")
    ]
    assert texts[0] == texts[1] != texts[2]
    assert len(str(texts[0]["folder"])) == 6  # type: ignore[index]


def test_a_value_that_only_the_cluster_knows_is_refused() -> None:
    with pytest.raises(InvalidConfiguration, match=r"spec\.address.* of Route prod-entry is known only after"):
        manifests(inventory(later=True))


def test_rendering_twice_writes_the_same_files_and_removes_those_of_removed_objects(tmp_path: Path) -> None:
    def write(text: str) -> tuple[str, ...]:
        return write_folder(tmp_path / "out", folder_content("prod", manifests(inventory(text)), ()))

    def read() -> dict[str, str]:
        return {path.name: path.read_text() for path in sorted((tmp_path / "out").iterdir())}

    assert write("a: 1") == ()
    first = read()
    assert write("a: 1") == ()
    assert read() == first
    (removed,) = write("a: 2")
    assert removed.startswith("configmap-prod-config-")
    listed = yaml.safe_load(read()[KUSTOMIZATION])["resources"]
    assert sorted(listed) == sorted(name for name in read() if name != KUSTOMIZATION)


def test_a_file_of_another_program_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / KUSTOMIZATION).write_text("resources: []\n")
    with pytest.raises(InvalidConfiguration, match=r"kustomization\.yaml exists and was not written by"):
        write_folder(tmp_path, folder_content("prod", manifests(inventory()), ()))
    assert [path.name for path in tmp_path.iterdir()] == [KUSTOMIZATION]


def test_a_folder_with_other_files_keeps_them(tmp_path: Path) -> None:
    (tmp_path / "patch.yaml").write_text("kind: Deployment\n")
    write_folder(tmp_path, folder_content("prod", manifests(inventory()), ()))
    assert (tmp_path / "patch.yaml").read_text() == "kind: Deployment\n"
