"""Secrets out, before anything is sent or stored; reversible within one request.

redaction = redact(document)            # redaction.text holds placeholders
more = redact(other, known=redaction)   # the same secrets keep their placeholders
restore(answer, more, document)         # None: it must be withheld
holds_secret(answer, more, document)    # a kind: it must be withheld
"""

from chiron.redact.placeholders import Redaction, holds_secret, redact, redact_part, restore, warm_up

__all__ = ["Redaction", "holds_secret", "redact", "redact_part", "restore", "warm_up"]
