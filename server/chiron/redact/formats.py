"""Tokens that are known by their own format, wherever they stand.

The formats of detect-secrets' plugins, and those of providers it does not know. A text is searched for a
format only where one of its fixed parts stands in it, which makes looking for all of them cheap.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from functools import lru_cache

#: detect-secrets' plugins that go by format, with the parts that must be there, in lower case. Left out
#: are those that go by keyword or entropy (`lines` knows more about YAML) and that for IP addresses.
_PLUGINS: dict[tuple[str, str], tuple[str, ...]] = {
    ("artifactory", "ArtifactoryDetector"): ("akc", "ap"),
    ("aws", "AWSKeyDetector"): ("akia", "asia", "abia", "acca", "a3t", "aws"),
    ("azure_storage_key", "AzureStorageKeyDetector"): ("accountkey=",),
    ("cloudant", "CloudantDetector"): ("cl",),
    ("discord", "DiscordBotTokenDetector"): (".",),
    ("github_token", "GitHubTokenDetector"): ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
    ("gitlab_token", "GitLabTokenDetector"): ("gl", "gr1348941"),
    ("ibm_cloud_iam", "IbmCloudIamDetector"): ("ibm", "iam"),
    ("ibm_cos_hmac", "IbmCosHmacDetector"): ("secret",),
    ("jwt", "JwtTokenDetector"): ("eyj",),
    ("mailchimp", "MailchimpDetector"): ("-us",),
    ("npm", "NpmDetector"): ("_authtoken=",),
    ("openai", "OpenAIDetector"): ("t3blbkfj",),
    ("pypi_token", "PypiTokenDetector"): ("pypi-",),
    ("sendgrid", "SendGridDetector"): ("sg.",),
    ("slack", "SlackDetector"): ("xox", "hooks.slack.com"),
    ("softlayer", "SoftlayerDetector"): ("softlayer", "sl_", "sl-"),
    ("square_oauth", "SquareOAuthDetector"): ("sq0csp",),
    ("stripe", "StripeDetector"): ("k_live_",),
    ("telegram_token", "TelegramBotTokenDetector"): (":aa",),
    ("twilio", "TwilioKeyDetector"): ("ac", "sk"),
}

#: (name, parts that must be there in lower case, format). Where the format has a group, it is the secret.
_OURS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("GitHub", ("github_pat_",), r"github_pat_[A-Za-z0-9_]{22,255}"),
    (
        "Slack",
        ("xapp-", "xoxe", "xoxc", "xoxd"),
        r"(?:xapp-\d-|xoxe(?:\.xox[bp])?-|xox[cd]-)[A-Za-z0-9%-]{10,}",
    ),
    ("Teams webhook", ("webhook.office.com",), r"webhook\.office\.com/webhookb2/([\w@/.-]{20,})"),
    ("Discord webhook", ("/api/webhooks/",), r"discord(?:app)?\.com/api/webhooks/\d+/([\w-]{20,})"),
    ("Google", ("aiza",), r"AIza[0-9A-Za-z_-]{35}"),
    ("Google", ("gocspx-",), r"GOCSPX-[A-Za-z0-9_-]{20,}"),
    ("Google", ("ya29.",), r"ya29\.[0-9A-Za-z_-]{20,}"),
    ("OpenAI", ("sk-",), r"(?<![A-Za-z0-9])sk-(?:proj-|svcacct-|admin-|or-v1-)?[A-Za-z0-9_-]{20,}"),
    ("Anthropic", ("sk-ant-",), r"sk-ant-[A-Za-z0-9_-]{20,}"),
    ("Hugging Face", ("hf_",), r"(?<![A-Za-z0-9])hf_[A-Za-z0-9]{30,}"),
    ("Replicate", ("r8_",), r"(?<![A-Za-z0-9])r8_[A-Za-z0-9]{30,}"),
    ("DigitalOcean", ("do",), r"do[opr]_v1_[a-f0-9]{40,}"),
    ("HashiCorp Vault", ("hv",), r"(?<![A-Za-z0-9])hv[sbr]\.[A-Za-z0-9_-]{20,}"),
    ("HashiCorp Vault", ("s.",), r"(?<![A-Za-z0-9.])s\.[A-Za-z0-9]{24}(?![A-Za-z0-9])"),
    ("Terraform", (".atlasv1.",), r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{40,}"),
    ("npm", ("npm_",), r"(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}"),
    ("Docker", ("dckr_",), r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}"),
    ("Stripe", ("k_test_", "whsec_"), r"(?:[rs]k_test_[0-9a-zA-Z]{16,}|whsec_[A-Za-z0-9+/=]{24,})"),
    ("Twilio SendGrid", ("sg.",), r"(?<![A-Za-z0-9])SG\.[\w-]{16,}\.[\w-]{16,}"),
    ("Mailgun", ("key-",), r"(?<![A-Za-z0-9])key-[0-9a-f]{32}"),
    (
        "New Relic",
        ("nrak-", "nrjs-", "nraa-", "nral"),
        r"(?:NRAK|NRJS|NRAA)-[A-Za-z0-9]{20,}|[0-9a-f]{36}NRAL",
    ),
    ("Grafana", ("glsa_", "glc_"), r"(?:glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}|glc_[A-Za-z0-9+/=]{32,})"),
    (
        "Linear, Notion, Atlassian",
        ("lin_api_", "ntn_", "secret_", "atatt3x"),
        r"(?:lin_api_[A-Za-z0-9]{32,}|ntn_[A-Za-z0-9]{40,}|secret_[A-Za-z0-9]{43}|ATATT3x[A-Za-z0-9_=-]{50,})",
    ),
    ("Postman", ("pmak-",), r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    (
        "Pulumi, Doppler, Databricks",
        ("pul-", "dp.", "dapi"),
        r"(?:pul-[0-9a-f]{40}|dp\.(?:pt|st|ct|sa)\.[A-Za-z0-9._-]{30,}|(?<![a-z])dapi[0-9a-f]{32})",
    ),
    ("Shopify", ("shp",), r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    ("Azure", ("sig=",), r"[?&]sig=([A-Za-z0-9%/+=_-]{30,})"),
    ("Azure", ("8q~",), r"(?<![A-Za-z0-9~._-])[A-Za-z0-9_.~-]{3}8Q~[A-Za-z0-9_.~-]{31,37}"),
    ("Azure", ("key=",), r"(?:SharedAccessKey|AccountKey|EndpointKey)=([A-Za-z0-9+/]{20,}={0,2})"),
    ("age", ("age-secret-key-",), r"AGE-SECRET-KEY-1[0-9A-Za-z]{50,}"),
    ("WireGuard", ("privatekey",), r"(?i)(?:PrivateKey|PresharedKey)\s*[=:]\s*([A-Za-z0-9+/]{43}=)"),
    ("Kubernetes", ("k10",), r"K10[0-9a-f]{48,}::(?:server|node):[0-9a-f]{16,}"),
    ("kubeadm", (".",), r"(?i)token[= ]+([a-z0-9]{6}\.[a-z0-9]{16})(?![a-z0-9])"),
    ("Tailscale", ("tskey-",), r"tskey-[a-z]+-[A-Za-z0-9_-]{10,}"),
    (
        "RubyGems, crates.io",
        ("rubygems_", "cio"),
        r"(?:rubygems_[0-9a-f]{48}|(?<![A-Za-z0-9])cio[A-Za-z0-9]{32})",
    ),
    ("Sentry", ("sntrys_", "sentry"), r"sntrys_[A-Za-z0-9+/=_-]{30,}|https?://([0-9a-f]{32})@[\w.-]*sentry"),
    (
        "Netlify, Fly, Planetscale",
        ("nfp_", "fo1_", "fm", "pscale_"),
        r"(?:nfp_[A-Za-z0-9]{36,}|fo1_[\w-]{40,}|FlyV1 fm[12][ar]?_[\w+/=,-]{30,}"
        r"|pscale_(?:tkn|pw|oauth)_[\w.=-]{30,})",
    ),
    ("crypt", ("$",), r"\$(?:1|2[abxy]|5|6|7|y|gy|apr1|argon2(?:i|d|id))\$[A-Za-z0-9./$=,+-]{12,}"),
    (
        "signed web token",
        ("ey",),
        r"(?<![A-Za-z0-9])ey[A-Za-z0-9_-]{14,}\.ey[A-Za-z0-9_-]{14,}\.[A-Za-z0-9_-]{10,}",
    ),
)


#: Nearly every token is long and holds a digit; those that by chance do not still begin in their own way.
_LONG = re.compile(r"[A-Za-z0-9_+/=~%$.:-]{13,}")
_DIGIT = re.compile(r"[0-9]")
_PREFIX = re.compile(
    r"gh[pousr]_|github_pat_|glpat-|xox|sk-|hf_|npm_|_authToken|AIza|GOCSPX|SG\.|eyJ|[rs]k_(?:live|test)_|whsec_"
    r"|AccountKey|hooks\.slack|webhook|AGE-SECRET|tskey-|dckr_|hv[sbr]\.|ATATT|ntn_|lin_api_|\$2|\$6"
)


@dataclass(frozen=True, slots=True)
class Format:
    """One format: its provider, what must be in a text (in lower case) for it to match, and the pattern."""

    name: str
    hints: tuple[str, ...]
    pattern: re.Pattern[str]


@lru_cache(maxsize=1)
def formats() -> tuple[Format, ...]:
    """Every known format. The first call imports detect-secrets, which takes a tenth of a second."""
    known = [Format(name, hints, re.compile(pattern)) for name, hints, pattern in _OURS]
    for (module, name), hints in _PLUGINS.items():
        plugin = getattr(importlib.import_module(f"detect_secrets.plugins.{module}"), name)()
        known += [Format(plugin.secret_type, hints, pattern) for pattern in plugin.denylist]
    return tuple(known)


def find_formats(line: str) -> list[tuple[int, int, str]]:
    """Where tokens of known formats stand in `line`: (start, end, provider)."""
    if not _PREFIX.search(line) and not any(_DIGIT.search(run) for run in _LONG.findall(line)):
        return []
    lower = line.lower()
    found: list[tuple[int, int, str]] = []
    for known in formats():
        for hint in known.hints:
            if hint in lower:
                break
        else:
            continue
        for match in known.pattern.finditer(line):
            start, end = match.span(_secret_group(match))
            text = match[0] if start == match.start() else line[start:end]
            start += len(text) - len(text.lstrip(" \t=:\"'"))
            end -= len(text) - len(text.rstrip(" \t\"'"))
            if end - start >= 8:
                found.append((start, end, known.name))
    return found


def _secret_group(match: re.Match[str]) -> int:
    """The group that is the secret; formats whose groups are only alternatives mean the whole match."""
    if match.re.groups == 1 and match[1] is not None and len(match[1]) >= 16:
        return 1
    return 0
