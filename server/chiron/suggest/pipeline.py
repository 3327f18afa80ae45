"""One request on its way from a place in a file to what may be shown there.

context -> recall -> (cache -> model) -> guardrails -> repair -> rank. `Suggester.suggest` is the whole of
it; every stage returns a value and none calls the next.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from chiron.ansible.catalog import Catalog
from chiron.ansible.project import Project
from chiron.errors import ModelError
from chiron.flywheel.learned.draw import NOTHING, Drawn, Learned, draw, named
from chiron.records import (
    Answer,
    Candidate,
    Capabilities,
    Consulted,
    Expects,
    Ground,
    ModelRequest,
    Request,
    Scope,
    Source,
    Suggestion,
    Task,
    Trigger,
    Withheld,
)
from chiron.suggest.context import Context, gather
from chiron.suggest.guardrails import Check, module_of, run_chain
from chiron.suggest.learned import Joined, unlikely_kept, unlikely_wanted, weighed
from chiron.suggest.model import prompt
from chiron.suggest.model.consult import Consultant, Heard
from chiron.suggest.rank import folded, rank
from chiron.suggest.recall import Recall
from chiron.suggest.stopwatch import Stopwatch, off_the_loop

#: Modules a model is held to, and similar tasks it is shown.
N_MODULES, N_SIMILAR = 5, 3
#: Reasons that telling the model its mistake can mend.
MENDABLE = frozenset({"invalid", "not-parsed", "wrong-shape", "unknown-reference", "incomplete"})


@dataclass(slots=True)
class _Basket:
    """What has been collected for one request so far."""

    passed: list[Candidate] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)
    trouble: str | None = None
    consulted: Consulted | None = None


class Suggester:
    """Answers requests from what is installed here, what was written here, and a model where there is one."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        recall: Recall,
        consultant: Consultant | None,
        threshold: float,
        patience_ms: int,
        debounce_ms: int = 0,
        least_confidence: float = 0.0,
        learned: Callable[[str | None], Learned] = lambda _workspace: NOTHING,
    ) -> None:
        """`learned` gives what was learned for the workspace at a path; it may block."""
        self.catalog = catalog
        self.recall = recall
        self.consultant = consultant
        self._threshold = threshold
        self._least = least_confidence
        self._debounce_s = debounce_ms / 1000
        self._patience_s = patience_ms / 1000
        self._learned = learned
        self._joined, self._joined_shown = Joined(), Joined()
        #: Similar tasks that a model is shown; what the log calls these settings, and their chance.
        self.n_similar = N_SIMILAR
        self.prompt_version = prompt.VERSION
        self.arm, self.propensity = "default", 1.0

    async def suggest(
        self,
        request: Request,
        project: Project | None,
        *,
        refused: Callable[[str], bool] = lambda _text: False,
    ) -> Answer:
        """At most `request.n` suggestions for `request.scope`, each of them valid here.

        Raises nothing but a cancellation: what goes wrong on the way is told in `Answer.trouble`.
        """
        watch = Stopwatch()
        context, drawn, basket = await off_the_loop(watch, partial(self._remember, request, project, refused))
        least = self._least if request.trigger == Trigger.AUTOMATIC else 0.0
        # Where nothing could be shown, nothing is held back: the two are told apart when it is judged.
        shows = any(one.confidence >= least for one in basket.passed)
        could = self.consultant is not None or shows
        unwanted = unlikely_wanted(request, drawn.learned, basket.passed) if could else None
        if unwanted is not None:
            basket = _Basket(withheld=[unwanted, *basket.withheld])
        elif self.consultant is not None and not self._is_sure(basket.passed, refused):
            if not shows and request.trigger == Trigger.AUTOMATIC:
                await self.consultant.rested()
                watch.lap("debounce")
            try:
                async with asyncio.timeout(self._patience_s if shows else None):
                    await self._consult(self.consultant, context, basket, watch)
            except TimeoutError:
                basket.withheld.append(Withheld("too-slow", "The model took too long.", source=Source.MODEL))
                basket.trouble = self.consultant.gave_up()
                watch.lap("model")
        chosen, turned_away = rank(basket.passed, request.n, refused, least)
        if chosen and (unkept := unlikely_kept(request, chosen[0], drawn.learned)) is not None:
            chosen, turned_away = [], [unkept, *turned_away]
        watch.lap("rank")
        return Answer(
            id=secrets.token_hex(8),
            suggestions=tuple(self._to_suggestion(one, request.scope) for one in chosen),
            withheld=(*basket.withheld, *turned_away),
            stage_ms=watch.ms,
            silence=None if chosen else _silence(basket, turned_away),
            trouble=basket.trouble,
            context=context.logged,
            context_at=context.logged_at,
            consulted=basket.consulted,
            catalog_version=self.catalog.version,
            pool_version=f"{context.project_version}+{context.pool.version}".rstrip("+"),
            arm=named(self.arm, drawn.name),
            propensity=self.propensity * drawn.propensity,
            secrets=context.redaction.secrets,
        )

    # ------------------------------------------------------------------ stages

    def _remember(
        self,
        request: Request,
        project: Project | None,
        refused: Callable[[str], bool],
        lap: Callable[[str], None],
    ) -> tuple[Context, Drawn, _Basket]:
        """The stages that need nobody: context, recall and its guardrails. Changing threads costs more."""
        drawn = draw(request, self._learned(request.place.workspace))
        context = gather(request, project, drawn.learned.pool)
        lap("context")
        recalled = self._recall(context)
        lap("recall")
        basket = self._guard(self._in_order(recalled, context), context, request.n, refused)
        lap("guardrails")
        return context, drawn, basket

    def _recall(self, context: Context) -> list[Candidate]:
        """What tasks already written suggest, surest first."""
        wanted = max(context.request.n, N_MODULES)
        tasks = self._joined.join(context.tasks, context.pool.tasks)
        return self.recall.candidates(context.request, context.facts, tasks, wanted)

    def _in_order(self, candidates: Sequence[Candidate], context: Context) -> list[Candidate]:
        """`candidates` as they would be ranked, should all of them pass."""
        return sorted(candidates, key=lambda one: -self._weighed(one, context).confidence)

    def _weighed(self, candidate: Candidate, context: Context) -> Candidate:
        return weighed(candidate, context.request.scope, context.pool, self.catalog.resolve, self._least)

    def _guard(
        self,
        candidates: Sequence[Candidate],
        context: Context,
        most: int | None = None,
        refused: Callable[[str], bool] = lambda _text: False,
    ) -> _Basket:
        """`candidates` through the guardrails of their scope, in order, until `most` of them may be shown."""
        check = Check(
            request=context.request,
            catalog=self.catalog,
            facts=context.facts,
            redaction=context.redaction,
        )
        basket = _Basket()
        different: set[str] = set()
        for candidate in candidates:
            if most is not None and len(different) >= most:
                break
            verdict = run_chain(candidate, check)
            if isinstance(verdict, Withheld):
                basket.withheld.append(verdict)
            else:
                basket.passed.append(self._weighed(verdict, context))
                if not refused(verdict.text):
                    different.add(folded(verdict.text))
        return basket

    def _is_sure(self, passed: Sequence[Candidate], refused: Callable[[str], bool]) -> bool:
        return any(one.confidence >= self._threshold and not refused(one.text) for one in passed)

    def _may_change(self, passed: Sequence[Candidate], request: Request, trust: float) -> bool:
        """Whether what a model of this `trust` writes could be shown: asked for one answer, or unasked, the
        first one is all a person sees, and it is the surest."""
        unasked = request.trigger == Trigger.AUTOMATIC
        if unasked and trust < self._least:
            return False
        return not (unasked or request.n == 1) or all(one.confidence < trust for one in passed)

    async def _consult(
        self,
        consultant: Consultant,
        context: Context,
        basket: _Basket,
        watch: Stopwatch,
    ) -> None:
        """Adds what the model makes of `context` to `basket`, after at most one repair."""
        insist = context.request.trigger == Trigger.INVOKED
        try:
            problems: list[str] = []
            trust = (await consultant.capabilities(insist=insist)).trust
            if not self._may_change(basket.passed, context.request, trust):
                return
            for attempt in ("model", "repair"):
                heard = await self._ask(consultant, context, basket, problems, watch)
                if heard is None or heard.nothing is not None:
                    return
                candidates = [
                    _to_candidate(text, heard, context.request.scope, trust) for text in heard.answer.texts
                ]
                watch.lap(attempt if not heard.from_cache else "cache")
                verdicts = await asyncio.to_thread(self._guard, candidates, context)
                watch.lap("guardrails")
                basket.passed += verdicts.passed
                basket.withheld += verdicts.withheld
                if verdicts.passed:
                    return
                consultant.remember_nothing(heard, _reasons(verdicts.withheld))
                problems = [one.detail for one in verdicts.withheld if one.reason in MENDABLE]
                if not problems or basket.passed:
                    return
        except ModelError as error:
            basket.trouble = str(error)

    async def _ask(
        self,
        consultant: Consultant,
        context: Context,
        basket: _Basket,
        problems: Sequence[str],
        watch: Stopwatch,
    ) -> Heard | None:
        """The model's answer, remembered or fresh, noted in `basket`."""
        insist = context.request.trigger == Trigger.INVOKED
        able = await consultant.capabilities(insist=insist)
        if not (able.completions or able.chat):
            return None
        question, key, heard = await off_the_loop(
            watch, partial(self._look_up, consultant, context, able, tuple(problems))
        )
        if heard is None:
            if not insist and not problems:
                await asyncio.sleep(self._debounce_s)
                watch.lap("debounce")
            heard = await consultant.ask(question, key, insist=insist)
        basket.consulted = consultant.account(question, heard)
        if heard.nothing is not None:
            basket.withheld.append(Withheld("nothing-good", heard.nothing, source=Source.CACHE))
        return heard

    def _look_up(
        self,
        consultant: Consultant,
        context: Context,
        able: Capabilities,
        problems: Sequence[str],
        lap: Callable[[str], None],
    ) -> tuple[ModelRequest, str, Heard | None]:
        """The question, the key of its answer, and the answer where it was given before."""
        similar, modules = self._models_view(context)
        question = prompt.build(
            context,
            self.catalog,
            similar,
            modules,
            able,
            n=1,
            problems=problems,
            version=self.prompt_version,
        )
        # Of the pool the key holds what the question shows; all else in it leaves the answer as it is.
        shown = "+".join(one.suggestion_id for one in similar if one.suggestion_id)
        versions = {"catalog": self.catalog.version} | ({"pool": shown} if shown else {})
        key = consultant.key(question, **versions)
        lap("prompt")
        heard = consultant.remembered(key)
        lap("cache")
        return question, key, heard

    def _models_view(self, context: Context) -> tuple[list[Task], list[str]]:
        """The similar tasks a model is shown, and the modules it is held to, likeliest first."""
        same = context.pool.few_shot is context.pool.tasks
        joined = self._joined if same else self._joined_shown
        tasks = joined.join(context.tasks, context.pool.few_shot)
        similar = self.recall.similar(context.request, context.facts, tasks, self.n_similar)
        modules = self.recall.modules(context.request, context.facts, tasks, N_MODULES)
        return similar, modules

    # ------------------------------------------------------------------ results

    def _to_suggestion(self, candidate: Candidate, scope: Scope) -> Suggestion:
        fqcn = module_of(candidate.text, scope, self.catalog)
        module = self.catalog.module(fqcn) if fqcn else None
        grounds = candidate.grounds
        if module is not None:
            detail = f"{module.collection} {module.version}"
            grounds = (Ground("module", module.fqcn, module.path, detail), *grounds)
        return Suggestion(
            id=secrets.token_hex(8),
            text=candidate.text,
            range=scope.range,
            source=candidate.source,
            module=fqcn,
            model=candidate.model,
            confidence=candidate.confidence,
            grounds=grounds,
            unverified=fqcn is not None and module is None and scope.expects is not Expects.FRAGMENT,
        )


def _to_candidate(written: str, heard: Heard, scope: Scope, trust: float) -> Candidate:
    return Candidate(
        text=prompt.to_text(scope, written),
        source=Source.CACHE if heard.from_cache else Source.MODEL,
        model=heard.answer.model,
        confidence=trust,
        grounds=(Ground("model", heard.answer.model),),
    )


def _reasons(withheld: Sequence[Withheld]) -> str:
    return "; ".join(dict.fromkeys(one.reason for one in withheld)) or "empty"


def _silence(basket: _Basket, turned_away: Sequence[Withheld]) -> str:
    """Why nothing is shown, as a code."""
    if basket.trouble:
        return "model-trouble"
    if turned_away:
        return turned_away[0].reason
    return "all-withheld" if basket.withheld else "nothing-found"
