"""A PNG says how it was made, makes it again, and is trusted no further than any stranger's file."""

import hashlib
import io
import json
import os
import stat
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import hub
from hub import backbones, samples
from hub import recipe as recipes
from hub.again import replay
from hub.errors import BadFile, BadParams, BadRecipe, BrokenTechnique, HubError, OverLimit, UnknownBackbone, UnknownTechnique
from hub.policy import Policy
from hub.recipe import KEY, Recipe, png_bytes, read_recipe, save_png
from hub.results import Result

LOOKER = '''"""Names a network and looks at nothing."""
from collections.abc import Iterator
import hub
from hub import Field, Image

class Params(hub.Params):
    backbone: hub.BackboneName = Field("embedded", description="Which network.")
    pair: tuple[int, float] = Field((3, 1), description="Two numbers.")

@hub.technique(title="Looker", family="Dream")
def run(image: Image | None, params: Params) -> Iterator[hub.Result]:
    from PIL import Image as pillow
    yield hub.Result(image=image or pillow.new("RGB", (8, 8), (params.pair[0], 2, 3)), progress=1.0)
'''


@pytest.fixture
def photo():
    return Image.fromarray(np.random.RandomState(0).randint(0, 256, (20, 31, 3), np.uint8))


@pytest.fixture
def looker(plugin_folder):
    return plugin_folder.add("looker", LOOKER)


def png_with(text: str | bytes, key: str = KEY) -> bytes:
    """A PNG with a text of our own under the key."""
    notes, file = PngInfo(), io.BytesIO()
    notes.add_text(key, text)
    Image.new("RGB", (2, 2)).save(file, "PNG", pnginfo=notes)
    return file.getvalue()


def altered(png: bytes, **changes) -> bytes:
    """The PNG with some fields of its recipe changed."""
    return png_with(json.dumps(json.loads(read_recipe(png).text()) | changes))


# ---------------------------------------------------------------- what is kept

def test_a_recipe_says_all_that_the_picture_depends_on(toy, photo):
    kept = hub.run(toy, photo, steps=2, seed=7, mask="sample:cat").recipe
    assert (kept.technique, kept.version, kept.seed) == ("toy", "1", 7)
    assert kept.params == {"steps": 2, "size": 1.5, "bright": False, "shape": "square", "word": "dot", "pause": 0.0, "seed": 7,
                           "model": None, "mask": "sha256:" + recipes.picture_hash(samples.load("cat"))}
    assert (kept.input.hash, kept.input.width, kept.input.height) == (recipes.picture_hash(photo), 31, 20)
    assert {"netsee", "torch", "timm", "numpy", "pillow"} == kept.versions.keys()
    assert {"dtype", "threads"} <= kept.device.keys()


def test_the_network_is_kept_with_the_hash_of_its_weights(looker):
    from hub import backbones

    assert hub.run(looker).recipe.weights == {"embedded": backbones.load("embedded").hash}


def test_a_saved_png_reads_back_as_the_same_recipe(toy, photo):
    result = hub.run(toy, photo)
    assert read_recipe(png_bytes(result)) == result.recipe


def test_the_picture_in_the_png_is_the_picture_of_the_result(toy, photo):
    result = hub.run(toy, photo)
    with Image.open(io.BytesIO(png_bytes(result))) as saved:
        assert saved.tobytes() == result.image.tobytes()


def test_the_png_tells_nothing_about_the_machine(toy, photo, tmp_path):
    photo.info.update(comment="secret", dpi=(72, 72))
    path = tmp_path / "holiday.png"
    photo.save(path)
    png = png_bytes(hub.run(toy, path, mask=str(path)))
    for private in (str(tmp_path), "holiday", "secret", os.path.expanduser("~"), os.uname().nodename):
        assert private.encode() not in png
    assert [kind for kind, _ in chunks(png)] == [b"IHDR", b"tEXt", *[b"IDAT"] * (len(chunks(png)) - 3), b"IEND"]


def chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 8
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at:at + 8])
        found.append((kind, png[at + 8:at + 8 + length]))
        at += 12 + length
    return found


def test_metadata_that_a_technique_leaves_on_its_picture_is_not_saved():
    picture = Image.new("RGB", (2, 2))
    picture.info.update(icc_profile=b"x" * 200, dpi=(300, 300), transparency=(0, 0, 0))
    assert png_bytes(Result(image=picture)) == png_bytes(Result(image=Image.new("RGB", (2, 2))))


@pytest.mark.parametrize("name, kept", [("local-dir:/home/ada/nets/tiny", "local-dir:tiny"), ("local-dir:tiny/",
    "local-dir:tiny"),
                                        ("hf-hub:owner/name@main", "hf-hub:owner/name@main"), ("timm/resnet50", "timm/resnet50")])
def test_of_a_local_network_only_the_last_folder_is_kept(name, kept):
    assert recipes._portable(name) == kept


def test_a_result_without_a_picture_cannot_be_saved():
    with pytest.raises(BrokenTechnique, match="no picture"):
        png_bytes(Result())


def test_parameters_too_long_to_be_kept_are_said_so(toy):
    result = hub.run(toy, word="x" * recipes.MOST_BYTES)
    with pytest.raises(BrokenTechnique, match="too long"):
        png_bytes(result)


# ---------------------------------------------------------------- files

def test_saving_writes_the_bytes_readable_as_other_files_are(toy, tmp_path):
    result, path = hub.run(toy), tmp_path / "out.png"
    result.save(path)
    (tmp_path / "other").touch()
    assert path.read_bytes() == png_bytes(result)
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE((tmp_path / "other").stat().st_mode)


def test_a_save_that_fails_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "out.png"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", lambda number: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        save_png(Result(image=Image.new("RGB", (2, 2))), path)
    assert [p.name for p in tmp_path.iterdir()] == ["out.png"] and path.read_bytes() == b"old"


# ---------------------------------------------------------------- made again

def test_a_replayed_png_is_the_original_byte_for_byte(toy, photo):
    original = png_bytes(hub.run(toy, photo, steps=3, seed=11, shape="bar", word=None))
    assert png_bytes(replay(original, photo)) == original


def test_a_picture_made_from_nothing_needs_nothing(toy):
    original = png_bytes(hub.run(toy, seed=3))
    again = replay(original)
    assert png_bytes(again) == original and "differ" not in again.caption


def test_samples_are_found_without_being_given_even_scaled_down(toy):
    original = png_bytes(hub.run(toy, "sample:astronaut", mask="sample:cat", policy=Policy.local().but(working_side=200)))
    assert png_bytes(hub.replay(original)) == original


def test_a_second_picture_of_ones_own_is_asked_for_and_taken(toy, photo):
    original = png_bytes(hub.run(toy, mask=photo))
    with pytest.raises(BadRecipe, match="used for mask"):
        replay(original)
    assert png_bytes(hub.replay(original, pictures={"mask": photo})) == original


def test_lists_of_json_become_the_tuples_they_were(looker):
    original = png_bytes(hub.run(looker, pair=(9, 0.5)))
    assert png_bytes(replay(original)) == original


def test_without_its_picture_it_is_asked_for(toy, photo):
    with pytest.raises(BadRecipe, match="Give the picture it was made from"):
        replay(png_bytes(hub.run(toy, photo)))


def test_another_picture_is_refused(toy, photo):
    original = png_bytes(hub.run(toy, photo, mask=photo))
    other = photo.copy()
    other.putpixel((0, 0), (1, 2, 3))
    with pytest.raises(BadRecipe, match="not the one"):
        replay(original, other, pictures={"mask": photo})
    with pytest.raises(BadRecipe, match="for mask is not the one"):
        replay(original, photo, pictures={"mask": other})
    with pytest.raises(BadRecipe, match="'musk' is not a picture"):
        replay(original, photo, pictures={"musk": photo})


def test_a_file_is_kept_as_its_hash_asked_for_and_taken(toy, tmp_path):
    path = tmp_path / "private.bin"
    path.write_bytes(b"trained long")
    result = hub.run(toy, model=path)
    original = png_bytes(result)
    assert result.recipe.params["model"] == "sha256:" + hashlib.sha256(b"trained long").hexdigest()
    assert b"trained" not in original and b"private" not in original
    with pytest.raises(BadRecipe, match="Give the file that was used for model"):
        replay(original)
    for given in (path, b"trained long"):
        again = hub.replay(original, pictures={"model": given})
        assert png_bytes(again) == original and again.files == {"note.txt": b"trained long"}


def test_a_file_that_changed_since_is_refused(toy, tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(b"weights")
    original = png_bytes(hub.run(toy, model=path))
    path.write_bytes(b"weighty")
    with pytest.raises(BadRecipe, match="The file given for model is not the one that was used"):
        replay(original, pictures={"model": path})


@pytest.mark.parametrize("wanted", ["sha256:" + "0" * 64, "weights", "/etc/passwd", "", 3, ["sha256:"], {"a": 1}])
def test_a_recipe_with_another_hash_takes_no_file(toy, wanted):
    png = png_bytes(hub.run(toy, model=b"weights"))
    png = altered(png, params=read_recipe(png).params | {"model": wanted})
    with pytest.raises(BadRecipe, match="for model"):
        replay(png)
    with pytest.raises(BadRecipe, match="for model"):
        replay(png, pictures={"model": b"weights"})


def test_a_replay_reads_no_file_by_path_where_paths_are_refused_and_none_too_large(toy, tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(b"weights")
    original = png_bytes(hub.run(toy, model=path))
    with pytest.raises(BadFile, match="by path"):
        replay(original, pictures={"model": str(path)}, policy=Policy.public())
    assert png_bytes(replay(original, pictures={"model": b"weights"}, policy=Policy.public())) == original
    with pytest.raises(OverLimit):
        replay(original, pictures={"model": bytes(len(original) + 1)}, policy=Policy.local().but(upload_bytes=len(original)))


def test_a_picture_for_what_was_made_from_none_is_refused(toy, photo):
    with pytest.raises(BadRecipe, match="made from nothing"):
        replay(png_bytes(hub.run(toy)), photo)


def test_a_picture_larger_than_is_worked_on_here_is_refused(toy):
    original = png_bytes(hub.run(toy, "sample:astronaut"))
    with pytest.raises(BadRecipe, match="512 pixels; 100 are the limit"):
        replay(original, policy=Policy.local().but(working_side=100))


def test_another_version_of_the_technique_still_runs_and_says_so(toy):
    png = altered(png_bytes(hub.run(toy)), version="0", versions={"torch": "1.0"})
    caption = replay(png).caption
    assert "may differ" in caption and "toy 0 then, 1 now" in caption and "torch 1.0 then" in caption


def test_other_weights_still_run_and_say_so(looker):
    png = altered(png_bytes(hub.run(looker)), weights={"embedded": "0" * 64})
    assert "other weights of embedded" in replay(png).caption


def test_weights_that_are_not_here_are_an_error_that_says_where_they_were(looker, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    png = altered(png_bytes(hub.run(looker)), params={"backbone": "local-dir:gone"}, weights={"local-dir:gone": "0" * 64})
    with pytest.raises(BadRecipe, match="Start in the folder that holds it"):
        replay(png)


def test_a_strangers_file_does_not_choose_networks_for_a_public_page(looker):
    png = altered(png_bytes(hub.run(looker)), params={"backbone": "hf-hub:evil/net"}, weights={})
    with pytest.raises(UnknownBackbone, match="evil/net"):
        replay(png, policy=Policy.public())


def test_a_recipe_holds_the_weights_of_every_network_of_several(plugin_folder):
    several = 'networks: hub.BackboneNames = Field("embedded,embedded?random"'
    name = plugin_folder.add("several", LOOKER.replace('backbone: hub.BackboneName = Field("embedded"', several))
    result = hub.run(name)
    assert result.recipe.params["networks"] == "embedded, embedded?random"
    assert result.recipe.weights == {each: backbones.load(each).hash for each in ("embedded", "embedded?random")}
    assert png_bytes(replay(png_bytes(result))) == png_bytes(result)
    changed = altered(png_bytes(result), weights=result.recipe.weights | {"embedded?random": "0" * 64})
    assert "other weights of embedded?random" in replay(changed).caption
    with pytest.raises(BadRecipe, match="does not use"):
        replay(altered(png_bytes(result), params=result.recipe.params | {"networks": "embedded"}))


def test_weights_that_the_parameters_do_not_name_are_not_loaded(looker):
    with pytest.raises(BadRecipe, match="does not use"):
        replay(altered(png_bytes(hub.run(looker)), weights={"hf-hub:evil/net": "0" * 64}))


# ---------------------------------------------------------------- a stranger's file

def test_a_png_without_a_recipe_says_so(photo):
    file = io.BytesIO()
    photo.save(file, "PNG")
    with pytest.raises(BadRecipe, match="holds no recipe"):
        read_recipe(file.getvalue())


def test_a_jpeg_is_no_place_for_a_recipe(photo):
    file = io.BytesIO()
    photo.save(file, "JPEG")
    with pytest.raises(BadRecipe, match="PNG"):
        read_recipe(file.getvalue())


GOOD = {"technique": "toy", "version": "1", "params": {}}
BAD = {
    "no json": "{",
    "a list": "[]",
    "missing": "{}",
    "wrong type": json.dumps(GOOD | {"technique": 3}),
    "a number as text": json.dumps(GOOD | {"seed": "3"}),
    "unknown field": json.dumps(GOOD | {"path": "/etc/passwd"}),
    "unknown field with a line break": json.dumps(GOOD | {"a\nb\x1b[31m": 1}),
    "not finite": '{"technique":"toy","version":"1","params":{"size":NaN}}',
    "infinite": '{"technique":"toy","version":"1","params":{"size":1e999}}',
    "a bad hash": json.dumps(GOOD | {"weights": {"embedded": "0"}}),
    "huge number": '{"technique":"toy","version":"1","params":{"steps":' + "9" * 5000 + "}}",
    "deep": json.dumps(GOOD)[:-1] + ',"x":' + "[" * 20_000 + "]" * 20_000 + "}",
    "deep in braces": '{"a":' * 5_000 + "1" + "}" * 5_000,
    "long": json.dumps(GOOD | {"version": "x" * 70_000}),
    "many": json.dumps(GOOD | {"params": {str(i): i for i in range(1000)}}),
    "empty": "",
    "not unicode": b"\xff\xfe{}",
    "zero bytes": "\0\0",
    "surrogates": '{"technique":"\\ud800","version":"1","params":{}}',
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_an_altered_recipe_is_refused_in_one_line(text):
    with pytest.raises(BadRecipe) as refused:
        replay(png_with(text))
    assert str(refused.value).isprintable() and len(str(refused.value)) < 400


def test_parameters_that_the_technique_does_not_take_are_refused(toy):
    png = png_bytes(hub.run(toy))
    for params in ({"steps": 10**9}, {"step": 1}, {"steps": "4"}, {"size": None}, {"mask": {"a": 1}}):
        with pytest.raises((BadParams, BadRecipe)):
            replay(altered(png, params=params))


def test_a_technique_that_is_not_here_is_said_so(toy):
    with pytest.raises(UnknownTechnique, match="Did you mean 'toy'"):
        replay(altered(png_bytes(hub.run(toy)), technique="toys"))


def test_text_that_grows_when_unpacked_is_refused():
    bomb = zlib.compress(b"x" * 50_000_000, 9)
    for kind, body in ((b"zTXt", b"netsee\0\0"), (b"iTXt", b"netsee\0\1\0\0\0")):
        plain = png_with("{}")
        chunk = kind + body + bomb
        png = plain[:33] + struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + plain[33:]
        with pytest.raises(HubError):
            read_recipe(png)


def test_a_png_too_large_is_not_read(tmp_path):
    with pytest.raises(OverLimit):
        read_recipe(png_with("{}"), Policy.local().but(upload_bytes=20))
    with pytest.raises(OverLimit):
        read_recipe(png_with("{}"), Policy.local().but(source_side=1))


def test_a_path_is_refused_where_paths_are():
    with pytest.raises(BadRecipe, match="by path"):
        read_recipe("/etc/passwd", Policy.public())


def test_recipes_of_one_meaning_have_one_spelling():
    one = Recipe(technique="toy", version="1", params={"a": 1, "b": "ü"})
    other = Recipe.model_validate_json('{"params": {"b": "ü", "a": 1}, "version": "1", "technique": "toy"}')
    assert one.text() == other.text() and one.text().isascii()
