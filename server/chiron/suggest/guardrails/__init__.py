"""What a candidate must pass before anybody sees it."""

from chiron.suggest.guardrails.guardrails import REASONS, Check, chain_for, module_of, run_chain, trim

__all__ = ["REASONS", "Check", "chain_for", "module_of", "run_chain", "trim"]
