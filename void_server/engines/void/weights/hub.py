"""What the Hugging Face hub says it has; the one module that imports huggingface_hub."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from huggingface_hub import HfApi, constants, get_token, hf_hub_url
from huggingface_hub.errors import (
    GatedRepoError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import RepoSibling

from bridge.errors import ConnectionLost, RequestError, ServerError

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PATIENCE = 30.0


@dataclass(frozen=True)
class Remote:
    """A file on the hub.

    Attributes:
        name: Path in the repository.
        size: Bytes.
        sha256: Lower-case hex of a large file; "" of one that git itself keeps.
        blob: Git's name for a file that it keeps itself, 40 hex digits; "" of a large one.
        url: Where it is read.
    """

    name: str
    size: int
    sha256: str
    blob: str
    url: str


@dataclass(frozen=True)
class Listing:
    """A repository at one commit."""

    commit: str
    files: tuple[Remote, ...]


class Hub:
    """The hub, or a mirror of it.

    Args:
        endpoint: Its address; by default ``HF_ENDPOINT``, else huggingface.co.

    Raises:
        RequestError: ``VOID_NO_NETWORK`` is set, or the address is none.
    """

    def __init__(self, endpoint: str | None = None) -> None:
        if os.environ.get("VOID_NO_NETWORK", "0") not in ("", "0"):
            raise RequestError(
                "void weights fetch",
                "the network is switched off (VOID_NO_NETWORK is set)",
                "Unset it, or copy the files from a machine that has them: 'void weights where' "
                "names their places.",
                code="no_network",
            )
        self.endpoint = endpoint or constants.ENDPOINT
        if not self.endpoint.startswith(("https://", "http://")):
            raise RequestError(
                "HF_ENDPOINT",
                f"it is no address (expected https://..., got {self.endpoint!r})",
                code="settings",
            )

    @property
    def authorization(self) -> str:
        """Header that shows who asks, for repositories that want to know; "" without a login."""
        token = get_token()
        return f"Bearer {token}" if token else ""

    def listing(self, repository: str, revision: str) -> Listing:
        """Files of a repository at a branch, tag or commit.

        Raises:
            RequestError: There is no such repository or revision, or it may not be read.
            ConnectionLost: The hub cannot be reached.
            ServerError: It answers what cannot be used.
        """
        try:
            found = HfApi(endpoint=self.endpoint).model_info(
                repository, revision=revision, files_metadata=True, timeout=_PATIENCE
            )
        except Exception as error:  # its HTTP library, and so the errors, differ by version
            raise _explained(error, repository, revision) from error
        commit = found.sha or ""
        if not _COMMIT.fullmatch(commit):
            raise _unusable(repository, f"it does not say which commit {revision} is")
        siblings = found.siblings or []
        return Listing(commit, tuple(self._remote(repository, commit, s) for s in siblings))

    def _remote(self, repository: str, commit: str, sibling: RepoSibling) -> Remote:
        name, lfs = sibling.rfilename, sibling.lfs
        url = hf_hub_url(repository, name, revision=commit, endpoint=self.endpoint)
        size, sha, blob = sibling.size, lfs.sha256 if lfs else "", sibling.blob_id or ""
        if size is None or not (_SHA256.fullmatch(sha) if lfs else _COMMIT.fullmatch(blob)):
            raise _unusable(repository, f"it gives no size or no digest for {name!r}")
        return Remote(name, size, sha, "" if lfs else blob, url)


def _unusable(repository: str, text: str) -> ServerError:
    return ServerError(repository, text, "Try again later.", code="weights")


def _explained(error: Exception, repository: str, revision: str) -> Exception:
    subject = f"{repository} on the hub"
    if isinstance(error, RevisionNotFoundError):
        return RequestError(
            subject,
            f"it has no revision {revision!r}",
            f"Pass --revision {repository}=main for the newest.",
            code="weights",
        )
    if isinstance(error, GatedRepoError | RepositoryNotFoundError):
        return RequestError(
            subject,
            "there is no such repository, or it must not be read without a login",
            "Accept its terms in a browser, then run 'hf auth login'.",
            code="weights",
        )
    return ConnectionLost(
        subject,
        f"it does not answer as it should ({' '.join(str(error).split()) or type(error).__name__})",
        "Check the network and proxy settings, then run the same command again.",
        code="weights",
    )
