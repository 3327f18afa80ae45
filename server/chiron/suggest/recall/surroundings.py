"""What the place a task is written in offers as values: variables, templates, files, what came before."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from chiron.ansible.bodies import module_part, options_of, split_body
from chiron.records import Facts, Module, Task
from chiron.suggest.recall.wording import words

_PACKAGE_MODULES = ("apt", "dnf", "dnf5", "yum", "community.general.zypper", "community.general.pacman")
_PROGRAM_MODULES = frozenset(
    {"package", "apk", "service", "systemd", "systemd_service"}
    | {name.rsplit(".", 1)[-1] for name in _PACKAGE_MODULES}
)
_SIMPLE = re.compile(r"[a-z][\w.+-]*$")
#: Kinds of variables that a project sets for its tasks to use; registered results are of another shape.
_SETTINGS = frozenset({"role_default", "role_var", "group_var", "host_var", "play_var", "argument_spec"})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known where the task stands. `above` holds the file's tasks before it, nearest last."""

    facts: Facts
    above: Sequence[Task]
    #: Whether a module, by FQCN, can be used here.
    installed: Callable[[str], bool]
    #: Modules by how often they are used in this workspace, as FQCN.
    uses: Callable[[str], int]
    #: A module's documentation, by FQCN.
    documented: Callable[[str], Module | None]

    @property
    def package_module(self) -> str:
        """The module that installs packages here."""
        return self.facts.style.package_module or self.module("package", *_PACKAGE_MODULES)

    def module(self, *choices: str) -> str:
        """The one of `choices` (short names of built-in modules, or FQCNs) this workspace uses most."""
        names = [name if "." in name else f"ansible.builtin.{name}" for name in choices]
        best = max(names, key=self.uses)
        return best if "." not in choices[0] or self.installed(best) else names[0]

    @property
    def program(self) -> str | None:
        """What the tasks before were about: the package or service named last, or the role."""
        for task in reversed(self.above):
            part = module_part(split_body(task.body))
            if part is None or part.key.rsplit(".", 1)[-1] not in _PROGRAM_MODULES:
                continue
            for option in options_of(part):
                value = option.value.strip("\"'")
                if option.key == "name" and _SIMPLE.match(value):
                    return value
        role = self.facts.role
        return role.rsplit(".", 1)[-1].removeprefix("ansible-role-") if role else None

    @property
    def downloaded(self) -> str | None:
        """Where the nearest task before put what it downloaded."""
        for task in reversed(self.above):
            part = module_part(split_body(task.body))
            if part is not None and part.key.rsplit(".", 1)[-1] == "get_url":
                for option in options_of(part):
                    if option.key == "dest":
                        return option.value.strip("\"'")
        return None

    def variable_for(self, name: str, endings: Sequence[str]) -> str | None:
        """The variable in reach that `name` speaks of and that ends like one of `endings`, if any."""
        wanted = set(words(name))
        best: tuple[float, str] | None = None
        for variable in self.facts.variables.values():
            if variable.kind not in _SETTINGS:
                continue
            lowered = variable.name.lower()
            if not any(lowered == ending or lowered.endswith(f"_{ending}") for ending in endings):
                continue
            stems = set(words(variable.name.replace("_", " ")))
            shared = len(stems & wanted)
            score = shared - 0.1 * len(stems)
            if shared and (best is None or score > best[0]):
                best = (score, variable.name)
        return best[1] if best else None

    def variable_expression(self, name: str, endings: Sequence[str], missing: str = "") -> str | None:
        """`{{ variable }}` for `name`. Where none is in reach: what says that it is `missing`, or None."""
        variable = self.variable_for(name, endings)
        if variable is not None:
            return f"{{{{ {variable} }}}}"
        if not missing:
            return None
        # Ansible's own way to say that a value must be given; it names what is missing when it is run.
        return "{{ undef(hint='" + re.sub(r"[^\w ./-]", "", missing).strip() + "') }}"

    def path_variable(self, name: str, endings: Sequence[str]) -> str | None:
        """`{{ variable }}` of a path that `name` speaks of."""
        return self.variable_expression(name, endings)

    def template_for(self, name: str) -> str | None:
        """The template of this project that `name` most likely means."""
        return _best_file(name, self.facts.templates)

    def file_for(self, name: str, suffixes: tuple[str, ...] = ()) -> str | None:
        """The file of this project that `name` most likely means."""
        return _best_file(
            name, (file for file in self.facts.files if not suffixes or file.endswith(suffixes))
        )

    def beside(self, folder: str, name: str) -> str:
        """Where a file that is not there yet belongs: in the role's folder, or beside the playbook."""
        base = "role_path" if self.facts.role is not None else "playbook_dir"
        return f"{{{{ {base} }}}}/{folder}/{name}"

    def destination_of(self, name: str) -> str | None:
        """Where a file of this name usually goes on a Unix system, as far as the name tells."""
        stem, _, suffix = name.rpartition(".")
        if not stem:
            return None
        if suffix in {"service", "timer", "socket", "target", "mount"}:
            return f"/etc/systemd/system/{name}"
        if suffix == "sh":
            return f"/usr/local/bin/{stem}"
        if suffix in {"conf", "cfg", "cnf", "ini", "toml", "yml", "yaml", "json", "xml", "properties", "env"}:
            folder = {"sshd_config": "ssh", "my": "mysql", "php": "php"}.get(stem, stem)
            program = self.program
            if program and program != stem and _SIMPLE.match(program):
                folder = program
            return f"/etc/{folder}/{name}"
        return None

    def script_for(self, thing: str) -> str:
        """The command a job called `thing` most likely runs."""
        return f"/usr/local/bin/{thing}"

    def notified(self, name: str) -> tuple[tuple[str, str], ...]:
        """`notify` with the handler in reach that reloads or restarts what the file `name` configures."""
        subject = set(words(name.rsplit(".", 1)[0])) | ({self.program} if self.program else set())
        for handler in self.facts.handlers:
            named = words(handler)
            if "{{" not in handler and named[:1] in (["reload"], ["restart"]) and subject & set(named[1:]):
                return (("notify", handler if re.match(r"[\w .-]+$", handler) else f'"{handler}"'),)
        return ()


def _best_file(name: str, there: Iterable[str]) -> str | None:
    lowered = name.lower()
    wanted = set(words(name))
    best: tuple[float, str] | None = None
    for path in there:
        base = path.rsplit("/", 1)[-1].removesuffix(".j2")
        score = 0.0
        if base.lower() in lowered:
            score = 10.0 + len(base)
        else:
            stems = set(words(base.replace("_", " ").replace(".", " "))) - {"j2"}
            shared = stems & wanted
            if shared and shared != {"configuration"}:
                score = len(shared) / (len(stems) or 1)
        if score >= 0.5 and (best is None or score > best[0]):
            best = (score, path)
    return best[1] if best else None
