"""Fingerprints of build contexts: the rules of .dockerignore, base images and what changes a fingerprint."""

from pathlib import Path

import pytest

from automation.images.build_context import IgnoreRules, base_images, copies, declared_arguments, fingerprint

DOCKERFILE = """\
ARG BASE_IMAGE=python:3.12
ARG BUILDER_IMAGE="${BASE_IMAGE}"
FROM --platform=$BUILDPLATFORM ${BUILDER_IMAGE} AS builder
ARG UV_DEFAULT_INDEX
FROM $BASE_IMAGE
COPY --from=builder /a /a
"""


@pytest.mark.parametrize(
    ("instruction", "copied"),
    [
        ("COPY . .", True),
        ("copy --chown=1:1 ./ /app/", True),
        ('COPY [".", "/app"]', True),
        ("ADD * /app/", True),
        ("COPY .local/state /x", True),
        ("COPY .local /x", True),
        ("COPY app.py \\\n    . /app/", True),
        ("COPY app.py requirements.txt ./", False),
        ("COPY --from=builder . /a", False),
        ("# COPY . .", False),
        ("RUN cp . .", False),
    ],
)
def test_a_copied_folder_is_found_in_the_dockerfile(instruction: str, *, copied: bool) -> None:
    assert copies(f"FROM x\n{instruction}\nUSER 1\n", ".local") is copied


def test_the_state_is_no_part_of_a_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM x\n", encoding="utf-8")
    before = fingerprint(tmp_path, tmp_path / "Dockerfile", ())
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "passphrase").write_text("x", encoding="utf-8")
    state_alone = fingerprint(tmp_path, tmp_path / "Dockerfile", ())
    (tmp_path / ".local" / "passphrase").write_text("y", encoding="utf-8")
    assert state_alone == fingerprint(tmp_path, tmp_path / "Dockerfile", ())
    assert before != ""


@pytest.mark.parametrize(
    ("rules", "excluded", "included"),
    [
        ("*.pyc", ["a.pyc"], ["b/a.pyc", "a.py"]),
        ("**/*.pyc", ["a.pyc", "b/c/a.pyc"], ["a.py"]),
        (".git", [".git", ".git/config"], ["b/.git", ".gitignore"]),
        ("/data/", ["data", "data/x"], ["b/data"]),
        ("temp?", ["temps", "tempa/x"], ["temp", "temp/x", "tempab"]),
        ("a/**/z", ["a/z", "a/b/z", "a/b/c/z"], ["az", "a/bz"]),
        ("# a comment\n\n  *.log  ", ["x.log"], ["# a comment"]),
        ("*.md\n!README.md", ["a.md"], ["README.md"]),
        ("*\n!src", ["a", "b/c"], ["src", "src/a/b"]),
        ("!a.md\n*.md", ["a.md"], []),
        ("./build/../dist", ["dist", "dist/a"], ["build"]),
        ("a[0-9].txt", ["a1.txt"], ["ab.txt"]),
    ],
)
def test_the_rules_of_dockerignore_are_those_of_docker(rules: str, excluded: list[str], included: list[str]) -> None:
    """Cases of https://docs.docker.com/build/concepts/context/#dockerignore-files; the last match decides."""
    parsed = IgnoreRules.parse(rules)
    assert [path for path in excluded if not parsed.excludes(path)] == []
    assert [path for path in included if parsed.excludes(path)] == []


def test_base_images_are_found_with_the_values_of_arguments() -> None:
    assert base_images(DOCKERFILE, {}) == ("python:3.12",)
    assert base_images(DOCKERFILE, {"BASE_IMAGE": "debian:12"}) == ("debian:12",)
    assert declared_arguments(
        DOCKERFILE, {"UV_DEFAULT_INDEX": "x", "PIP_INDEX_URL": "y"}, ("UV_DEFAULT_INDEX", "PIP_INDEX_URL")
    ) == {"UV_DEFAULT_INDEX": "x"}


def test_what_a_build_reads_changes_the_fingerprint_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    for name, text in (("Dockerfile", "FROM scratch"), ("src/app.py", "1"), (".dockerignore", "*.log\n__pycache__\n")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    fingerprints = [fingerprint(tmp_path, tmp_path / "Dockerfile", ["linux/amd64"])]

    def changed() -> bool:
        fingerprints.append(fingerprint(tmp_path, tmp_path / "Dockerfile", ["linux/amd64"]))
        return fingerprints[-1] != fingerprints[-2]

    (tmp_path / "x.log").write_text("ignored", encoding="utf-8")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "app.pyc").write_text("ignored", encoding="utf-8")
    assert not changed()
    (tmp_path / "src" / "app.py").touch()
    assert not changed(), "Docker's cache ignores times"
    (tmp_path / "src" / "app.py").write_text("2", encoding="utf-8")
    assert changed()
    (tmp_path / "src" / "app.py").chmod(0o755)
    assert changed()
    (tmp_path / "src" / "link").symlink_to("app.py")
    assert changed()
    (tmp_path / "Dockerfile").write_text("FROM debian", encoding="utf-8")
    assert changed()
    (tmp_path / ".dockerignore").write_text("*.log\n", encoding="utf-8")
    assert changed()
    assert fingerprint(tmp_path, tmp_path / "Dockerfile", ["linux/arm64"]) != fingerprints[-1]
