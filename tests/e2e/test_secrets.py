"""No secret of a workspace is found in a request to a model, in a log, in the cache or in the feedback."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chiron.models.fake import Rule, Script
from chiron.models.fake_server import ScriptedServer
from support.planted import KINDS, pieces, plant
from support.wire import Wire

#: Where a secret stands in a task, in what a person writes instead of a suggestion, in a variables file.
IN_TASKS = (
    "- name: Make the account\n  ansible.builtin.user:\n    name: app\n    password: '«{}»'\n",
    "- name: Tell the service\n  ansible.builtin.uri:\n    url: https://example.org\n    headers:\n"
    "      Authorization: Bearer «{}»\n",
    "- name: Run it\n  ansible.builtin.command: run --password=«{}» --now\n",
    "- name: Write the settings\n  ansible.builtin.lineinfile:\n    path: /etc/app.conf\n"
    "    line: 'api_key=«{}»'\n",
    "- name: Set it up\n  ansible.builtin.command: run\n  environment:\n    APP_SECRET: «{}»\n",
)
IN_VARIABLES = ("db_password: «{}»\n", "app:\n  auth_token: '«{}»'\n", "vault_key: «{}» # ours\n")
WRITTEN = (
    "\n  ansible.builtin.user:\n    name: app\n    password: «{}»\n",
    "\n  ansible.builtin.command: login --token «{}»\n",
)
SIMPLE = sorted(
    kind
    for kind in KINDS
    if kind not in ("pem", "vault", "pem_escaped", "salt", "password", "passphrase", "numeric", "word")
)
NAME = "- name: Frobnicate the whatsit"
HARMLESS = "\n  ansible.builtin.package:\n    name: whatsit\n    state: present"
KIND = st.sampled_from(SIMPLE)


class Workplace:
    """One server with one endpoint, used by one example after the other; what was planted adds up."""

    def __init__(self, wire: Wire, endpoint: ScriptedServer, home: Path, root: Path) -> None:
        self.wire, self.endpoint, self.home, self.root = wire, endpoint, home, root
        self.planted: dict[str, str] = {}
        self.n_files = 0

    def plant(self, text: str, seed: int) -> str:
        planted = plant(text, seed)
        for kind, secret, _ in planted.secrets:
            self.planted |= dict.fromkeys((p for p in pieces(secret) if len(p) >= 8), kind)
        return planted.text

    async def play(self, tasks: str, variables: str, written: str, accepts: bool) -> None:
        """A person opens two files, asks at a name, then takes what is offered or writes something else."""
        self.n_files += 1
        role = self.root / "roles" / f"r{self.n_files}"
        (role / "defaults").mkdir(parents=True)
        (role / "defaults" / "main.yml").write_text(variables, encoding="utf-8")
        self.wire.open((role / "defaults" / "main.yml").as_uri(), variables)
        uri = (role / "tasks" / "main.yml").as_uri()
        text = f"---\n{tasks}\n{NAME} {self.n_files}"
        self.wire.open(uri, text)
        line = text.count("\n")
        at = {"line": line, "character": len(text.rsplit("\n", maxsplit=1)[-1])}
        items = await self.wire.inline(uri, line, at["character"])
        assert items, f"nothing is offered at the end of:\n{text}"
        inserted = HARMLESS if accepts else written
        self.wire.change(uri, 2, {"range": {"start": at, "end": at}, "text": inserted})
        end = {"line": line + 2, "character": 0}
        self.wire.change(uri, 3, {"range": {"start": end, "end": end}, "text": f"  # {written.strip()}\n"})
        self.wire.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def everything(self) -> str:
        """All that was asked, logged and kept so far."""
        kept = [json.dumps(self.endpoint.calls), *self.wire.log]
        kept += [
            path.read_bytes().decode("utf-8", "replace") for path in self.home.rglob("*") if path.is_file()
        ]
        return "\n".join(kept)

    def found(self) -> list[str]:
        """Kinds of secrets that stand where none may."""
        everything = self.everything()
        return sorted({kind for piece, kind in self.planted.items() if piece in everything})


def test_no_planted_secret_is_found_in_a_request_a_log_the_cache_or_the_feedback(
    environ: dict[str, str], home: Path, tmp_path: Path
) -> None:
    root = tmp_path / "workspace"
    root.mkdir()
    rule = Rule(texts=(HARMLESS.lstrip(),))
    with asyncio.Runner() as runner, ScriptedServer(Script(rules=(rule,))) as endpoint:
        (home / "config.toml").write_text(
            f'model = "near"\nlog_level = "debug"\n[endpoints.near]\nbase_url = "{endpoint.base_url}"\n'
            'model = "scripted"\nstyle = "completion"\n',
            encoding="utf-8",
        )
        asked = {
            "CHIRON_SUGGEST__RECALL_THRESHOLD": "1",
            "CHIRON_SUGGEST__PATIENCE_MS": "600000",
            "CHIRON_SUGGEST__DEBOUNCE_MS": "0",
        }
        environ.pop("CHIRON_MODEL")
        wire = runner.run(Wire.start(environ | asked))
        runner.run(wire.initialize(root))
        place = Workplace(wire, endpoint, home, root)

        @settings(max_examples=40, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
        @given(
            tasks=st.lists(st.tuples(st.sampled_from(IN_TASKS), KIND), min_size=1, max_size=5),
            variables=st.lists(st.tuples(st.sampled_from(IN_VARIABLES), KIND), max_size=3),
            written=st.tuples(st.sampled_from(WRITTEN), KIND),
            accepts=st.booleans(),
            seed=st.integers(0, 2**32),
        )
        def play(
            tasks: list[tuple[str, str]],
            variables: list[tuple[str, str]],
            written: tuple[str, str],
            accepts: bool,
            seed: int,
        ) -> None:
            texts = [
                "\n".join(template.format(kind) for template, kind in chosen)
                for chosen in (tasks, variables, [written])
            ]
            parts = [place.plant(text, seed + nth) for nth, text in enumerate(texts)]
            runner.run(place.play(parts[0], parts[1], parts[2], accepts))
            assert not place.found()

        try:
            play()
        finally:
            assert runner.run(wire.end()) == 0
        everything = place.everything()
        assert "wrote_instead" in everything, "what was written instead was kept"
        assert "CHIRON_SECRET" in everything, "with placeholders"
        assert not place.found(), "nor once everything is written"
