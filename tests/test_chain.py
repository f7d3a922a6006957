"""Techniques one after the other: the recipe holds the whole chain, and makes it again."""

import io
import json
import subprocess
import sys

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import hub
import hub.chain
from hub import cli
from hub.errors import BadParams, BadPicture, BadRecipe, UnknownTechnique
from hub.policy import Policy
from hub.recipe import KEY, MOST_LINKS, links_in, png_bytes, read_recipe

BLANK = '''"""Makes figures, and no picture."""
from collections.abc import Iterator
import hub
import hub.chain

@hub.technique(title="Blank", family="Zoo")
def run(image: None, params: hub.Params) -> Iterator[hub.Result]:
    yield hub.Result(progress=0.5)
    yield hub.Result(metrics={"x": 1.0}, progress=1.0)
'''


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    Image.linear_gradient("L").resize((40, 30)).convert("RGB").save(path)
    return path


def dots(toy, *seeds: int) -> hub.chain.Pipeline:
    return hub.pipeline([(toy, {"seed": seed, "steps": 2}) for seed in seeds])


def altered(png: bytes, change) -> bytes:
    """The PNG with its pixels as they are, and its recipe changed by a function."""
    recipe = json.loads(read_recipe(png).text())
    change(recipe)
    notes, file = PngInfo(), io.BytesIO()
    notes.add_text(KEY, json.dumps(recipe))
    Image.open(io.BytesIO(png)).save(file, "PNG", pnginfo=notes)
    return file.getvalue()


# ---------------------------------------------------------------- a chain

def test_each_link_is_given_what_the_one_before_made(toy, photo):
    by_hand = hub.run(toy, hub.run(toy, photo, seed=1, steps=2).image, seed=2, steps=2)
    assert dots(toy, 1, 2).run(photo).image.tobytes() == by_hand.image.tobytes()


def test_the_recipe_holds_the_whole_chain_in_order(toy, photo):
    recipe = dots(toy, 1, 2, 3).run(photo).recipe
    assert [(link.technique, link.seed) for link in recipe.links()] == [(toy, 1), (toy, 2), (toy, 3)]
    assert recipe.links()[0].input == hub.run(toy, photo).recipe.input
    assert read_recipe(png_bytes(dots(toy, 1, 2, 3).run(photo))) == recipe


def test_one_link_is_what_its_technique_gives(toy, photo):
    assert png_bytes(dots(toy, 1).run(photo)) == png_bytes(hub.run(toy, photo, seed=1, steps=2))


def test_a_chain_streams_and_ends_once(toy, photo):
    results = list(dots(toy, 1, 2).stream(photo))
    progress = [result.progress for result in results]
    assert progress == sorted(progress) and [share == 1 for share in progress] == [False] * 5 + [True]
    assert results[0].caption == "1 of 2, Toy" and results[4].caption == "2 of 2, Toy" and results[5].caption == "dot"


def test_previews_that_nobody_looks_at_are_not_drawn(toy, photo):
    assert all(callable(vars(result)["image"]) for result in dots(toy, 1, 2).stream(photo) if result.progress < 0.4)


def test_closing_a_chain_closes_the_link_at_work(toy, photo):
    results = dots(toy, 1, 2).stream(photo)
    next(results)
    results.close()
    assert list(results) == []


def test_what_is_wrong_is_said_before_any_work(toy, plugin_folder, photo):
    with pytest.raises(UnknownTechnique):
        hub.pipeline([toy, "toyy"])
    with pytest.raises(BadParams, match="Did you mean 'steps'"):
        hub.pipeline([toy, (toy, {"step": 3})])
    with pytest.raises(BadParams, match="from 1 to 16"):
        hub.pipeline([])
    blank = plugin_folder.add("blank", BLANK)
    with pytest.raises(BadParams, match="takes no picture, so it can only come first"):
        hub.pipeline([toy, blank])
    with pytest.raises(BadPicture, match="no file 'no.png'"):
        hub.pipeline([toy, toy]).stream("no.png")


def test_a_link_that_makes_no_picture_has_nothing_to_hand_on(toy, plugin_folder):
    with pytest.raises(BadPicture, match="Blank made no single picture that Toy could go on from"):
        hub.pipeline([plugin_folder.add("blank", BLANK), toy]).run()


# ---------------------------------------------------------------- pipes

def test_pipes_of_the_shell_make_the_same_file(toy, photo, tmp_path):
    netsee = f"{sys.executable} -m hub"
    command = (f"{netsee} run {toy} {photo} -o - --seed 1 --steps 2 | {netsee} run {toy} - -o - --seed 2 --steps 2 |"
               f" {netsee} run {toy} - -o {tmp_path / 'out.png'} --seed 3 --steps 2")
    subprocess.run(["bash", "-o", "pipefail", "-c", command], check=True)
    assert (tmp_path / "out.png").read_bytes() == png_bytes(dots(toy, 1, 2, 3).run(photo))


def test_a_picture_made_here_goes_on_its_chain_whichever_way_it_comes(toy, photo, tmp_path):
    hub.run(toy, photo, seed=1, steps=2).save(str(tmp_path / "one.png"))
    assert png_bytes(hub.run(toy, tmp_path / "one.png", seed=2, steps=2)) == png_bytes(dots(toy, 1, 2).run(photo))


@pytest.mark.parametrize("text", ["", "{}", "no recipe", "[" * 5000, '{"technique": "x" * 99}', "x" * 70_000])
def test_a_picture_with_a_recipe_that_cannot_be_trusted_is_a_picture_like_any_other(toy, photo, text):
    notes, file = PngInfo(), io.BytesIO()
    notes.add_text(KEY, text)
    Image.open(photo).save(file, "PNG", pnginfo=notes)
    assert png_bytes(hub.run(toy, file.getvalue())) == png_bytes(hub.run(toy, photo))


def test_of_a_chain_too_long_the_end_is_kept(toy, photo):
    png = png_bytes(hub.run(toy, photo, steps=1, seed=0))
    for seed in range(1, MOST_LINKS + 3):
        png = png_bytes(hub.run(toy, png, steps=1, seed=seed))
    assert [link.seed for link in read_recipe(png).links()] == list(range(3, MOST_LINKS + 3))


def test_a_chain_of_large_parameters_does_not_outgrow_its_file(toy, photo):
    png = png_bytes(hub.run(toy, photo, word="x" * 20_000))
    for _ in range(5):
        png = png_bytes(hub.run(toy, png, word="x" * 20_000))
    assert len(read_recipe(png).links()) == 2 and len(links_in(read_recipe(png).text())) == 1


# ---------------------------------------------------------------- made again

def test_a_chain_is_made_again_byte_for_byte(toy, photo):
    png = png_bytes(dots(toy, 1, 2, 3).run(photo))
    assert png_bytes(hub.replay(png, photo)) == png


def test_a_chain_that_began_with_nothing_or_a_sample_needs_nothing(toy):
    for beginning in (None, "sample:cat"):
        png = png_bytes(dots(toy, 1, 2).run(beginning))
        assert png_bytes(hub.replay(png)) == png


def test_the_command_line_makes_it_again(toy, photo, tmp_path):
    dots(toy, 1, 2).run(photo).save(str(tmp_path / "a.png"))
    assert cli.main(["replay", str(tmp_path / "a.png"), str(photo), "-o", str(tmp_path / "b.png")]) == 0
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_chain_whose_first_picture_was_scaled_down_is_made_again(toy):
    policy = Policy.local().but(working_side=100)
    png = png_bytes(hub.pipeline([toy, toy], policy=policy).run("sample:astronaut"))
    assert png_bytes(hub.replay(png)) == png


def test_it_can_be_made_again_from_the_picture_that_any_link_was_given(toy, photo):
    png = png_bytes(dots(toy, 1, 2, 3).run(photo))
    assert png_bytes(hub.replay(png, dots(toy, 1, 2).run(photo).image)) == png


def test_another_picture_is_refused(toy, photo):
    with pytest.raises(BadRecipe, match="not the one"):
        hub.replay(png_bytes(dots(toy, 1, 2).run(photo)), "sample:cat")


def test_a_picture_that_was_changed_between_two_links_is_not_taken_for_made(toy, photo, tmp_path):
    made = png_bytes(hub.run(toy, photo, seed=1, steps=2))
    changed = Image.open(io.BytesIO(made)).convert("RGB").rotate(180)
    notes, file = PngInfo(), io.BytesIO()
    notes.add_text(KEY, read_recipe(made).text())
    changed.save(file, "PNG", pnginfo=notes)
    png = png_bytes(hub.run(toy, file.getvalue(), seed=2, steps=2))
    with pytest.raises(BadRecipe, match="toy was given another picture than toy makes here"):
        hub.replay(png, photo)
    assert png_bytes(hub.replay(png, changed)) == png


def test_an_altered_link_is_refused(toy, photo):
    png = png_bytes(dots(toy, 1, 2).run(photo))
    with pytest.raises(BadRecipe, match="given another picture"):
        hub.replay(altered(png, lambda recipe: recipe["before"][0]["params"].update(seed=9)), photo)
    with pytest.raises(BadRecipe, match="altered"):
        hub.replay(altered(png, lambda recipe: recipe["before"][0].update(before=[])), photo)
    with pytest.raises(BadRecipe, match="altered"):
        hub.replay(altered(png, lambda recipe: recipe.update(before=recipe["before"] * MOST_LINKS)), photo)
    with pytest.raises(BadRecipe, match="given another picture"):
        hub.replay(altered(png, lambda recipe: recipe.update(input=None)), photo)


def test_what_is_installed_now_may_change_the_pixels_and_is_said(toy, photo):
    def older(recipe):
        recipe["versions"]["netsee"] = "0.0.1"
        recipe["before"][0]["params"]["seed"] = 9

    again = hub.replay(altered(png_bytes(dots(toy, 1, 2).run(photo)), older), photo)
    assert "netsee 0.0.1 then" in again.caption and [link.seed for link in again.recipe.links()] == [9, 2]


def test_second_pictures_are_named_for_one_link_or_for_all(toy, photo, tmp_path):
    chain = hub.pipeline([(toy, {"model": b"one"}), (toy, {"model": b"two"}), (toy, {"mask": photo})])
    png = png_bytes(chain.run(photo))
    given = {"1.model": b"one", "2.model": b"two", "mask": photo}
    assert png_bytes(hub.replay(png, photo, pictures=given)) == png
    with pytest.raises(BadRecipe, match="file given for model is not the one"):
        hub.replay(png, photo, pictures={"model": b"one", "mask": photo})
    with pytest.raises(BadRecipe, match="'4.model' is not"):
        hub.replay(png, photo, pictures=given | {"4.model": b"two"})
