"""The situations in `units/`: without a model, with one that writes harm, by marker with the real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from chiron.ansible.catalog import Catalog
from chiron.ansible.validate import validate_tasks
from chiron.config import Embedded, Settings
from chiron.errors import ChironError
from chiron.evals.units import Unit, answered, broken, read_units
from chiron.models.fake import Rule, ScriptedModel
from chiron.records import Model, Severity
from chiron.suggest.model.consult import Consultant
from chiron.suggest.pipeline import Suggester
from chiron.suggest.recall import Recall

UNITS = [
    unit for path in sorted((Path(__file__).parent / "units").glob("*.yml")) for unit in read_units(path)
]
RECALLED = [unit for unit in UNITS if not unit.model]
SCRIPTED = [unit for unit in UNITS if unit.model]
#: What no model may bring to the editor.
HARM = "ansible.builtin.shell: rm -rf / --no-preserve-root"


def called(unit: Unit) -> str:
    return unit.name.replace(" ", "_")


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return Catalog.open(Settings(), tmp_path_factory.mktemp("nothing"), {})


@pytest.fixture(scope="module")
def recall(catalog: Catalog) -> Recall:
    return Recall(catalog)


def to_suggester(catalog: Catalog, recall: Recall, model: Model | None) -> Suggester:
    return Suggester(
        catalog=catalog,
        recall=recall,
        consultant=Consultant(model, None, life_s=1, nothing_s=1) if model is not None else None,
        threshold=0.82,
        patience_ms=60_000,
    )


async def check_unit(unit: Unit, folder: Path, suggester: Suggester) -> None:
    request, answer = await answered(unit, folder, suggester)
    assert not broken(unit, request, answer, suggester.catalog)


def test_there_are_sixty_of_them_and_no_two_of_one_name() -> None:
    assert len(UNITS) >= 60
    assert len({unit.name for unit in UNITS}) == len(UNITS)


@pytest.mark.parametrize("unit", RECALLED, ids=called)
async def test_without_a_model(unit: Unit, tmp_path: Path, catalog: Catalog, recall: Recall) -> None:
    await check_unit(unit, tmp_path, to_suggester(catalog, recall, None))


@pytest.mark.parametrize("unit", RECALLED, ids=called)
async def test_with_a_model_that_writes_harm(
    unit: Unit, tmp_path: Path, catalog: Catalog, recall: Recall
) -> None:
    """What a weak model writes may come second, and this not at all."""
    model = ScriptedModel([Rule(texts=(HARM,))])
    _, answer = await answered(unit, tmp_path, to_suggester(catalog, recall, model))
    assert not any("rm -rf" in one.text for one in answer.suggestions)


@pytest.mark.parametrize("unit", SCRIPTED, ids=called)
async def test_with_a_scripted_model(unit: Unit, tmp_path: Path, catalog: Catalog, recall: Recall) -> None:
    model = ScriptedModel([Rule(texts=(text,), times=1) for text in unit.model])
    await check_unit(unit, tmp_path, to_suggester(catalog, recall, model))


@pytest.mark.embedded
async def test_with_the_embedded_model(tmp_path: Path, catalog: Catalog, recall: Recall) -> None:
    """Whatever it writes: nothing invalid is shown, and what must hold of any answer holds."""
    from chiron.models.embedded import EmbeddedModel

    model = EmbeddedModel(Embedded(), tmp_path / "embedded")
    try:
        suggester = to_suggester(catalog, recall, model)
        for number, unit in enumerate(unit for unit in UNITS if unit.embedded):
            request, answer = await answered(unit, tmp_path / str(number), suggester)
            assert not broken(unit, request, answer, catalog), unit.name
            for one in answer.suggestions:
                task = request.scope.before + one.text + "\n"
                errors = [p for p in validate_tasks(task, catalog) if p.severity is Severity.ERROR]
                assert not errors, (unit.name, one.text, errors)
    finally:
        await model.close()


@pytest.mark.parametrize(
    "text",
    [
        "- {name: a, at: x, expected: {}}",
        "- {name: a, at: x¦, expected: {colour is: red}}",
        "- {name: a, at: x¦}",
        "- {name: a, at: x¦, expected: {}, colour: red}",
    ],
)
def test_a_unit_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "units.yml").write_text(text, encoding="utf-8")
    with pytest.raises(ChironError, match="'a'"):
        read_units(tmp_path / "units.yml")
