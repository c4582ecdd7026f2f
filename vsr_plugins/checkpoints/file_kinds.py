"""Detect what a file contains, to explain why it cannot be read as weights."""

import pickle
import tarfile
import zipfile
from pathlib import Path

HEAD = 512
LFS_POINTER = b'version https://git-lfs.github.com/spec/'
MARKUP = (b'<!doctype', b'<html', b'<?xml', b'<head', b'<body')
ARCHIVES = {
    b'\x1f\x8b': 'a gzip archive',
    b'7z\xbc\xaf': 'a 7z archive',
    b'Rar!': 'a RAR archive',
    b'BZh': 'a bzip2 archive',
}
OTHER_FORMATS = {
    b'\x89HDF': 'an HDF5 file (Keras)',
    b'GGUF': 'a GGUF file',
    b'\x93NUMPY': 'a NumPy array',
    b'7767517': 'the .param of an ncnn model (vsr convert reads it with its .bin)',
}
MAX_HEADER = 100_000_000  # safetensors' own limit


def is_safetensors(path: Path) -> bool:
    """Whether the file begins like safetensors: the length of a header, and the header's brace."""
    with path.open('rb') as file:
        head = file.read(9)
    return len(head) == 9 and head[8:] == b'{' and 2 <= int.from_bytes(head[:8], 'little') <= MAX_HEADER


def is_pickle(path: Path) -> bool:
    """Whether the file is a pickle of protocol 2 or later, or a zip file as torch writes it."""
    if zipfile.is_zipfile(path):
        return True
    with path.open('rb') as file:
        return file.read(1) == pickle.PROTO


def begins_with_zeros(path: Path) -> bool:
    """Whether the file begins with zeros, as an unwritten file or an empty tar archive does."""
    with path.open('rb') as file:
        return not any(file.read(HEAD))


def fault_of_weights(path: Path) -> str:
    """Describe an unreadable file in one line: its name, its size, its kind and what to do."""
    size = path.stat().st_size
    return f'{path} ({size} bytes) {_fault(path, size)}'


def _fault(path: Path, size: int) -> str:
    if not size:
        return 'is empty: copy or download it again'
    with path.open('rb') as file:
        head = file.read(HEAD)
    if not any(head):
        return 'begins with zeros: copy or download it again'
    start = head.lstrip().lower()
    if head.startswith(LFS_POINTER):
        return 'is a Git LFS pointer, not weights: run `git lfs pull` in its clone, or download the file'
    if start.startswith(MARKUP):
        return 'is a web page, not weights: download the file itself'
    for formats in (ARCHIVES, OTHER_FORMATS):
        for magic, name in formats.items():
            if head.startswith(magic):
                advice = (
                    'unpack it first' if formats is ARCHIVES else 'weights are read from PyTorch and safetensors files'
                )
                return f'is {name}: {advice}'
    if tarfile.is_tarfile(path):
        return 'is a tar archive: unpack it first'
    if zipfile.is_zipfile(path) and not _is_torch_zip(path):
        return 'is a zip archive without PyTorch weights: unpack it first'
    if head.startswith((b'PK\x03\x04', b'\x80')) or is_safetensors(path):
        return 'is truncated or damaged: copy or download it again'
    return 'is damaged, or neither a PyTorch nor a safetensors file: copy or download it again'


def _is_torch_zip(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        return any(name == 'data.pkl' or name.endswith('/data.pkl') for name in archive.namelist())
