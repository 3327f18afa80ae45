#!/usr/bin/python
"""A module written for tests; it does nothing."""

DOCUMENTATION = """
module: balloon
short_description: Let go
options:
  path:
    description: "A \\"path\\", such as C:\\\\tmp."
    type: path
extends_documentation_fragment: acme.cloud.login, acme.cloud.unheard_of
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.acme.cloud.plugins.module_utils.credentials import ARGUMENTS


def main():
    AnsibleModule(**ARGUMENTS).exit_json()
