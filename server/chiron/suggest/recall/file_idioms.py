"""Writes tasks about files, templates, checkouts and downloads from what their names say.

Where a value can be known neither from the name nor from the project, nothing is written, or that it must be
given: an invented address is worse than none.
"""

from __future__ import annotations

import re

from chiron.suggest.recall import phrases
from chiron.suggest.recall.surroundings import Surroundings
from chiron.suggest.recall.written import Written, object_of, presence


def directory(found: re.Match[str], at: Surroundings) -> Written | None:
    path = phrases.path_in(found.string) or at.path_variable(
        found.string, ("dir", "directory", "path", "root")
    )
    if path is None:
        return None
    if presence(found) == "absent":
        return Written(at.module("file"), (("path", phrases.quoted(path)), ("state", "absent")))
    options = (("path", phrases.quoted(path)), ("state", "directory"), ("mode", '"0755"'))
    return Written(at.module("file"), options)


def removed(found: re.Match[str], at: Surroundings) -> Written | None:
    path = phrases.path_in(found.string)
    if path is None or path.count("/") < 2:
        return None
    return Written(at.module("file"), (("path", phrases.quoted(path)), ("state", "absent")))


def link(found: re.Match[str], at: Surroundings) -> Written | None:
    paths = re.findall(r"(?<!\S)/\S+", found.string)
    if len(paths) != 2:
        return None
    source, target = paths if re.search(r"\b(?:from|link) ", found.string) else paths[::-1]
    options = (("src", source), ("dest", target), ("state", "link"))
    return Written(at.module("file"), options)


def template(found: re.Match[str], at: Surroundings) -> Written | None:
    source = at.template_for(found.string)
    written = phrases.file_name_in(found.string)
    target = phrases.path_in(found.string)
    if source is None:
        named = written or (target.rsplit("/", 1)[-1] if target and "." in target else None)
        if named is None:
            return None
        source = at.beside("templates", f"{named.removesuffix('.j2')}.j2")
    name = (written or source.rsplit("/", 1)[-1]).removesuffix(".j2")
    dest = target or at.destination_of(name)
    if dest is None:
        return None
    options = [("src", phrases.quoted(source)), ("dest", phrases.quoted(dest)), ("mode", '"0644"')]
    return Written(at.module("template"), options, at.notified(name))


def copied(found: re.Match[str], at: Surroundings) -> Written | None:
    source = at.file_for(found.string)
    written = phrases.file_name_in(found.string)
    target = phrases.path_in(found.string)
    if source is None and at.template_for(found.string) is not None:
        return None
    if source is None:
        # What is configured is what the tasks before installed; `app` stands for what nobody named.
        named = written or f"{at.program or 'app'}.conf"
        source = at.beside("files", named)
    name = source.rsplit("/", 1)[-1]
    dest = target or at.destination_of(name)
    if dest is None:
        return None
    options = (("src", phrases.quoted(source)), ("dest", phrases.quoted(dest)), ("mode", '"0644"'))
    return Written(at.module("copy"), options, at.notified(name))


def cloned(found: re.Match[str], at: Surroundings) -> Written | None:
    url = phrases.url_in(found.string)
    repository = url or at.variable_expression(
        found.string, ("repo", "repository", "git_url", "url"), f"URL of{object_of(found)}"
    )
    if repository is None:
        return None
    thing = _clone_name(url, found)
    dest = phrases.path_in(found.string.replace(url or "\0", ""))
    dest = dest or at.path_variable(found.string, ("dir", "directory", "path", "root", "dest"))
    dest = dest or (f"/opt/{thing}" if thing else None)
    if dest is None:
        return None
    version = at.variable_expression(found.string, ("version", "branch", "revision", "ref"))
    options = [("repo", phrases.quoted(repository)), ("dest", phrases.quoted(dest))]
    options.append(("version", phrases.quoted(version or "main")))
    return Written(at.module("git"), options)


def _clone_name(url: str | None, found: re.Match[str]) -> str | None:
    if url:
        return url.rstrip("/").rsplit("/", 1)[-1].removesuffix(".git")
    what = re.sub(r"\b(?:git|repository|repo|source|code|latest|from|into|to)\b.*", "", found["what"])
    things = phrases.things_in(what, generic=frozenset())
    return things[0] if len(things) == 1 else None


def downloaded(found: re.Match[str], at: Surroundings) -> Written | None:
    url = phrases.url_in(found.string)
    address = url or at.variable_expression(
        found.string, ("url", "download_url", "src", "link"), f"URL of{object_of(found)}"
    )
    if address is None:
        return None
    what = re.sub(r"\b(?:from|to|into|in|for)\b.*", "", found["what"])
    kinds = {"archive": ".tar.gz", "tarball": ".tar.gz", "zip": ".zip", "script": ".sh", "key": ".asc"}
    noun = next((word for word in reversed(what.lower().split()) if word in kinds), "")
    things = phrases.things_in(what, generic=frozenset({*kinds, "file", "binary", "release", "package"}))
    dest = phrases.path_in(found.string.replace(url or "\0", ""))
    if dest is None:
        name = url.rstrip("/").rsplit("/", 1)[-1] if url else None
        if name is None and len(things) == 1:
            name = phrases.file_name_in(what) or things[0] + kinds.get(noun, "")
        if name is None:
            return None
        dest = f"/tmp/{name}"  # noqa: S108 - where people put what they unpack next
    options = (("url", phrases.quoted(address)), ("dest", phrases.quoted(dest)), ("mode", '"0644"'))
    return Written(at.module("get_url"), options)


def unpacked(found: re.Match[str], at: Surroundings) -> Written | None:
    paths = re.findall(r"(?<!\S)/\S+", found.string)
    source = paths[0] if len(paths) > 1 else at.downloaded
    target = paths[-1] if paths else None
    if source is None or target is None:
        return None
    options = (("src", phrases.quoted(source)), ("dest", phrases.quoted(target)), ("remote_src", "true"))
    return Written(at.module("unarchive"), options)


def stat(found: re.Match[str], at: Surroundings) -> Written | None:
    path = phrases.path_in(found.string)
    if path is None:
        return None
    name = re.sub(r"\W+", "_", path.rsplit("/", 1)[-1].strip(".")).strip("_").lower() or "found"
    return Written(at.module("stat"), (("path", phrases.quoted(path)),), (("register", f"{name}_stat"),))
