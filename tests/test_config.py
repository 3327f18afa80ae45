"""Settings: where they come from, what is refused, and how a wrong one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from chiron.config import Settings, read_settings, with_editor
from chiron.errors import SettingsError


@pytest.fixture
def config(in_environ: dict[str, str]) -> Path:
    return Path(in_environ["CHIRON_CONFIG"])


def test_without_a_file_the_defaults_hold(config: Path) -> None:
    assert not config.exists()
    assert read_settings().suggest.automatic is True


def test_the_environment_stands_over_the_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text("[suggest]\nautomatic = false\nn_alternatives = 2\n", encoding="utf-8")
    monkeypatch.setenv("CHIRON_SUGGEST__N_ALTERNATIVES", "1")
    settings = read_settings()
    assert settings.suggest.automatic is False
    assert settings.suggest.n_alternatives == 1


def test_start_arguments_stand_over_all(config: Path) -> None:
    config.write_text('model = "embedded"\n', encoding="utf-8")
    assert read_settings(model="none").model == "none"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[suggest]\nautomatic = true\ndebounce_ms = -4\n", ["suggest.debounce_ms", "line 3"]),
        ("colour = 1\n", ["colour", "line 1"]),
        ("model = \n", ["not TOML", "line 1"]),
        ('[endpoints.hosted]\nbase_url = "https://x/v1"\n', ["endpoints.hosted.model", "required"]),
    ],
)
def test_a_wrong_setting_is_told_by_key_and_line(config: Path, text: str, said: list[str]) -> None:
    config.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as told:
        read_settings()
    for part in said:
        assert part in str(told.value)


@pytest.mark.parametrize(
    "options",
    [
        {"endpoints": {"evil": {"base_url": "http://evil/v1", "model": "x"}}},
        {"model": "evil"},
        {"python": "/tmp/evil"},
        {"embedded": {"weights": "/tmp/evil.gguf"}},
        {"data_dir": "/tmp"},
        {"cache": {"enabled": False}},
        {"feedback": {"enabled": False}},
        {"suggest": {"no_such_thing": 1}},
        {"suggest": {"debounce_ms": "soon"}},
        {"suggest": 7},
    ],
)
def test_what_an_editor_may_not_set_is_refused_and_left_alone(options: object) -> None:
    before = Settings()
    after, refused = with_editor(before, options)
    assert after == before
    assert len(refused) == 1


def test_an_editor_sets_how_suggestions_come() -> None:
    after, refused = with_editor(
        Settings(), {"suggest": {"automatic": False}, "feedback": {"exclude": ["x/*"]}}
    )
    assert refused == ()
    assert after.suggest.automatic is False
    assert after.feedback.exclude == ("x/*",)


@pytest.mark.parametrize("options", [None, 1, "x", [], {}])
def test_options_that_are_none_change_nothing(options: object) -> None:
    assert with_editor(Settings(), options) == (Settings(), ())
