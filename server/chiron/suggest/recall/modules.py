"""Chooses the module for a task from its name and its place.

Several weak signs are added up for each module that comes into question: how the nearest tasks vote, what
each word of the name and of the file's path speaks for, what this file uses for the same purpose, what
usually follows the task before, and what such names mean to people. The weights were fitted; see below.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from chiron.kept import kept
from chiron.records import Task
from chiron.suggest.recall.idioms import idioms_for, is_other
from chiron.suggest.recall.module_names import spoken, words_of
from chiron.suggest.recall.phrases import plain_name
from chiron.suggest.recall.wording import words

#: Modules that serve one purpose, by the purpose. Which of them is used is a habit of the place.
_PURPOSES = {
    "systemd": "service", "systemd_service": "service", "sysvinit": "service",
    "apt": "package", "dnf": "package", "dnf5": "package", "yum": "package", "zypper": "package",
    "pacman": "package", "apk": "package", "chocolatey": "package", "homebrew": "package",
    "shell": "command", "raw": "command", "script": "command", "powershell": "command",
    "config_template": "template", "include": "include_tasks", "import_tasks": "include_tasks",
    "import_role": "include_role", "deb822_repository": "apt_repository",
}  # fmt: skip
#: Platforms by the words that name them in paths and names, and the modules made for each.
_PLATFORMS = {
    "windows": frozenset({"windows", "win", "powershell"}),
    "debian": frozenset({"debian", "ubuntu", "apt", "deb", "ppa"}),
    "redhat": frozenset(
        {"redhat", "rhel", "centos", "fedora", "yum", "dnf", "rpm", "rocky", "almalinux", "epel"}
    ),
    "suse": frozenset({"suse", "opensuse", "sles", "zypper"}),
    "arch": frozenset({"arch", "archlinux", "pacman"}),
    "macos": frozenset({"macos", "darwin", "homebrew", "brew", "osx"}),
}
_TOOLS = {
    "debian": frozenset({"apt", "apt_key", "apt_repository", "deb822_repository", "debconf"}),
    "redhat": frozenset({"yum", "dnf", "dnf5", "yum_repository", "rpm_key"}),
    "suse": frozenset({"zypper", "zypper_repository"}),
    "arch": frozenset({"pacman"}),
    "macos": frozenset({"homebrew", "homebrew_cask"}),
}
_CONTROL = ("include", "import", "assert", "debug", "set_fact", "fail", "meta")
#: What an EXAMPLE counts for next to a task of this workspace.
_EXAMPLE_WEIGHT = 0.3
_N_VOTERS = 12
_SILENT_VOTE = 0.1
#: What a task's nearness is still worth where its name means something else: "Create the shop's user" shares
#: more words with "Create the shop's directory" than what the two have to do with each other.
_OTHER = 0.6
_N_BY_WORDS = 10
_N_USUAL = 4
#: What a module is given that a name does not usually mean.
_UNUSUAL = 0.003


@dataclass(frozen=True, slots=True)
class Near:
    """A task and how near its name is; `score` has the nearness of its place added."""

    task: Task
    likeness: float
    score: float
    same_file: bool = False
    #: One of the two tasks nearest above in the same file.
    adjacent: bool = False
    #: How like what stands before it is to what stands before the task being written, from 0 to 1.
    led: float = 0.0


def module_name(task: Task) -> str:
    """The module of `task`, canonical where it could be resolved."""
    return task.fqcn or task.module


@lru_cache(maxsize=2048)
def purpose(module: str) -> str:
    """What `module` is for: its short name, or that of the module it stands in for."""
    short = module.rsplit(".", 1)[-1].removeprefix("win_")
    return _PURPOSES.get(short, short)


@lru_cache(maxsize=2048)
def is_control(module: str) -> bool:
    """Whether `module` steers the play rather than the host (include, assert, set_fact and their like)."""
    return module.rsplit(".", 1)[-1].startswith(_CONTROL)


class ModuleCounts:
    """Which words of names and paths stood with which modules, and what follows what. Not thread-safe."""

    def __init__(self) -> None:
        self.words: dict[str, Counter[str]] = {}
        self.modules: Counter[str] = Counter()
        self.following: dict[str, Counter[str]] = {}

    def add(self, tasks: Sequence[Task], sign: int = 1) -> None:
        """Counts the tasks of one file, in order; with `sign` -1 it takes them away again."""
        before = ""
        for task in tasks:
            module = module_name(task)
            if task.origin == "examples":
                self._count(evidence_words(task.name), module, sign * _EXAMPLE_WEIGHT)
                continue
            self._count(evidence_words(task.name), module, sign)
            self.modules[module] += sign
            if before:
                self.following.setdefault(before, Counter())[module] += sign
            before = module

    def _count(self, found: Iterable[str], module: str, weight: float) -> None:
        for word in found:
            counted = self.words.setdefault(word, Counter())
            counted[module] += weight  # type: ignore[assignment]  # EXAMPLES count in fractions
            if weight < 0 and counted[module] < 1e-6:
                del counted[module]
                if not counted:
                    del self.words[word]


@kept(512)
def evidence_words(name: str) -> Sequence[str]:
    """What speaks for a module: the stems of the name, its first and last one marked."""
    stems = words(plain_name(name))
    ends = [f"^{stems[0]}", f"{stems[-1]}$"] if stems else []
    return [*dict.fromkeys(stems), *ends]


@dataclass(frozen=True, slots=True)
class Question:
    """What is known of the task whose module is sought."""

    name: str
    path: str
    near: Sequence[Near]
    #: Modules of the file's other tasks, and of those before the task, nearest last.
    own: Sequence[str]
    before: Sequence[str]
    #: Installed modules whose own names the task's name speaks.
    spoken: Sequence[str] = ()
    #: A template, a file in reach that the name means; None where it is not known what is in reach.
    template: bool | None = None
    file: bool | None = None
    #: What such a name usually means, as far as that is known: modules with their probability.
    usual: Mapping[str, float] = field(default_factory=dict)


#: Names of the signs, in the order of `WEIGHTS`.
SIGNS = (
    "vote", "nearest", "words", "first_word", "last_word", "bayes", "following", "idiom_first", "idiom_any",
    "purpose_vote", "purpose_bayes", "own_habit", "project_habit", "own_share", "log_count", "control",
    "idiom_purpose", "platform", "nearest_example", "idiom_alone", "spoken_words", "spoken_verb",
    "spoken_word", "template", "no_template", "file", "led", "same_meaning", "other_meaning",
    "usual", "usual_anew",
)  # fmt: skip
#: Fitted as a conditional logit (L2 0.03 round the weights before, repositories weighing as the square root
#: of their cases, `control` held at -2 since the cases leave such modules out) on named tasks of
#: ceph-ansible, trellis, k3s-ansible and ansible-datadog and of nine installed collections' roles, each body
#: hidden: warm, with a few files of the workspace, and cold. `tests/benchmarks/fit_modules.py` does it, with
#: tables of usual names that are made without the repository asked about.
WEIGHTS = (
    0.8, 1.2, 0.0, 0.5, 0.7, 0.2, 1.6, 0.8, 0.3, 1.5, 0.9, 0.6, 0.5, 0.4, -0.1, -2.0, 0.1, 1.8, 1.5, 1.1, 2.0,
    0.7, 0.7, 0.6, -0.7, 0.7, 0.6, 0.4, -0.5, 0.8, 1.4,
)  # fmt: skip


def rank_modules(question: Question, counts: ModuleCounts) -> list[tuple[str, float]]:
    """The modules that come into question with their probability, likeliest first."""
    signs = signs_of(question, counts)
    scores = {
        module: sum(weight * sign for weight, sign in zip(WEIGHTS, found, strict=True))
        for module, found in signs.items()
    }
    if not scores:
        return []
    highest = max(scores.values())
    total = sum(math.exp(score - highest) for score in scores.values())
    ranked = sorted(scores, key=lambda module: (-scores[module], module))
    return [(module, math.exp(scores[module] - highest) / total) for module in ranked]


def signs_of(question: Question, counts: ModuleCounts) -> dict[str, tuple[float, ...]]:
    """For each module in question the strength of every sign of `SIGNS`."""
    platforms = _platforms(f"{question.path} {question.name}")
    said_near = _said_near(question, platforms)
    nearest, nearest_example, votes = said_near.nearest, said_near.example, said_near.votes
    found = [(word, counts.words[word]) for word in evidence_words(question.name) if word in counts.words]
    by_word, first, last = _word_shares(found)
    idioms = [idiom for idiom, _ in idioms_for(question.name)]
    idiom_first = [_qualified(name) for name in idioms[0].modules] if idioms else []
    # Of modules with one purpose, the one this workspace uses is meant.
    kinds = [purpose(name) for name in idiom_first]
    idiom_first.sort(key=lambda name: (kinds.index(purpose(name)), -counts.modules[name]))
    if question.template != question.file and {"template", "copy"} & {*kinds[:1]}:
        # "Copy the script" is a template where a template of that name is, and no such file.
        meant_first = "template" if question.template else "copy"
        idiom_first.sort(key=lambda name: purpose(name) != meant_first)
    idiom_any = {_qualified(name) for idiom in idioms for name in idiom.modules}
    own = Counter(question.own)
    likely = sorted(by_word, key=lambda module: -by_word[module])[:_N_BY_WORDS]
    if "windows" in platforms:
        idiom_any |= {f"ansible.windows.win_{name.rsplit('.', 1)[-1]}" for name in idiom_any}
    stems = words(plain_name(question.name))
    said = frozenset(stems)
    modules = {
        *question.spoken,
        *(module for module in counts.modules if said.issuperset(words_of(module)) and words_of(module)),
        *(idiom_any if "windows" in platforms else ()),
        *nearest,
        *nearest_example,
        *likely,
        *idiom_first,
        *(module for module, _ in own.most_common(3)),
        *sorted(question.usual, key=lambda module: -question.usual[module])[:_N_USUAL],
    }
    bayes = _bayes(modules, found, counts)
    purpose_votes, purpose_bayes = _by_purpose(votes), _by_purpose(bayes)
    own_purposes, all_purposes = _by_purpose(own), _by_purpose(counts.modules)
    idiom_purposes = {purpose(name): 0.6**i for i, name in reversed(list(enumerate(idiom_first)))}
    alone = 1 - max((score for score in nearest.values()), default=0.0)
    following = counts.following.get(question.before[-1], Counter()) if question.before else Counter[str]()
    n_following = following.total() + 2
    n_own = own.total() + 1
    n_all = counts.modules.total() + 50
    # Where much is written already, habits there say more than what is usual elsewhere.
    anew = max(0.0, alone) * 50 / n_all / 3
    verb = stems[0] if stems else ""
    signs: dict[str, tuple[float, ...]] = {}
    for module in modules:
        kind = purpose(module)
        signs[module] = (
            votes.get(module, 0.0),
            nearest.get(module, 0.0),
            by_word.get(module, 0.0),
            first.get(module, 0.0),
            last.get(module, 0.0),
            bayes[module],
            following[module] / n_following,
            0.6 ** idiom_first.index(module) if module in idiom_first else 0.0,
            float(module in idiom_any),
            purpose_votes.get(kind, 0.0),
            purpose_bayes.get(kind, 0.0),
            own[module] / (own_purposes.get(kind, 0) + 1),
            counts.modules[module] / (all_purposes.get(kind, 0) + 1),
            own[module] / n_own,
            math.log((counts.modules[module] + 1) / n_all),
            float(is_control(module)),
            idiom_purposes.get(kind, 0.0),
            _fit(module, platforms),
            nearest_example.get(module, 0.0),
            alone * 0.6 ** idiom_first.index(module) if module in idiom_first else 0.0,
            *spoken(module, said, verb),
            float(question.template is True and kind == "template"),
            float(question.template is False and kind == "template"),
            float(question.file is True and kind == "copy"),
            said_near.led.get(module, 0.0),
            said_near.same.get(module, 0.0),
            said_near.other.get(module, 0.0),
            max(0.0, alone) * question.usual.get(module, 0.0),
            anew * math.log(question.usual.get(module, 0.0) + _UNUSUAL),
        )
    return signs


@dataclass(slots=True)
class _SaidNear:
    """What the nearest tasks say for each module: the nearest of all, of EXAMPLES, by what stands before it,
    of the same and of another meaning, and all together."""

    nearest: dict[str, float] = field(default_factory=dict)
    example: dict[str, float] = field(default_factory=dict)
    led: dict[str, float] = field(default_factory=dict)
    same: dict[str, float] = field(default_factory=dict)
    other: dict[str, float] = field(default_factory=dict)
    votes: dict[str, float] = field(default_factory=dict)


def _said_near(question: Question, platforms: frozenset[str]) -> _SaidNear:
    said = _SaidNear()
    weights: dict[str, float] = {}
    for i, near in enumerate(question.near):
        module = module_name(near.task)
        is_example = near.task.origin == "examples"
        if is_example and purpose(module) == "package" and _fit(module, platforms) < 0.5:
            # Which package manager stands here is nothing an EXAMPLE could know.
            continue
        is_voter = i < _N_VOTERS
        other_meaning = is_voter and not is_example and is_other(question.name, near.task.name)
        score = near.score * (_OTHER if other_meaning else 1.0)
        best = said.example if is_example else said.nearest
        best[module] = max(best.get(module, 0.0), score)
        said.led[module] = max(said.led.get(module, 0.0), near.led * near.likeness)
        if is_voter and not is_example:
            meant = said.other if other_meaning else said.same
            meant[module] = max(meant.get(module, 0.0), near.score)
        if is_voter:
            weights[module] = weights.get(module, 0.0) + max(score, 0.0) ** 2
    # Votes from afar are no majority: what nobody near says takes a share too.
    total = sum(weights.values()) + _SILENT_VOTE
    said.votes = {module: weight / total for module, weight in weights.items()}
    return said


def _platforms(text: str) -> frozenset[str]:
    """The platforms that a path or name speaks of."""
    spoken = set(re.findall(r"[a-z]+", text.lower()))
    return frozenset(name for name, spoken_as in _PLATFORMS.items() if spoken & spoken_as)


def _fit(module: str, platforms: frozenset[str]) -> float:
    """1 where `module` is made for one of `platforms`, -1 where it is made for others, 0 where unbound."""
    short = module.rsplit(".", 1)[-1]
    if module.startswith(("ansible.windows.", "community.windows.")) or short.startswith("win_"):
        return 1.0 if "windows" in platforms else -1.0
    made_for = next((name for name, tools in _TOOLS.items() if short in tools), None)
    if made_for is None:
        return -1.0 if platforms == {"windows"} and module.startswith("ansible.builtin.") else 0.0
    if not platforms:
        return 0.0
    return 1.0 if made_for in platforms else -1.0


def _qualified(name: str) -> str:
    return name if "." in name else f"ansible.builtin.{name}"


def _by_purpose(values: Mapping[str, float]) -> dict[str, float]:
    summed: dict[str, float] = {}
    for module, value in values.items():
        kind = purpose(module)
        summed[kind] = summed.get(kind, 0.0) + value
    return summed


_Shares = dict[str, float]


def _word_shares(found: Sequence[tuple[str, Counter[str]]]) -> tuple[_Shares, _Shares, _Shares]:
    """What the name's words, its first and its last speak for: shares by module."""
    by_word, first, last = _Shares(), _Shares(), _Shares()
    total = 0.0
    for word, counted in found:
        n = counted.total() + 1
        if word[0] == "^":
            first = {module: times / n for module, times in counted.items()}
        elif word[-1] == "$":
            last = {module: times / n for module, times in counted.items()}
        else:
            weight = 1 / (1 + math.log(n))
            total += weight
            for module, times in counted.items():
                by_word[module] = by_word.get(module, 0.0) + weight * times / n
    return {module: share / total for module, share in by_word.items()}, first, last


def _bayes(
    modules: Iterable[str], found: Sequence[tuple[str, Counter[str]]], counts: ModuleCounts
) -> dict[str, float]:
    """Naive Bayes over words, damped because words of one name are anything but independent."""
    n_all = counts.modules.total()
    logs: dict[str, float] = {}
    named = [
        (counted, 0.1 * counted.total() / (n_all + 700) + 0.02) for word, counted in found if word[0] != "@"
    ]
    for module in modules:
        n = counts.modules[module]
        log = math.log((n + 0.5) / (n_all + 50))
        for counted, floor in named:
            log += 0.6 * math.log((counted[module] + floor) / (n + 2))
        logs[module] = log
    highest = max(logs.values(), default=0.0)
    total = sum(math.exp(log - highest) for log in logs.values())
    return {module: math.exp(log - highest) / total for module, log in logs.items()}
