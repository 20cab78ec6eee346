"""Settings: one place for defaults, layers over it, and one helpful line for each mistake."""

import re
from pathlib import Path

import pytest
import yaml
from latentone.export.errors import LatentoneError
from latentone.server.config import DEFAULTS, load_config


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str) -> Path:
        file = tmp_path / "my.yaml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


def test_the_shipped_file_is_complete_and_valid():
    config = load_config(None, {})
    assert config.model.name == "voice"
    assert (config.osc.host, config.osc.port) == ("127.0.0.1", 9001)
    assert config.audio.sink == "auto"
    assert not config.midi.enabled


def test_every_key_of_the_shipped_file_is_explained_beside_it():
    """A person reads config.yaml instead of a manual: each key has a comment, or a name that needs none."""
    lines = DEFAULTS.read_text(encoding="utf-8").splitlines()
    silent = {line.strip().partition(":")[0] for line in lines if re.match(r"  \w+: \S", line) and "#" not in line}
    assert silent <= {"enabled", "gain_db", "file"}


def test_flags_come_over_the_users_file_and_that_over_the_defaults(write):
    file = write("audio: {block_samples: 640, latency_ms: 100}\nosc: {port: 7000}\n")
    config = load_config(file, {"audio.block_samples": 128, "osc.host": None})
    assert config.audio.block_samples == 128
    assert config.audio.latency_ms == 100
    assert config.osc.port == 7000
    assert config.osc.host == "127.0.0.1", "a flag that was not given changes nothing"
    assert config.audio.channels is None, "stereo or mono, as the device has it"


def test_a_host_that_lets_the_network_in_lets_in_private_addresses_or_those_that_are_named(write):
    assert "192.168.1.7" not in load_config(None, {}).osc.allowed()
    listening = load_config(None, {"osc.host": "0.0.0.0"}).osc.allowed()
    assert ("192.168.1.7" in listening, "203.0.113.7" in listening) == (True, False)
    named = load_config(write("osc: {host: 0.0.0.0, allow: [203.0.113.0/24]}"), {}).osc.allowed()
    assert ("192.168.1.7" in named, "203.0.113.7" in named) == (False, True)


def test_a_users_list_replaces_the_default_list_and_midi_defaults_fill_it(write):
    config = load_config(write("mapping: {midi_defaults: {curve: s}, midi: [{cc: 3, target: /latent/0}]}"), {})
    [binding] = config.mapping.midi
    assert (binding.cc, binding.target, binding.curve, binding.range) == (3, "/latent/0", "s", [-1.0, 1.0])


def test_a_section_with_all_its_keys_commented_out_changes_nothing(write):
    assert load_config(write("audio:\n  # channels: 4\n"), {}) == load_config(None, {})


def test_an_unquoted_null_is_the_null_sink(write):
    assert load_config(write("audio: {sink: null}"), {}).audio.sink == "null"


@pytest.mark.parametrize("device", [3, "usb"])
def test_a_device_is_named_by_index_or_text(write, device):
    assert load_config(write(f"audio: {{device: {device}}}"), {}).audio.device == device


def test_paths_are_relative_to_the_file_they_stand_in_and_home_is_expanded(write, tmp_path):
    config = load_config(write("presets: {file: sub/p.yaml}\npaths: {models: [m, ~/n]}\nmodel: {name: x.onnx}"), {})
    assert config.presets.file == tmp_path / "sub/p.yaml"
    assert config.paths.models == [tmp_path / "m", Path.home() / "n"]
    assert config.model.name == str(tmp_path / "x.onnx")


def test_a_model_is_found_by_name_in_the_users_folders(write, tmp_path):
    (tmp_path / "drone.onnx").write_bytes(b"")
    config = load_config(write("paths: {models: [.]}"), {"model.name": "drone"})
    assert config.model_file() == tmp_path / "drone.onnx"
    with pytest.raises(LatentoneError, match=r"'dron' is neither a file nor the name of a model .*drone"):
        load_config(write("paths: {models: [.]}"), {"model.name": "dron"}).model_file()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("audio: {block_samples: 0}", "audio.block_samples: 0 is not allowed (an integer from 16 to 16384)"),
        ("audio: {channels: yes}", "audio.channels: true is not allowed (an integer from 1 to 64 or null)"),
        ("audio: {channels: '2'}", 'audio.channels: "2" is not allowed (an integer from 1 to 64 or null)'),
        ("audio: {gain_db: .nan}", "audio.gain_db: NaN is not allowed (a number from -90 to 24)"),
        ("model: {voices: 9}", "model.voices: 9 is not allowed (an integer from 1 to 8)"),
        ("audio: 3", "audio: 3 is not allowed (a section with the keys sink, device,"),
        ("adio: {}", "adio: unknown key (did you mean audio?)"),
        ("audio: {zzz: 1}", "audio.zzz: unknown key (allowed: sink, device,"),
        ("runtime: {name: oonx}", 'runtime.name: "oonx" is not allowed (one of auto, fused, onnx, torchscript)'),
        ("osc: {reply_port: 0}", "osc.reply_port: 0 is not allowed (an integer from 1 to 65535 or null)"),
        (
            "osc: {allow: [10.0.0.300]}",
            "osc.allow: [\"10.0.0.300\"] is not allowed ('10.0.0.300' is neither an address nor a network such as 192.168.1.0/24)",
        ),
        ("osc: {reply_port: 9001}", "osc.reply_port: 9001 is osc.port, so the server would answer itself"),
        ("oscquery: {name: ''}", 'oscquery.name: "" is not allowed (text of 1 to 60 bytes'),
        ("audio: {sink: file}", "audio.sink: file needs a path in audio.file"),
        ("presets: {file: 3}", "presets.file: 3 is not allowed (a path)"),
        (
            "mapping: {midi: [{cc: 1, target: /latent/0}, {cc: 131, target: /latent/0}]}",
            "mapping.midi[1].cc: 131 is not allowed (an integer from 0 to 127 or null)",
        ),
        ("mapping: {midi: [{target: /latent/0}]}", "(needs either `cc: 20` or `source:`, such as `cc14 1`"),
        ("mapping: {midi: [{cc: 1}]}", "mapping.midi[0].target: is missing (text)"),
        ("mapping: {osc: [{source: fader, target: /latent/0}]}", "('fader' is not a control (such as `cc 20`,"),
        ("mapping: {midi: [{cc: 1, target: z0, input: [1, 1]}]}", "(two different numbers)"),
        ("mapping: {midi: [{source: bend, target: z0, relative: signed_bit}]}", "(relative is for control changes"),
        ("midi: {backend: oss}", 'midi.backend: "oss" is not allowed (one of alsa, jack, coremidi, winmm or null)'),
        ("midi: {mpe_lower: 16}", "midi.mpe_lower: 16 is not allowed (an integer from 0 to 15)"),
        ("mapping: {midi: [{cc: 1, target: /gian_db}]}", "unknown address (did you mean /gain_db?)"),
        ("mapping: {midi: [{cc: 1, target: /status}]}", "(an address that takes one number, such as /latent/0)"),
        ("mapping: {midi: [{cc: 1, target: /gain_db, range: [0, 99]}]}", "goes beyond gain_db (-90 to 24 dB)"),
        ("osc:\n  port: 1\n port: 2", "line 3: not YAML"),
        ("osc: [1", "not YAML"),
        ("- audio", "settings are sections"),
    ],
)
def test_a_mistake_is_one_line_with_file_key_value_and_what_is_allowed(write, text, problem):
    file = write(text)
    with pytest.raises(LatentoneError) as caught:
        load_config(file, {})
    assert str(caught.value).startswith(f"{file}: ")
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_flag_is_blamed_on_the_command_line(write):
    with pytest.raises(LatentoneError, match=r"^command line: audio.block_samples: 0 is not allowed"):
        load_config(write("audio: {block_samples: 64}"), {"audio.block_samples": 0})


@pytest.mark.parametrize("content", [b"\xff\xfe\xff", b"\0"])
def test_a_file_that_is_no_text_is_one_line(tmp_path, content):
    file = tmp_path / "my.yaml"
    file.write_bytes(content)
    with pytest.raises(LatentoneError, match=r"my\.yaml: (cannot be read|not YAML): [^\n]+$"):
        load_config(file, {})


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(LatentoneError, match="cannot be read"):
        load_config(tmp_path / "none.yaml", {})


def test_no_default_hides_in_the_code(monkeypatch, tmp_path):
    """Each key taken out of config.yaml is missed: so config.yaml is where all defaults are."""
    shipped = yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))
    keys = [(section, key) for section, values in shipped.items() for key in values]
    assert len(keys) > 20
    for section, key in keys:
        partial = {name: dict(values) for name, values in shipped.items()}
        del partial[section][key]
        file = tmp_path / "config.yaml"
        file.write_text(yaml.safe_dump(partial), encoding="utf-8")
        monkeypatch.setattr("latentone.server.config.DEFAULTS", file)
        with pytest.raises(LatentoneError, match=f"{section}.{key}"):
            load_config(None, {})
