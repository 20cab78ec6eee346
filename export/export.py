"""Checkpoint to instrument: calibrate, write decoder and encoder, listen to every knob, name it, prove parity."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import onnxruntime
import torch

from ..models import audio_files, vae
from ..models.wavenet_vae import data, network
from .calibrate import Calibration, find_home, knob_names
from .coupling import cloud
from .descriptors import HEARD_AS
from .errors import LatentoneError
from .manifest import SCHEMA_VERSION, LatentRecord, Manifest
from .onnx import encoder as onnx_encoder
from .onnx import graph, parity, wavenet
from .runtime.fused import FusedDecoder
from .runtime.fused.tensors import NotFusable
from .runtime.load import encoder_file_of, load_decoder, load_encoder
from .runtime.onnx import OnnxDecoder
from .sweep import Heard, listen

Report = Callable[[str], None]


@dataclass(frozen=True)
class Request:
    """What `latentone export` was asked for."""

    checkpoint: Path
    output: Path
    train_path: Path | None
    name: str | None
    temperature: float
    speaker: str | None
    licence: str
    credit: str
    seed: int


@dataclass(frozen=True)
class Exported:
    """The files written and what was proved of them."""

    decoder: Path
    encoder: Path
    manifest: Manifest
    decoder_parity: dict[str, parity.Parity]
    """By runtime; each draws what PyTorch draws."""
    encoder_error: float
    calibration: Calibration
    """That is folded into both files."""


def export(request: Request, say: Report = lambda _: None) -> Exported:
    """Do all of it; raises LatentoneError for a bad checkpoint, missing data or failed parity. `say` hears each stage."""
    model, record = network.load(request.checkpoint)
    h = model.hyperparameters
    speaker = speaker_index(h.speakers, request.speaker)
    files = _training_files(request, record)
    say(f"encoding {len(files)} recordings")
    raw, energy_db, seconds = encode_all(model, files)
    calibration = Calibration.fit(raw)
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        kind="decoder",
        family="wavenet_vae",
        name=request.name or request.output.stem,
        sample_rate_hz=h.sample_rate_hz,
        hop_samples=h.control_hop_samples,
        channels=1,
        latency_samples=model.decoder.latency_samples,
        noise_per_frame=h.control_hop_samples,
        temperature=request.temperature,
        latents=_unheard(calibration),
        state=wavenet.state_records(model.decoder),
        network=h.to_dict(),
        weights_sha256=vae.fingerprint(model),
        trained_on={
            "name": _trained_on(request, record).name,
            "seconds": round(seconds),
            "licence": request.licence,
            "credit": request.credit,
        },
        tools={
            "latentone": version("latentone"),
            "torch": torch.__version__,
            "onnx": onnx.__version__,
            "onnxruntime": onnxruntime.__version__,
            "python": platform.python_version(),
        },
    )

    request.output.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".export-", dir=request.output.parent) as folder:
        draft = Path(folder) / request.output.name
        proofs = _make(model, calibration, energy_db, manifest, speaker, draft, request.seed, say)
        # Only what is proved takes the place of what was there.
        final_encoder = encoder_file_of(request.output)
        encoder_file_of(draft).replace(final_encoder)
        draft.replace(request.output)
    return Exported(request.output, final_encoder, manifest, *proofs)


def _make(
    model: network.WaveNetVAE,
    calibration: Calibration,
    energy_db: np.ndarray,
    manifest: Manifest,
    speaker: int | None,
    output: Path,
    seed: int,
    say: Report,
) -> tuple[dict[str, parity.Parity], float, Calibration]:
    """Write decoder and encoder, complete `manifest` by listening, and compare both with PyTorch."""
    h = model.hyperparameters

    def write(with_calibration: Calibration) -> None:
        nodes = wavenet.decoder_graph(model.decoder, with_calibration.matrix, with_calibration.offset, speaker)
        graph.write(nodes, manifest, output)

    write(calibration)
    decoder = load_decoder(output)
    say("looking for a home that sounds")
    home = find_home(decoder, calibration.knobs, energy_db, seed)
    for latent, value in zip(decoder.manifest.latents, home, strict=True):
        latent.home = float(value)
    say(f"listening to {h.latents} knobs")
    heard = listen(decoder, range(h.latents), seed, lambda done, count: say(f"listened to {done} of {count} knobs"))
    mains = [knob.main for knob in heard]
    # Turning a knob up is to mean more of what it does.
    signs = np.array([-1.0 if main and knob.rho[main] < 0 else 1.0 for main, knob in zip(mains, heard, strict=True)])
    calibration = calibration.turned(signs)
    names = knob_names([HEARD_AS[main] if main else None for main in mains])
    manifest.latents = calibration.records(names, home * signs, _turned(heard, signs))
    write(calibration)
    cloud.store(output, calibration.knobs, seed)
    proofs = {}
    for decoder in runtimes_of(output):
        say(f"comparing {decoder.runtime} with PyTorch over 20 blocks")
        proofs[decoder.runtime] = parity.check_decoder(model.decoder, calibration, decoder, speaker=speaker)

    say("exporting the encoder")
    encoder_file = encoder_file_of(output)
    encoder_manifest = manifest.model_copy(
        update={
            "kind": "encoder",
            "hop_samples": h.latent_hop_samples,
            "state": [],
            "noise_per_frame": 0,
            "latency_samples": 0,
        }
    )
    graph.save(
        onnx_encoder.encoder_model(model.encoder, calibration, h.latent_hop_samples), encoder_manifest, encoder_file
    )
    module = onnx_encoder.CalibratedEncoder(model.encoder, calibration).eval()
    encoder_error = parity.check_encoder(module, load_encoder(encoder_file))
    return proofs, encoder_error, calibration


def runtimes_of(file: Path) -> list[OnnxDecoder | FusedDecoder]:
    """The decoder in `file` in each runtime that knows its graph."""
    try:
        return [OnnxDecoder(file), FusedDecoder(file)]
    except NotFusable:
        return [OnnxDecoder(file)]


@torch.inference_mode()
def encode_all(model: network.WaveNetVAE, files: list[Path]) -> tuple[np.ndarray, np.ndarray, float]:
    """Posterior means (frames, latents) and level (frames,) in dB of every readable recording, and their seconds."""
    h = model.hyperparameters
    raw, energy_db, samples = [], [], 0
    skipped: list[str] = []
    for _, audio in audio_files.load_all(files, h.sample_rate_hz, skipped):
        whole = data.whole_latents(audio, h)
        raw.append(model.encoder.encode(torch.from_numpy(whole)[None])[0].T.numpy())
        energy_db.append(10 * np.log10(np.mean(whole.reshape(-1, h.latent_hop_samples) ** 2, axis=1) + 1e-10))
        samples += len(audio)
    for line in skipped:
        print(f"skipped {line}", file=sys.stderr)
    if sum(map(len, raw)) < 2 * h.latents:
        raise LatentoneError(
            f"calibration needs at least {2 * h.latents} latent frames of readable audio; give more with --train_path"
        )
    return np.concatenate(raw).astype(np.float64), np.concatenate(energy_db), samples / h.sample_rate_hz


def _trained_on(request: Request, record: dict) -> Path:
    recorded = record.get("training", {}).get("train_path")
    folder = request.train_path or (Path(recorded) if recorded else None)
    if folder is None:
        raise LatentoneError(
            f"{request.checkpoint}: does not say what it was trained on; give the folder with --train_path"
        )
    return folder


def _training_files(request: Request, record: dict) -> list[Path]:
    training = record.get("training", {})
    folder = _trained_on(request, record)
    if not folder.exists():
        raise LatentoneError(f"{folder}: the training data is not there any more; say where with --train_path")
    files = audio_files.find(folder, training.get("max_files"))
    return (
        data.split(folder, None, training.get("max_files"))[0]
        if training.get("split", True) and len(files) > 1
        else files
    )


def speaker_index(names: tuple[str, ...], wanted: str | None) -> int | None:
    """Which of a model's speakers is wanted, the first by default; raises LatentoneError for one that it does not know."""
    if not names:
        if wanted:
            raise LatentoneError(f"--speaker {wanted}: this model was trained without speakers")
        return None
    if wanted is None:
        return 0
    if wanted not in names:
        raise LatentoneError(f"--speaker {wanted}: not one of {', '.join(names)}")
    return names.index(wanted)


def _unheard(calibration: Calibration) -> list[LatentRecord]:
    dim = calibration.matrix.shape[0]
    return calibration.records(knob_names([None] * dim), np.zeros(dim), [{}] * dim)


def _turned(heard: list[Heard], signs: np.ndarray) -> list[dict[str, float]]:
    return [
        {name: float(rho * sign) for name, rho in knob.rho.items()} for knob, sign in zip(heard, signs, strict=True)
    ]
