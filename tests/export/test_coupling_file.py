"""A coupling's file says whose it is, comes back as it went, and one that does not fit is refused in one line."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from coupling_cases import blob, decoder_manifest, encoder_manifest, of_two_knobs, target
from latentone.export.coupling import NAMES, Coupling, audio_cloud, fit, load_coupling
from latentone.export.coupling.account import account
from latentone.export.coupling.cloud import drawn
from latentone.export.coupling.sound import HeldSounds
from latentone.export.errors import LatentoneError
from latentone.export.runtime.load import SHIPPED_MODELS, load_decoder

DATA = blob(80, 3, 0)


def made(name: str = "standardise") -> Coupling:
    return fit(name, DATA, target(blob(500, 4, 1)), encoder=encoder_manifest(3), sound=of_two_knobs(0, 3))


@pytest.mark.parametrize("name", NAMES)
def test_a_coupling_comes_back_as_it_went(name: str, tmp_path: Path) -> None:
    coupling = made(name)
    for file in ("a.coupling.npz", "deeper/b.coupling.npz"):
        coupling.save(tmp_path / file)
    loaded = load_coupling(tmp_path / "a.coupling.npz", encoder_manifest(3), decoder_manifest(4))
    np.testing.assert_array_equal(loaded.apply(DATA), coupling.apply(DATA))
    assert loaded.header == coupling.header
    assert (tmp_path / "a.coupling.npz").read_bytes() == (tmp_path / "deeper/b.coupling.npz").read_bytes()


def rewritten(path: Path, **changes: object) -> Path:
    """The file with fields of its header changed; None takes one out."""
    with np.load(path) as archive:
        arrays = dict(archive)
    header = json.loads(str(arrays.pop("header"))) | changes
    np.savez(
        path, header=np.array(json.dumps({key: value for key, value in header.items() if value is not None})), **arrays
    )
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made().save(tmp_path / "mine.coupling.npz")
    return tmp_path / "mine.coupling.npz"


def test_what_newer_versions_add_is_kept(path: Path, tmp_path: Path) -> None:
    rewritten(path, mood="blue")
    load_coupling(path).save(tmp_path / "again.npz")
    assert load_coupling(tmp_path / "again.npz").header.model_extra == {"mood": "blue"}


def test_a_file_for_other_models_is_refused_and_names_both(path: Path) -> None:
    other = encoder_manifest(3, "genes")
    with pytest.raises(
        LatentoneError, match=r"the encoder digits \(bbbbbbbb \w+\), not for genes \(dddddddd \w+\); fit it again"
    ):
        load_coupling(path, other, decoder_manifest(4))
    retrained = decoder_manifest(4).model_copy(update={"weights_sha256": "e" * 64})
    with pytest.raises(LatentoneError, match=r"the decoder voice \(aaaaaaaa (\w+)\), not for voice \(eeeeeeee \1\)"):
        load_coupling(path, encoder_manifest(3), retrained)
    along_other_axes = encoder_manifest(3)
    along_other_axes.latents[0].std *= 2
    with pytest.raises(LatentoneError, match="was fitted for the encoder digits"):
        load_coupling(path, along_other_axes, decoder_manifest(4))
    with pytest.raises(LatentoneError, match="coupling direct: digits has 2 latents, not 3"):
        fit("direct", DATA, decoder_manifest(4), encoder=encoder_manifest(2))


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        (b"", "not a coupling file"),
        (b"PK\x03\x04 and no more", "not a coupling file"),
        (b"\x93NUMPY", "not a coupling file"),
    ],
)
def test_what_is_no_coupling_file_is_refused(contents: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(contents)
    with pytest.raises(LatentoneError, match=said):
        load_coupling(tmp_path / "x.npz")


def test_a_missing_cut_or_crooked_file_is_refused(path: Path, tmp_path: Path) -> None:
    whole = path.read_bytes()
    with pytest.raises(LatentoneError, match="no such coupling file"):
        load_coupling(tmp_path / "none.npz")
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(LatentoneError, match="not a coupling file, or a broken one"):
        load_coupling(path)
    path.write_bytes(whole[:200] + bytes(100) + whole[300:])
    with pytest.raises(LatentoneError, match=r"mine\.coupling\.npz: "):
        load_coupling(path)
    path.write_bytes(whole)
    with pytest.raises(LatentoneError, match="schema 9 is newer than this Latentone reads"):
        load_coupling(rewritten(path, schema_version=9))
    with pytest.raises(LatentoneError, match="header field method: field required"):
        load_coupling(rewritten(path, schema_version=1, method=None))
    with pytest.raises(LatentoneError, match="its numbers do not fit together"):
        load_coupling(rewritten(path, method="quantile"))
    with pytest.raises(LatentoneError, match="coupling telepathy: is not one of direct, "):
        load_coupling(rewritten(path, method="telepathy"))


def test_a_file_of_pickled_objects_is_never_unpacked(path: Path) -> None:
    with np.load(path) as archive:
        arrays = dict(archive)
    del arrays["offset"]
    np.savez(path, offset=np.array([print], dtype=object), **arrays)
    with pytest.raises(LatentoneError, match="not a coupling file"):
        load_coupling(path)


def test_data_that_nothing_can_be_fitted_to_is_refused() -> None:
    to = target(blob(500, 4, 1))
    with pytest.raises(LatentoneError, match="coupling nosuch: is not one of direct, standardise"):
        fit("nosuch", DATA, to)
    with pytest.raises(LatentoneError, match="row 7 of the latents holds a number that is not finite"):
        fit("direct", np.where(np.arange(80)[:, None] == 7, np.nan, DATA), to)
    with pytest.raises(LatentoneError, match="79 labels for 80 rows"):
        fit("learned", DATA, to, labels=["a"] * 79)
    with pytest.raises(LatentoneError, match="has to hear the decoder: give its file"):
        fit("learned", DATA, to)
    with pytest.raises(LatentoneError, match="nothing heard follows the knobs"):
        fit("learned", DATA, to, sound=lambda knobs: np.random.default_rng(0).random((len(knobs), 2)))


def test_the_account_tells_what_is_clipped() -> None:
    to, far = target(blob(500, 4, 1)), DATA + np.array([9.0, 0, 0])
    knobs = account(fit("direct", far, to), far, to)
    assert [knob.clipped > 0.9 for knob in knobs] == [True, False, False, False]
    assert np.isnan(knobs[3].data[0])
    np.testing.assert_allclose(knobs[1].coupled, knobs[1].data, atol=0.02)


def test_without_a_cloud_one_is_drawn_that_agrees_with_the_manifest() -> None:
    cloud = drawn(decoder_manifest(3), frames=20_000)
    np.testing.assert_allclose(np.quantile(cloud, (0.025, 0.5, 0.975), axis=0).T, [[-0.5, 0.0, 1.0]] * 3, atol=0.03)
    assert fit("standardise", DATA, decoder_manifest(3)).apply(DATA).std() > 0.1


@pytest.mark.parametrize("name", ["voice", "choir"])
def test_shipped_decoders_carry_what_they_learned_from(name: str) -> None:
    file = SHIPPED_MODELS / f"{name}.onnx"
    cloud, manifest = audio_cloud(file), load_decoder(file).manifest
    assert cloud.shape == (1024, len(manifest.latents))
    low, high = np.quantile(cloud, (0.025, 0.975), axis=0)
    wanted = np.array([[latent.quantiles["0.025"], latent.quantiles["0.975"]] for latent in manifest.latents])
    # Pauses, which are left out, lie at one end of the first knob.
    np.testing.assert_allclose(np.stack([low, high], axis=1)[1:], wanted[1:], atol=0.3)
    np.testing.assert_allclose(cloud.std(axis=0)[1:], [latent.std for latent in manifest.latents[1:]], rtol=0.15)
    assert wanted[0, 0] - 0.3 < low[0] < high[0] < wanted[0, 1] + 0.3
    correlations = np.corrcoef(cloud, rowvar=False) - np.eye(cloud.shape[1])
    assert np.abs(correlations).max() < 0.5, "principal axes hardly go together, unless these are other recordings"


def test_a_decoder_is_listened_to_at_held_settings() -> None:
    """Twice the same, and a knob that is named after loudness is heard as loudness: what `learned` goes by."""
    decoder = load_decoder(SHIPPED_MODELS / "choir.onnx")
    heard, manifest = HeldSounds(decoder), decoder.manifest
    knobs = np.repeat([[latent.home for latent in manifest.latents]], 4, axis=0)
    knobs[:, manifest.latent_names.index("loudness")] = [-1.0, -0.4, 0.4, 1.0]
    once = heard(knobs)
    assert once.shape == (4, len(heard.names))
    assert once[-1, 0] - once[0, 0] > 6, "dB"
    np.testing.assert_array_equal(once, heard(knobs))


def test_applying_needs_neither_torch_nor_what_fitting_needs(path: Path) -> None:
    made("transport").save(path)
    code = (
        "import sys; from pathlib import Path; import numpy as np; from latentone.export.coupling import load_coupling\n"
        f"load_coupling(Path({str(path)!r})).apply(np.zeros((1, 3), np.float32))\n"
        "sys.exit(str([name for name in ('torch', 'ot', 'sklearn', 'scipy', 'librosa') if name in sys.modules] or ''))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr.strip() == ""
    assert zipfile.is_zipfile(path)
