#!/usr/bin/python
"""A module written for tests; it does nothing."""

DOCUMENTATION = dict(
    module="disk",
    short_description="Disks",
    options=dict(device=dict(description="Which.", type="path", required=True)),
)
