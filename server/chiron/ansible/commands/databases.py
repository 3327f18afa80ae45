"""Databases and who may use them, as their own tools make them; message queues."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chiron.ansible.commands.flags import read
from chiron.ansible.commands.meant import Meant, Value, is_place

_POSTGRES, _MYSQL = "community.postgresql.postgresql", "community.mysql.mysql_db"
_NEEDS = "The module needs the database's Python library on the host."
_CREATE = re.compile(
    r"\s*create\s+database\s+(?:if\s+not\s+exists\s+)?[`\"]?(?P<name>\w+)[`\"]?\s*;?\s*", re.IGNORECASE
)


def createdb(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], valued="-O|--owner -E|--encoding -T|--template")
    if found is None or len(found.rest) != 1:
        return None
    names = {"O": "owner", "E": "encoding", "T": "template"}
    options: dict[str, Value] = {"name": found.rest[0]}
    options |= {name: found.given[flag] for flag, name in names.items() if found.has(flag)}
    return Meant(f"{_POSTGRES}_db", options, note=_NEEDS)


def createuser(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], plain="-s|--superuser -d|--createdb -r|--createrole")
    if found is None or len(found.rest) != 1:
        return None
    attributes = {"s": "SUPERUSER", "d": "CREATEDB", "r": "CREATEROLE"}
    given = ",".join(word for flag, word in attributes.items() if found.has(flag))
    options: dict[str, Value] = {"name": found.rest[0]}
    return Meant(f"{_POSTGRES}_user", options | ({"role_attr_flags": given} if given else {}), note=_NEEDS)


def dropped(words: Sequence[str]) -> Meant | None:
    """`dropdb` and `dropuser`."""
    found = read(words[1:], plain="--if-exists")
    if found is None or len(found.rest) != 1:
        return None
    kind = "db" if words[0] == "dropdb" else "user"
    return Meant(f"{_POSTGRES}_{kind}", {"name": found.rest[0], "state": "absent"}, note=_NEEDS)


def psql(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], plain="-q|--quiet", valued="-c|--command")
    made = _CREATE.fullmatch(found.get("c") or "") if found is not None else None
    if found is None or made is None or found.rest:
        return None
    return Meant(f"{_POSTGRES}_db", {"name": made["name"]}, note=_NEEDS)


def mysql(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], valued="-e|--execute -u|--user")
    made = _CREATE.fullmatch(found.get("e") or "") if found is not None else None
    if found is None or made is None or found.rest:
        return None
    options: dict[str, Value] = {"name": made["name"], "state": "present"}
    options |= {"login_user": found.given["u"]} if found.has("u") else {}
    return Meant(_MYSQL, options, note=_NEEDS)


def mysqldump(words: Sequence[str], to: str | None) -> Meant | None:
    found = read(words[1:], plain="--single-transaction", valued="-u|--user")
    if found is None or len(found.rest) != 1 or to is None or not is_place(to):
        return None
    options: dict[str, Value] = {"name": found.rest[0], "state": "dump", "target": to}
    options |= {"login_user": found.given["u"]} if found.has("u") else {}
    options |= {"single_transaction": True} if found.has("single-transaction") else {}
    return Meant(_MYSQL, options, note=_NEEDS)


def rabbitmqctl(words: Sequence[str]) -> Meant | None:
    states = {"add_vhost": "present", "delete_vhost": "absent"}
    if len(words) != 3 or words[1] not in states or words[2].startswith("-"):
        return None
    return Meant("community.rabbitmq.rabbitmq_vhost", {"name": words[2], "state": states[words[1]]})


def rabbitmq_plugins(words: Sequence[str]) -> Meant | None:
    states = {"enable": "enabled", "disable": "disabled"}
    if len(words) != 3 or words[1] not in states or words[2].startswith("-"):
        return None
    return Meant("community.rabbitmq.rabbitmq_plugin", {"names": words[2], "state": states[words[1]]})


RULES = {
    "createdb": createdb, "createuser": createuser, "dropdb": dropped, "dropuser": dropped, "psql": psql,
    "mysql": mysql, "rabbitmqctl": rabbitmqctl, "rabbitmq-plugins": rabbitmq_plugins,
}  # fmt: skip
