from __future__ import annotations

import asyncio
import base64
import io
import json
import re
import time
import urllib.error
import urllib.request
from pathlib import Path

import gradio as gr
import pytest
from gradio.route_utils import delete_files_created_by_app
from PIL import Image

import hub
from hub import links, registry
from hub.app import answer, build, endpoint, exhibit, play, room
from hub.app.page import family_order
from hub.policy import Policy
from hub.recipe import read_recipe
from tests import hall


@pytest.fixture(scope="module")
def museum(tmp_path_factory):
    with hall.opened(tmp_path_factory.mktemp("museum")):
        yield


@pytest.fixture(scope="module")
def address(museum):
    with hall.served(Policy.local().but(body_bytes=5000, upload_bytes=20_000)) as address:
        yield address


@pytest.fixture(scope="module")
def page(museum):
    return build(Policy.local())


@pytest.fixture(scope="module")
def client(address):
    from gradio_client import Client

    client = Client(address, verbose=False)
    yield client
    client.close()


@pytest.fixture
def photo(tmp_path):
    Image.new("RGB", (40, 30), "white").save(tmp_path / "photo.png")
    return str(tmp_path / "photo.png")


def got(address, path, **headers):
    try:
        with urllib.request.urlopen(urllib.request.Request(address + path, headers=headers)) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def posted(address, path, body, **headers):
    request = urllib.request.Request(address + path, body, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


# ---------------------------------------------------------------- the page


def test_every_technique_that_loads_has_a_tab_and_a_named_endpoint(page):
    assert set(page.rooms) == {"red", "grey", "faulty"}
    named = {d["api_name"] for d in page.config["dependencies"] if d["api_visibility"] == "public"}
    assert named == {"red", "grey", "faulty"}


def test_families_come_in_the_order_of_the_house():
    assert sorted(["Zoo", "Style", "See", "Compress & restore", "dream"], key=family_order) == [
        "See",
        "dream",
        "Style",
        "Compress & restore",
        "Zoo",
    ]


def test_runs_share_one_lane_and_everything_else_passes_them_by(page):
    runs = [d for d in page.fns.values() if d.concurrency_id == room.LANE]
    assert len(runs) == 3 + 3 + 1  # Run and the endpoint of each, and the samples of the one that takes a picture
    assert {d.concurrency_limit for d in runs} == {1}
    assert all(not d.queue for d in page.fns.values() if d.concurrency_id != room.LANE)


def test_a_tab_that_cannot_be_built_leaves_the_others(museum, monkeypatch):
    def broken(technique, policy, onward, real=exhibit.build):
        if technique.name == "grey":
            raise RuntimeError("no")
        return real(technique, policy, onward)

    monkeypatch.setattr(exhibit, "build", broken)
    page = build(Policy.local())
    assert set(page.rooms) == {"red", "faulty"}
    assert "<b>grey</b>" in foot(page)


def test_a_technique_that_fails_to_import_is_named_at_the_foot_with_its_reason(page):
    assert "absent" in foot(page) and "no such thing" in foot(page)


def test_the_foot_says_whose_machine_it_is(museum):
    assert "on this machine" in foot(build(Policy.local()))
    assert "by this server" in foot(build(Policy.public()))


def foot(page):
    return next(str(c["props"]["value"]) for c in page.config["components"] if 'class="foot"' in str(c["props"].get("value")))


def test_captions_of_strangers_are_text_not_markup():
    from hub import stage

    assert "<b>" not in stage.gallery([(("x", 1, 1), "One <b>square</b>")])
    assert "<script" not in stage.notes("<script>", {"<script>": 1.0}, [{"<script>": "<script>"}])
    assert "<script" not in stage.code("<script>", "<script>", "<script>") and "<script" not in stage.status("<script>")


def test_code_and_link_say_only_what_differs_from_the_defaults(museum):
    technique = registry.technique("red")
    plain, set_ = (
        links.code(technique, technique.Params(), False),
        links.code(technique, technique.Params(steps=9, mood="loud"), True),
    )
    assert "steps" not in plain and "?tab=red&quot;" not in plain
    assert "hub.run(&quot;red&quot;, &quot;photo.jpg&quot;, steps=9" in set_ and "--steps=9 --mood=loud" in set_


# ---------------------------------------------------------------- the endpoints


def test_an_endpoint_takes_named_parameters_and_gives_a_picture_with_its_recipe(client, photo):
    from gradio_client import handle_file

    picture, facts, *_ = client.predict(image=handle_file(photo), steps=2, strength=1, api_name="/red")
    assert facts["caption"] == "Red as could be." and facts["progress"] == 1
    recipe = read_recipe(picture)
    assert (recipe.technique, recipe.params["steps"], recipe.params["strength"]) == ("red", 2, 1.0)
    assert Image.open(picture).getpixel((0, 0)) == (255, 0, 0)


def test_an_endpoint_without_a_picture_asks_for_none(client):
    picture, *_ = client.predict(grey=200, api_name="/grey")
    assert Image.open(picture).getpixel((0, 0)) == (200, 200, 200)


def test_an_endpoint_gives_all_that_a_curve_holds(client):
    _, facts, *_ = client.predict(api_name="/grey")
    assert hub.Curve(**facts["curves"]["light"]) == hub.Curve([1.0, 2.0], [0.0, 1.0], spread=[0.0, 0.5], log="x")


@pytest.mark.parametrize(("values", "line"), [({"grey": 256}, "256"), ({"grey": 1.5}, "grey")])
def test_bad_parameters_are_one_readable_line(client, values, line):
    with pytest.raises(Exception, match=line) as refused:
        client.predict(**values, api_name="/grey")
    assert "Traceback" not in str(refused.value) and len(str(refused.value).splitlines()) == 1


def test_an_endpoint_takes_an_uploaded_file(client, tmp_path):
    from gradio_client import handle_file

    (tmp_path / "model.bin").write_bytes(b"weights")
    _, facts, *_ = client.predict(note=handle_file(str(tmp_path / "model.bin")), api_name="/grey")
    assert facts["caption"] == "b'weights'"


@pytest.mark.parametrize("given", ["a path", "a name", "an address"])
@pytest.mark.parametrize("name", ["grey", "red"])
def test_an_endpoint_takes_no_file_that_was_not_uploaded(address, tmp_path, name, given):
    secret = tmp_path / "secret.png"
    Image.new("RGB", (4, 3)).save(secret)
    told = {
        "a path": {"path": str(secret), "meta": {"_type": "gradio.FileData"}},
        "a name": str(secret),
        "an address": {"path": "", "url": f"file://{secret}", "meta": {"_type": "gradio.FileData"}},
    }[given]
    data = {"grey": [128, told], "red": [told, 1, 0.5, "calm", 0, 0]}[name]
    code, event = posted(address, f"/gradio_api/call/{name}", json.dumps({"data": data}).encode())
    assert code == 200
    _, said = got(address, f"/gradio_api/call/{name}/{json.loads(event)['event_id']}")
    assert said == b'event: error\ndata: {"error": null}\n\n'


def test_an_error_of_ours_is_said_and_any_other_has_a_number_only(client):
    with pytest.raises(Exception, match="This is too much. Try less."):
        client.predict(kindly=True, api_name="/faulty")
    with pytest.raises(Exception, match=r"on our side \(id [0-9a-f]{6}\)") as refused:
        client.predict(kindly=False, api_name="/faulty")
    assert "secret" not in str(refused.value)


def test_a_file_that_is_no_picture_is_refused_in_one_line(client, tmp_path):
    from gradio_client import handle_file

    bad = tmp_path / "photo.png"
    bad.write_bytes(b"<svg onload='alert(1)'/>")
    with pytest.raises(Exception) as refused:
        client.predict(image=handle_file(str(bad)), api_name="/red")
    assert "Traceback" not in str(refused.value) and str(tmp_path) not in str(refused.value)


def test_a_cancelled_call_closes_the_technique(client, photo):
    from gradio_client import handle_file

    log = coats()
    log.clear()
    job = client.submit(image=handle_file(photo), steps=400, pause=0.02, api_name="/red")
    waited(lambda: log)
    job.cancel()
    waited(lambda: "closed" in log)
    assert log == ["began", "closed"]


def coats():
    """What the technique `red` noted of its runs."""
    return registry.technique("red").body.__globals__["LOG"]


def waited(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


# ---------------------------------------------------------------- a run that is stopped


def test_a_stopped_run_offers_the_files_of_its_last_preview(page, photo, monkeypatch):
    red, kept = page.rooms["red"], []
    monkeypatch.setattr(red.uploads, "keep", lambda data, name: kept.append((name, data)) or f"/kept/{name}")
    left = room.Left()
    running = play.runner(red)(photo, 4, 0.5, "calm", 0.0, 0, left)
    next(running), next(running)
    assert kept == []  # while it runs nothing is written
    running.close()
    assert kept == [("red.txt", b"0.2")] and left.files == ["/kept/red.txt"]
    said = dict(zip(room.SHOWN, asyncio.run(play.stopped(left)), strict=True))
    assert said["files"]["value"] == ["/kept/red.txt"] and said["files"]["visible"]
    assert "so are the files" in said["status"] and said["run"]["interactive"] and not said["stop"]["interactive"]
    again = dict(zip(room.SHOWN, asyncio.run(play.stopped(left)), strict=True))
    assert again["files"]["value"] is None and "files" not in again["status"]


def test_what_is_said_after_stop_waits_for_the_step_to_end():
    left = room.Left(running=True)

    async def stop() -> list:
        said = asyncio.create_task(play.stopped(left))
        await asyncio.sleep(0.1)
        assert not said.done()
        left.files, left.running = ["/kept/red.txt"], False
        return await said

    said = dict(zip(room.SHOWN, asyncio.run(stop()), strict=True))
    assert said["files"]["value"] == ["/kept/red.txt"]


def test_a_run_that_ends_leaves_no_files_of_previews(page, photo, monkeypatch):
    kept, left = [], room.Left(["/kept/of-an-earlier-one"])
    red = page.rooms["red"]
    monkeypatch.setattr(red.uploads, "keep", lambda data, name: kept.append(name) or f"/kept/{name}")
    for _ in play.runner(red)(photo, 2, 0.5, "calm", 0.0, 0, left):
        pass
    assert kept == ["red.png"] and left == room.Left()


def test_a_run_over_the_deadline_offers_what_it_had(museum, photo, monkeypatch):
    red = build(Policy.local().but(deadline=0.01)).rooms["red"]
    monkeypatch.setattr(red.uploads, "keep", lambda data, name: f"/kept/{name}")
    *_, last = play.runner(red)(photo, 4, 0.5, "calm", 0.02, 0, room.Left())
    said = dict(zip(room.SHOWN, last, strict=True))
    assert "Stopped after" in said["status"] and said["files"]["value"] == ["/kept/red.txt"]


def test_files_that_cannot_be_made_do_not_keep_a_run_from_stopping(page, photo, monkeypatch):
    def full(*_):
        raise OSError("no space")

    red, left = page.rooms["red"], room.Left()
    monkeypatch.setattr(red.uploads, "keep", full)
    running = play.runner(red)(photo, 4, 0.5, "calm", 0.0, 0, left)
    next(running), next(running)
    running.close()
    assert left.files == []


# ---------------------------------------------------------------- what is swept away


@pytest.fixture
def uploads(tmp_path, monkeypatch):
    """An empty folder for them."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    return tmp_path / "uploads"


def files_in(folder):
    return [path.name for path in sorted(folder.rglob("*")) if path.is_file()]


def sweep(page):
    delete_files_created_by_app(page, age=None)


def test_what_a_call_brought_along_is_swept_away(page, uploads, photo):
    given = "data:image/png;base64," + base64.b64encode(Path(photo).read_bytes()).decode()
    endpoint.admitted(page.rooms, "red", json.dumps({"image": given}).encode())
    endpoint.admitted(page.rooms, "grey", json.dumps({"note": "AAAA"}).encode())
    assert sorted(files_in(uploads)) == ["image", "note"]
    sweep(page)
    assert files_in(uploads) == []


def test_the_files_of_a_run_whose_visitor_left_are_swept_away(page, uploads, photo):
    running = play.runner(page.rooms["red"])(photo, 4, 0.5, "calm", 0.0, 0, room.Left())
    next(running), next(running)
    running.close()
    assert files_in(uploads) == ["red.txt"]
    sweep(page)
    assert files_in(uploads) == []


def test_all_that_a_call_is_answered_with_is_swept_away(page, uploads):
    for result in hub.stream("grey"):
        answer.of(page.rooms["grey"], result)
    assert set(files_in(uploads)) == {"grey-01.png", "grey.png", "note.txt"}
    sweep(page)
    assert files_in(uploads) == []


def test_files_may_come_in_while_others_are_swept_away(page, uploads):
    kept = page.rooms["grey"].uploads
    assert kept is page.rooms["red"].uploads is page.upload_file_set
    kept.keep(b"one", "one.txt")
    for number, _ in enumerate(kept):
        kept.keep(str(number).encode(), "more.txt")


# ---------------------------------------------------------------- the server


def test_health_says_what_is_there(address):
    code, body = got(address, "/healthz")
    assert code == 200 and {**json.loads(body), "version": ""} == {
        "ok": True,
        "techniques": 3,
        "failures": ["absent"],
        "version": "",
    }


def test_a_server_on_loopback_answers_to_no_other_name(address):
    assert got(address, "/healthz", Host="evil.example")[0] == 400
    assert got(address, "/", Host="evil.example", Origin="http://evil.example")[0] == 400
    assert got(address, "/")[0] == 200


def test_fonts_and_samples_are_served_and_nothing_beside_them(address):
    assert got(address, "/netsee/fonts/instrument-sans.woff2")[1][:4] == b"wOF2"
    code, body = got(address, "/netsee/samples/clouds.jpg")
    assert code == 200 and Image.open(io.BytesIO(body)).size == (128, 128)
    for path in (
        "/netsee/samples/nothing.jpg",
        "/netsee/samples/..%2F..%2Fapp.jpg",
        "/netsee/fonts/..%2f..%2fapp.py",
        "/netsee/examples/../app.py",
    ):
        assert got(address, path)[0] == 404


def test_routes_that_the_page_does_not_use_are_closed(address):
    for path in (
        "/gradio_api/file=https://example.com/x.png",
        "/gradio_api/file/https://example.com/x.png",
        "/gradio_api/file=http://127.0.0.1/x",
        "/gradio_api/deep_link",
        "/monitoring",
        "/docs",
    ):
        assert got(address, path)[0] in (403, 404), path
    assert got(address, f"/gradio_api/file={__file__}")[0] in (403, 404)


def test_a_large_body_is_refused_before_it_is_read_as_json(address):
    code, body = posted(address, "/gradio_api/queue/join", b"[" * 6000)
    assert code == 413 and b"the most that is taken" in body
    assert posted(address, "/gradio_api/upload", b"x" * 200_000)[0] == 413


def test_no_page_of_ours_names_another_server(address):
    text = got(address, "/")[1].decode()
    config = json.loads(got(address, "/config")[1])
    assert "fonts.googleapis" not in text and not re.search(r'(src|href)="https?://(?!127\.0\.0\.1|localhost)', text)
    assert not config.get("analytics_enabled")


def test_a_public_page_lets_a_visitor_wait_once(museum):
    from types import SimpleNamespace

    from hub.app.turns import Turns

    line = SimpleNamespace(queue=[SimpleNamespace(session_hash="one")])
    blocks = SimpleNamespace(_queue=SimpleNamespace(event_queue_per_concurrency_id={"runs": line}))
    turns = Turns(Policy.public(), blocks)
    assert turns.are_taken_by(b'{"session_hash": "one"}') and not turns.are_taken_by(b'{"session_hash": "two"}')
    assert not turns.are_taken_by(b"[]") and not turns.are_taken_by(b"{") and not turns.are_taken_by(b"\xff")


def test_building_a_page_computes_nothing(museum, monkeypatch):
    monkeypatch.setattr(gr.Blocks, "launch", None)
    log = coats()
    log.clear()
    build(Policy.public())
    assert log == []


@pytest.mark.parametrize(("before", "after", "same"), [((300, 200), (600, 401), True), ((300, 200), (300, 300), False)])
def test_only_pictures_of_one_shape_are_laid_over_each_other(before, after, same):
    assert play._comparable(Image.new("RGB", before), Image.new("RGB", after)) is same
