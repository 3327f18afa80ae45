"""What one process works with, connected."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chiron import redact
from chiron.ansible.catalog import Catalog
from chiron.ansible.catalog.installation import Installation
from chiron.assemble.models import consultant_of, open_model
from chiron.assemble.workspaces import Workspaces
from chiron.config import Settings
from chiron.errors import ModelError
from chiron.flywheel.learned.draw import choose
from chiron.learning import Learner
from chiron.records import Model, Request
from chiron.store.cache import ResponseCache
from chiron.store.docs import DocsStore
from chiron.store.feedback import FeedbackLog
from chiron.suggest.pipeline import Suggester
from chiron.suggest.recall import Recall
from chiron.tracing.tracer import Tracer


@dataclass(slots=True)
class Assembly:
    """Everything one process works with."""

    settings: Settings
    installations: Sequence[Installation]
    catalog: Catalog
    workspaces: Workspaces
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

    def warm(self, roots: Sequence[Path]) -> None:
        """Makes ready what the first request would wait for: detectors of secrets, and workspaces. Blocks."""
        redact.warm_up()
        for root in roots:
            project = self.workspaces.project(str(root))
            if project is not None:
                self.recall.sync(project.tasks())
        self.learner.refresh()
        for root in roots:
            self.learner.learned(str(root))

    def renew(self, texts: Mapping[str, str]) -> None:
        """Reads again what changed on disk: the collections, and the workspaces. Blocks.

        `texts` holds by path what is open in an editor.
        """
        self.workspaces.renew(texts, all_anew=self.catalog.refresh())

    def use_model(self, name: str) -> Model | None:
        """Swaps the model. The old one's connections are the caller's to close."""
        self.settings = self.settings.model_copy(update={"model": name})
        self.model = open_model(self.settings)
        self.suggester.consultant = consultant_of(self.settings, self.model, self.cache)
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
