"""Keys of tasks and plays that are not modules, and the keys that hold lists of tasks.

From `ansible/keyword_desc.yml` and the field attributes of ansible-core 2.19, whose checks belong to
another room; here they only tell a module from what stands around it.
"""

from __future__ import annotations

#: Keys of a task or handler that are no module. `action` and `local_action` are not here: they are one.
TASK_KEYWORDS = frozenset(
    {
        "any_errors_fatal",
        "args",
        "async",
        "become",
        "become_exe",
        "become_flags",
        "become_method",
        "become_user",
        "changed_when",
        "check_mode",
        "collections",
        "connection",
        "debugger",
        "delay",
        "delegate_facts",
        "delegate_to",
        "diff",
        "environment",
        "failed_when",
        "ignore_errors",
        "ignore_unreachable",
        "listen",
        "loop",
        "loop_control",
        "module_defaults",
        "name",
        "no_log",
        "notify",
        "poll",
        "port",
        "register",
        "remote_user",
        "retries",
        "run_once",
        "tags",
        "throttle",
        "timeout",
        "until",
        "vars",
        "when",
    }
)

#: Keys of a block that hold lists of tasks.
BLOCK_LISTS = frozenset({"block", "rescue", "always"})

#: Keys of a play that hold lists of tasks.
PLAY_LISTS = frozenset({"tasks", "pre_tasks", "post_tasks", "handlers"})

#: Keys that make an entry a play.
PLAY_MARKS = frozenset(
    {"hosts", "import_playbook", "ansible.builtin.import_playbook", "roles", "vars_files", "vars_prompt"}
    | PLAY_LISTS
)


def is_module(key: str) -> bool:
    """Whether `key`, in a task, names its module (or makes it a block) rather than saying how it runs."""
    return key not in TASK_KEYWORDS and not key.startswith("with_")
