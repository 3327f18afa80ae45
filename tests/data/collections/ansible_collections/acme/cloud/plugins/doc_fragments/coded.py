"""A fragment that is put together when it is made."""

from ansible_collections.acme.cloud.plugins.module_utils import versions


class ModuleDocFragment:
    OPTIONS = """
  colour:
    description: What colour.
    type: str
"""

    DOCUMENTATION = "options:" + OPTIONS

    def __init__(self):
        requirements = f"""
options: {{}}
requirements:
  - acme-sdk >= {versions.LEAST}
"""
        self.REQUIREMENTS = requirements
        self.SAME = self.REQUIREMENTS
