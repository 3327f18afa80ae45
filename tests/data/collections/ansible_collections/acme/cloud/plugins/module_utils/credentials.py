"""Credentials, specified once."""

from ansible.module_utils.basic import env_fallback

CREDENTIALS = dict(
    token=dict(type="str", required=True, no_log=True, fallback=(env_fallback, ["ACME_TOKEN"])),
    region=dict(type="str", choices=["north", "south"], default="north"),
)

ARGUMENTS = dict(
    argument_spec=CREDENTIALS,
    required_one_of=[["path", "token"]],
)
