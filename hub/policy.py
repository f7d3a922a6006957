"""Every limit, in one frozen object. `Policy.local()` trusts its user; `Policy.public()` trusts nobody."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

MEGA = 1_000_000
MEBI = 2**20


@dataclass(frozen=True)
class Policy:
    """What a run may take.

    upload_bytes, body_bytes: largest file that is taken, largest JSON body.
    source_pixels, source_side: largest picture that is decoded at all.
    formats: Pillow's names of the file formats that are accepted.
    working_side: longer side that a picture is worked on at, in pixels; larger ones are scaled down first.
    deadline: seconds a run may take, looked at whenever a technique yields; None for no limit (a run can always be stopped).
    concurrency, queue: runs at once, runs waiting.
    per_session, per_address: runs waiting of one visitor, and from one address, which several may share (None for no limit).
    any_model: hub models and local folders, or only the catalogue.
    paths: whether a picture or a file may be given as a path (a visitor of a hosted page must not read the server's files).
    """

    upload_bytes: int
    body_bytes: int
    source_pixels: int
    source_side: int
    formats: frozenset[str]
    working_side: int
    deadline: float | None
    concurrency: int
    queue: int
    per_session: int | None
    per_address: int | None
    any_model: bool
    paths: bool

    @classmethod
    def local(cls) -> Policy:
        return cls(upload_bytes=200 * MEBI, body_bytes=8 * MEBI, source_pixels=100 * MEGA, source_side=30_000,
                   formats=frozenset({"PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"}), working_side=4096, deadline=None,
                   concurrency=1, queue=100, per_session=None, per_address=None, any_model=True, paths=True)

    @classmethod
    def public(cls) -> Policy:
        return cls(upload_bytes=10 * MEBI, body_bytes=256 * 1024, source_pixels=16 * MEGA, source_side=8192,
                   formats=frozenset({"PNG", "JPEG", "WEBP"}), working_side=512, deadline=60.0,
                   concurrency=1, queue=24, per_session=1, per_address=8, any_model=False, paths=False)

    def but(self, **changes: object) -> Policy:
        """The same policy with some limits changed."""
        unknown = changes.keys() - {f.name for f in fields(self)}
        if unknown:
            raise TypeError(f"no such limit: {', '.join(sorted(unknown))}")
        return replace(self, **changes)
