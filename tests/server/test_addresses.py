"""The OSC namespace: what a message may say, and what it is told when it may not."""

import math

import numpy as np
import pytest
from latentone.server.addresses import REPLIES, TABLE, Namespace, find_row, markdown_table
from latentone.server.arguments import AddressError

NAMES = ["loudness", "brightness", "pitch up/down", "3", "noisiness"]


@pytest.fixture(scope="module")
def namespace() -> Namespace:
    return Namespace(NAMES, voices=3)


def one(namespace: Namespace, address: str, *arguments: object) -> tuple:
    [command] = namespace.parse(address, arguments)
    return command.address, command.values


def test_a_knob_is_known_by_index_and_by_name(namespace):
    assert one(namespace, "/latent/1", 0.5) == ("/latent/1", (0.5,))
    assert one(namespace, "/latent/brightness", 0.5) == ("/latent/1", (0.5,))
    assert one(namespace, "/latent/pitch_up_down", 0.5) == ("/latent/2", (0.5,)), "names are made fit for OSC"


def test_an_index_means_the_index_even_when_another_knob_has_that_name(namespace):
    assert one(namespace, "/latent/3", 0.5)[0] == "/latent/3"
    assert Namespace(["1", "0"]).parse("/latent/1", [0.5])[0].address == "/latent/1"


@pytest.mark.parametrize("value", [1, 1.0, True, "1", " 1.0 ", "1e0"])
def test_whatever_holds_a_number_is_one(namespace, value):
    [(_, _, (number,))] = namespace.parse("/latent/0", [value])
    assert (number, type(number)) == (1.0, float)


def test_a_limit_can_be_sent_by_hosts_that_have_only_float32():
    """Their 0.01 is a little less than 0.01: a `/source/digits/rate 0.01` that is refused as too small explains nothing."""
    namespace = Namespace(["pitch"], 1, ["digits"])
    for address in ("/source/digits/rate", "/source/digits/dwell_s"):
        assert namespace.parse(address, [float(np.float32(0.01))])[0].values == (0.01,)
    with pytest.raises(AddressError, match=r"times must be 0\.01 to 100"):
        namespace.parse("/source/digits/rate", [0.0099])


@pytest.mark.parametrize("value", [math.nan, math.inf, "nan", "loud", "", None, b"1", [1.0], (1, 2), 10**400])
def test_what_is_no_number_is_refused(namespace, value):
    with pytest.raises(AddressError, match="value must be a number, got"):
        namespace.parse("/latent/0", [value])


@pytest.mark.parametrize(
    ("address", "arguments", "why"),
    [
        ("/latent/0", [4.5], "value must be -4 to 4, got 4.5"),
        ("/gain_db", [30], "gain_db must be -90 to 24 dB, got 30"),
        ("/temperature", [-1], "temperature must be 0 to 2, got -1"),
        ("/latent/0", [], "takes 1 argument, got 0; usage: /latent/<knob> value (-4 to 4)"),
        ("/latent", [0.0] * 6, "takes 1 to 5 arguments, got 6; usage: /latent value… (-4 to 4)"),
        ("/spline_to", [1.0] * 8, "takes 5 values for each place, got 7; usage: /spline_to over_s (0 to 3600 s) value"),
        ("/panic", [2], "takes 0 arguments, got 1; usage: /panic"),
        ("/sync", [1.5], "id must be a whole number, got 1.5"),
        ("/sync", [2**40], "id must be -2.14748e+09 to 2.14748e+09"),
        ("/preset/store", [None], "name must be a name, got nil"),
        ("/latent/5", [0], "there is no knob 5 (0 to 4)"),
        ("/latent/-1", [0], "there is no knob -1 (0 to 4)"),
        ("/voice/3/gate", [1], "there is no voice 3 (0 to 2)"),
        ("/voice/-1/latent/0", [1], "there is no voice -1 (0 to 2)"),
        ("/voice/0/latent/5", [0], "there is no knob 5 (0 to 4)"),
        ("/voice/0/gate", [2], "gate must be 0 to 1, got 2"),
        ("/sync", ["x"], "id must be a whole number, got 'x'"),
        ("/preset/store", ["x" * 256], "name must have at most 255 characters"),
        ("/glide_curve", ["quick"], "curve must be damped or linear, got 'quick'"),
        ("/preset/strore", ["x"], "unknown address (did you mean /preset/store?)"),
        ("/model/lode", ["x"], "unknown address (did you mean /model/load?)"),
        ("//gate", [1], "unknown address"),
        ("/voice/0/pan", [-1.5], "pan must be -1 to 1, got -1.5"),
        ("/voice/0/glide_s", [0], "unknown address (did you mean /voice/0/"),
        ("/latent/brightnes", [0], "unknown address (did you mean /latent/brightness?)"),
        ("/gian_db", [0], "unknown address (did you mean /gain_db?)"),
        ("/zzz", [], "unknown address; /help lists them"),
        ("", [], "unknown address; /help lists them"),
        ("/zzz/*", [], "no address matches this pattern"),
    ],
)
def test_a_mistake_is_told_what_is_allowed(namespace, address, arguments, why):
    with pytest.raises(AddressError) as caught:
        namespace.parse(address, arguments)
    assert caught.value.why.startswith(why)
    assert caught.value.address == address


def test_latent_takes_one_to_all_knobs(namespace):
    assert one(namespace, "/latent", 0.1, 0.2) == ("/latent", (0.1, 0.2))
    assert one(namespace, "/glide_to", 2, 0.1) == ("/glide_to", (2.0, 0.1))


def test_a_name_may_come_as_a_number(namespace):
    """Pure Data sends a preset called 3 as the float 3.0."""
    assert one(namespace, "/preset/recall", 3.0) == ("/preset/recall", ("3",))
    assert one(namespace, "/preset/recall", "soft", 2) == ("/preset/recall", ("soft", 2.0))


@pytest.mark.parametrize(
    ("pattern", "knobs"),
    [
        ("/latent/*", "01234"),
        ("/latent/{0,brightness}", "01"),
        ("/latent/[1-3]", "123"),
        ("/latent/[!1-3]", "04"),
        ("/latent/?", "01234"),
        ("/latent/*ness", "014"),
        ("/l*t/0", "0"),
        ("/latent/no*s", "4"),
    ],
)
def test_a_pattern_turns_each_knob_that_it_names_once(namespace, pattern, knobs):
    found = [command.address for command in namespace.parse(pattern, [0.5])]
    assert sorted(found) == [f"/latent/{knob}" for knob in knobs]


def test_a_voice_is_known_by_index_and_its_knobs_by_name_too(namespace):
    assert one(namespace, "/voice/2/latent/brightness", 0.5) == ("/voice/2/latent/1", (0.5,))
    assert one(namespace, "/voice/1/gate", True) == ("/voice/1/gate", (1,))
    with pytest.raises(AddressError, match="there is no voice 1"):
        Namespace(NAMES).parse("/voice/1/gate", [1])


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("/voice/*/gate", ["/voice/0/gate", "/voice/1/gate", "/voice/2/gate"]),
        ("/voice/[1-2]/latent/bright*", ["/voice/1/latent/1", "/voice/2/latent/1"]),
        ("/voice/{0,2}/latent", ["/voice/0/latent", "/voice/2/latent"]),
    ],
)
def test_a_pattern_reaches_each_voice_that_it_names_once(namespace, pattern, found):
    assert sorted(command.address for command in namespace.parse(pattern, [1])) == found


def test_a_star_stays_within_its_part_of_the_address(namespace):
    assert {command.row.pattern for command in namespace.parse("/p*c", [])} == {"/panic"}
    with pytest.raises(AddressError):
        namespace.parse("/*0", [0.5])


@pytest.mark.parametrize(
    "pattern", ["/latent/" + "*?" * 45, "/" + "{,}" * 33, "/latent/" + "{,l}*" * 18 + "#", "/[", "/{"]
)
def test_a_hostile_pattern_is_refused_and_does_not_hang(namespace, pattern):
    """Backtracking over any of the first three would take longer than a concert."""
    with pytest.raises(AddressError, match="no address matches"):
        namespace.parse(pattern, [0.5])


def test_a_pattern_means_the_knobs_of_the_model_that_plays(namespace):
    small = Namespace(["a", "b"])
    assert len(small.parse("/latent/*", [0.5])) == 2
    small.use(["a", "b", "c"])
    assert len(small.parse("/latent/*", [0.5])) == 3
    assert [command.address for command in small.parse("/latent/c", [0.5])] == ["/latent/2"]


def test_a_flood_of_unknown_addresses_gets_no_hints_and_costs_little():
    """To look for what was meant takes milliseconds, in which the sound would wait for the interpreter."""
    namespace, told = Namespace(NAMES), []
    for number in range(2000):
        with pytest.raises(AddressError) as caught:
            namespace.parse(f"/gian_db{number}", [0])
        told.append("did you mean" in caught.value.why)
    assert told[0]
    assert sum(told) < 100


def test_a_source_is_known_by_a_name_that_fits_into_an_address():
    [command] = Namespace(NAMES, sources=["slow sweep"]).parse("/source/slow_sweep/play", [])
    assert (command.row.pattern, command.address) == ("/source/<source>/play", "/source/slow_sweep/play")
    assert find_row("/source/slow_sweep/play") is command.row


def test_an_endless_address_is_refused(namespace):
    with pytest.raises(AddressError, match="at most 100 characters") as caught:
        namespace.parse("/" + "x" * 60_000, [])
    assert len(str(caught.value)) < 200


def test_every_row_can_be_looked_up_and_is_in_the_readme_table():
    table = markdown_table()
    for row in TABLE:
        assert find_row(row.pattern.replace("<knob>", "7").replace("<voice>", "3")) is row
        assert row.usage() in table
        assert row.pattern not in REPLIES
    assert len(table.splitlines()) == len(TABLE) + 2
    assert all(line.count("|") == 4 for line in table.splitlines())


def test_no_pattern_is_listed_twice():
    assert len({row.pattern for row in TABLE}) == len(TABLE)
