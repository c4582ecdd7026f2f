"""Digests that identify files."""

import hashlib
from pathlib import Path

PART = 1 << 20


def digest_file(path: Path | str) -> str:
    """Return the SHA-256 of a file's content."""
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while part := file.read(PART):
            digest.update(part)
    return digest.hexdigest()
