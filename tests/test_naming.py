import pytest

from hub.backbones.naming import Name, parse
from hub.errors import UnknownBackbone

NAMES = {
    "embedded": Name("embedded", ""),
    "timm/resnet50.a1_in1k": Name("timm", "resnet50.a1_in1k"),
    "torchvision/googlenet": Name("torchvision", "googlenet"),
    "hf-hub:owner/name@v1.0": Name("hf-hub", "owner/name", "v1.0"),
    "hf-hub:owner/name@refs/pr/1?random=7": Name("hf-hub", "owner/name", "refs/pr/1", 7),
    "local-dir:/some where/a model": Name("local-dir", "/some where/a model"),
    "local-dir:here?random": Name("local-dir", "here", seed=0),
    "embedded?random": Name("embedded", "", seed=0),
}


@pytest.mark.parametrize("text", NAMES)
def test_a_name_is_its_parts_and_its_parts_are_the_name(text):
    assert parse(text) == NAMES[text] and str(parse(text)) == text


def test_the_seed_that_everybody_means_is_left_out():
    assert str(parse("timm/vgg19?random=0")) == "timm/vgg19?random"


@pytest.mark.parametrize(
    "text", ["", "resnet50", "timm/", "timm/a/b", "timm/../x", "hf-hub:name", "hf-hub:a/b@", "torchvision/a-b", "local-dir:",
             "http://a/b", "embedded?rand", "timm/x?random=-1", "timm/x?random=1.5", "embedded\n"]
)
def test_what_follows_no_rule_is_refused_with_the_rules(text):
    with pytest.raises(UnknownBackbone, match="hf-hub:OWNER/NAME"):
        parse(text)
