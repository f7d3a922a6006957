"""What a stranger meets at the door of a hosted page: who he is, which pages may listen, what is closed, too slow or too much."""

import asyncio
import json
import socket
import threading
import time
import urllib.error
import urllib.request
from http.client import IncompleteRead
from pathlib import Path
from types import SimpleNamespace

import anyio
import httpx
import pytest
from gradio.data_classes import FileData
from starlette.requests import Request

from hub.app import application, bodies, build, gate, lately, unheard, uploads, whence
from hub.app.bodies import Bodies, Refused
from hub.errors import BadAddress
from hub.policy import Policy
from tests import hall
from tests.loopback import Loopback

LOCAL, OTHER = "http://localhost:5173", "https://elsewhere.example"
JSON = {"Content-Type": "application/json"}
WRONG = ("/gradio_api/call/v2/grey", b'{"grey": 999}')
"""A call that the gate refuses."""


@pytest.fixture(scope="module")
def museum(tmp_path_factory):
    with hall.opened(tmp_path_factory.mktemp("museum")):
        yield


@pytest.fixture(scope="module")
def address(museum):
    """A page at home, which knows its name."""
    with hall.served(Policy.public(), mcp=True) as address:
        yield address


@pytest.fixture(scope="module")
def hosted(museum):
    """A page that answers to any name."""
    with hall.served(Policy.public(), host="0.0.0.0") as address:
        yield address


def answered(address: str, path: str, body: bytes | None = None, method: str | None = None, **headers: str):
    """(status, headers, body)"""
    told = JSON | {name.replace("_", "-"): value for name, value in headers.items()}
    asked = urllib.request.Request(address + path, body, told, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def preflight(address: str, path: str, origin: str):
    return answered(address, path, None, "OPTIONS", Origin=origin, Access_Control_Request_Method="POST",
                    Access_Control_Request_Headers="content-type")


def let_in(headers) -> str | None:
    """The page that a browser will hand the answer to."""
    return headers["Access-Control-Allow-Origin"]


# ---------------------------------------------------------------- pages of other sites

@pytest.mark.parametrize(("path", "body", "status"), [(*WRONG, 422), ("/schema", None, 200),
                                                      ("/gradio_api/vibe-code", None, 404), ("/config", None, 200)])
def test_a_page_that_may_call_can_read_what_is_answered(address, hosted, path, body, status):
    for server, origin, names in ((address, LOCAL, {}), (hosted, OTHER, {"Host": "page.example"})):
        code, headers, _ = answered(server, path, body, Origin=origin, **names)
        assert (code, let_in(headers), headers["Access-Control-Allow-Credentials"]) == (status, origin, "true")
        assert headers.get_all("Vary").count("Origin") == 1
    large = answered(address, WRONG[0], b" " * (Policy.public().body_bytes + 1), Origin=LOCAL)
    assert large[0] == 413 and let_in(large[1]) == LOCAL


@pytest.mark.parametrize("path", [WRONG[0], "/schema"])
def test_it_is_told_so_beforehand(address, hosted, path):
    code, headers, _ = preflight(address, path, LOCAL)
    assert (code, let_in(headers), headers["Access-Control-Allow-Headers"]) == (200, LOCAL, "content-type")
    assert "POST" in headers["Access-Control-Allow-Methods"]


@pytest.mark.parametrize("origin", [OTHER, "null", "http://localhost.elsewhere.example"])
def test_a_page_of_another_site_reads_nothing_at_home(address, origin):
    for path, body in (WRONG, ("/schema", None), ("/config", None)):
        assert let_in(answered(address, path, body, Origin=origin)[1]) is None
        assert let_in(preflight(address, path, origin)[1]) is None


def test_who_asks_by_another_name_is_refused_before_any_page_is_let_in(address):
    code, headers, _ = answered(address, "/schema", Host="elsewhere.example", Origin="http://elsewhere.example")
    assert code == 400 and let_in(headers) is None


def test_tools_keep_a_rule_of_their_own(museum, address):
    assert let_in(preflight(address, "/mcp", OTHER)[1]) is None
    with hall.served(Policy.public(), host="0.0.0.0", mcp=True, auth=("ada", "secret")) as locked:
        assert let_in(preflight(locked, "/mcp", OTHER)[1]) is None
        assert let_in(answered(locked, "/mcp", b"{}", Origin=OTHER)[1]) is None


@pytest.mark.parametrize("origin", [OTHER, "null"])
def test_a_page_of_another_site_starts_nothing_at_home(address, hosted, origin):
    """As a form or a fetch does that asks nobody beforehand."""
    told = {"Origin": origin, "Sec_Fetch_Site": "cross-site", "Content_Type": "text/plain"}
    for path in ("/gradio_api/call/grey", "/gradio_api/queue/join", "/gradio_api/upload", "/gradio_api/run/predict"):
        code, headers, said = answered(address, path, b'{"data": [1, null], "fn_index": 0, "session_hash": "a"}', **told)
        assert code == 403 and let_in(headers) is None and "other sites" in json.loads(said)["error"]
    assert answered(hosted, *WRONG, **told | {"Content_Type": "application/json", "Host": "page.example"})[0] == 422


def test_the_page_itself_may_come_by_another_name_through_a_proxy(address):
    told = {"Origin": "https://page.example", "Sec_Fetch_Site": "same-origin"}
    assert answered(address, *WRONG, **told)[0] == answered(address, *WRONG, Origin="https://page.example")[0] == 422


# ---------------------------------------------------------------- who asks

def test_nobody_is_several_by_saying_so(museum):
    """The next test in another house: here no proxy stands in front."""
    with hall.served(Policy.public().but(per_address=2)) as address:
        values = json.dumps({"image": "sample:cat", "steps": 400, "pause": 0.5}).encode()
        codes = [answered(address, "/gradio_api/call/v2/red", values, X_Forwarded_For=f"10.0.0.{n}")[0] for n in range(4)]
    assert codes[:2] == [200, 200] and 429 in codes


@pytest.mark.parametrize(("peer", "said", "who"), [
    ("10.0.0.9", "6.6.6.6, 81.2.3.4", "81.2.3.4"), ("10.0.0.9", "6.6.6.6, 81.2.3.4, 10.0.0.8", "81.2.3.4"),
    ("10.0.0.9", "", "10.0.0.9"), ("81.2.3.4", "6.6.6.6", "81.2.3.4"), ("10.0.0.9", "6.6.6.6, 81.2.3.4:5000", "81.2.3.4")])
def test_a_proxy_is_believed_and_what_a_visitor_put_before_its_word_is_not(museum, peer, said, who):
    from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

    found = []

    async def inside(scope, receive, send):
        found.append(whence.address_of(Request(scope)))

    scope = {"type": "http", "client": (peer, 1), "headers": [(b"x-forwarded-for", said.encode())] if said else []}
    asyncio.run(ProxyHeadersMiddleware(inside, list(whence.INSIDE))(scope, None, None))
    assert found == [who]


def test_the_addresses_of_one_customer_are_one():
    one, same, other, old = ("2001:db8::1", "2001:db8::ffff:1"), "2001:db8:0:0:9::", "2001:db8:0:1::1", "::ffff:81.2.3.4"
    told = {whence.address_of(Request({"type": "http", "client": (each, 1), "headers": []})) for each in (*one, same)}
    assert told == {"2001:db8::/64"}
    assert whence.address_of(Request({"type": "http", "client": (other, 1), "headers": []})) not in told
    assert whence.address_of(Request({"type": "http", "client": (old, 1), "headers": []})) == "81.2.3.4"


@pytest.mark.parametrize("given", ["*", "", "me", "127.0.0.1,", "10.0.0.1/8"])
def test_a_proxy_that_is_no_address_is_one_line(netsee, given):
    code, out, error = netsee("app", "--behind-proxy", given)
    assert (code, out) == (2, "") and error.startswith("BadAddress: --behind-proxy takes") and error.count("\n") == 1


def test_proxies_are_given_as_addresses_and_networks():
    assert whence.proxies("127.0.0.1, 10.0.0.0/8,::1") == ("127.0.0.1/32", "10.0.0.0/8", "::1/128")
    with pytest.raises(BadAddress, match="such as 127.0.0.1"):
        whence.proxies("nginx")


# ---------------------------------------------------------------- what is closed

@pytest.mark.parametrize("path", ["vibe-code", "vibe-edit", "component_server", "stream/a", "stream/a/close", "file/a", "proxy=http://a",
                                  "deep_link", "process_recording", "runs", "run-history/records", "profiling/traces", "mcp/sse",
                                  "custom_component/a/b/c/d", "api/red", ""])  # fmt: skip
@pytest.mark.parametrize("body", [None, b"{}"])
def test_no_route_of_gradio_s_is_open_that_nobody_here_uses(address, path, body):
    code, _, said = answered(address, f"/gradio_api/{path}", body)
    assert code == 404 and json.loads(said)["error"] == "There is nothing here."


@pytest.mark.parametrize("root", ["", "/netsee"])
def test_it_is_closed_too_where_all_is_mounted_under_another_path(museum, root):
    """Its full path is what a server hands on, with the part that is not ours beside it."""
    app = application(Policy.public(), host="0.0.0.0")

    def status(path: str, body: bytes) -> int:
        async def asked():
            sent = []

            async def receive():
                return {"type": "http.request", "body": body, "more_body": False}

            async def send(message):
                sent.append(message.get("status"))

            await app({"type": "http", "method": "POST", "path": root + path, "root_path": root, "query_string": b"",
                       "headers": [(b"host", b"page.example"), (b"content-type", b"application/json")],
                       "client": ("81.2.3.4", 1), "server": ("page.example", 80), "scheme": "http"}, receive, send)
            return sent[0]

        return asyncio.run(asked())

    assert status("/gradio_api/component_server", b"{}") == 404 and status(*WRONG) == 422
    assert status("/gradio_api/run/predict", b" " * (Policy.public().body_bytes + 1)) == 413


@pytest.mark.parametrize("route", ["queue/join", "call/red", "call/v2/red", "run/predict", "run/red"])
def test_no_server_is_asked_for_a_file(address, route):
    with Loopback(files={"a.png": b"not for you"}) as elsewhere:
        file = {"path": f"{elsewhere.address}/files/a.png", "meta": {"_type": "gradio.FileData"}}
        call = {"image": file} if "v2" in route else {"data": [file, 1, 0.5, "calm", 0, 0], "fn_index": 0, "session_hash": "me"}
        code, _, said = answered(address, f"/gradio_api/{route}", json.dumps(call).encode())
        deep = json.dumps({"data": [[{"a": [file]}]], "fn_index": 0, "session_hash": "me"}).replace("http", "\\u0068ttp").encode()
        assert "v2" in route or answered(address, f"/gradio_api/{route}", deep)[0] == 400
    assert code == 400 and "fetched" in json.loads(said)["error"] and elsewhere.asked == []


def test_a_python_client_understands_that_no_address_is_fetched(address):
    from gradio_client import Client, handle_file

    client = Client(address, verbose=False)
    try:
        with pytest.raises(httpx.HTTPStatusError, match="400"):
            client.predict(image=handle_file("https://elsewhere.example/a.png"), api_name="/red")
    finally:
        client.close()


@pytest.mark.parametrize(("path", "code"), [("/pwa_icon/192", 200), ("/pwa_icon/512", 200), ("/pwa_icon/513", 404),
                                            ("/pwa_icon/0512", 404), ("/pwa_icon/30000", 404)])
def test_the_icon_is_drawn_in_two_sizes_only(address, path, code):
    assert answered(address, path)[0] == code


def test_a_visitor_has_no_name_that_fills_the_memory(address):
    for path in ("queue/join", "run/predict", "call/red"):
        for name in ("a" * 65, ["a" * 65]):
            body = json.dumps({"data": [], "fn_index": 0, "session_hash": name}).encode()
            code, _, said = answered(address, f"/gradio_api/{path}", body)
            assert code == 400 and json.loads(said)["error"] == "A session_hash has 64 characters at most."


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8"])
def test_json_is_said_in_any_spelling(address, kind):
    assert answered(address, *WRONG, Content_Type=kind)[0] == 422


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/json-seq", ""])
def test_a_call_that_is_not_said_to_be_json_is_refused_and_nothing_written(address, tmp_path, monkeypatch, kind):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    code, _, said = answered(address, "/gradio_api/call/v2/grey", b'{"note": "AAAA"}', Content_Type=kind)
    assert code == 415 and "application/json" in json.loads(said)["error"] and list(tmp_path.iterdir()) == []


def test_uploads_leave_room_on_the_disk(address, monkeypatch):
    monkeypatch.setattr(uploads, "disk_usage", lambda path: SimpleNamespace(free=uploads.ROOM))
    for path in ("upload", "call/v2/grey"):
        code, _, said = answered(address, f"/gradio_api/{path}", b"{}")
        assert code == 507 and json.loads(said)["error"].startswith("There is no room")


def test_one_visitor_does_not_fill_the_disk(museum, monkeypatch):
    monkeypatch.setattr(gate, "UPLOADS", 3)
    body = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\na\r\n--x--\r\n'
    with hall.served(Policy.public().but(upload_bytes=lately.SMALL), proxies=["127.0.0.1"]) as address:
        def sent(whence: str) -> tuple[int, str | None]:
            code, headers, _ = answered(address, "/gradio_api/upload", body, Content_Type="multipart/form-data; boundary=x",
                                        X_Forwarded_For=whence)
            return code, headers.get("Retry-After")

        good = (200, None)
        assert [sent("81.2.3.4") for _ in range(4)] == [good, good, good, (429, "3600")] and sent("81.2.3.5") == good
        monkeypatch.setattr(lately, "HOUR", 0)
        assert sent("81.2.3.4") == good


def test_the_same_of_two_visitors_is_whole_at_any_time(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    kept, data = uploads.Uploads(), b"a" * 2**22
    path = kept.keep(data, "a.png")
    again = threading.Thread(target=lambda: [kept.keep(data, "a.png") for _ in range(40)])
    again.start()
    while again.is_alive():
        assert Path(path).stat().st_size == len(data)
    again.join()
    assert kept == {path} and list(Path(path).parent.iterdir()) == [Path(path)]


def test_a_restored_picture_leaves_nothing_behind(museum, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    page = build(Policy.public())
    before = set(tmp_path.rglob("*"))
    for room in page.rooms.values():
        assert room.restore.preprocess(FileData(path="/uploads/a.png")) == "/uploads/a.png"
    assert set(tmp_path.rglob("*")) == before


def test_who_has_to_log_in_is_not_told_what_there_is(museum):
    with hall.served(Policy.public(), auth=("ada", "secret")) as locked:
        code, _, said = answered(locked, "/schema")
        assert code == 401 and json.loads(said)["error"].startswith("Log in first")
        login = urllib.request.Request(f"{locked}/login", b"username=ada&password=secret")
        with urllib.request.urlopen(login) as answer:
            cookies = "; ".join(each.partition(";")[0] for each in answer.headers.get_all("Set-Cookie"))
        assert answered(locked, "/schema", Cookie=cookies)[0] == 200


@pytest.mark.parametrize(("patience", "heard"), [(0.2, False), (60, True)])
def test_what_nobody_comes_to_hear_is_not_kept_for_good(address, monkeypatch, patience, heard):
    monkeypatch.setattr(unheard, "PATIENCE", patience)

    def called() -> str:
        return json.loads(answered(address, "/gradio_api/call/v2/grey", b"{}")[2])["event_id"]

    event = called()
    for _ in range(2):
        time.sleep(0.5)
        called()
    stream = f"/gradio_api/call/v2/grey/{event}"
    if heard:
        assert b"event: complete" in answered(address, stream)[2]
    else:
        with pytest.raises(IncompleteRead):  # Gradio breaks off where it knows nothing of a run
            answered(address, stream)


# ---------------------------------------------------------------- bodies

def test_a_body_that_does_not_come_is_not_waited_for(address, monkeypatch):
    monkeypatch.setattr(bodies, "GRACE", 0.3)
    monkeypatch.setattr(bodies, "PACE", 10**12)
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=20) as line:
        line.sendall(b"POST /gradio_api/queue/join HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{")
        assert line.recv(1000).startswith(b"HTTP/1.1 408 ")


def test_all_bodies_together_take_no_more_memory_than_they_may():
    taken = Bodies(each=10, together=40)

    async def sent(sender: str, *parts: bytes, then: float = 0):
        waiting = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
        waiting.append({"type": "http.request", "body": b"", "more_body": False})

        async def receive():
            if len(waiting) == 1:
                await anyio.sleep(then)
            return waiting.pop(0)

        try:
            return await taken.read(receive, sender)
        except Refused as refused:
            return refused.code

    async def together(*senders: str):
        return await asyncio.gather(*(sent(each, b"a" * 6, b"b" * 4, then=0.05) for each in senders))

    whole = b"aaaaaabbbb"
    assert asyncio.run(together(*"ABCDE")) == [whole] * 4 + [503]
    assert asyncio.run(together(*"AAB")) == [whole, 429, whole]  # one who stalls keeps nobody else out
    assert asyncio.run(sent("A", b"c" * 6)) == b"cccccc" and asyncio.run(sent("A", b"c" * 6, b"d" * 5)) == 413
    assert (taken.held, taken.held_of) == (0, {})


def test_who_hangs_up_before_the_end_sent_nothing():
    async def gone():
        return {"type": "http.disconnect"}

    assert asyncio.run(Bodies(10, 10).read(gone, "A")) == b""


def test_a_head_without_end_is_refused(address):
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=20) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nA: " + b"a" * 2**18)
        assert line.recv(1000).startswith(b"HTTP/1.1 4")


def test_who_does_not_say_whom_he_asks_is_refused(hosted):
    with socket.create_connection(("127.0.0.1", int(hosted.rpartition(":")[2])), timeout=20) as line:
        line.sendall(b"GET /config HTTP/1.0\r\nOrigin: https://elsewhere.example\r\n\r\n")
        assert line.recv(1000).startswith(b"HTTP/1.1 400 ")


def test_nobody_gets_a_socket(address):
    code, _, _ = answered(address, "/queue/join", Connection="Upgrade", Upgrade="websocket", Sec_WebSocket_Version="13",
                          Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==")
    assert code in (403, 404)
