# Needs Python 3.11 or newer and a package index; everything else is installed into .venv.
#   make plan            the production plan of Pulumi.prod.yaml
#   make plan STACK=staging ARGS="--diff prod"
#   make test            lint, types, tests; CI runs it, then the long tests and engine tests (.ci/run)
#   make long-test       tests that take long or need a program beside Python; `pytest` without options runs them too
#   make dev             make up with services from their source: make dev SERVICE="gateway page" ARGS="--debug gateway"
#   make up              the example on a Docker host, with Pulumi
#   make down            removes it and keeps its volumes; make down ARGS=--volumes removes them too
#   make engine          the Pulumi CLI and the YAML language host for the engine tests, built as Go tools into .cache/engine
#   make engine-test     the chosen engine tests of every change; make engine-test-all runs them all
#   make bench           write docs/benchmarks.md on a quiet machine: about 40 minutes
#   make policies        the Python environment of the policy pack, for `agent-platform up --policy-pack policies`
#   make checkov         checkov for the comparison in tests/checkov, in .local/checkov
#   make docs            regenerate the generated documents and the architecture picture
#   make metrics         size, structure and wording of the repository
#   make mutants         plant one-line faults and check that the tests catch them
PYTHON ?= python3
STACK ?= prod
ARGS ?=
STACK_FILE ?= Pulumi.local.yaml
# Build arguments of the Dockerfiles in examples/.
export BASE_IMAGE BUILDER_IMAGE BUILD_NETWORK
VENV := .venv
# Cloud SDKs are large: without cached bytecode every start would compile them again.
unexport PYTHONDONTWRITEBYTECODE
BIN := $(VENV)/bin
UV_VERSION := 0.13.8
ENGINE := .cache/engine/pulumi
PYTHON_SDK := .cache/engine/pulumi-python-sdk
YAML_HOST := .cache/engine/pulumi-language-yaml
ENGINE_TESTS ?= tests/engine
ENGINE_VERSION := $(shell sed -n 's|.*github.com/pulumi/pulumi/pkg/v3 v\([0-9.]*\).*|\1|p' tools/engine/go.mod)

.PHONY: plan dev up down test lint types tests long-test engine engine-test engine-test-all bench policies checkov docs metrics mutants clean
.DEFAULT_GOAL := plan

plan: $(VENV)/.program
	@$(BIN)/agent-platform plan $(STACK) $(ARGS)

up: $(VENV)/.program
	@$(BIN)/python -m automation.local up $(STACK_FILE)

dev: $(VENV)/.program
	@$(BIN)/agent-platform -C $(dir $(STACK_FILE)) dev $(patsubst Pulumi.%.yaml,%,$(notdir $(STACK_FILE))) $(SERVICE) $(ARGS)

down: $(VENV)/.program
	@$(BIN)/python -m automation.local down $(STACK_FILE) $(ARGS)

test: lint types tests

lint: $(VENV)/.development
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.development
	@$(BIN)/pyrefly check --summary=none

tests: $(VENV)/.development
	@$(BIN)/pytest -n 3 --dist loadgroup -m "not long" --ignore tests/engine

long-test: $(VENV)/.development
	@$(BIN)/pytest -n 3 --dist loadgroup -m long --ignore tests/engine

engine: $(ENGINE) $(PYTHON_SDK) $(YAML_HOST)

# The CLI cannot be downloaded everywhere, its Go module can; the first build takes minutes, later ones use Go's cache.
$(ENGINE): tools/engine/go.mod tools/engine/go.sum
	@command -v go > /dev/null || { echo "make engine needs Go: install it from https://go.dev/dl/"; exit 1; }
	@mkdir -p $(@D)
	@cd tools/engine && go build -buildvcs=false -o ../../$@ \
	  -ldflags "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v$(ENGINE_VERSION)" \
	  github.com/pulumi/pulumi/pkg/v3/cmd/pulumi || { echo "make engine cannot build the Pulumi CLI: see the lines above"; exit 1; }
	@touch $@

# The language host for Python is no Go module, its generator of SDKs is; with the packages of the CLI compiled it takes seconds.
$(PYTHON_SDK): tools/engine/go.mod tools/engine/go.sum tools/engine/python_sdk/main.go | $(ENGINE)
	@cd tools/engine && go build -buildvcs=false -ldflags "-s -w" -o ../../$@ ./python_sdk

# The language host for YAML is a Go module with versions of its own, and compiles with the packages of this CLI.
$(YAML_HOST): tools/engine/go.mod tools/engine/go.sum | $(ENGINE)
	@cd tools/engine && go build -buildvcs=false -ldflags "-s -w" -o ../../$@ github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml

engine-test: engine $(VENV)/.development
	@$(BIN)/pytest -n 2 --dist loadgroup -m "not long" $(ENGINE_TESTS)

engine-test-all: engine $(VENV)/.development
	@$(BIN)/pytest -n 2 --dist loadgroup tests/engine

bench: engine $(VENV)/.development
	@$(BIN)/python -m benchmarks --write

# pulumi-policy needs an older protobuf than the program, so the pack has an environment and a lock of its own.
POLICY_VENV := policies/.venv

policies: $(POLICY_VENV)/.pack

$(POLICY_VENV)/.pack: $(VENV)/.uv policies/requirements.txt
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(POLICY_VENV)
	@$(BIN)/uv pip install --quiet --python $(POLICY_VENV)/bin/python --requirement policies/requirements.txt
	@$(BIN)/uv pip install --quiet --python $(POLICY_VENV)/bin/python --no-deps --editable .
	@touch $@

policies/requirements.txt: pyproject.toml requirements.txt
	@$(BIN)/uv pip compile --quiet pyproject.toml --extra policy --constraint requirements.txt --no-emit-index-url --no-annotate \
	  --custom-compile-command "make policies/requirements.txt" --output-file $@

CHECKOV_VERSION := 3.3.30

checkov: .local/checkov/bin/checkov

.local/checkov/bin/checkov: $(VENV)/.uv
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .local/checkov
	@$(BIN)/uv pip install --quiet --python .local/checkov/bin/python checkov==$(CHECKOV_VERSION)

docs: $(VENV)/.program
	@$(BIN)/agent-platform config schema --write
	@$(BIN)/agent-platform config package --write
	@$(BIN)/agent-platform config docs --write
	@$(BIN)/agent-platform config capabilities --write
	@$(BIN)/python -m automation.plan.docs.architecture
	@$(BIN)/agent-platform config recovery
	@$(BIN)/agent-platform config audit
	@$(BIN)/agent-platform config examples

metrics: $(VENV)/.program
	@$(BIN)/python -m tools.metrics

mutants: $(VENV)/.development
	@$(BIN)/python -m tools.mutants

$(VENV)/.uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one: make PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

$(VENV)/.program: $(VENV)/.uv requirements.txt pyproject.toml
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --requirement requirements.txt --editable .
	@touch $@

$(VENV)/.development: $(VENV)/.program requirements-dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --requirement requirements-dev.txt
	@touch $@

clean:
	@rm -rf $(VENV) $(POLICY_VENV) .pytest_cache .ruff_cache .hypothesis
