"""A staged tree to the Hugging Face Hub: one commit, and only of what changed; then to the moment when it runs."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hub.deploy import CPU
from hub.deploy.pages import Space
from hub.deploy.staging import stage
from hub.errors import DeployFailed, HubError, NotOffline
from hub.fetching.client import quiet, reachable, unwrapped

SPACE = "space"
MARK = "hub/technique.py"  # a Space that holds this is ours to change
FIRST = {".gitattributes", "README.md"}  # what the Hub puts into a new one
ENDED = {"BUILD_ERROR", "CONFIG_ERROR", "NO_APP_FILE", "RUNTIME_ERROR"}
STOPPED = {"PAUSED", "STOPPED"}  # by its owner or the Hub; a commit does not start it
RESTS = STOPPED | {"SLEEPING", "DELETING"}
POLL = 5.0  # seconds
SETTLE = 20.0  # seconds after which a state that holds still is taken for that of the last commit, if it does not tell its own
LOOKS = 5  # in a row that may fail, but for the last
PATIENCE = 1800.0  # seconds: a first build installs torch
REFUSED = {
    401: "the token is not known there. Log in again: hf auth login.",
    402: "the Hub wants a paid plan for this hardware. Try --hardware zero-a10g, of which two are free, or upgrade.",
    403: "the token may not do that. Take one that may write, and an owner that is yours.",
    404: "it is not there, or not open to you. Check the name, or log in: hf auth login.",
    409: "somebody is changing it at this moment. Run this again.",
    413: "the Hub finds it too large. Deploy fewer techniques.",
    429: "the Hub is asked too often. Run this again in a few minutes.",
}
Say = Callable[[str], None]


def deploy(repo: str, space: Space, *, hardware: str | None = None, private: bool = False, wait: bool = True,
           say: Say = lambda line: None) -> str:
    """Bring a Space to the Hub, or up to date, and wait until it runs. Returns its address. What is there already stays as it is:
    to run this again changes nothing.

    repo: OWNER/NAME. hardware: what it has, or cpu-basic, where None. private: a public one becomes private, never the other way.
    say: is told each step in a line. Raises DeployFailed, NotOffline.
    """
    import huggingface_hub as hf

    check_name(repo)
    with _in_one_line(repo):
        if not hf.get_token():
            raise DeployFailed("There is no token to write with. Log in with `hf auth login`, or set HF_TOKEN.")
        api = hf.HfApi()
        there = _there(api, repo)
        hardware = hardware or (_hardware(api, repo) if there else None) or CPU
        with tempfile.TemporaryDirectory() as folder:
            paths = stage(Path(folder), space, hardware, repo, say)
            _prepare(api, repo, there, private, say)
            before = there.sha if there else None
            commit = _upload(api, repo, Path(folder), paths, say)
        _move(api, repo, hardware, say)
        if wait:
            _await(api, repo, commit, unchanged=commit == before, say=say)
        return f"{api.endpoint}/spaces/{repo}"


def check_name(repo: str) -> None:
    """Raise DeployFailed where this is not a name that a Space can have."""
    from huggingface_hub import errors, utils

    try:
        utils.validate_repo_id(repo)
        fits = "/" in repo
    except errors.HFValidationError:
        fits = False
    if not fits:
        raise DeployFailed(f"{repo!r} is not OWNER/NAME of letters, digits, '-', '_' and '.'.")


def _there(api: Any, repo: str) -> Any:
    """What the Hub knows of the Space, or None. Raises DeployFailed where it holds something else."""
    from huggingface_hub import errors

    try:
        found = api.space_info(repo)
    except errors.RepositoryNotFoundError:
        return None
    files = {file.rfilename for file in found.siblings or ()}
    if files - FIRST and MARK not in files:
        raise DeployFailed(f"{repo} holds another app, and is left as it is. Choose another name.")
    return found


def _hardware(api: Any, repo: str) -> str | None:
    runtime = _looked(api, repo)
    return runtime.requested_hardware or runtime.hardware


def _prepare(api: Any, repo: str, there: Any, private: bool, say: Say) -> None:
    """Make the repository, or give it the privacy that is asked for."""
    if there is None:
        say(f"Making {repo}.")
        api.create_repo(repo, repo_type=SPACE, space_sdk="gradio", private=private or None, exist_ok=True)
    elif private and not there.private:
        say("Making it private.")
        api.update_repo_settings(repo, private=True, repo_type=SPACE)


def _move(api: Any, repo: str, hardware: str, say: Say) -> None:
    """Give it the hardware that is asked for, once its files are there: what is paid for has something to run at once."""
    if hardware != (_hardware(api, repo) or CPU):
        say(f"Moving it to {hardware}.")
        api.request_space_hardware(repo, hardware)


def _upload(api: Any, repo: str, folder: Path, paths: list[str], say: Say) -> str:
    """One commit with what is new and without what is stale; returns the commit that the Space is at."""
    import huggingface_hub as hf

    stale = sorted(set(api.list_repo_files(repo, repo_type=SPACE)) - set(paths) - {".gitattributes"})
    size = sum((folder / path).stat().st_size for path in paths)
    say(f"Uploading {len(paths)} files, {size / 1e6:.1f} MB" + (f"; deleting {len(stale)}." if stale else "."))
    parts: list[Any] = [hf.CommitOperationAdd(path, str(folder / path)) for path in paths]
    parts += [hf.CommitOperationDelete(path) for path in stale]
    return str(api.create_commit(repo, parts, commit_message="Deploy from netsee", repo_type=SPACE).oid)


# ---------------------------------------------------------------- until it runs


def _await(api: Any, repo: str, commit: str, *, unchanged: bool, say: Say) -> None:
    """Return when the Space runs this commit, or rests.

    One that was stopped is started, and so is one that failed and is deployed unchanged.
    Raises DeployFailed where it does not come to run.
    """
    began = since = time.monotonic()
    said, stage = "", _looked(api, repo).stage
    if stage in STOPPED or unchanged and stage in ENDED:
        say("Starting it again.")
        api.restart_space(repo)
        unchanged = False
    while (now := time.monotonic()) - began < PATIENCE:
        runtime = _looked(api, repo)
        if runtime.stage != said:
            said, since = runtime.stage, now
            say(f"{said.replace('_', ' ').capitalize()} …")
        told, still = runtime.raw.get("sha"), now - since > SETTLE
        settled = unchanged or (told == commit if told else still)
        if settled and runtime.stage == "RUNNING" or (settled or still) and runtime.stage in RESTS:
            return
        if settled and runtime.stage in ENDED:
            why = " ".join(str(runtime.raw.get("errorMessage") or "").split())[:200]
            raise DeployFailed(f"{repo} does not run ({runtime.stage.lower().replace('_', ' ')}). {why or 'Look at its logs.'}")
        time.sleep(POLL)
    raise DeployFailed(f"{repo} is not running after {PATIENCE / 60:.0f} minutes. Look at its logs.")


def _looked(api: Any, repo: str) -> Any:
    """What the Space is doing. A look that fails by the network or the Hub is repeated a few times."""
    from huggingface_hub import errors

    left = LOOKS
    while True:
        left -= 1
        try:
            return api.get_space_runtime(repo)
        except errors.HTTPError as error:
            answer = getattr(error, "response", None)
            if not left or answer is not None and answer.status_code < 500 and answer.status_code != 429:
                raise
            time.sleep(POLL)


# ---------------------------------------------------------------- what the Hub's client says


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the warnings and the bars of the Hub's client: they say at length what we say in a line."""
    from huggingface_hub import utils

    drawn = not utils.are_progress_bars_disabled()
    if drawn:
        utils.disable_progress_bars()
    try:
        with quiet():
            yield
    finally:
        if drawn:
            utils.enable_progress_bars()


@contextmanager
def _in_one_line(repo: str) -> Iterator[None]:
    """Turn whatever the Hub's client raises into one line."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        raise NotOffline("HF_HUB_OFFLINE forbids it. Unset that, and try again.")
    if not reachable(constants.ENDPOINT):
        raise NotOffline(f"{constants.ENDPOINT} cannot be reached. Connect to the network, and try again.")
    try:
        with _quiet(), unwrapped():
            yield
    except HubError:
        raise
    except Exception as error:
        raise _plain(repo, error) from error


def _plain(repo: str, error: Exception) -> HubError:
    """The line for what the client raised."""
    from huggingface_hub import constants, errors

    why = " ".join(str(error).split())[:200]
    if why.startswith("Invalid metadata"):
        return DeployFailed(f"{repo}: the Hub refuses its front page: {why}")
    if isinstance(error, errors.HfHubHTTPError):
        status = error.response.status_code
        return DeployFailed(f"{repo}: {REFUSED.get(status, f'the Hub answered {status}. Try again later.')}")
    if isinstance(error, errors.HTTPError):
        return NotOffline(f"{constants.ENDPOINT} stopped answering. Check the network, and run this again.")
    return DeployFailed(f"{repo}: the upload came to nothing ({why}). Run this again.")
