"""Errors are one line that says what is allowed and what to try."""

import pickle

import pytest

from hub import errors
from hub.errors import FetchFailed, HubError, InputError, NotFinite, UnknownLayer, UnknownSample


def test_a_misspelt_name_gets_a_suggestion():
    assert str(UnknownLayer("mixed6c", ["Mixed_6a", "Mixed_6c"], of="inception_v3")) == \
        "'mixed6c' is not a layer of inception_v3. Did you mean 'Mixed_6c'?"


def test_few_choices_are_listed_where_none_is_near():
    assert str(UnknownSample("zzzz", ["cat", "china"])) == "'zzzz' is not a sample picture. There are: cat, china."


def test_many_choices_are_not_listed_but_the_hint_stands():
    assert str(UnknownLayer("zzzz", [f"layer{i}" for i in range(40)], hint="List them.")) == "'zzzz' is not a layer. List them."


def test_no_choices_at_all_still_make_a_sentence():
    assert str(UnknownLayer("x")) == "'x' is not a layer."


@pytest.mark.parametrize("name", ["BadPicture", "BadParams", "BadRecipe", "OverLimit", "UnknownTechnique", "NotOffline"])
def test_what_the_caller_did_is_an_input_error(name):
    assert issubclass(getattr(errors, name), InputError)


@pytest.mark.parametrize("name", ["BrokenTechnique", "NotFinite"])
def test_what_we_did_is_not_an_input_error(name):
    assert issubclass(getattr(errors, name), HubError) and not issubclass(getattr(errors, name), InputError)


def test_every_error_stands_in_the_tree_at_the_top():
    classes = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, HubError)]
    assert [c.__name__ for c in classes if c.__name__ not in errors.__doc__] == []


def test_numbers_that_ran_away_bring_the_last_good_result():
    assert NotFinite("they did", result="preview").result == "preview"


def test_why_a_download_failed_goes_from_process_to_process():
    error = pickle.loads(pickle.dumps(FetchFailed("it did", "disk")))
    assert (str(error), error.reason) == ("it did", "disk")


def test_the_heading_names_the_kind():
    assert errors.BadPicture("x").heading == "BadPicture"
