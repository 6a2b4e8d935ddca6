"""One server a module, ended with it; it must be there to the end, and have said nothing of an error."""

import pytest

from .serving import Server, Visitor


@pytest.fixture(scope="module")
def serve(tmp_path_factory):
    """Return what starts a server, and ends it with the module."""
    started = []

    def start(*options, **environment):
        server = Server(tmp_path_factory.mktemp("server"), *options, **environment)
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()
        assert server.work is None
        assert "Traceback" not in server.log.read_text()


@pytest.fixture(scope="module")
def server(serve):
    return serve()


@pytest.fixture(scope="module")
def visitor(server):
    return Visitor(server)
