"""Sample pictures: there without a download, ready to use, the same every time."""

import subprocess
import sys

import numpy as np
import pytest

from hub import samples
from hub.decode import decode, picture_hash
from hub.errors import UnknownSample
from hub.policy import Policy


@pytest.mark.parametrize("name", samples.names())
def test_every_sample_is_an_rgb_picture_of_a_good_size_with_a_title(name):
    picture = samples.load(name)
    assert picture.mode == "RGB" and min(picture.size) >= 300 and max(picture.size) <= 1024
    assert picture.info == {} and samples.title(name)
    assert np.asarray(picture).std() > 10


def test_about_a_dozen_are_there_and_clouds_come_first():
    assert samples.names()[0] == "clouds" and 10 <= len(samples.names()) <= 16


def test_no_two_samples_are_the_same_picture():
    assert len({picture_hash(samples.load(name)) for name in samples.names()}) == len(samples.names())


def test_a_caller_may_draw_on_its_copy():
    before = picture_hash(samples.load("cat"))
    samples.load("cat").paste("black", (0, 0, 100, 100))
    assert picture_hash(samples.load("cat")) == before


def test_a_sample_is_decoded_by_name_even_where_paths_are_refused():
    assert picture_hash(decode("sample:cat", Policy.public()).image) == picture_hash(samples.load("cat"))


def test_a_misspelt_sample_gets_a_suggestion():
    with pytest.raises(UnknownSample, match="Did you mean 'clouds'"):
        samples.load("cluods")
    with pytest.raises(UnknownSample):
        decode("sample:../../etc/passwd", Policy.local())
    with pytest.raises(UnknownSample):
        samples.title("")


def test_the_sky_is_blue_above_pale_below_and_half_full_of_white_clouds():
    sky = np.asarray(samples.load("clouds")).astype(float)
    red, blue = sky[..., 0], sky[..., 2]
    cloud, clear = red > 0.85 * blue, red < 0.6 * blue
    assert 0.25 < cloud.mean() < 0.75 and clear.mean() > 0.1
    top, bottom = np.split(np.arange(len(sky)), 2)
    assert sky[top][clear[top]].mean() < sky[bottom][red[bottom] < 0.8 * blue[bottom]].mean()


def test_the_drawn_ones_are_the_same_in_another_process():
    code = "from hub import samples; from hub.decode import picture_hash; print(picture_hash(samples.load('clouds')))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert other == picture_hash(samples.load("clouds"))


def test_a_photograph_is_loaded_without_torch_or_the_library_that_brings_it():
    code = "import sys; from hub import samples; samples.load('cat'); print({'torch', 'skimage', 'gradio'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "set()"
