#!powershell
# A module written for tests; it does nothing.
