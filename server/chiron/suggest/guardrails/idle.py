"""Whether a task does anything at all. A suggestion that names a module and no purpose is none."""

from __future__ import annotations

from chiron.records import Module
from chiron.suggest.guardrails.calls import COMMANDS, Call
from chiron.suggest.purposes import lacks_purpose


def is_idle(call: Call, module: Module) -> bool:
    """Whether `call` leaves out what it is to do: the command, the package, the line, or all options.

    `package` and `service` hand their options on, so the validator demands none of them.
    """
    if call.commands:
        return False
    if call.module in COMMANDS:
        return True
    if module.free_form:
        return False
    if not call.options:
        return any(option.required for option in module.options.values())
    return lacks_purpose(call.module, call.options.keys())
