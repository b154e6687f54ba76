"""Forms of passwords, tokens and keys in a text. Pure.

The forms of detect-secrets (bc-detect-secrets, its maintained fork) are used where a match is a secret in itself, and the
table below adds vendors that it lacks. Entropy alone is not used: digests, UUIDs and model IDs are as random as keys. Of
the library's forms these are left out: account and key IDs of Twilio, which are no secrets; Azure's storage keys without
their name, which look like SHA-512 digests; URLs with a password, of which it takes `{user}:{password}@` for one and not
`redis://:password@`; and assignments, because a name is judged here by `named_like_a_secret`.
"""

import re
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Protocol

MIN_CHARACTERS = 12
"""Length below which no text has the form of a generated token; shorter passwords are recognized by their name."""


class Detector(Protocol):
    """Interface of the library's plugins."""

    def analyze_string(self, string: str) -> Iterable[str]:
        """Yield the secrets in a text."""
        ...


LIBRARY = {
    "artifactory.ArtifactoryDetector": "an Artifactory credential",
    "aws.AWSKeyDetector": "an AWS access key",
    "discord.DiscordBotTokenDetector": "a Discord bot token",
    "github_token.GitHubTokenDetector": "a GitHub token",
    "jwt.JwtTokenDetector": "a JSON Web Token",
    "mailchimp.MailchimpDetector": "a Mailchimp key",
    "npm.NpmDetector": "an npm token",
    "private_key.PrivateKeyDetector": "a private key",
    "sendgrid.SendGridDetector": "a SendGrid key",
    "slack.SlackDetector": "a Slack token or webhook",
    "square_oauth.SquareOAuthDetector": "a Square secret",
    "stripe.StripeDetector": "a Stripe key",
}
"""Plugins of `detect_secrets.plugins` and the kind that a match is."""
FORMS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(form))
    for kind, form in (
        ("an Anthropic key", r"\bsk-ant-[\w-]{20,}"),
        ("an OpenRouter key", r"\bsk-or-v1-[0-9a-f]{32,}"),
        ("a Langfuse key", r"\bsk-lf-[0-9a-f-]{36}"),
        ("an OpenAI key", r"\bsk-(?=[\w-]*\d)[\w-]{20,}"),
        ("a Hugging Face token", r"\b(hf_|api_org_)[A-Za-z0-9]{30,}"),
        ("a Groq key", r"\bgsk_[A-Za-z0-9]{40,}"),
        ("an xAI key", r"\bxai-[A-Za-z0-9]{40,}"),
        ("a Perplexity key", r"\bpplx-[A-Za-z0-9]{40,}"),
        ("a Replicate token", r"\br8_[A-Za-z0-9]{30,}"),
        ("a Tavily key", r"\btvly-(?:[a-z]+-)?[A-Za-z0-9]{24,}"),
        ("a Pinecone key", r"\bpcsk_[A-Za-z0-9_]{40,}"),
        ("a LangSmith key", r"\blsv2_(?:pt|sk)_[0-9a-f]{32}"),
        ("an ElevenLabs key", r"\bsk_[0-9a-f]{48}\b"),
        ("a Google API key", r"\bAIza[\w-]{35}"),
        ("a Google OAuth secret", r"\bGOCSPX-[\w-]{24,}|\bya29\.[\w-]{20,}|\b1//0[\w-]{40,}"),
        ("an Azure key", r"(?i)\b(?:AccountKey|SharedAccessKey|SharedSecret|AccessKey)=[\w+/=%-]{16,}"),
        ("an Azure signed URL", r"[?&]sig=[\w%+/=-]{20,}"),
        ("a Microsoft Entra secret", r"(?:^|[^\w~.-])[\w~.-]{3}\dQ~[\w~.-]{31,34}(?:$|[^\w~.-])"),
        ("a GitHub token", r"\bgithub_pat_\w{36,}|\bgh[pousr]_[A-Za-z0-9]{36,}"),
        ("a GitLab token", r"\bgl(?:pat|dt|rt|ptt|ft|cbt|soat|agent|imt)-[\w-]{20,}"),
        ("an Atlassian token", r"\bAT(?:ATT|CTT)3[\w=-]{60,}"),
        ("a PyPI token", r"\bpypi-AgE[\w-]{50,}"),
        ("a Docker Hub token", r"\bdckr_(?:pat|oat)_[\w-]{20,}"),
        ("a Slack token or webhook", r"\bxapp-\d-[\w-]{20,}|\bxox[a-z](?:\.xox[a-z])?-[\w-]{20,}"),
        ("a Stripe key", r"\b[rs]k_(?:live|test)_[0-9A-Za-z]{16,}|\bwhsec_[\w+/=]{24,}"),
        ("a Square secret", r"\bsq0atp-[\w-]{22,}|\bEAAA[\w-]{58,}"),
        ("a Shopify token", r"\bshp(?:at|ca|pa|ss)_[0-9A-Fa-f]{32}"),
        ("a Telegram bot token", r"\b\d{8,10}:AA[\w-]{33}"),
        ("a Discord webhook", r"\bdiscord(?:app)?\.com/api/webhooks/\d+/[\w-]{40,}"),
        ("a Notion token", r"\b(?:ntn_[A-Za-z0-9]{40,}|secret_[A-Za-z0-9]{43})\b"),
        ("a Linear key", r"\blin_(?:api|oauth)_[A-Za-z0-9]{40}"),
        ("an Airtable token", r"\bpat[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
        ("a Databricks token", r"\bdapi[0-9a-f]{32}"),
        ("a PlanetScale password", r"\bpscale_(?:tkn|pw|oauth)_[\w.=-]{32,}"),
        ("a Supabase token", r"\bsb(?:p|_secret)_[A-Za-z0-9_-]{30,}"),
        ("a DigitalOcean token", r"\bdo[opr]_v1_[0-9a-f]{64}"),
        ("a Grafana token", r"\bgl(?:sa|c)_[\w+/=-]{32,}"),
        ("a New Relic key", r"\bNR(?:AK|II|RA|JS)-[\w-]{27,}"),
        ("a Sentry token", r"\bsntry[su]_[\w+/=-]{40,}"),
        ("a Pulumi token", r"\bpul-[0-9a-f]{40}"),
        ("a Vault token", r"\bhv[sbr]\.[\w-]{24,}"),
        ("a Terraform token", r"\b[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,}"),
        ("an age key", r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}"),
        ("a private key", r"-----BEGIN [A-Z ]*PRIVATE KEY"),
        ("a URL with a password", r"://[^\s/:@?#]*:(?![$<{%])[^\s/@]+@"),
        ("a URL with a password", r"(?i)[?&](?:password|passwd|pwd|secret|token|access_token|api_?key)=(?![$<{])[^&\s]{6,}"),
        ("a connection string with a password", r"(?i)(?:^|[;\s])(?:password|pwd)\s*=\s*(?![$<{])[^;\s]{4,}"),
        (
            "an authorization header",
            r"(?i)(?:authorization\W{1,4}(?:bearer|basic|token)|^bearer)\s+(?![$<{])[\w.~+/=-]{12,}",
        ),
        (
            "JSON with a secret",
            r"(?i)\"[\w-]*(?:password|secret|token|api_?key|private_key|credential)\"\s*:\s*\"(?![$<{])[^\"]{6,}\"",
        ),
    )
)  # fmt: skip
"""Kind and form of secrets that the library does not know; the forms are documented by the vendors or used by gitleaks
(https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml)."""

PASSWORD_NAME = re.compile(r"(?:^|_|PG)(?:PASSWORD|PASSWD|PASSPHRASE|PWD|PASS)$")
KEY_NAME = re.compile(
    r"(?:^|_)(?:SECRET|TOKEN|API_?KEY|ACCESS_?KEY|SECRET_?KEY|PRIVATE_?KEY|ENCRYPTION_?KEY|SIGNING_?KEY|MASTER_?KEY|"
    r"SECURITY_?KEY|AUTH_?KEY|LICENSE_?KEY|ACCOUNT_?KEY|SECRET_KEY_BASE|CREDENTIALS?|PAT|WEBHOOK_URL)$"
)
HARMLESS = re.compile(
    r"(?i)(?:|true|false|yes|no|on|off|none|null|nil|n/?a|empty|dummy|fake|unused|placeholder|not[-_ ]?(?:needed|used|set)|"
    r"no[-_ ]?key|ollama|lm[-_ ]?studio|vllm|local|(?:\.{0,2}|~)/.*|\S+\.(?:pem|key|crt|json|ya?ml|txt|env|p12)|"
    r"\$.*|<.*>|\{\{.*\}\}|%\(.*\)s|"
    r"(?:arn:aws[\w-]*:|projects/|op://|vault:|ssm:|secretmanager:|keyvault:|file:|https?://[^/\s]+\.vault\.azure\.net/).*)"
)
"""Value of a variable named like a secret that is none: a switch, a path, a reference, a placeholder."""
VARIABLE_NAME = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
"""Name such as OPENAI_API_KEY, which has no form of the library; loading that takes a third of the CPU time of a check."""
WORDS = re.compile(r"[a-z]+(?:[-.'/][a-z]+)*[.,:;]?")
"""Part of a sentence, such as `environment,` or `recovery.mode`."""
NAME_OR_NUMBER = re.compile(r"[A-Z][A-Z0-9_]*_(?:KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS?)|\d{1,6}")
"""Value that is no token: the name of another variable, or a number such as a limit."""


def kind_of_secret(text: str) -> str | None:
    """Return the kind of the first secret in a text, with its article; None where there is none."""
    if len(text) < MIN_CHARACTERS and "://" not in text:
        return None
    own = kind_of_token(text)
    if own is not None or VARIABLE_NAME.fullmatch(text):
        return own
    # no form of the library has a space or consists of lower-case words: a reason of `accept_checks` need not load it
    if all(len(word) < MIN_CHARACTERS or WORDS.fullmatch(word) for word in text.split()) and "://" not in text:
        return None
    return next((kind for kind, detector in _detectors() if any(True for _ in detector.analyze_string(text))), None)


def kind_of_token(text: str) -> str | None:
    """Return the kind of the first secret of the table above, without the library."""
    return next((kind for kind, form in FORMS if form.search(text)), None)


def named_like_a_secret(name: str, value: str) -> str | None:
    """Return the kind of secret that a variable's name states, unless the value is harmless."""
    upper = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[-.\s]", "_", name.strip()).upper()
    text = value.strip()
    if HARMLESS.fullmatch(text):
        return None
    if PASSWORD_NAME.search(upper):
        return "a password"
    return "a secret" if KEY_NAME.search(upper) and not NAME_OR_NUMBER.fullmatch(text) else None


@cache
def _detectors() -> tuple[tuple[str, Detector], ...]:
    """Return the library's plugins, which are loaded for the first text that may have one of their forms."""
    plugins: list[tuple[str, Detector]] = []
    for path, kind in LIBRARY.items():
        module, _, name = path.partition(".")
        plugins.append((kind, getattr(import_module(f"detect_secrets.plugins.{module}"), name)()))
    return tuple(plugins)
