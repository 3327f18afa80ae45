"""Chiron's own errors. Vendors' errors are turned into these once, where the vendor is called.

    ChironError
    ├── SettingsError            a settings file or variable is wrong; names the key and the line
    ├── StoreError               a file of ours cannot be read or written
    │   ├── StoreLocked          somebody else holds it
    │   ├── StoreDamaged         what is there is not what we wrote
    │   └── StoreNewer           it was written by a later Chiron
    ├── ModelError               no answer from a model, for a reason a person can act on
    │   ├── ModelUnreachable     nothing listens there, or the connection broke
    │   ├── ModelTimeout         it did not answer in time
    │   ├── ModelRefused         401, 403, 404, 400: the request will fail again as it is
    │   ├── ModelBusy            429 and 5xx, after the retries
    │   └── ModelGarbled         it answered with something that is not an answer
    ├── EmbeddedUnavailable      the embedded server cannot be started: what is missing, what to do
    └── CatalogError             no Ansible was found, or what was found cannot be read

Each carries `advice`: one sentence that says what to do.
"""

from __future__ import annotations


class ChironError(Exception):
    """Something a person can act on: a message that says what is wrong, and `advice` what to do."""

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.args[0]} {self.advice}".rstrip()


class SettingsError(ChironError):
    """A settings file or variable is wrong."""


class StoreError(ChironError):
    """A file of ours cannot be read or written."""


class StoreLocked(StoreError):
    """Somebody else holds the file."""


class StoreDamaged(StoreError):
    """What is there is not what we wrote."""


class StoreNewer(StoreError):
    """It was written by a later Chiron."""


class ModelError(ChironError):
    """No answer from a model."""


class ModelUnreachable(ModelError):
    """Nothing listens there, or the connection broke."""


class ModelTimeout(ModelError):
    """It did not answer in time."""


class ModelRefused(ModelError):
    """The request will fail again as it is: key, model name or parameters."""


class ModelBusy(ModelError):
    """Too many requests or a server's fault, after the retries."""


class ModelGarbled(ModelError):
    """It answered with something that is not an answer."""


class EmbeddedUnavailable(ModelError):
    """The embedded server cannot be started."""


class CatalogError(ChironError):
    """No Ansible was found, or what was found cannot be read."""
