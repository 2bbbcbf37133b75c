"""The server of `canigatti page --watch`: one page, on this machine alone, refreshed by the browser."""

import http.client
import threading

import pytest

from canigatti.files import InputError
from canigatti.live.serving import PageServer


@pytest.fixture
def serve():
    started = []

    def start(make_page, seconds=3600):
        server = PageServer(make_page, 0, seconds)
        thread = threading.Thread(target=server.serve)
        thread.start()
        started.append((server, thread))
        return server

    yield start
    for server, thread in started:
        server.stop()
        thread.join()


def get(server, path="/", host=None, method="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request(method, path, headers={"Host": host or f"127.0.0.1:{server.port}"})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_the_served_page_refreshes_itself(serve):
    server = serve(lambda: "<html>\n<head>\n<title>x</title>")
    assert get(server) == (200, '<html>\n<head>\n<meta http-equiv="refresh" content="3600">\n<title>x</title>')
    assert get(server, method="HEAD") == (200, "")
    assert server.address == f"http://127.0.0.1:{server.port}/"


@pytest.mark.parametrize("path", ["/index.html", "/../study.yaml", "//etc/passwd", "/?x", "/results/tiny/live/"])
def test_nothing_but_the_page_is_served(serve, path):
    assert get(serve(lambda: "<head>\n"), path)[0] == 404


def test_a_page_of_another_site_cannot_read_it_under_its_own_name(serve):
    server = serve(lambda: "<head>\n")
    assert get(server, host="evil.example:80")[0] == 403
    assert get(server, host=f"localhost:{server.port}")[0] == 200


def test_the_page_is_not_made_again_before_its_time(serve):
    made = []
    server = serve(lambda: made.append(1) or "<head>\n")
    assert [get(server)[0] for _ in range(3)] == [200] * 3
    assert len(made) == 1


def test_the_last_page_stays_if_a_new_one_cannot_be_made(serve):
    pages = iter(["<head>\nfirst"])

    def make():
        try:
            return next(pages)
        except StopIteration:
            raise InputError("deleted meanwhile") from None

    server = serve(make, seconds=0)
    assert "first" in get(server)[1]
    assert "first" in get(server)[1]
    assert get(serve(make)) == (503, "deleted meanwhile")


def test_a_used_port_is_a_user_error(serve):
    server = serve(lambda: "")
    with pytest.raises(OSError, match=f"port {server.port}: .*--port"):
        PageServer(lambda: "", server.port, 5)
