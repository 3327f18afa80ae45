"""Asking a judge, telling how far it agrees with people, and training the scores."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chiron.assemble import open_catalog, open_feedback, open_model, scores_path
from chiron.config import Settings, is_excluded
from chiron.errors import CatalogError, ChironError, ModelError, ModelGarbled
from chiron.flywheel.learned.agreement import LEAST_ALPHA, LEAST_SHARED, Agreement, agreement, judges
from chiron.flywheel.learned.scores import (
    SIGNS,
    Score,
    Scores,
    from_json,
    missing,
    says,
    sides,
    signs_of,
    to_json,
)
from chiron.judging.asking import VERSION, build, read
from chiron.records import Model
from chiron.review.files import local_path
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_queries import History
from chiron.store.feedback_votes import Vote, labels, put_votes, to_judge, votes

if TYPE_CHECKING:
    from chiron.ansible.catalog import Catalog

#: Failures in a row after which a judge is left alone.
_MOST_FAILURES = 3
#: Parts for cross-validation.
_N_PARTS = 5


@dataclass(slots=True)
class Judged:
    """What one run came to."""

    judge: str
    endpoint: str
    n_asked: int = 0
    n_votes: int = 0
    n_garbled: int = 0
    n_excluded: int = 0
    trouble: str = ""


def run(settings: Settings, n: int, *, origin: str | None, tell: Callable[[str], None]) -> dict[str, Any]:
    """Puts at most `n` suggestions to the model in use, those that people have labelled first.

    Raises `ChironError` where there is no model. What was answered is kept although a later question fails.
    """
    model = open_model(settings)
    if model is None:
        raise ChironError("No model is set that could judge.", advice="Name one with --model.")
    if model.leaves_machine:
        tell(f"Suggestions with the lines round them, redacted, go to {model.endpoint}.")
    try:
        catalog = open_catalog(settings, None)
    except CatalogError:
        catalog = None
    with open_feedback(settings) as log:
        done = asyncio.run(_run(log, model, catalog, n, origin, settings.feedback.exclude))
        return {
            "judge": done.judge,
            "prompt_version": VERSION,
            "n_asked": done.n_asked,
            "n_votes": done.n_votes,
            "n_garbled": done.n_garbled,
            "n_excluded": done.n_excluded,
            "trouble": done.trouble or None,
            **show(log, scores_path(settings)),
        }


async def _run(
    log: FeedbackLog,
    model: Model,
    catalog: Catalog | None,
    n: int,
    origin: str | None,
    excluded: Sequence[str],
) -> Judged:
    done, n_failed = Judged(model.name, model.endpoint), 0
    try:
        able = await model.capabilities()
        ask = partial(to_judge, judge=model.name, prompt_version=VERSION, origin=origin, limit=n)
        for suggestion_id in await asyncio.to_thread(log.ask, ask):
            history: History | None = await asyncio.to_thread(log.show, suggestion_id)
            if history is None:
                continue
            record = history.suggestion.record
            path = local_path(record.uri)
            if path is not None and is_excluded(str(path), excluded):
                done.n_excluded += 1
                continue
            done.n_asked += 1
            try:
                answer = await model.complete(build(record, catalog, able))
            except ModelGarbled:
                done.n_garbled += 1
                continue
            except ModelError as error:
                n_failed += 1
                if n_failed >= _MOST_FAILURES:
                    raise
                done.trouble = str(error)
                continue
            n_failed = 0
            found = read(answer.texts[0]) if answer.texts else None
            if found is None:
                done.n_garbled += 1
                continue
            at_ms = int(time.time() * 1000)
            vote = Vote(record.id, model.name, VERSION, at_ms, found[0], found[1])
            await asyncio.to_thread(log.change, partial(put_votes, votes=[vote]))
            done.n_votes += 1
    except ModelError as error:
        done.trouble = str(error)
    finally:
        await model.close()
    return done


def show(log: FeedbackLog, path: Path) -> dict[str, Any]:
    """Every judge with its votes and how far it agrees with people, and the scores as they stand."""
    by_people = log.ask(labels)
    told = []
    for one in judges(log.ask(votes), by_people):
        found = agreement(one.pairs)
        good = agreement([(_is_good(first), _is_good(second)) for first, second in one.pairs])
        told.append(
            {
                "judge": one.name,
                "prompt_version": one.prompt_version,
                "n_votes": len(one.votes),
                "agreement": _agreement_value(found),
                "agreement_good_or_not": _agreement_value(good),
                "counts": found.counts,
                "said": found.said,
                "differs_most": _differs(one.pairs),
            }
        )
    return {
        "judges": told,
        "threshold": {"alpha": LEAST_ALPHA, "n_shared": LEAST_SHARED},
        "n_labelled": len(by_people),
        "scores": _scores_value(_read_scores(path), list(by_people.values())),
    }


def counted(log: FeedbackLog) -> Mapping[str, str]:
    """The votes of judges that agree enough with people, by suggestion; where people spoke, none."""
    by_people = log.ask(labels)
    kept: dict[str, str] = {}
    for one in judges(log.ask(votes), by_people):
        if agreement(one.pairs).counts:
            kept |= {
                vote.suggestion_id: vote.label for vote in one.votes if vote.suggestion_id not in by_people
            }
    return kept


def train(settings: Settings) -> dict[str, Any]:
    """Trains the scores on people's verdicts, and on those of judges that agree with people; keeps them.

    Raises `ChironError` where the `learn` extra is missing. A score with too few verdicts stays off.
    """
    with open_feedback(settings) as log:
        said = dict(counted(log)) | log.ask(labels)
        rows = [
            (signs_of(history.suggestion.record), label, history.suggestion.record.uri)
            for one, label in said.items()
            if (history := log.show(one)) is not None
        ]
        found = Scores(_trained(rows, "hallucination"), _trained(rows, "relevance"), int(time.time() * 1000))
        path = scores_path(settings)
        path.write_text(to_json(found), encoding="utf-8")
        path.chmod(0o600)
        return {**show(log, path)["scores"], "n_of_judges": len(said) - len(log.ask(labels))}


_Row = tuple[dict[str, float], str, str]


def _trained(rows: Sequence[_Row], name: str) -> Score | None:
    """One score, judged by parts of the files it did not see; None while verdicts are too few."""
    told = [(signs, float(yes), uri) for signs, label, uri in rows if (yes := says(label, name)) is not None]
    n, n_yes = len(told), int(sum(yes for _, yes, _ in told))
    if missing(n, n_yes):
        return None
    from chiron.flywheel.learned.fitting import Fitted, auc

    signs = [[one[sign] for sign in SIGNS] for one, _, _ in told]
    truths = [yes for _, yes, _ in told]
    parts = _parts([uri for _, _, uri in told])
    chances = [n_yes / n] * n
    for part in range(_N_PARTS):
        rest = [number for number in range(n) if parts[number] != part]
        there = [number for number in range(n) if parts[number] == part]
        if there and len({truths[number] for number in rest}) == 2:
            model = Fitted(0.1).fit([signs[i] for i in rest], [truths[i] for i in rest], [1.0] * len(rest))
            for number, chance in zip(there, model.chances([signs[i] for i in there]), strict=True):
                chances[number] = chance
    linear = Fitted(0.1).fit(signs, truths, [1.0] * n).linear(SIGNS)
    return Score(linear, n, n_yes, round(auc(truths, chances), 4))


def _parts(uris: Sequence[str]) -> list[int]:
    """The part of each row: files whole, unless they are too few to part."""
    files = {uri: number for number, uri in enumerate(dict.fromkeys(uris))}
    if len(files) >= 2 * _N_PARTS:
        return [files[uri] % _N_PARTS for uri in uris]
    return [number % _N_PARTS for number in range(len(uris))]


def _is_good(label: str) -> str:
    return "good" if label == "good" else "not good"


def _agreement_value(found: Agreement) -> dict[str, Any]:
    rounded = (None if one is None else round(one, 4) for one in (found.alpha, found.low, found.high))
    return {"n": found.n, **dict(zip(("alpha", "low", "high"), rounded, strict=True))}


def _differs(shared: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Where people and the judge differ most often."""
    differing = Counter((people, judge) for people, judge in shared if people != judge)
    return [{"people": people, "judge": judge, "n": n} for (people, judge), n in differing.most_common(3)]


def _read_scores(path: Path) -> Scores:
    try:
        return from_json(path.read_text(encoding="utf-8"))
    except OSError:
        return Scores()


def _scores_value(scores: Scores, given: Sequence[str]) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for name, one in (("hallucination", scores.hallucination), ("relevance", scores.relevance)):
        lacking = missing(*sides(given, name))
        value[name] = (
            {"on": True, "n": one.n, "n_yes": one.n_yes, "auc": one.auc}
            if one is not None
            else {"on": False, "missing": lacking or "chiron judge train"}
        )
    return value
