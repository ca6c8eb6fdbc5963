"""Make the complete program of every stage, ahead of sphinx-gallery.

At ``config-inited`` the stages in ``examples/`` become programs in ``docs/_programs/``, where
sphinx-gallery finds them. A program holds the library's source, so sphinx-gallery's checksum covers
it, and a change in the library renews the pages that hold the changed source, and no others.

What no longer belongs to a stage is removed: its program, its page, its figures and its downloads.
An interrupted build is repeated: a stage counts as built once the whole gallery is.
"""

import ast
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from inliner import Key, inline, module_program, taught_by
from library_source import InlineError, Library
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import SphinxError

HEADER = "GALLERY_HEADER.rst"
STAMP = ".built.json"
MODULES = "modules"  # the folder of programs that a page holds as a string
DRAWING = sorted((Path(__file__).parent / "pages").glob("*.py"))
INLINING = ("programs", "inliner", "library_source")  # the modules that make a program
PACKAGES = (
    "torch",
    "numpy",
    "matplotlib",
)  # what a program may import, and nothing else


class StageError(SphinxError):
    """A stage that cannot become a program."""

    category = "Stages"


@dataclass(frozen=True)
class Stage:
    """A stage of the gallery.

    Attributes:
        key: Its path in the gallery, without suffix: "beyond/plot_11_noise".
        title: Its title.
        program: Its complete program.
        objects: The objects of the library that the program holds.
        named: Those that the stage imports by name.
        modules: The modules whose program it holds as a string.
    """

    key: str
    title: str
    program: str
    objects: tuple[Key, ...]
    named: tuple[Key, ...]
    modules: tuple[str, ...]

    @property
    def stem(self) -> str:
        """The name of its file, without suffix."""
        return Path(self.key).name


@dataclass(frozen=True)
class Folders:
    """Where things are."""

    examples: Path
    library: Path
    programs: Path
    gallery: Path

    @classmethod
    def of(cls, docs: Path, config: Config) -> "Folders":
        """Return the folders that the configuration names."""
        gallery_conf = config.sphinx_gallery_conf
        return cls(
            (docs / config.programs_examples).resolve(),
            (docs / config.programs_library).resolve(),
            docs / gallery_conf["examples_dirs"][0],
            docs / gallery_conf["gallery_dirs"][0],
        )


def make_programs(examples: Path, library_folder: Path) -> dict[str, Stage]:
    """Return the stages of a folder and its sections, with their programs, in reading order.

    Raises:
        StageError: If a stage cannot become a program; names every reason found.
    """
    library = Library(library_folder)
    files = [
        file for folder in _sections(examples) for file in sorted(folder.glob("*.py"))
    ]
    taught_in: dict[Key, str] = {}
    errors: list[str] = []
    stages: dict[str, Stage] = {}
    for first_pass in (True, False):
        for file in files:
            try:
                text = file.read_text(encoding="utf-8")
                if first_pass:
                    for taught in taught_by(text, file, library):
                        taught_in.setdefault(taught, file.name)
                    continue
                elsewhere = {
                    k: name for k, name in taught_in.items() if name != file.name
                }
                program = inline(text, file, library, elsewhere)
                _check_imports(program.text, file)
            except (InlineError, SyntaxError) as error:
                errors.append(str(error))
                continue
            key = file.relative_to(examples).with_suffix("").as_posix()
            stages[key] = Stage(
                key,
                _title(text),
                program.text,
                tuple(program.objects),
                tuple(program.named),
                tuple(program.modules),
            )
        if errors:
            raise StageError(
                "\n".join(["these stages cannot become programs:", *errors])
            )
    return stages


def remembered_programs(folders: Folders, memory: Path) -> dict[str, Stage]:
    """Return what ``make_programs`` makes, from the last build if it was made of the same files."""
    steps = [Path(__file__).with_name(f"{name}.py") for name in INLINING]
    sources = [*_files(folders.examples), *_files(folders.library), *steps]
    made_of = digest(
        "\n".join(
            f"{file} {sha256(file.read_bytes()).hexdigest()}"
            for file in sources
            if file.suffix != ".pyc"
        )
    )
    try:
        known = json.loads(memory.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        known = {}
    if known.get("made_of") != made_of:
        made = make_programs(folders.examples, folders.library)
        known = {
            "made_of": made_of,
            "stages": [asdict(stage) for stage in made.values()],
        }
        write_if_changed(memory, json.dumps(known).encode())
    stages = [
        Stage(**{k: _tuples(v) for k, v in stage.items()}) for stage in known["stages"]
    ]
    return {stage.key: stage for stage in stages}


def _tuples(value: Any) -> Any:
    """Return the tuples that JSON keeps as lists."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def write_programs(folders: Folders, stages: Mapping[str, Stage]) -> None:
    """Write the programs, leave what did not change untouched, and remove what does not belong."""
    library = Library(folders.library)
    wanted = {
        folders.programs / f"{key}.py": stage.program for key, stage in stages.items()
    }
    for folder in _sections(folders.examples):
        header = (folder / HEADER).read_text(encoding="utf-8")
        wanted[folders.programs / folder.relative_to(folders.examples) / HEADER] = (
            header
        )
    for stage in stages.values():
        for module in stage.modules:
            file = folders.programs / MODULES / f"{module.rpartition('.')[2]}.py"
            wanted[file] = module_program(library, module, Path(f"{stage.key}.py"), 1)
    uses: dict[str, list[dict[str, str]]] = {}
    for held_or_named in ("named", "objects"):
        for module, name in sorted({o for s in stages.values() for o in s.objects}):
            if (
                f"{module}.{name}" not in uses
            ):  # no stage names a helper: then all that hold it
                users = [
                    s
                    for s in stages.values()
                    if (module, name) in getattr(s, held_or_named)
                ]
                if users:
                    uses[f"{module}.{name}"] = [
                        {"key": s.key, "title": s.title} for s in users
                    ]
    wanted[folders.programs / "uses.json"] = (
        json.dumps(uses, indent=1, sort_keys=True) + "\n"
    )
    for file, text in wanted.items():
        write_if_changed(file, text.encode())
    for file in _files(folders.programs):
        if file not in wanted:
            file.unlink()
    _remove_empty_folders(folders.programs)


def clear_gallery(
    folders: Folders, stages: Mapping[str, Stage], fingerprint: str
) -> None:
    """Remove from the gallery what was not built from these programs, to the end, in this setting.

    The checksum goes first: sphinx-gallery then runs the stage, whatever else is removed.
    """
    stamp = _read_stamp(folders.gallery)
    if stamp.get("fingerprint") != fingerprint:
        shutil.rmtree(folders.gallery, ignore_errors=True)
        return
    changed = {
        k
        for k, stage in stages.items()
        if stamp["programs"].get(k) != digest(stage.program)
    }
    for key in sorted(changed):
        (folders.gallery / f"{key}.py.md5").unlink(missing_ok=True)
    for file in _files(folders.gallery):
        owner = _owner(file.relative_to(folders.gallery), stages)
        if owner is not None and (
            owner not in stages or (owner in changed and _is_figure(file))
        ):
            file.unlink()
    for folder in _folders(folders.gallery):
        if folder.name != "images" and not (folders.examples / folder.name).is_dir():
            shutil.rmtree(folder)


def write_if_changed(file: Path, content: bytes) -> bool:
    """Write a file at once or not at all, and only if its content changed; say whether it did."""
    if file.is_file() and file.read_bytes() == content:
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.new")
    draft.write_bytes(content)
    draft.replace(file)
    return True


def versions() -> dict[str, str]:
    """Return the versions with which the pages run; nothing is imported for it."""
    python = ".".join(map(str, sys.version_info[:3]))
    return {"Python": python, **{name: version(name) for name in PACKAGES}}


@cache
def ran_with() -> dict[str, str]:
    """Return the device and the versions with which the pages run. It imports PyTorch."""
    import torch

    accelerator = torch.accelerator.current_accelerator(check_available=True)
    return {
        "device": "CPU" if accelerator is None else accelerator.type.upper(),
        **versions(),
    }


def _sections(examples: Path) -> list[Path]:
    """Return the gallery's folder and those of its sections."""
    folders = [examples, *_folders(examples)]
    for folder in folders:
        for file in folder.glob("*.py"):
            if not file.name.startswith("plot_"):
                raise StageError(f"{file}: the name of a stage begins with plot_")
        if not (folder / HEADER).is_file():
            raise StageError(f"{folder} needs a {HEADER} that introduces the section")
    return folders


def _folders(parent: Path) -> list[Path]:
    if not parent.is_dir():
        return []
    return sorted(p for p in parent.iterdir() if p.is_dir() and p.name != "__pycache__")


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _is_figure(file: Path) -> bool:
    return file.name.startswith("sphx_glr_plot_")


def _owner(file: Path, stages: Mapping[str, Stage]) -> str | None:
    """Return the key of the stage that a file of the gallery belongs to, removed or not.

    Its figures are called ``sphx_glr_<stage>_001.svg``, and so on.
    """
    section = (
        "" if len(file.parts) == 1 or file.parts[0] == "images" else f"{file.parts[0]}/"
    )
    stem = file.name.removeprefix("sphx_glr_").partition(".")[0]
    if not stem.startswith("plot_"):
        return None
    while _is_figure(file) and stem and f"{section}{stem}" not in stages:
        stem = stem.rpartition("_")[0]
    return f"{section}{stem}"


def _remove_empty_folders(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def _title(text: str) -> str:
    docstring = ast.get_docstring(ast.parse(text)) or ""
    return next(line for line in docstring.splitlines() if line and line.strip("=-~# "))


def _check_imports(text: str, path: Path) -> None:
    allowed = sys.stdlib_module_names | set(PACKAGES)
    for root in _imported_roots(text):
        if root not in allowed:
            raise InlineError(
                path, 1, f"a program may import {', '.join(PACKAGES)}, not {root}"
            )


def _imported_roots(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def digest(text: str) -> str:
    """Return a checksum of a text."""
    return sha256(text.encode()).hexdigest()


def _fingerprint(docs: Path, gallery_conf: Mapping[str, Any]) -> str:
    """Return what the gallery depends on besides the programs: pins, versions, the build's steps.

    Not the device, which PyTorch alone knows: to import it takes longer than the rest of a build
    with nothing changed. Each page says on which device it ran.
    """
    pins = docs.parent / "constraints.txt"
    parts = [pins.read_text() if pins.is_file() else "", repr(versions())]
    for key in sorted(gallery_conf):
        parts.append(f"{key}={gallery_conf[key]!r}")
        steps = gallery_conf[key]
        if key in {"image_scrapers", "reset_modules"}:
            for step in [steps] if isinstance(steps, str) else steps:
                spec = find_spec(step.rpartition(".")[0]) if "." in step else None
                if spec is not None and spec.origin is not None:
                    parts.append(Path(spec.origin).read_text(encoding="utf-8"))
    parts.extend(file.read_text(encoding="utf-8") for file in DRAWING)
    return digest("\n".join(parts))


def _read_stamp(gallery: Path) -> dict[str, Any]:
    try:
        stamp: dict[str, Any] = json.loads(
            (gallery / STAMP).read_text(encoding="utf-8")
        )
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return stamp


def _prepare(app: Sphinx, config: Config) -> None:
    folders = Folders.of(Path(app.srcdir), config)
    stages = remembered_programs(folders, Path(app.doctreedir) / "stages.json")
    fingerprint = _fingerprint(Path(app.srcdir), config.sphinx_gallery_conf)
    clear_gallery(folders, stages, fingerprint)
    write_programs(folders, stages)
    config.programs_objects = {key: stage.objects for key, stage in stages.items()}
    config.programs_modules = {key: stage.modules for key, stage in stages.items()}
    config.programs_state = {
        "fingerprint": fingerprint,
        "programs": {key: digest(stage.program) for key, stage in stages.items()},
    }


def _finish_gallery(app: Sphinx) -> None:
    if app.config.sphinx_gallery_conf["plot_gallery"]:
        folders = Folders.of(Path(app.srcdir), app.config)
        stamp = json.dumps(app.config.programs_state, indent=1, sort_keys=True)
        write_if_changed(folders.gallery / STAMP, stamp.encode())


def _sweep_output(app: Sphinx, exception: Exception | None) -> None:
    """Remove from the site what is no longer in the gallery."""
    if exception is not None or app.builder.format != "html":
        return
    folders = Folders.of(Path(app.srcdir), app.config)
    out, gallery = Path(app.outdir), folders.gallery.name
    figures = {file.name for file in _files(folders.gallery)}
    for file in (out / "_images").glob("sphx_glr_plot_*"):
        if file.name not in figures:
            file.unlink()
    downloads = {out / "_downloads" / path for _, path in app.env.dlfiles.values()}
    for file in _files(out / "_downloads"):
        if file not in downloads:
            file.unlink()
    for folder, suffix in (
        (out / gallery, ".html"),
        (out / "_sources" / gallery, ".rst.txt"),
        (Path(app.doctreedir) / gallery, ".doctree"),
    ):
        for file in folder.rglob(f"*{suffix}"):
            page = file.relative_to(folder).as_posix().removesuffix(suffix)
            if f"{gallery}/{page}" not in app.env.found_docs:
                file.unlink()
        _remove_empty_folders(folder)
    _remove_empty_folders(out / "_downloads")


def setup(app: Sphinx) -> dict[str, bool]:
    """Set the steps up, ahead of sphinx-gallery (priority 10 and 500) and after it."""
    app.add_config_value("programs_examples", "../examples", "env")
    app.add_config_value("programs_library", "../linreg", "env")
    app.add_config_value("programs_state", {}, "")
    app.add_config_value("programs_modules", {}, "")
    app.add_config_value("programs_objects", {}, "")
    app.connect("config-inited", _prepare, priority=5)
    app.connect("builder-inited", _finish_gallery, priority=900)
    app.connect("build-finished", _sweep_output)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
