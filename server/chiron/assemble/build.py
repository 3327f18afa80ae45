"""The one place that builds and connects the objects. It blocks, so it runs off the event loop.

What cannot be opened (a damaged log, a full disk, no Ansible) is told in `Assembly.troubles` and done
without: a suggestion does not wait for the log.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from chiron.ansible.catalog import Catalog
from chiron.ansible.catalog.installation import find_installations
from chiron.assemble.assembly import Assembly
from chiron.assemble.files import open_cache, open_docs, open_feedback, opened
from chiron.assemble.models import consultant_of, open_model
from chiron.assemble.workspaces import Workspaces
from chiron.config import Settings
from chiron.errors import ChironError
from chiron.learning import Learner
from chiron.records import Model
from chiron.store.cache import ResponseCache
from chiron.suggest.model.consult import Consultant
from chiron.suggest.pipeline import Suggester
from chiron.suggest.recall import Recall
from chiron.tracing.tracer import Tracer

log = logging.getLogger(__name__)


def assemble(
    settings: Settings, roots: Sequence[Path] = (), environ: Mapping[str, str] = os.environ
) -> Assembly:
    """Everything, connected. Raises `CatalogError` or `SettingsError` where nothing can work without."""
    troubles: list[str] = []
    workspace = roots[0] if roots else None
    docs = opened(troubles, lambda: open_docs(settings))
    catalog = Catalog.open(settings, workspace, environ, store=docs)
    cache = opened(troubles, lambda: open_cache(settings)) if settings.cache.enabled else None
    feedback = opened(troubles, lambda: open_feedback(settings)) if settings.feedback.enabled else None
    model = open_model(settings)
    recall = Recall(catalog)
    learner = Learner(feedback, settings, catalog)
    consultant = consultant_of(settings, model, cache)
    suggester = _suggester(settings, catalog, recall, consultant, learner)
    arms, arms_models = _arms(settings, suggester, learner, cache)
    return Assembly(
        settings=settings,
        installations=find_installations(settings, workspace, environ),
        catalog=catalog,
        workspaces=Workspaces(settings, catalog),
        recall=recall,
        cache=cache,
        feedback=feedback,
        model=model,
        suggester=suggester,
        learner=learner,
        arms=arms,
        arms_models=arms_models,
        docs=docs,
        tracer=_tracer(settings, environ, troubles),
        troubles=tuple(troubles),
    )


def _suggester(
    settings: Settings, catalog: Catalog, recall: Recall, consultant: Consultant | None, learner: Learner
) -> Suggester:
    return Suggester(
        catalog=catalog,
        recall=recall,
        consultant=consultant,
        threshold=settings.suggest.recall_threshold,
        patience_ms=settings.suggest.patience_ms,
        debounce_ms=settings.suggest.debounce_ms,
        least_confidence=settings.suggest.least_confidence,
        learned=learner.learned,
    )


def _arms(
    settings: Settings, plain: Suggester, learner: Learner, cache: ResponseCache | None
) -> tuple[dict[str, Suggester], dict[str, Model | None]]:
    """A suggester for each arm, and the models of those that name one."""
    suggesters: dict[str, Suggester] = {}
    models: dict[str, Model | None] = {}
    total = sum(arm.share for arm in settings.arms.values())
    for name, arm in settings.arms.items():
        given = arm.model_dump(exclude_none=True, exclude={"share", "model", "n_similar", "prompt"})
        own = settings.model_copy(
            update={
                "suggest": settings.suggest.model_copy(update=given),
                "model": arm.model or settings.model,
            }
        )
        consultant = plain.consultant
        if arm.model is not None:
            models[name] = open_model(own)
            consultant = consultant_of(own, models[name], cache)
        made = _suggester(own, plain.catalog, plain.recall, consultant, learner)
        made.arm, made.propensity = name, arm.share / total
        made.n_similar = made.n_similar if arm.n_similar is None else arm.n_similar
        made.prompt_version = arm.prompt or made.prompt_version
        suggesters[name] = made
    return suggesters, models


def _tracer(settings: Settings, environ: Mapping[str, str], troubles: list[str]) -> Tracer | None:
    """Who tells a collector, where the settings turn that on. Suggestions do not wait for what is missing."""
    if not settings.tracing.enabled:
        return None
    try:
        return Tracer(settings.tracing, environ)
    except ChironError as error:
        log.warning("%s", error)
        troubles.append(str(error))
        return None
