"""Stores at URLs as real ones are: read in blocks by fsspec, and servers without a /tmp."""

from typing import Any, ClassVar

from fsspec.spec import AbstractBufferedFile, AbstractFileSystem


class BlockFile(AbstractBufferedFile):
    """A file that is fetched and sent in blocks, as those of S3, FTP and SFTP are."""

    def _initiate_upload(self) -> None:
        self.sent: list[bytes] = []

    def _upload_chunk(self, final: bool = False) -> bool:
        self.buffer.seek(0)
        self.sent.append(self.buffer.read())
        if final and self.autocommit:
            self.commit()
        return True

    def commit(self) -> None:
        self.fs.store[self.path] = b"".join(self.sent)

    def discard(self) -> None:
        self.sent = []

    def _fetch_range(self, start: int, end: int) -> bytes:
        content: bytes = self.fs.store[self.path][start:end]
        return content


class BlockFiles(AbstractFileSystem):
    """A fake: a store of objects in memory."""

    protocol: ClassVar[tuple[str, ...]] = ("blocks",)
    store: ClassVar[dict[str, bytes]] = {}
    cachable = False

    def _open(self, path: str, mode: str = "rb", **options: Any) -> BlockFile:
        return BlockFile(self, path, mode, **options)

    def info(self, path: str, **_options: Any) -> dict[str, Any]:
        if path not in self.store:
            raise FileNotFoundError(path)
        return {"name": path, "size": len(self.store[path]), "type": "file"}

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        """There are none."""

    def rm_file(self, path: str) -> None:
        del self.store[path]


class ServedFiles(BlockFiles):
    """A fake: a file server as fsspec has it, on which there is no /tmp for its transactions."""

    protocol = ("served", "sftp")
    store: ClassVar[dict[str, bytes]] = {}

    def _open(self, path: str, mode: str = "rb", **options: Any) -> BlockFile:
        if not options.get("autocommit", True):
            raise OSError("there is no /tmp")
        return super()._open(path, mode, **options)

    def mv(self, path1: str, path2: str, **_options: Any) -> None:
        self.store[path2] = self.store.pop(path1)
