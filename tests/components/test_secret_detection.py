"""Secrets in clear text: recognized by the form of the value or the name of the variable, refused, never repeated.

The values are assembled at run time, so that no scanner takes this file for a leak.
"""

import hashlib
import json
import string
from collections.abc import Mapping
from importlib import import_module

import pytest

from components.configuration import PLATFORM_KEY, spec_of
from components.validation.parse import parse
from components.validation.secret_patterns import (
    FORMS,
    LIBRARY,
    Detector,
    kind_of_secret,
    kind_of_token,
    named_like_a_secret,
)
from providers.contract.diagnostics import InvalidConfiguration
from tests.planning import DROP, production


def random_text(count: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    """Return a text that looks random and is the same in every run; it begins with a letter and a digit."""
    digest = hashlib.shake_256(f"{count}{alphabet}".encode()).digest(count)
    return ("a7" + "".join(alphabet[byte % len(alphabet)] for byte in digest))[:count]


HEX, LOWER, UPPER = "0123456789abcdef", string.ascii_lowercase + string.digits, string.ascii_uppercase + string.digits
TEXT = random_text(120)
SEGMENT = "eyJ" + "hbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
JWT = f"{SEGMENT}.{'eyJ' + 'zdWIiOiIxMjM0NTY3ODkwIn0'}.{random_text(43)}"
KEY_BLOCK = "-----BEGIN " + "RSA PRIVATE KEY-----\n" + random_text(64) + "\n-----END RSA PRIVATE KEY-----"
SECRETS: tuple[tuple[str, str], ...] = (
    ("an Anthropic key", f"sk-ant-api03-{TEXT[:93]}AA"),
    ("an Anthropic key", f"sk-ant-admin01-{TEXT[:93]}"),
    ("an OpenAI key", f"sk-{TEXT[:20]}T3BlbkFJ{TEXT[:20]}"),
    ("an OpenAI key", f"sk-proj-{TEXT[:74]}"),
    ("an OpenAI key", f"sk-svcacct-{TEXT[:60]}"),
    ("an OpenRouter key", f"sk-or-v1-{random_text(64, HEX)}"),
    ("a Langfuse key", "sk-lf-" + "-".join(random_text(n, HEX) for n in (8, 4, 4, 4, 12))),
    ("a Hugging Face token", f"hf_{TEXT[:34]}"),
    ("a Groq key", f"gsk_{TEXT[:52]}"),
    ("an xAI key", f"xai-{TEXT[:80]}"),
    ("a Perplexity key", f"pplx-{TEXT[:48]}"),
    ("a Replicate token", f"r8_{TEXT[:37]}"),
    ("a Tavily key", f"tvly-dev-{TEXT[:32]}"),
    ("a Pinecone key", f"pcsk_{TEXT[:70]}"),
    ("a LangSmith key", f"lsv2_pt_{random_text(32, HEX)}_{random_text(10, HEX)}"),
    ("an ElevenLabs key", f"sk_{random_text(48, HEX)}"),
    ("an AWS access key", f"AKIA{random_text(16, UPPER).upper()}"),
    ("an AWS access key", f"ASIA{random_text(16, UPPER).upper()}"),
    ("a Google API key", f"AIza{TEXT[:35]}"),
    ("a Google OAuth secret", f"GOCSPX-{TEXT[:28]}"),
    ("a Google OAuth secret", f"ya29.{TEXT[:60]}"),
    ("a private key", '{"type": "service_account", "private_key": "' + KEY_BLOCK.replace("\n", "\\n") + '"}'),
    ("an Azure key", f"DefaultEndpointsProtocol=https;AccountName=acme;AccountKey={TEXT[:86]}=="),
    ("an Azure key", f"Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKey={TEXT[:43]}="),
    ("an Azure signed URL", f"https://acme.blob.core.windows.net/c?sv=2024-11-04&sig={TEXT[:43]}%3D"),
    ("a Microsoft Entra secret", f"abc8Q~{TEXT[:34]}"),
    ("a GitHub token", f"ghp_{TEXT[:36]}"),
    ("a GitHub token", f"ghs_{TEXT[:36]}"),
    ("a GitHub token", f"github_pat_{TEXT[:22]}_{TEXT[:59]}"),
    ("a GitLab token", f"glpat-{TEXT[:20]}"),
    ("a GitLab token", f"gldt-{TEXT[:20]}"),
    ("an Atlassian token", f"ATATT3{TEXT[:120]}"),
    ("a PyPI token", f"pypi-AgEIcHlwaS5vcmc{TEXT[:100]}"),
    ("an npm token", f"npm_{TEXT[:36]}"),
    ("a Docker Hub token", f"dckr_pat_{TEXT[:27]}"),
    ("a Slack token or webhook", "xox" + "b-123456789012-1234567890123-" + TEXT[:24]),
    ("a Slack token or webhook", "xox" + "p-123456789012-1234567890123-" + random_text(32, HEX)),
    ("a Slack token or webhook", f"xapp-1-A0123456789-1234567890123-{random_text(64, HEX)}"),
    ("a Slack token or webhook", f"https://hooks.slack.com/services/T0000000/B0000000/{TEXT[:24]}"),
    ("a Stripe key", f"sk_live_{TEXT[:24]}"),
    ("a Stripe key", f"rk_test_{TEXT[:40]}"),
    ("a Stripe key", f"whsec_{TEXT[:32]}"),
    ("a Square secret", f"sq0atp-{TEXT[:22]}"),
    ("a Square secret", f"sq0csp-{TEXT[:43]}"),
    ("a Shopify token", f"shpat_{random_text(32, HEX)}"),
    ("a SendGrid key", f"SG.{TEXT[:22]}.{TEXT[:43]}"),
    ("a Mailchimp key", f"{random_text(32, HEX)}-us14"),
    ("a Telegram bot token", f"1234567890:AA{TEXT[:33]}"),
    ("a Discord bot token", f"M{TEXT[:23]}.{TEXT[:6]}.{TEXT[:27]}"),
    ("a Discord webhook", f"https://discord.com/api/webhooks/123456789012345678/{TEXT[:68]}"),
    ("a Notion token", f"ntn_{TEXT[:46]}"),
    ("a Notion token", f"secret_{TEXT[:43]}"),
    ("a Linear key", f"lin_api_{TEXT[:40]}"),
    ("an Airtable token", f"pat{TEXT[:14]}.{random_text(64, HEX)}"),
    ("a Databricks token", f"dapi{random_text(32, HEX)}"),
    ("a PlanetScale password", f"pscale_pw_{TEXT[:43]}"),
    ("a Supabase token", f"sbp_{random_text(40, HEX)}"),
    ("a DigitalOcean token", f"dop_v1_{random_text(64, HEX)}"),
    ("a Grafana token", f"glsa_{TEXT[:32]}_{random_text(8, HEX)}"),
    ("a New Relic key", f"NRAK-{random_text(27, UPPER).upper()}"),
    ("a Sentry token", f"sntrys_{TEXT[:80]}"),
    ("a Pulumi token", f"pul-{random_text(40, HEX)}"),
    ("a Vault token", f"hvs.{TEXT[:95]}"),
    ("a Terraform token", f"{TEXT[:14]}.atlasv1.{TEXT[:67]}"),
    ("an age key", f"AGE-SECRET-KEY-1{random_text(58, UPPER).upper()}"),
    ("an Artifactory credential", f"AKC{TEXT[:60]}"),
    ("a JSON Web Token", JWT),
    ("a private key", KEY_BLOCK),
    ("a private key", "-----BEGIN " + "OPENSSH PRIVATE KEY-----"),
    ("a URL with a password", "postgresql://app:" + "hunter2@db.example.com/app"),
    ("a URL with a password", "redis://:" + "hunter2@cache:6379/0"),
    ("a URL with a password", "https://me:" + "hunter2@github.com/acme/agents"),
    ("a URL with a password", "https://api.example.com/v1?api_key=" + TEXT[:20]),
    ("a connection string with a password", "Server=db;User Id=app;Password=" + "hunter2;"),
    ("an authorization header", "Authorization: Bearer " + TEXT[:30]),
    ("JSON with a secret", '{"user": "app", "password": "' + 'hunter2"}'),
)
"""Kind and value that must be refused whatever the name of the variable is."""
UUID = "-".join(random_text(n, HEX) for n in (8, 4, 4, 4, 12))
HARMLESS_VALUES: tuple[str, ...] = (
    "info", "debug", "production", "127.0.0.1", "8000", "true", "1e-5", "", "en_US.UTF-8", "Europe/Berlin",
    UUID, UUID.upper(), f"sha256:{random_text(64, HEX)}", random_text(64, HEX), random_text(40, HEX),
    f"sha512-{random_text(86)}==", random_text(32, HEX), "1f1c0a5ac1a2",
    f"ghcr.io/acme/gateway@sha256:{random_text(64, HEX)}", "111122223333.dkr.ecr.us-west-2.amazonaws.com/web:1.4.2",
    "https://api.openai.com/v1", "https://acme.openai.azure.com/openai/deployments/gpt-5/chat/completions",
    "http://localhost:11434/v1", "https://user@example.com/path", "https://example.com:8443/@scope/package",
    "https://key@o123456.ingest.sentry.io/4505", "redis://cache:6379/0", "postgresql://db.example.com:5432/app?sslmode=require",
    "postgresql://app:$(PGPASSWORD)@db:5432/app", "postgresql://app:${PASSWORD}@db/app", "amqp://{user}:{password}@broker",
    "https://login.example.com/oauth2/token?tenant=acme", "https://example.com/search?token_type=bearer",
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-3-5-haiku-20241022-v1:0", "gpt-4.1-mini-2025-04-14",
    "publishers/google/models/gemini-2.5-pro", "text-embedding-3-large", "sentence-transformers/all-MiniLM-L6-v2",
    "meta-llama/Llama-3.3-70B-Instruct", "mistral-large-2411", "claude-sonnet-4-20250514", "deepseek-ai/DeepSeek-R1-Distill-Qwen-32B",
    "arn:aws:secretsmanager:us-west-2:111122223333:secret:prod/openai-AbCdEf",
    "arn:aws:bedrock:us-west-2:111122223333:inference-profile/us.anthropic.claude",
    "projects/acme-agents/secrets/openai/versions/3", "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/dns",
    f"pk_live_{TEXT[:24]}", f"AC{random_text(32, HEX)}", "sk-learn", "risk-assessment-model-2025-large-context", "task-queue-1",
    "G-ABCDEF1234", "UA-12345-1", "ca-pub-1234567890123456", "acme-agents@acme-agents.iam.gserviceaccount.com",
    "oncall@example.com", "/etc/agent-platform/redis/ca.pem", "config.settings.production", "postgresql+psycopg",
    "C.UTF-8,en_US.UTF-8", "2026-11-28T04:00:00Z", "0 2 * * *", "team=agents,stage=prod", "http_proxy=http://proxy:3128",
    "Basic authentication is disabled in this environment", "Bearer tokens are checked by the gateway", "--token-limit=4096",
    "-----BEGIN CERTIFICATE-----", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJk me@laptop", '{"max_tokens": 4096, "stop": ["\\n"]}',
)  # fmt: skip
"""Values that are no secrets: digests, UUIDs, URLs, model IDs, public keys."""


@pytest.mark.parametrize(("kind", "value"), SECRETS, ids=[f"{kind}-{index}" for index, (kind, _) in enumerate(SECRETS)])
def test_a_secret_is_recognized_by_its_form(kind: str, value: str) -> None:
    assert kind_of_secret(value) == kind
    assert kind_of_secret(f"before {value} after") is not None


@pytest.mark.parametrize("index", range(len(HARMLESS_VALUES)))
def test_a_harmless_value_is_none(index: int) -> None:
    assert kind_of_secret(HARMLESS_VALUES[index]) is None, HARMLESS_VALUES[index]


def test_the_tables_are_large_enough_and_cover_every_form() -> None:
    kinds = {kind for kind, _ in SECRETS}
    assert len(SECRETS) >= 60 and len(HARMLESS_VALUES) >= 60 and len(kinds) >= 20
    assert kinds == {kind for kind, _ in FORMS} | set(LIBRARY.values())


NAMED: dict[str, tuple[str, ...]] = {
    "a password": ("DB_PASSWORD", "password", "PGPASSWD", "REDIS_PASS", "SMTP_PWD", "adminPassword", "KEY_PASSPHRASE"),
    "a secret": (
        "TOKEN", "API_TOKEN", "OPENAI_API_KEY", "openai-api-key", "OPENAI_APIKEY", "AWS_SECRET_ACCESS_KEY", "CLIENT_SECRET",
        "DJANGO_SECRET_KEY", "SECRET_KEY_BASE", "ENCRYPTION_KEY", "OS_SECURITY_KEY", "GITHUB_PAT", "AZURE_CREDENTIALS",
        "clientSecret",
    ),
}  # fmt: skip
UNSUSPICIOUS = (
    "LOG_LEVEL", "MAX_TOKENS", "TOKENIZERS_PARALLELISM", "PASSWORD_MIN_LENGTH", "SECRET_NAME", "TOKEN_URL", "API_KEY_HEADER",
    "KEYCLOAK_URL", "KEY_VAULT_NAME", "PATH", "COMPASS", "PARTITION_KEY", "SORT_KEY", "CACHE_KEY", "TOKEN_TTL_SECONDS", "MONKEY",
)  # fmt: skip
HARMLESS_BY_VALUE = (
    "", "true", "none", "EMPTY", "dummy", "not-needed", "ollama", "/run/secrets/key", "./key.pem", "$OPENAI_API_KEY",
    "${TOKEN}", "$(PGPASSWORD)", "<set in CI>", "{{ token }}", "OPENAI_API_KEY", "arn:aws:secretsmanager:us-west-2:1:secret:x",
    "projects/acme/secrets/x", "op://vault/item", "4096",
)  # fmt: skip


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in NAMED.items() for name in names])
def test_a_short_value_is_recognized_by_its_name(kind: str, name: str) -> None:
    assert named_like_a_secret(name, "hunter2") == kind


@pytest.mark.parametrize("name", UNSUSPICIOUS)
def test_a_name_that_only_contains_such_a_word_is_harmless(name: str) -> None:
    assert named_like_a_secret(name, "hunter2") is None


@pytest.mark.parametrize("value", HARMLESS_BY_VALUE)
def test_a_switch_a_path_a_reference_and_a_placeholder_are_harmless(value: str) -> None:
    assert named_like_a_secret("API_KEY", value) is None


def test_a_number_is_a_password_and_no_token() -> None:
    assert named_like_a_secret("DB_PASSWORD", "123456") == "a password"
    assert named_like_a_secret("MAX_TOKEN", "123456") is None


KEY = f"sk-proj-{TEXT[:48]}"
SET_HERE = "run `agent-platform secret set prod"
PLACES: dict[str, tuple[Mapping[str, object], str]] = {
    "a variable by its value": (
        {"services.gateway.environment": {"MODEL_ACCESS": KEY}},
        "services.gateway.environment.MODEL_ACCESS: looks like an OpenAI key. List MODEL_ACCESS under "
        f"services.gateway.secrets, {SET_HERE} MODEL_ACCESS`, and remove it here.",
    ),
    "a variable by its name": (
        {"services.gateway.environment": {"smtp_password": "hunter2"}},
        "services.gateway.environment.smtp_password: looks like a password. List SMTP_PASSWORD under "
        f"services.gateway.secrets, {SET_HERE} SMTP_PASSWORD`, and remove it here.",
    ),
    "a word of a command": (
        {"services.chat.command": ["serve", KEY]},
        "services.chat.command[1]: looks like an OpenAI key. Read it from a variable: list a name under "
        f"services.chat.secrets and {SET_HERE} NAME`.",
    ),
    "an option of a command": (
        {"services.chat.command": ["serve", "--admin-password=hunter2"]},
        "services.chat.command[1]: looks like a password. Read it from a variable: list a name under "
        f"services.chat.secrets and {SET_HERE} NAME`.",
    ),
    "an option and its value": (
        {"services.chat.command": ["serve", "--api-key", "hunter2"]},
        "services.chat.command[2]: looks like a secret. Read it from a variable: list a name under "
        f"services.chat.secrets and {SET_HERE} NAME`.",
    ),
    "an assignment in a shell line": (
        {"services.worker.health": {"command": ["CMD-SHELL", "REDIS_PASSWORD=hunter2 check"]}},
        "services.worker.health.command[1]: looks like a password. Read it from a variable: list a name under "
        f"services.worker.secrets and {SET_HERE} NAME`.",
    ),
    "a value in place of a name": (
        {"services.chat.secrets": [f"AKIA{random_text(16, UPPER).upper()}"]},
        "services.chat.secrets[0]: looks like an AWS access key, not like the name of one. "
        f"List a name and {SET_HERE} NAME`.",
    ),
    "a tag": (
        {"tags": {"owner": KEY}},
        "tags.owner: looks like an OpenAI key. Remove it; everybody who reads the plan sees this value.",
    ),
    "the reason of a risk": (
        {"network.zones": 1, "recovery": DROP, "accept_risk": {"network.zones": f"see {KEY}"}},
        "accept_risk.network.zones: looks like an OpenAI key. Remove it; everybody who reads the plan sees this value.",
    ),
}


@pytest.mark.parametrize(("changes", "message"), PLACES.values(), ids=PLACES)
def test_a_secret_in_clear_text_is_refused_and_not_repeated(changes: Mapping[str, object], message: str) -> None:
    with pytest.raises(InvalidConfiguration) as invalid:
        parse(production(changes), "prod")
    lines = [str(diagnostic) for diagnostic in invalid.value.diagnostics]
    assert message in lines, lines
    assert not [line for line in lines if "hunter2" in line or KEY in line or "AKIA" in line]


@pytest.mark.parametrize(
    "command", [["serve", "--password", "$DB_PASSWORD"], ["sh", "-c", "TOKEN=$TOKEN serve --token-limit=9"]]
)
def test_a_command_that_reads_variables_is_accepted(command: list[str]) -> None:
    assert parse(production({"services.chat.command": command}), "prod")


@pytest.mark.parametrize(
    "changes",
    [
        {f"services.gateway.{KEY}": "x"},
        {"services.gateway.environment": {KEY: "x"}},
        {"services.gateway.secrets": {"TOKEN": KEY}},
        {"services.gateway.secrets": [f"TOKEN={KEY}"]},
        {"services.gateway.image": KEY},
        {"ingress.domain": KEY},
        {"cloud": KEY},
    ],
)
def test_a_secret_in_a_place_that_takes_none_is_not_repeated(changes: Mapping[str, object]) -> None:
    with pytest.raises(InvalidConfiguration) as invalid:
        parse(production(changes), "prod")
    assert KEY not in str(invalid.value)


def test_the_program_refuses_the_same_as_the_command_line() -> None:
    raw = production({"services.gateway.environment": {"TOKEN": KEY}})
    with pytest.raises(InvalidConfiguration, match="looks like an OpenAI key"):
        spec_of(json.dumps(raw), "prod")
    assert PLATFORM_KEY


def test_the_own_forms_are_recognized_without_the_library() -> None:
    assert kind_of_token(KEY) == "an OpenAI key"


@pytest.mark.parametrize("path", LIBRARY)
def test_no_form_of_the_library_is_the_name_of_a_variable(path: str) -> None:
    """Such names are not given to the library."""
    module, _, name = path.partition(".")
    detector: Detector = getattr(import_module(f"detect_secrets.plugins.{module}"), name)()
    names = ("OPENAI_API_KEY", "AKIA_IOSFODNN7EXAMPLE1", "A_AKIAIOSFODNN7EXAMPLE", "NPM_TOKEN_A1", "AKC_0123456789AB")
    assert [each for each in names if any(True for _ in detector.analyze_string(each))] == []
