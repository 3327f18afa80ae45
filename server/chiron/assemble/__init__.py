"""The one place that builds and connects the objects."""

from chiron.assemble.assembly import Assembly
from chiron.assemble.build import assemble
from chiron.assemble.files import (
    feedback_path,
    open_cache,
    open_catalog,
    open_docs,
    open_feedback,
    runtime_dir,
    scores_path,
)
from chiron.assemble.models import embedded_installed, model_names, open_model
from chiron.assemble.workspaces import find_root

__all__ = [
    "Assembly",
    "assemble",
    "embedded_installed",
    "feedback_path",
    "find_root",
    "model_names",
    "open_cache",
    "open_catalog",
    "open_docs",
    "open_feedback",
    "open_model",
    "runtime_dir",
    "scores_path",
]
