"""Who may import whom: the live path stays light, and every part can be understood, and replaced, on its own."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("server", "models", "export")
MODULES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Dotted names of all that a file imports, relative ones from the project's root: `server.audio.null`."""
    package = list(path.relative_to(ROOT).parts[:-1])
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            names |= {f"{stem}.{alias.name}" for alias in node.names} | {stem}
    return names


def within(name: str, *modules: str) -> bool:
    return any(name == module or name.startswith(module + ".") for module in modules)


FORBIDDEN = {
    "models": ("server", "export"),
    "export": ("server",),
    "server/controllers": ("server.mapping", "server.engine", "server.audio", "models"),
    "server/engine.py": (
        "server.audio.device",
        "server.audio.file",
        "server.audio.null",
        "export.runtime.onnx",
        "export.runtime.load",
    ),
    "server/mapping.py": ("socket", "yaml", "pathlib", "mido", "pythonosc", "soundfile"),
    "server/trajectory.py": ("socket", "yaml", "pathlib", "mido", "pythonosc", "soundfile"),
}


@pytest.mark.parametrize("place", FORBIDDEN)
def test_a_part_imports_nothing_that_it_must_not_know(place: str) -> None:
    files = [path for path in MODULES if path.relative_to(ROOT).is_relative_to(place)]
    assert files
    wrong = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in files
        for name in imported(path)
        if within(name, *FORBIDDEN[place])
    }
    assert not wrong


def test_controllers_do_not_import_each_other() -> None:
    for path in (ROOT / "server/controllers").glob("*.py"):
        others = {
            f"server.controllers.{other.stem}"
            for other in path.parent.glob("*.py")
            if other.stem not in (path.stem, "__init__")
        }
        assert not imported(path) & others


def test_inside_the_package_imports_are_relative() -> None:
    wrong = [path for path in MODULES for name in imported(path) if within(name, "latentone")]
    assert not wrong


def test_torch_belongs_to_models_and_exporting() -> None:
    light = [
        path for path in MODULES if path.is_relative_to(ROOT / "server") or path.is_relative_to(ROOT / "export/runtime")
    ]
    heavy = {
        path.relative_to(ROOT).as_posix()
        for path in light
        for name in imported(path)
        if within(name, "torch", "pytorch_lightning") or (within(name, "librosa") and "sonify" not in path.parts)
    }
    script = ROOT / "export/runtime/torchscript"
    assert {str((ROOT / path).parent) for path in heavy} == {str(script)}
    others = [path for path in MODULES if path != ROOT / "export/runtime/load.py" and path.parent != script]
    known = [path for path in others if any(within(name, "export.runtime.torchscript") for name in imported(path))]
    without_torch = [path for path in known if not any(within(name, "torch") for name in imported(path))]
    assert not without_torch, "loaded where it is needed"


def test_importing_a_module_does_nothing() -> None:
    """No statement at the top of a file calls for effect: no print, no open, no thread."""
    allowed = {"server/__main__.py"}  # builds the table of commands
    for path in MODULES:
        if str(path.relative_to(ROOT)) in allowed:
            continue
        calls = [
            node
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        ]
        assert not calls, path


def test_playing_never_loads_torch_nor_what_only_data_sets_and_reports_need() -> None:
    playing = ("server.play", "server.render", "export.runtime.onnx", "export.runtime.choose")
    assert _loaded_by(*playing, "server.datasets.opened", "export.runtime.data_encoder") == []


def test_sonifying_loads_its_libraries_only_when_it_works() -> None:
    assert _loaded_by("server.sonify.command", "server.sonify.report", "server.sonify.baseline") == []


def test_a_checkpoint_is_exported_without_the_libraries_of_training_and_measuring() -> None:
    """They take longer to load than PyTorch itself, and whoever mistyped a path would wait for them."""
    networks = (f"models.{family}.network" for family in ("wavenet_vae", "mocap", "tybalt"))
    unneeded = {"pytorch_lightning", "scipy.stats", "pandas", "sklearn", "matplotlib"}
    assert not unneeded & set(_loaded_by("export.export", *networks))


def _loaded_by(*modules: str) -> list[str]:
    """The heavy packages that a fresh interpreter has loaded once it has imported `modules` of latentone."""
    heavy = [
        "torch",
        "pytorch_lightning",
        "pandas",
        "sklearn",
        "scipy.stats",
        "scipy.spatial",
        "ot",
        "librosa",
        "matplotlib",
        "ray",
    ]
    imports = ", ".join(f"latentone.{module}" for module in modules)
    code = f"import {imports}, sys; print(*[name for name in {heavy} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], timeout=60, check=True, capture_output=True, text=True)
    return ran.stdout.split()
