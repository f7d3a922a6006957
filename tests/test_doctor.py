"""What `netsee doctor` finds."""

from hub import doctor


def found(name: str) -> doctor.Fact:
    return next(fact for fact in doctor.facts() if fact.name == name)


def test_every_fact_is_one_line():
    facts = list(doctor.facts())
    wanted = {"python", "torch", "compute", "embedded network", "techniques", "model cache", "offline"}
    assert wanted <= {fact.name for fact in facts}
    assert not [fact for fact in facts if "\n" in fact.text or not fact.text]


def test_a_network_that_does_not_load_is_broken_and_says_why(monkeypatch):
    from hub import backbones

    def missing(name):
        raise FileNotFoundError("no weights\nat all")

    monkeypatch.setattr(backbones, "load", missing)
    fact = found("embedded network")
    assert (fact.text, fact.good, fact.essential) == ("FileNotFoundError: no weights", False, True)


def test_a_strangers_failure_is_a_note(plugin_folder):
    plugin_folder.add("broken", "raise ImportError('no such thing')\nrun = None")
    fact = found("technique broken")
    assert "no such thing" in fact.text and not fact.good and not fact.essential


def test_the_home_folder_is_not_spelt_out(monkeypatch, tmp_path):
    from huggingface_hub import constants

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache" / "hub"))
    assert found("model cache").text == "~/cache/hub (empty so far)"


def test_offline_flags_are_named(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.delenv("TRANSFORMERS_OFFLINE", raising=False)
    assert found("offline").text == "HF_HUB_OFFLINE=1"
