#!/usr/bin/python
"""A module written for tests; it does nothing."""

DOCUMENTATION = r"""
module: server
short_description: Make servers come and go
version_added: 1.0.0
description:
  - Makes servers.
options:
  name:
    description:
      - Name of the server.
      - It must be unique.
    type: str
    required: true
    aliases: [hostname]
  state:
    description: What should be.
    choices:
      present: It is there.
      absent: It is gone.
    default: present
  size:
    description: Whether it is large.
    type: bool
    default: no
    deprecated:
      removed_in: 3.0.0
      why: Nobody knows how large that is.
      alternative: Use O(cores).
  cores:
    type: int
    version_added: 1.2.0
  secret:
    description: A secret.
    type: str
  birthday:
    description: Never mind.
    type: str
    default: 2024-02-29
  networks:
    description: Networks it is in.
    type: list
    elements: dict
    suboptions:
      id:
        description: Which.
        type: str
        required: true
      address:
        description: Address in it.
        type: dict
        suboptions:
          v4:
            description: The old one.
            type: str
          v6:
            description: The new one.
            type: str
            choices: ["::1", "fe80::"]
extends_documentation_fragment:
  - acme.cloud.auth
  - acme.cloud.auth.times
  - acme.cloud.coded
  - acme.cloud.coded.same
attributes:
  diff_mode:
    support: none
"""

EXAMPLES = r"""
- name: Make a server
  acme.cloud.server:
    name: web
    state: present
    networks:
      - name: not a task
        id: 7
  register: made

# What follows is not quite YAML.
- name: "Remove one: the last"
  acme.cloud.server:
    name: {{ last }}
    state: absent

- hosts: all
  tasks:
    - name: Do it in a play
      server:
        name: db
"""

RETURN = r""" # """

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.acme.cloud.plugins.module_utils.credentials import CREDENTIALS

LARGE = ("size", "cores")


def main():
    needed = [("state", "present", ["name", "cores"]), ("size", True, ("cores", "networks"), True)]
    module = AnsibleModule(
        argument_spec=dict(
            CREDENTIALS,
            name=dict(type="str", required=True, aliases=["hostname"]),
            secret=dict(type="str", no_log=True),
            networks=dict(
                type="list",
                elements="dict",
                options=dict(
                    id=dict(type="str", required=True),
                    address=dict(
                        type="dict",
                        options=dict(v4=dict(type="str"), v6=dict(type="str")),
                        required_one_of=[("v4", "v6")],
                    ),
                ),
            ),
        ),
        mutually_exclusive=[LARGE, ["name", compute()]] + [("timeout", "region")],
        required_together=(("token", "region"),),
        required_one_of=[["name", "cores"]],
        required_if=needed,
        required_by={"cores": "size", "networks": ("name",)},
        supports_check_mode=True,
    )
    module.exit_json()


if __name__ == "__main__":
    main()
