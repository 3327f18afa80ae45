DOCUMENTATION = """
options:
  this: [is not
  : yaml
"""
def (
