"""The command line: which commands there are. Each is imported when called, so none waits for another's imports."""

from __future__ import annotations

import os
import sys
import traceback
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any, NoReturn

import typer

from ..export.errors import LatentoneError
from .process import hear_ctrl_c

EXIT_BAD_INPUT = 1
EXIT_BUG = 70  # EX_SOFTWARE of sysexits.h
EXIT_INTERRUPTED = 130  # as shells have it: 128 and the number of SIGINT
# Click's, of which newer typers bring a copy of their own.
UsageError: type[Exception] = typer.BadParameter.__bases__[0]

app = typer.Typer(
    help="Play the latent space: a trained decoder as an instrument.",
    epilog="latentone COMMAND --help shows examples. Start with: latentone play",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
train = typer.Typer(help="Train a model on recordings or data.", no_args_is_help=True)
app.add_typer(train, name="train")


def _command(group: typer.Typer, name: str, module: str, function: str, summary: str) -> None:
    """Add the typer function `module.function` as a command of `group`, not importing it before it is called."""
    passing_on = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}

    @group.command(name, help=summary, context_settings=passing_on)
    def call(context: typer.Context) -> None:
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        alone.command(name)(getattr(import_module(module, __package__), function))
        command = typer.main.get_command(alone)
        with command.make_context(name, [*context.args], parent=context.parent) as own:
            command.invoke(own)


_command(app, "play", ".play", "play", "Play a model, live: OSC and MIDI turn its knobs.")
_command(app, "devices", ".devices", "devices", "List the audio devices that can play.")
_command(app, "midi", ".midi_command", "midi", "List the MIDI inputs, show what they send, learn controls.")
_command(app, "doctor", ".doctor.command", "doctor", "Say what works here, how late the sound is, and what to change.")
_command(app, "render", ".render", "render", "Play a score into a file; same score, model and seed, same bytes.")
_command(app, "resynth", ".render", "resynth", "Encode a recording and decode it again.")
_command(app, "sonify", ".sonify.command", "sonify", "Render a data set, and report what of its classes is heard.")
_command(app, "bench", "..export.bench.command", "bench", "Measure what this machine can play, runtime by runtime.")
_command(app, "couple", ".datasets.couple", "couple", "Fit a data set's latents to a decoder's knobs, into a file.")
_command(train, "wavenet-vae", "..models.wavenet_vae.command", "train_wavenet_vae", "Train on recordings.")
_command(train, "mocap", "..models.mocap.command", "train_mocap", "Train on movement.")
_command(train, "tybalt", "..models.tybalt.command", "train_tybalt", "Train on the rows of a table.")
_command(app, "export", "..export.command", "export", "Make playable files of a checkpoint, or of a folder.")
_command(app, "inspect", "..export.inspect_command", "inspect", "Show what is inside a model file.")
_command(
    app, "calibrate", "..export.calibrate_command", "calibrate", "Measure the knobs of a foreign TorchScript model."
)
_command(app, "evaluate", "..export.command", "evaluate", "Measure how a model sounds and how its knobs work.")


def _print_version(asked: bool) -> None:
    if asked:
        print(f"latentone {version('latentone')}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", envvar="LATENTONE_DEBUG", help="Show tracebacks.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    if debug:
        os.environ["LATENTONE_DEBUG"] = "1"


def main() -> None:
    """Run the command line; what goes wrong ends in one line on stderr and a status that says whose fault it was."""
    hear_ctrl_c()
    try:
        status = app(prog_name="latentone", standalone_mode=False)
    except UsageError as error:
        _misused(error)
    except LatentoneError as error:
        _fail(str(error), EXIT_BAD_INPUT)
    except ModuleNotFoundError as error:
        if error.name in ("pandas", "pyarrow", "sklearn", "scipy", "ot"):
            _fail(f"this needs {error.name}: pip install 'latentone[sonify]'", EXIT_BAD_INPUT)
        if error.name in ("torch", "pytorch_lightning", "librosa", "tensorboard", "matplotlib", "onnx"):
            _fail(f"this needs {error.name}: pip install 'latentone[train]'", EXIT_BAD_INPUT)
        _fail(f"{error} (a bug: LATENTONE_DEBUG=1 shows where)", EXIT_BUG)
    except Exception as error:
        _fail(f"{type(error).__name__}: {error} (a bug: LATENTONE_DEBUG=1 shows where)", EXIT_BUG)
    else:
        if status == EXIT_INTERRUPTED:
            print("latentone: stopped by Ctrl-C", file=sys.stderr)
        sys.exit(status)


def _misused(error: Any) -> NoReturn:
    """Say in one line what a `UsageError` finds wrong with the command line; where it has no words, help is meant."""
    where = error.ctx.command_path if error.ctx else "latentone"
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        sys.exit(error.exit_code)
    what = " ".join(error.format_message().split())
    print(f"{where}: {what}{'' if what.endswith(('.', '?')) else '.'} See {where} --help", file=sys.stderr)
    sys.exit(error.exit_code)


def _fail(line: str, status: int) -> NoReturn:
    if os.environ.get("LATENTONE_DEBUG"):
        traceback.print_exc()
    print(f"latentone: {' '.join(line.split())}", file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
