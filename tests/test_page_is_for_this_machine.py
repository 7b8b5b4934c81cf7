"""The page's command listens to this machine unless it is asked, and refuses what it cannot serve."""

import socket

import pytest

pytest.importorskip("panel")

from experiments.page import command


def test_it_listens_to_this_machine_unless_it_is_asked():
    assert command.parse([]).host == "127.0.0.1" and command.parse([]).origin == []
    asked = command.parse(["--host", "0.0.0.0", "--origin", "lab.example.org:5006"])
    assert asked.host == "0.0.0.0" and asked.origin == ["lab.example.org:5006"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0"], "--host 0.0.0.0: add --origin HOST:PORT, the name that browsers use"),
        (["--port", "65536"], "--port 65536: 0 .. 65535 are expected"),
        (["--workers", "0"], "--workers 0: 1 .. 64 are expected"),
    ],
    ids=["host", "port", "workers"],
)
def test_bad_usage_is_refused(arguments, said, capsys):
    with pytest.raises(SystemExit) as caught:
        command.parse(arguments)
    assert caught.value.code == 2 and said in capsys.readouterr().err


def test_a_port_that_is_taken_is_one_line(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert command.main(["--port", str(port), "--workers", "1"]) == 2
    line = capsys.readouterr().err
    assert str(port) in line and line.count("\n") == 1 and "Traceback" not in line
