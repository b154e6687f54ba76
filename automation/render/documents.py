"""YAML of manifests, and the folder that they are written to: one file for each object and a kustomization.

kubectl and Kustomize read YAML 1.2 with a reader that takes `1e3` for a number where PyYAML writes it as text without quotes,
so every text that begins like a number is quoted.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import yaml

from automation.render.manifests import LeftOut, Manifest
from automation.render.secrets import RequiredSecret
from providers.contract.diagnostics import ConfigError, InvalidConfiguration

HEADER = "# Written by `agent-platform render {stack}`: change the stack file instead.\n"
MARK = "# Written by `agent-platform render "
KUSTOMIZATION = "kustomization.yaml"
SECRETS_FILE = "required-secrets.md"
LINE_WIDTH = 120
NUMERIC_START = re.compile(r"[-+.]?[0-9]|[-+]?\.(inf|nan)", re.IGNORECASE)


class _Dumper(yaml.SafeDumper):
    """Writer without anchors, with quotes around text that looks like a number, and long texts as blocks."""

    def ignore_aliases(self, data: object) -> bool:
        """Repeat equal values instead of referring to the first."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else '"' if NUMERIC_START.match(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def yaml_of(document: Mapping[str, object]) -> str:
    """Return a document as YAML, its keys in the given order."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=LINE_WIDTH)


def stream_of(manifests: Iterable[Manifest]) -> str:
    """Return manifests as one stream of documents."""
    return "---\n".join(yaml_of(each.body) for each in manifests)


def file_name(manifest: Manifest) -> str:
    """Name of the file of an object: `deployment-gateway.yaml`."""
    return f"{manifest.kind.lower()}-{manifest.name}.yaml"


def folder_content(
    stack: str, manifests: Sequence[Manifest], required: Sequence[RequiredSecret], left_out: Sequence[LeftOut] = ()
) -> Mapping[str, str]:
    """Return the text of each file of the folder; `required` are Secrets that nothing in the folder creates."""
    header = HEADER.format(stack=stack)
    files = {file_name(each): f"{header}{yaml_of(each.body)}" for each in manifests}
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(files),
    }
    content = {**files, KUSTOMIZATION: f"{header}{yaml_of(kustomization)}"}
    if required or left_out:
        content[SECRETS_FILE] = _secrets_text(stack, required, left_out)
    return content


def _secrets_text(stack: str, required: Sequence[RequiredSecret], left_out: Sequence[LeftOut]) -> str:
    lines = [HEADER.format(stack=stack).strip("# \n"), ""]
    if required:
        lines += [
            "These Secrets must exist in the namespace before the manifests are applied; no manifest has their values.",
            "",
        ]
        lines += ["| Secret | type | keys |", "|---|---|---|"]
        lines += [f"| {one.name} | {one.type} | {', '.join(f'`{key}`' for key in one.keys)} |" for one in required]
        lines.append("")
    if left_out:
        lines += ["These objects have secret values outside of a Secret, so there is no manifest of them.", ""]
        lines += ["| object | secret values |", "|---|---|"]
        lines += [f"| {one.kind} {one.name} | {', '.join(f'`{path}`' for path in one.paths)} |" for one in left_out]
        lines.append("")
    return "\n".join(lines)


def write_folder(folder: Path, content: Mapping[str, str]) -> tuple[str, ...]:
    """Write the files, remove those of an earlier call that are no longer written, and return the names of these.

    Raises InvalidConfiguration for a file with one of the names that another program wrote, before anything is changed.
    """
    existing = {path.name: path for path in folder.iterdir()} if folder.is_dir() else {}
    foreign = [name for name in content if name in existing and not is_own(existing[name])]
    if foreign or (folder.exists() and not folder.is_dir()):
        problem = f"{folder / foreign[0] if foreign else folder} exists and was not written by `agent-platform render`"
        raise InvalidConfiguration([ConfigError("--output", problem, "use another folder")])
    stale = tuple(sorted(name for name, path in existing.items() if name not in content and is_own(path)))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in stale:
            existing[name].unlink()
        for name, text in content.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        problem = f"cannot write to {folder}: {error.strerror}"
        raise InvalidConfiguration([ConfigError("--output", problem, "use a folder that you may write to")]) from None
    return stale


def is_own(path: Path) -> bool:
    """True for a file that an earlier call has written."""
    if path.suffix not in (".yaml", ".md") or not path.is_file():
        return False
    with path.open(encoding="utf-8", errors="replace") as file:
        return MARK.strip("# ") in file.readline()
