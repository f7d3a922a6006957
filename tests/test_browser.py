"""The page in a real browser. Needs Debian's chromium; where it is missing these tests fail."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from hub import backbones, registry
from hub.policy import Policy
from hub.recipe import read_recipe
from tests import hall
from tests.visitors import DESKTOP, PATIENCE, dial, line, unfold

PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    backbones.load("embedded")  # a page asks for it as it opens, and the tests may be over before it comes
    with hall.opened(tmp_path_factory.mktemp("museum"), built_in=True), hall.served(Policy.local()) as address:
        yield address


@pytest.fixture
def visit(chromium, address):
    """A function that opens a tab as a new visitor; at the end, what any of their consoles complained of fails the test."""
    contexts, complaints = [], []

    def visit(tab: str = "red", more: str = "", **options) -> Page:
        context = chromium.new_context(**{"viewport": DESKTOP, "accept_downloads": True, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: complaints.append(request.url) if not request.url.startswith((address, "data:", "blob:")) else None,
        )
        page.goto(f"{address}/?tab={tab}{more}")
        expect(page.locator(".title h2:visible")).to_have_text(registry.technique(tab).title)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert not complaints


def button(page: Page, name: str):
    return page.get_by_role("button", name=name, exact=True).locator("visible=true")


def slow(page: Page, steps: int = 300):
    """Set the toy to run long enough to be watched."""
    dial(page, steps=steps, pause=0.05)


def test_one_click_on_a_sample_runs_it_to_a_result(visit):
    page = visit()
    page.locator("[data-sample=cat]:visible").click()
    expect(line(page)).to_contain_text("Done in")
    expect(page.locator(".caption:visible")).to_have_text("Red as could be.")
    assert (
        page.locator(".stage .picture img:visible").first.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    )


def test_the_divider_between_before_and_after_follows_the_arrow_keys(visit):
    page = visit()
    button(page, "Run").click()
    expect(line(page)).to_contain_text("Done in")
    divider = page.get_by_label("Compare before and after")
    divider.focus()
    divider.press("ArrowRight")
    assert page.locator(".compare").first.evaluate("figure => figure.style.getPropertyValue('--at')") == "51%"


def test_previews_arrive_with_a_bar_and_stop_ends_the_run(visit):
    page, before = visit(), len(coats())
    slow(page)
    button(page, "Run").click()
    expect(line(page)).to_contain_text("Coat")
    first = page.locator(".stage img:visible").first.get_attribute("src")
    expect(page.locator(".stage img:visible").first).not_to_have_attribute("src", first)
    assert page.locator(".status progress:visible").count() == 1 and page.locator(".curve polyline:visible").count() == 1
    button(page, "Stop").click()
    expect(line(page)).to_contain_text("Stopped")
    expect(button(page, "Run")).to_be_enabled()
    assert closed(1, before)[before:] == ["began", "closed"]


def test_a_stopped_run_gives_its_files_to_the_one_who_stopped_it(visit):
    page, other = visit(), visit()
    for each in (page, other):
        slow(each)
    for _ in range(2):
        button(page, "Run").click()
        expect(line(page)).to_contain_text("Coat 9")
        assert page.locator(".files a:visible").count() == 0
        button(page, "Stop").click()
        expect(line(page)).to_contain_text("so are the files below")
        with page.expect_download() as download:
            page.locator(".files a:visible").first.click()
        assert 0 < float(download.value.path().read_text()) < 1
    button(other, "Run").click()
    button(other, "Stop").click()
    expect(line(other)).to_contain_text("Stopped")


def test_a_visitor_who_leaves_stops_their_run(visit):
    page = visit()
    slow(page)
    before = len(coats())
    button(page, "Run").click()
    expect(line(page)).to_contain_text("Coat")
    page.context.close()
    assert closed(1, before)[before:] == ["began", "closed"]


def coats():
    return registry.technique("red").body.__globals__["LOG"]


def closed(times: int, since: int = 0):
    """The toy's log, as soon as `times` runs since entry `since` are over."""
    import time

    end = time.monotonic() + 30
    while coats()[since:].count("closed") < times:
        assert time.monotonic() < end, "the run went on"
        time.sleep(0.05)
    return coats()


def test_a_download_carries_the_recipe_and_brings_the_settings_back(visit, tmp_path):
    page = visit()
    dial(page, steps=7)
    page.get_by_label("loud").locator("visible=true").check()
    button(page, "Run").click()
    expect(line(page)).to_contain_text("Done in")
    with page.expect_download() as download:
        page.get_by_text("Download PNG").locator("visible=true").click()
    file = tmp_path / "out.png"
    download.value.save_as(file)
    assert (read_recipe(str(file)).params["steps"], read_recipe(str(file)).params["mood"]) == (7, "loud")

    other = visit("grey")
    other.get_by_text("Restore settings").locator("visible=true").click()
    other.locator(".restore:visible input[type=file]").set_input_files(file)
    expect(other.locator(".title h2:visible")).to_have_text("Red")
    expect(other.locator(".field-steps input[type=number]:visible")).to_have_value("7")
    expect(other.get_by_label("loud").locator("visible=true")).to_be_checked()


def test_a_png_without_a_recipe_is_refused_in_one_line(visit, tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "plain.png")
    page = visit("grey")
    page.get_by_text("Restore settings").locator("visible=true").click()
    page.locator(".restore:visible input[type=file]").set_input_files(tmp_path / "plain.png")
    expect(page.locator(".status.error p:visible")).to_contain_text("recipe")


def test_a_bad_upload_is_one_readable_line(visit, tmp_path):
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\nbut not really")
    page = visit()
    page.get_by_label(re.compile("Clear|Remove", re.I)).locator("visible=true").first.click()
    page.locator(".photo:visible input[type=file]").first.set_input_files(tmp_path / "photo.png")
    expect(page.locator(".photo img:visible")).to_have_count(1)
    button(page, "Run").click()
    expect(page.locator(".status.error p:visible")).to_have_count(1)
    said = page.locator(".status.error p:visible").inner_text()
    assert "Traceback" not in said and "on our side" not in said and str(tmp_path) not in said


def test_a_picture_is_pasted(visit):
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    page.get_by_label(re.compile("Clear|Remove", re.I)).locator("visible=true").first.click()
    page.evaluate("""async () => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 30, height: 20 });
      canvas.getContext('2d').fillRect(0, 0, 30, 20);
      const blob = await new Promise(done => canvas.toBlob(done, 'image/png'));
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })]);
    }""")
    page.get_by_label("Paste from clipboard").locator("visible=true").first.click()
    expect(page.locator(".photo img:visible")).to_have_count(1)
    button(page, "Run").click()
    expect(line(page)).to_contain_text("Done in")
    expect(page.locator(".picture:visible").first).to_have_attribute("style", "--w:30;--h:20")


def test_a_picture_is_taken_with_the_camera(visit):
    page = visit(permissions=["camera"])
    page.get_by_label(re.compile("Clear|Remove", re.I)).locator("visible=true").first.click()
    page.get_by_label("Capture from camera").locator("visible=true").first.click()
    page.get_by_text("Click to Access Webcam").locator("visible=true").click()
    page.wait_for_function("[...document.querySelectorAll('video')].some(video => video.readyState > 2 && video.videoWidth)")
    page.get_by_label("capture photo").locator("visible=true").click()
    expect(page.locator(".photo img:visible")).to_have_count(1)
    button(page, "Run").click()
    expect(line(page)).to_contain_text("Done in")


def test_a_failing_technique_says_so_without_its_secrets(visit):
    page = visit("faulty")
    button(page, "Run").click()
    expect(page.locator(".status.error p:visible")).to_have_text(re.compile(r"on our side \(id [0-9a-f]{6}\)\.$"))
    assert "secret" not in page.content()
    expect(button(page, "Run")).to_be_enabled()


def test_a_link_brings_back_the_tab_and_its_settings(visit):
    page = visit()
    dial(page, steps=9)
    page.get_by_text("The same in Python").locator("visible=true").click()
    expect(page.locator(".codes:visible pre").first).to_contain_text("steps=9")
    link = page.locator("[data-link]:visible").get_attribute("data-link")
    again = visit("red", link.removeprefix("?tab=red"))
    expect(again.locator(".field-steps input[type=number]:visible")).to_have_value("9")


def test_a_damaged_link_still_opens_the_tab(visit):
    page = visit("red", "&p=bm90IGpzb24")
    expect(page.locator(".status.error p:visible")).to_contain_text("link")


def test_a_result_goes_on_as_the_picture_of_another_exhibit(visit):
    page = visit("grey")
    button(page, "Run").click()
    expect(line(page)).to_contain_text("Done in")
    page.get_by_label("Continue with this picture").locator("visible=true").click()
    page.get_by_role("option", name="Red").click()
    expect(page.locator(".title h2:visible")).to_have_text("Red")
    expect(line(page)).to_have_text("Your picture is here. Press Run.")
    button(page, "Run").click()
    expect(line(page)).to_contain_text("Done in")
    expect(page.locator(".picture:visible").first).to_have_attribute("style", "--w:32;--h:32")


def test_two_visitors_at_once_see_each_their_own(visit):
    one, two = visit(), visit()
    dial(one, strength=0)
    dial(two, strength=1)
    for page in (one, two):
        page.locator("[data-sample=clouds]:visible").click()
    for page in (one, two):
        expect(line(page)).to_contain_text("Done in")
    reds = [shown(page).resize((1, 1)).getpixel((0, 0)) for page in (one, two)]
    assert reds[1] == (255, 0, 0) and reds[0] != reds[1]


def shown(page: Page) -> Image.Image:
    address = page.locator(".stage .picture img:visible").first.evaluate("image => image.src")
    return Image.open(io.BytesIO(page.request.get(address).body())).convert("RGB")


@pytest.mark.parametrize("tab", ["red", "grey", "deep_dream"])
def test_nothing_is_wider_than_a_phone(visit, tab):
    page = visit(tab, viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    button(page, "Run").scroll_into_view_if_needed()
    stage, desk = page.locator(".block.stage:visible").bounding_box(), page.locator(".field:visible").first.bounding_box()
    assert stage["width"] > 330 and stage["y"] < desk["y"], "the stage stands right under the picture"


def test_on_a_phone_the_names_of_all_families_are_whole(chromium, tmp_path):
    with hall.opened(tmp_path, built_in=True), hall.served() as address:
        page = chromium.new_page(viewport=PHONE)
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        names = page.locator(".families > .tab-wrapper [role=tab]:visible")
        expect(names.last).to_have_text("Zoo")
        page.wait_for_function("document.fonts.status === 'loaded'")
        assert names.evaluate_all("all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.innerText)") == []
        page.close()


def test_the_page_follows_the_system_into_the_dark(visit):
    def grounds(scheme: str) -> tuple[int, int]:
        page = visit(color_scheme=scheme)
        return tuple(
            sum(
                map(
                    int, re.findall(r"\d+", page.locator(".gradio-container").evaluate(f"e => getComputedStyle({of}).{what}"))[:3]
                )
            )
            for of, what in (("document.body", "backgroundColor"), ("document.querySelector('.title h2')", "color"))
        )

    light, dark = grounds("light"), grounds("dark")
    assert light[0] > 600 > 200 > light[1] and dark[0] < 200 < 600 < dark[1]


def test_every_control_and_picture_has_a_name(visit):
    page = visit()
    button(page, "Run").click()
    expect(line(page)).to_contain_text("Done in")
    nameless = page.evaluate("""() => [...document.querySelectorAll('button, input, select, textarea, img')]
      .filter(e => e.offsetParent && e.type !== 'file')
      .filter(e => e.tagName === 'IMG' ? !e.hasAttribute('alt')
        : !(e.innerText?.trim() || e.ariaLabel || e.title || e.labels?.length || e.getAttribute('aria-labelledby')
          || e.querySelector('img[alt]')))
      .map(e => e.outerHTML.slice(0, 160))""")
    assert nameless == []


@pytest.mark.parametrize(
    "name, settings",
    [
        ("deep_dream", {"steps": 2, "octaves": 1}),
        ("instant_style", {"size": 128}),
        ("style_transfer", {"size": 96}),
        ("photo_style", {"regions": 2}),
        ("autoencoder", {"steps": 5, "depth": 2}),
        ("compression", {"steps": 2, "size": 128}),
        ("unpooling", {"steps": 5}),
        ("denoising_autoencoder", {"steps": 2, "size": 128}),
        ("sparse_autoencoder", {"steps": 5}),
        ("build_autoencoder", {"steps": 5}),
    ],
)
def test_a_real_technique_runs_in_the_page(visit, name, settings):
    page = visit(name)
    dial(page, **settings)
    page.locator(".source [data-sample=cat]:visible").click()
    expect(line(page)).to_contain_text("Done in", timeout=120_000)
    made = page.request.get(page.locator(".stage .picture img:visible").first.evaluate("image => image.src")).body()
    recipe = read_recipe(made)
    assert recipe.technique == name and settings.items() <= recipe.params.items()
    assert page.locator(".compare:visible").count() == 1


def test_a_technique_that_takes_no_picture_is_run_by_its_button(visit):
    page = visit("pretraining")
    dial(page, steps=10, seeds=2, depth=2)
    button(page, "Run").click()
    expect(line(page)).to_contain_text("Done in", timeout=120_000)
    made = page.request.get(page.locator(".stage .picture img:visible").first.evaluate("image => image.src")).body()
    assert read_recipe(made).technique == "pretraining"
    expect(page.locator("figure.curve:visible").first).to_be_visible()


def test_networks_side_by_side_are_a_sheet_that_no_divider_crosses(visit):
    page = visit("compare_networks")
    dial(page, size=96)
    expect(page.locator(".field-networks:visible")).to_contain_text("Netsee's own, untrained")
    page.locator(".source [data-sample=china]:visible").click()
    expect(line(page)).to_contain_text("Done in", timeout=120_000)
    made = page.request.get(page.locator(".stage .picture img:visible").first.evaluate("image => image.src")).body()
    recipe = read_recipe(made)
    assert recipe.technique == "compare_networks" and set(recipe.weights) == {"embedded", "embedded?random"}
    assert recipe.params["size"] == 96 and recipe.params["networks"] == "embedded, embedded?random"
    assert page.locator(".compare:visible").count() == 0
    assert page.locator(".gallery:visible figure").count() == 6


def test_one_click_on_a_style_runs_it_instead_of_an_own_one(visit, tmp_path):
    page = visit("instant_style")
    dial(page, size=64)
    Image.effect_noise((64, 64), 90).save(tmp_path / "own.png")
    page.locator(".field-style:visible input[type=file]").set_input_files(tmp_path / "own.png")
    expect(page.locator(".field-style:visible img")).to_be_visible()
    expect(page.locator(".choices:visible [aria-pressed=true]")).to_have_count(0)
    page.locator("[data-sample='stained glass']:visible").click()
    expect(line(page)).to_contain_text("Done in")
    made = page.request.get(page.locator(".stage .picture img:visible").first.evaluate("image => image.src")).body()
    params = read_recipe(made).params
    assert params["manner"] == "stained glass" and params["style"] is None
    expect(page.locator(".field-style:visible img")).to_have_count(0)
    marked = page.locator(".choices:visible [aria-pressed=true]")
    expect(marked).to_have_count(1)
    expect(marked).to_have_attribute("data-sample", "stained glass")


def test_the_divider_stays_where_it_was_left_for_the_next_result(visit):
    page = visit("instant_style")
    dial(page, size=64)
    slider = page.locator(".compare:visible input[type=range]")
    slider.press("Home")
    example = page.locator(".stage .picture img:visible").first.evaluate("image => image.src")
    page.locator("[data-sample=ink]:visible").click()
    expect(line(page)).to_contain_text("Done in")
    assert page.locator(".stage .picture img:visible").first.evaluate("image => image.src") != example
    expect(slider).to_have_value("0")
    assert page.locator(".compare:visible").evaluate("figure => figure.style.getPropertyValue('--at')") == "0%"


def test_a_hosted_page_runs_a_dream_and_keeps_to_its_limits(chromium, tmp_path):
    page = chromium.new_page(viewport=DESKTOP)
    page.set_default_timeout(PATIENCE)
    large = Image.effect_noise((4000, 4100), 90)
    large.save(tmp_path / "large.png")
    with hall.opened(tmp_path / "hosted", built_in=True), hall.served(Policy.public()) as hosted:
        page.goto(f"{hosted}/?tab=deep_dream")
        expect(page.locator(".title h2:visible")).to_have_text(registry.technique("deep_dream").title)
        dial(page, steps=1, octaves=1)
        page.locator("[data-sample=cat]:visible").click()
        expect(line(page)).to_contain_text("Done in")
        assert max(shown(page).size) <= Policy.public().working_side
        page.get_by_label(re.compile("Clear|Remove", re.I)).locator("visible=true").first.click()
        page.locator(".photo:visible input[type=file]").first.set_input_files(tmp_path / "large.png")
        expect(page.get_by_text("exceed the maximum allowed size of 10")).to_be_visible()
        page.close()


def test_the_lists_of_layers_and_units_follow_the_network_that_is_chosen_without_its_weights(visit):
    page = visit("deep_dream")
    unfold(page)
    network, layer = (page.locator(f".field-{name} input:visible").first for name in ("backbone", "layer"))
    network.click()
    page.get_by_role("option", name=re.compile("^ViT small")).click()
    expect(layer).to_have_value(re.compile("^blocks.7 · 384 channels"))
    layer.click()
    layer.fill("blocks.11.attn")
    expect(page.get_by_role("option", name=re.compile(r"blocks\.11\.attn:heads · 6 channels"))).to_be_visible()


def test_a_watched_page_follows_each_save_to_its_tab_and_tells_what_is_broken(chromium, tmp_path):
    from tests.test_watch import watching

    with watching(tmp_path) as (_, address):
        page = chromium.new_page(viewport=DESKTOP)
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        page.get_by_text("through frosted glass").first.wait_for()
        page.wait_for_timeout(1500)  # it has asked once which server it came from
        file = tmp_path / "frosted.py"
        source = file.read_text()
        file.write_text(source.replace("frosted glass", "melted glass"))
        page.get_by_text("through melted glass").first.wait_for()
        assert page.url.endswith("?tab=frosted")
        page.wait_for_timeout(1500)
        file.write_text("run = no_such_name")
        page.get_by_role("alert").filter(has_text="NameError: name 'no_such_name' is not defined (frosted.py, line 1)").wait_for()
        file.write_text(source)
        page.get_by_text("through frosted glass").first.wait_for()
        page.close()
