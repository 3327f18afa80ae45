"""Where an endpoint's key comes from: the environment or the keyring, never a file of a workspace."""

from __future__ import annotations

from collections.abc import Mapping

from chiron.config import APP, Endpoint
from chiron.errors import SettingsError


def api_key(endpoint: Endpoint, environ: Mapping[str, str]) -> str | None:
    """The endpoint's key, or None where none is named or none is there. It may wait for the keyring.

    Raises `SettingsError` where the keyring is named and cannot be read.
    """
    if endpoint.api_key_env and (key := environ.get(endpoint.api_key_env, "").strip()):
        return key
    if endpoint.api_key_keyring:
        # Imported here: it looks for backends on import, which takes longer than all of this module.
        import keyring
        import keyring.errors

        try:
            return keyring.get_password(APP, endpoint.api_key_keyring) or None
        except keyring.errors.KeyringError as error:
            raise SettingsError(
                f"The keyring cannot be read ({type(error).__name__}).",
                advice="Unlock it, or name an environment variable with api_key_env.",
            ) from None
    return None


def key_source(endpoint: Endpoint) -> str:
    """Where a person would put the key, as the end of a sentence: "set the key with …"."""
    if endpoint.api_key_env:
        return f"the environment variable {endpoint.api_key_env}"
    if endpoint.api_key_keyring:
        return f"`keyring set {APP} {endpoint.api_key_keyring}`"
    return "api_key_env, which names an environment variable that holds it"
