import pytest

from bridge.curve import new_keys
from bridge.errors import RequestError
from host_plugins.run.server import connect, dial, endpoint, server_key


def test_the_environment_wins_over_the_knob():
    assert endpoint(" tcp://a:1 ", {}) == "tcp://a:1"
    assert endpoint("tcp://a:1", {"VOID_SERVER": "tcp://b:2"}) == "tcp://b:2"
    assert endpoint("tcp://a:1", {"VOID_SERVER": ""}) == "tcp://a:1"
    assert server_key("", {}) == ""
    assert server_key("x", {"VOID_SERVER_KEY": "y"}) == "y"


def test_an_order_is_connected_to_its_server(scripted, order_of):
    with connect(order_of(scripted.endpoint)) as client:
        assert client.hello().engines[0].name == "scripted"


def test_an_address_that_is_none_is_refused():
    with pytest.raises(RequestError):
        dial("gpu", environ={})


def test_a_server_with_a_key_needs_keys_of_our_own(tmp_path):
    environ = {"VOID_SERVER_KEY": "." * 40, "VOID_KEYS_DIR": str(tmp_path)}
    with pytest.raises(RequestError) as refused:
        dial("tcp://127.0.0.1:9", environ=environ)
    assert refused.value.code == "no_keys"
    new_keys(tmp_path)
    dial("tcp://127.0.0.1:9", environ=environ).close()
