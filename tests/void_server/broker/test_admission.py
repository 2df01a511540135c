import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import RequestError
from bridge.messages import EngineInfo, ParameterInfo
from bridge.parameters import fitted
from bridge.shot import Matte, OcioConfig, Request, Sequence, Shot, SourceFile
from void_server.broker.admission import check_engine, check_request

ROOM = 1 << 30
DIGEST = "ab" * 32

ENGINE = EngineInfo(
    "cleanplate",
    "Clean plate",
    "",
    "cpu",
    (
        ParameterInfo("strength", "", "", 0.5, minimum=0.0, maximum=1.0),
        ParameterInfo("tries", "", "", 2, minimum=1),
        ParameterInfo("mode", "", "", "soft", choices=("soft", "hard")),
        ParameterInfo("note", "", "", ""),
        ParameterInfo("dense", "", "", False),
    ),
)
BROKEN = EngineInfo("void", "VOID", "", "cuda:0", available=False, reason="no GPU")


def sequence(count: int = 2, **changes) -> Sequence:
    files = tuple(SourceFile(f"plate.{n}.exr", 10, f"{n:064x}") for n in range(count))
    plain = Sequence("plate.%04d.exr", "stills", files, tuple(range(1001, 1001 + count)))
    return msgspec.structs.replace(plain, **changes)


def shot(**changes) -> Shot:
    plain = Shot("sh010", sequence(), (Matte("remove", sequence()),), 1001, 1002)
    return msgspec.structs.replace(plain, **changes)


def code_of(request: Request, room: int = ROOM) -> str:
    with pytest.raises(RequestError) as error:
        check_request(request, room=room)
    return error.value.code


def with_file(**changes) -> Request:
    file = msgspec.structs.replace(SourceFile("plate.exr", 10, DIGEST), **changes)
    return Request(shot(plate=sequence(files=(file,), frames=(1001,))))


@pytest.mark.parametrize(
    ("config", "code"),
    [
        (OcioConfig("/etc/show.ocio"), "ocio_config"),
        (OcioConfig("show.ocio", file=SourceFile("../show.ocio", 10, DIGEST)), "bad_file"),
        (OcioConfig("show.ocio", file=SourceFile("show.ocio", 10, "xy")), "bad_digest"),
        (OcioConfig("show.ocio", file=SourceFile("show.ocio", 0, DIGEST)), "empty_file"),
        (OcioConfig("show.ocio", file=SourceFile("show.ocio", 11, f"{1:064x}")), "bad_file"),
        (OcioConfig("s.ocioz", file=SourceFile("s.ocioz", (256 << 20) + 1, DIGEST)), "too_large"),
        (OcioConfig("ocio://" + "x" * 1018), "out_of_range"),
        (OcioConfig("ocio://any", "x" * 1025), "out_of_range"),
    ],
    ids=["path", "folder", "digest", "empty", "two-sizes", "too-large", "name", "origin"],
)
def test_a_config_is_looked_at_like_any_file(config, code):
    assert code_of(Request(shot(config=config))) == code


@pytest.mark.parametrize(
    "config",
    [
        OcioConfig("ocio://any"),
        OcioConfig("ocio://" + "x" * 1017, "x" * 1024),
        OcioConfig("show.ocio", "$OCIO", SourceFile("s.ocio", 9, DIGEST)),
        OcioConfig("show.ocioz", "", SourceFile("s.ocioz", 256 << 20, DIGEST)),
    ],
    ids=["own", "long", "sent", "large"],
)
def test_a_config_that_is_sent_or_ocio_s_own_is_fit(config):
    check_request(Request(shot(config=config)), room=ROOM)


def test_a_plain_request_is_fit():
    check_request(Request(shot()), room=ROOM)


def test_the_name_of_a_view_has_an_end():
    check_request(Request(shot(view="v" * 256)), room=ROOM)
    assert code_of(Request(shot(view="v" * 257))) == "out_of_range"


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", ".hidden", "-rf", "a/b", "a\\b", "sh 010", "a\0b", "ä", "x" * 129, "a\n"],
)
def test_a_name_that_could_leave_its_folder_is_refused(name):
    assert code_of(Request(shot(name=name))) == "bad_name"


@pytest.mark.parametrize("name", ["sh010", "sh010_v2.1", "_a-b", "0", "x" * 128])
def test_ordinary_names_are_fit(name):
    check_request(Request(shot(name=name)), room=ROOM)


@pytest.mark.parametrize(
    ("first", "last"), [(1002, 1001), (0, 10**9), (-(2**63), 2**63 - 1)], ids=str
)
def test_a_frame_range_that_cannot_be_is_refused(first, last):
    assert code_of(Request(shot(first_frame=first, last_frame=last))) == "frame_range"


def test_negative_frame_numbers_are_numbers():
    check_request(Request(shot(first_frame=-5, last_frame=3)), room=ROOM)


@pytest.mark.parametrize("roles", [(), ("keep",), ("affected", "keep")], ids=str)
def test_nothing_to_remove_is_refused(roles):
    mattes = tuple(Matte(role, sequence()) for role in roles)
    assert code_of(Request(shot(mattes=mattes))) == "no_matte"


@pytest.mark.parametrize(
    "broken",
    [
        sequence(0),
        sequence(frames=(1001,)),
        sequence(frames=(1002, 1001)),
        sequence(frames=(1001, 1001)),
        sequence(kind="movie"),
    ],
    ids=["empty", "too few numbers", "falling", "doubled", "movie of two files"],
)
def test_files_and_numbers_that_do_not_match_are_refused(broken):
    assert code_of(Request(shot(plate=broken))) == "bad_sequence"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "../../etc/passwd"}, "bad_file"),
        ({"name": ""}, "bad_file"),
        ({"name": "a\0b"}, "bad_file"),
        ({"sha256": "AB" * 32}, "bad_digest"),
        ({"sha256": "../" + "a" * 61}, "bad_digest"),
        ({"sha256": DIGEST + "\n"}, "bad_digest"),
        ({"size": 0}, "empty_file"),
        ({"size": -1}, "empty_file"),
    ],
    ids=str,
)
def test_a_file_that_cannot_be_one_is_refused(change, code):
    assert code_of(with_file(**change)) == code


def test_one_digest_cannot_have_two_sizes():
    files = (SourceFile("a.exr", 10, DIGEST), SourceFile("b.exr", 11, DIGEST))
    assert code_of(Request(shot(plate=sequence(files=files)))) == "bad_file"


def test_a_request_larger_than_the_spool_is_refused():
    assert code_of(with_file(size=ROOM)) == "too_large"


@pytest.mark.parametrize(
    "change",
    [
        {"grow": -1.0},
        {"grow": math.nan},
        {"feather": math.inf},
        {"feather": 1e6},
        {"seed": -1},
        {"seed": 2**63},
        {"prompt": "x" * 10_001},
    ],
    ids=str,
)
def test_numbers_out_of_range_are_refused(change):
    assert code_of(Request(shot(), **change)) == "out_of_range"


def test_a_layout_of_the_future_is_refused():
    assert code_of(Request(shot(), schema=2)) == "schema"


def test_before_a_worker_is_up_any_engine_may_be_asked_for():
    check_engine(Request(shot(), engine="unheard-of"), [])


def test_an_unknown_engine_is_refused_with_the_known_ones():
    with pytest.raises(RequestError, match=r"does not have it.*expected one of auto, cleanplate"):
        check_engine(Request(shot(), engine="magic"), [BROKEN, ENGINE])


def test_an_unavailable_engine_is_refused_with_the_reason():
    with pytest.raises(RequestError, match="it is not available: no GPU"):
        check_engine(Request(shot(), engine="void"), [BROKEN, ENGINE])


def test_auto_needs_one_engine_that_works():
    check_engine(Request(shot()), [BROKEN, ENGINE])
    with pytest.raises(RequestError, match="engine auto"):
        check_engine(Request(shot()), [BROKEN])


def test_auto_takes_the_parameters_of_the_engine_that_will_run():
    model = EngineInfo(
        "void", "VOID", "", "cuda:0", (ParameterInfo("quality", "", "", "standard"),)
    )
    request = Request(shot(), parameters={"quality": "draft"})
    check_engine(request, (model, ENGINE))
    with pytest.raises(RequestError, match="expected one of dense, mode, note") as caught:
        check_engine(request, (BROKEN, ENGINE))
    assert caught.value.subject == "engine cleanplate, parameter quality"
    with pytest.raises(RequestError, match=r"there is none of that name \(expected one of quality"):
        check_engine(Request(shot(), parameters={"tries": 2}), (model, ENGINE))


@pytest.mark.parametrize(
    "parameters",
    [
        {"strength": 0.0},
        {"strength": 1},
        {"tries": 100},
        {"mode": "hard"},
        {"note": "anything"},
        {"dense": True},
        {"dense": "off"},
        {"note": 0.5},
    ],
    ids=str,
)
def test_values_that_fit_a_parameter_are_taken(parameters):
    check_engine(Request(shot(), parameters=parameters), [ENGINE])


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"strenght": 0.5}, "expected one of dense, mode, note, strength, tries"),
        ({"strength": 1.5}, "expected a number from 0 to 1, got 1.5"),
        ({"strength": math.nan}, "expected a number from 0 to 1, got nan"),
        ({"strength": True}, "expected a number from 0 to 1, got True"),
        ({"strength": "0.5"}, "expected a number"),
        ({"tries": 2.5}, "expected a whole number from 1, got 2.5"),
        ({"tries": 0}, "expected a whole number from 1, got 0"),
        ({"mode": "wild"}, "expected one of soft, hard, got 'wild'"),
        ({"note": True}, "expected text, got True"),
        ({"dense": 1}, "expected true or false, got 1"),
    ],
    ids=str,
)
def test_values_that_do_not_fit_are_refused_with_what_would(parameters, expected):
    with pytest.raises(RequestError) as error:
        check_engine(Request(shot(), parameters=parameters), [ENGINE])
    assert expected in str(error.value)
    assert error.value.code == "parameter"


@given(
    st.dictionaries(
        st.text(max_size=10) | st.sampled_from([p.name for p in ENGINE.parameters]),
        st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
        max_size=3,
    )
)
def test_whatever_the_parameters_are_nothing_but_a_request_error_comes(parameters):
    try:
        check_engine(Request(shot(), parameters=parameters), [ENGINE])
    except RequestError:
        return
    known = {info.name: info for info in ENGINE.parameters}
    for name, value in parameters.items():
        assert fitted(known[name], value) is not None
