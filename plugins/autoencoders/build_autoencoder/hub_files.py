"""A trained autoencoder to the Hugging Face Hub, and from there: one safetensors file, and a page that says what it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

from hub.errors import BadParams, HubError, NotOffline
from hub.fetching.client import quiet, reachable, unwrapped
from plugins.autoencoders.build_autoencoder.saved import NAME, Saved, read

CARD = "README.md"
MOST_BYTES = 200 * 2**20


def push(data: bytes, repo: str, *, private: bool = False, token: str | None = None, endpoint: str | None = None) -> str:
    """Upload a file of a trained autoencoder in one commit. Returns the address of the commit.

    repo: OWNER/NAME; made where it is not there. token: else what `hf auth login` or HF_TOKEN gave; it is kept nowhere here.
    endpoint: another hub. A model card is written where there is none; one that is there is left as it is.
    Raises BadFile for another file, BadParams where the name or the rights are wrong, NotOffline where the hub cannot be reached.
    """
    import huggingface_hub as hf

    card = model_card(read(data), repo)
    if not (token or hf.get_token()):
        raise BadParams("There is no token to write with. Log in with `hf auth login`, or set HF_TOKEN.")
    if not _answers(endpoint):
        raise _away(endpoint)
    with _in_one_line(repo, endpoint):
        there = hf.HfApi(endpoint, token)
        there.create_repo(repo, private=private, exist_ok=True, repo_type="model")
        parts = [hf.CommitOperationAdd(NAME, data)]
        if not there.file_exists(repo, CARD):
            parts.append(hf.CommitOperationAdd(CARD, card.encode()))
        return str(there.create_commit(repo, parts, commit_message="Add an autoencoder").commit_url)


def pull(repo: str, revision: str | None = None, *, token: str | None = None, endpoint: str | None = None) -> bytes:
    """The file of a trained autoencoder from the Hub, checked; what was fetched before is there without a network.

    Raises BadParams where there is no such file, BadFile where it is none of ours, NotOffline where the hub cannot be reached.
    """
    import huggingface_hub as hf

    here = not _answers(endpoint)
    with _in_one_line(repo, endpoint):
        if not here:
            _small_enough(repo, revision, token, endpoint)
        path = hf.hf_hub_download(repo, NAME, revision=revision, token=token, endpoint=endpoint, local_files_only=here)
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:  # what was fetched before by another way, or a hub that told another size
        raise _too_large(repo)
    read(data)
    return data


def _small_enough(repo: str, revision: str | None, token: str | None, endpoint: str | None) -> None:
    """Ask how large the file is, before any of it is fetched. Raises BadParams where it is too large.

    Where nobody answers, nothing is fetched either: what was fetched before is measured when it is read.
    """
    import huggingface_hub as hf
    from huggingface_hub import errors

    try:
        facts = hf.get_hf_file_metadata(hf.hf_hub_url(repo, NAME, revision=revision, endpoint=endpoint), token=token)
    except errors.HfHubHTTPError:
        raise
    except (errors.OfflineModeIsEnabled, errors.HTTPError):
        return
    if facts.size and facts.size > MOST_BYTES:
        raise _too_large(repo)


def _too_large(repo: str) -> BadParams:
    return BadParams(f"{repo}: its file is larger than {MOST_BYTES // 2**20} MiB, the limit here.")


def _answers(endpoint: str | None) -> bool:
    """Whether the Hub may be asked, and somebody is there. Raises BadAddress where its address is none."""
    from huggingface_hub import constants

    return not constants.HF_HUB_OFFLINE and reachable(endpoint or constants.ENDPOINT)


def _away(endpoint: str | None) -> NotOffline:
    from huggingface_hub import constants

    return NotOffline(f"{endpoint or constants.ENDPOINT} cannot be reached. Connect to the network, and try again.")


@contextmanager
def _in_one_line(repo: str, endpoint: str | None) -> Iterator[None]:
    """Turn whatever the Hub's client raises into one line."""
    from huggingface_hub import errors

    try:
        with quiet(), unwrapped():
            yield
    except HubError:
        raise
    except errors.HFValidationError as error:
        raise BadParams(f"{repo!r} is not OWNER/NAME of letters, digits, '-', '_' and '.'.") from error
    except errors.RevisionNotFoundError as error:
        raise BadParams(f"{repo} has no such revision. Give a branch, a tag or a commit of it.") from error
    except (errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled) as error:
        raise _away(endpoint) from error
    except errors.EntryNotFoundError as error:
        raise BadParams(f"{repo} holds no {NAME}. Give a repository that was pushed to from here.") from error
    except errors.RepositoryNotFoundError as error:
        raise BadParams(f"{repo} is not there, or not open to you. Check the name, or log in: hf auth login.") from error
    except errors.HfHubHTTPError as error:
        raise BadParams(f"{repo}: {_refused(error.response.status_code)}") from error
    except errors.HTTPError as error:  # no answer at all, or half of one
        raise _away(endpoint) from error
    except RuntimeError as error:
        raise BadParams(f"{repo}: the upload came to nothing ({' '.join(str(error).split())[:100]}). Run this again.") from error
    except OSError as error:  # a full disk, a folder that may not be written to
        raise BadParams(f"{repo}: {(error.strerror or 'the file could not be kept').lower()}. Make room for it.") from error


def _refused(status: int) -> str:
    if status == 401:
        return "the token is not known there. Log in again: hf auth login."
    if status == 403:
        return "the token may not do that. Take one that may write, and an owner that is yours."
    return f"the Hub answered {status}. Try again later."


# ---------------------------------------------------------------- its page


def model_card(saved: Saved, repo: str) -> str:
    """What stands on the model's page: what it is made of, how it was trained, its figures. The licence is left to its owner.

    repo: OWNER/NAME, for the lines that fetch it.
    """
    made, facts = saved.made, saved.facts
    head = ["library_name: netsee", "tags:", *(f"- {tag}" for tag in ("autoencoder", "netsee", "image-feature-extraction"))]
    figures = facts.figures or {"figures": "none: the training was stopped before its end"}
    values = made.design.values() | {"parameters": made.parameter_count}
    settings = {name: value for name, value in facts.settings.items() if value not in ("none", 0, 0.0)}
    return "\n".join([
        "---", *head, "---", "",
        f"# {_plain(repo.partition('/')[2])}", "",
        f"An autoencoder with {made.design.code} numbers in its code, put together and trained with Netsee on "
        f"{_plain(facts.learnt_from)}, for {facts.steps:,} steps from seed {facts.seed}.", "",
        "## What it is made of", "", *_table(values), "",
        *(["## What was asked of it beside a small error", "", *_table(settings), ""] if settings else []),
        "## How well it does", "",
        "Squared errors per number of a picture in [0, 1]; held out are pictures that nothing was learnt from.", "",
        *_table(figures), "",
        "## To use it", "",
        "```sh",
        f"python -m plugins.autoencoders.build_autoencoder pull {repo} -o {NAME}",
        "# with --data, or a picture and --patch, as it learnt from",
        f"netsee run build_autoencoder --model {NAME} --steps 0 -o look.png",
        "```", "",
    ])  # fmt: skip


def _table(values: dict) -> list[str]:
    rows = [f"| {_plain(str(name))} | {_plain(_said(value))} |" for name, value in values.items()]
    return ["| | |", "|---|---|", *rows]


def _said(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else value if isinstance(value, str) else json.dumps(value)


def _plain(text: str) -> str:
    """Words from a file, which may come from a stranger, as words on a page: no mark-up, no link, one line."""
    words = "".join(c if c.isalnum() or c in " .,×-_()%'+" else " " for c in text)
    return re.sub(r"(?<!\d)\.|\.(?!\d)", " ", words).strip()
