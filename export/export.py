"""Checkpoint to instrument: calibrate, name the knobs, write decoder and encoder, prove parity; in three precisions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..models import vae
from ..models.wavenet_vae import network
from . import provenance, variant
from .calibrate import Calibration
from .coupling import cloud
from .errors import LatentoneError
from .instrument import Instrument, measured, taken_from
from .manifest import SCHEMA_VERSION, LatentRecord, Manifest
from .onnx import encoder as onnx_encoder
from .onnx import graph, parity, wavenet
from .onnx.narrow import STORES
from .runtime import Decoder
from .runtime.fused import FusedDecoder
from .runtime.fused.tensors import NotFusable
from .runtime.load import encoder_file_of, load_decoder, load_encoder
from .runtime.onnx import OnnxDecoder
from .training_material import trained_on, training_files
from .weights import rounded

TEMPERATURE = 0.9
Report = Callable[[str], None]


@dataclass(frozen=True)
class Request:
    """What `latentone export` was asked for."""

    checkpoint: Path
    output: Path
    train_path: Path | None
    name: str | None
    temperature: float | None
    speaker: str | None
    licence: str
    credit: str
    seed: int
    weights: str = "float32"
    """float32, float16 or int8."""
    calibration_from: Path | None = None
    """An earlier export of the same checkpoint, whose knobs are taken over."""


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
    model: network.WaveNetVAE
    """With the weights that both files have."""


def export(request: Request, say: Report = lambda _: None) -> Exported:
    """Do all of it; raises LatentoneError for a bad checkpoint, missing data or failed parity. `say` hears each stage.

    With weights of less precision, knobs, names and home are those of the float32 model: another file, the same instrument.
    """
    model, record = network.load(request.checkpoint)
    speaker = speaker_index(model.hyperparameters.speakers, request.speaker)
    request.output.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".export-", dir=request.output.parent) as folder:
        draft = Path(folder) / request.output.name
        manifest, instrument = _instrument(model, record, request, speaker, draft, say)
        kept = rounded(model, request.weights)
        _write_decoder(kept, instrument.calibration, manifest, speaker, draft, request.weights)
        if request.weights != "float32":
            plain = draft.with_name("float32.onnx")
            _write_decoder(model, instrument.calibration, manifest, speaker, plain, "float32")
            folder_of = trained_on(request.checkpoint, record, request.train_path)
            manifest.weights = variant.cost(kept, model, request.weights, draft, plain, folder_of, record, say)
            _write_decoder(kept, instrument.calibration, manifest, speaker, draft, request.weights)
        if instrument.cloud is not None:
            cloud.store(draft, instrument.cloud, request.seed)
        proofs = {}
        for decoder in runtimes_of(draft):
            say(f"comparing {decoder.runtime} with PyTorch over 20 blocks")
            proofs[decoder.runtime] = parity.check_decoder(
                kept.decoder, instrument.calibration, decoder, speaker=speaker
            )
        say("exporting the encoder")
        error = _write_encoder(kept, instrument.calibration, manifest, encoder_file_of(draft), request.weights)
        # Only what is proved takes the place of what was there.
        final_encoder = encoder_file_of(request.output)
        encoder_file_of(draft).replace(final_encoder)
        draft.replace(request.output)
    return Exported(request.output, final_encoder, manifest, proofs, error, instrument.calibration, kept)


def _instrument(
    model: network.WaveNetVAE, record: dict[str, Any], request: Request, speaker: int | None, draft: Path, say: Report
) -> tuple[Manifest, Instrument]:
    if request.calibration_from is not None:
        instrument, before = taken_from(request.calibration_from, model)
        said = {"licence": request.licence, "credit": request.credit}
        about = before.trained_on | {key: value for key, value in said.items() if value}
        temperature = before.temperature if request.temperature is None else request.temperature
        return _manifest(model, request, instrument.latents, temperature, about), instrument
    folder = trained_on(request.checkpoint, record, request.train_path)
    temperature = TEMPERATURE if request.temperature is None else request.temperature

    def as_decoder(calibration: Calibration, latents: list[LatentRecord]) -> Decoder:
        unheard = _manifest(model, request, latents, temperature, {})
        _write_decoder(model, calibration, unheard, speaker, draft, "float32")
        return load_decoder(draft)

    instrument = measured(model, training_files(folder, record), as_decoder, request.seed, say)
    about = {
        "name": folder.name,
        "seconds": round(instrument.seconds),
        "licence": request.licence,
        "credit": request.credit,
    }
    return _manifest(model, request, instrument.latents, temperature, about), instrument


def _manifest(
    model: network.WaveNetVAE,
    request: Request,
    latents: list[LatentRecord],
    temperature: float,
    about: dict[str, Any],
) -> Manifest:
    h = model.hyperparameters
    return Manifest(
        schema_version=SCHEMA_VERSION,
        kind="decoder",
        family="wavenet_vae",
        name=request.name or request.output.stem,
        sample_rate_hz=h.sample_rate_hz,
        hop_samples=h.control_hop_samples,
        channels=1,
        latency_samples=model.decoder.latency_samples,
        noise_per_frame=h.control_hop_samples,
        temperature=temperature,
        latents=latents,
        state=wavenet.state_records(model.decoder),
        network=h.to_dict(),
        weights_sha256=vae.fingerprint(model),
        trained_on=about,
        tools=provenance.tools(),
    )


def _write_decoder(
    model: network.WaveNetVAE,
    calibration: Calibration,
    manifest: Manifest,
    speaker: int | None,
    file: Path,
    weights: str,
) -> None:
    nodes = wavenet.decoder_graph(model.decoder, calibration.matrix, calibration.offset, speaker)
    graph.write(nodes, manifest, file, STORES[weights])


def _write_encoder(
    model: network.WaveNetVAE, calibration: Calibration, manifest: Manifest, file: Path, weights: str
) -> float:
    """Write it and return its largest difference from PyTorch. Raises LatentoneError where that is too large."""
    hop = model.hyperparameters.latent_hop_samples
    changes = {"kind": "encoder", "hop_samples": hop, "state": [], "noise_per_frame": 0, "latency_samples": 0}
    proto = onnx_encoder.encoder_model(model.encoder, calibration)
    STORES[weights](proto)
    graph.save(proto, manifest.model_copy(update=changes), file)
    module = onnx_encoder.CalibratedEncoder(model.encoder, calibration).eval()
    return parity.check_encoder(module, load_encoder(file))


def runtimes_of(file: Path) -> list[OnnxDecoder | FusedDecoder]:
    """The decoder in `file` in each runtime that knows its graph."""
    try:
        return [OnnxDecoder(file), FusedDecoder(file)]
    except NotFusable:
        return [OnnxDecoder(file)]


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
