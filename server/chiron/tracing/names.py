"""Every name of OpenTelemetry's GenAI conventions that is used here, since they still move.

From the semantic conventions for generative AI, `docs/gen-ai` (spans, metrics, events), as of version 1.41 of
the conventions: status "development". What is Chiron's own begins with `chiron.`.
"""

from __future__ import annotations

from typing import Final

OPERATION: Final = "gen_ai.operation.name"
PROVIDER: Final = "gen_ai.provider.name"
REQUEST_MODEL: Final = "gen_ai.request.model"
RESPONSE_MODEL: Final = "gen_ai.response.model"
RESPONSE_ID: Final = "gen_ai.response.id"
INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
INPUT_MESSAGES: Final = "gen_ai.input.messages"
OUTPUT_MESSAGES: Final = "gen_ai.output.messages"
PROMPT_NAME: Final = "gen_ai.prompt.name"
TOKEN_TYPE: Final = "gen_ai.token.type"  # noqa: S105 a kind of token, no secret
SERVER_ADDRESS: Final = "server.address"
SERVER_PORT: Final = "server.port"
ERROR_TYPE: Final = "error.type"

#: Values of `OPERATION`.
CHAT: Final = "chat"
TEXT_COMPLETION: Final = "text_completion"

#: The event that scores an answer, and what it holds.
EVALUATION_EVENT: Final = "gen_ai.evaluation.result"
EVALUATION_NAME: Final = "gen_ai.evaluation.name"
SCORE_VALUE: Final = "gen_ai.evaluation.score.value"
SCORE_LABEL: Final = "gen_ai.evaluation.score.label"

#: Histograms, their units, and the bounds that the conventions ask for.
DURATION_METRIC: Final = "gen_ai.client.operation.duration"
DURATION_BOUNDS: Final = (
    0.01,
    0.02,
    0.04,
    0.08,
    0.16,
    0.32,
    0.64,
    1.28,
    2.56,
    5.12,
    10.24,
    20.48,
    40.96,
    81.92,
)
TOKENS_METRIC: Final = "gen_ai.client.token.usage"
TOKENS_BOUNDS: Final = (
    1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864,
)  # fmt: skip

#: Hosts whose provider has a name in the conventions; other hosts are called by their own.
PROVIDERS: Final = {
    "api.openai.com": "openai",
    "api.anthropic.com": "anthropic",
    "api.mistral.ai": "mistral_ai",
    "api.deepseek.com": "deepseek",
    "api.groq.com": "groq",
    "api.x.ai": "x_ai",
    "generativelanguage.googleapis.com": "gcp.gemini",
}
