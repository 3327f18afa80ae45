"""Options that every module of this collection takes."""


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  token:
    description: Token of the account. The environment may provide it.
    type: str
    required: true
  region:
    description: Region to work in.
    type: str
    choices: [north, south]
    default: north
  state:
    description: Overridden where a module documents its own.
    type: str
    version_added: 0.9.0
notes:
  - Be patient.
"""

    TIMES = r"""
options:
  timeout:
    description: Seconds to wait.
    type: int
    default: 30
    aliases: [wait_for, patience]
attributes:
  check_mode:
    support: full
"""
