"""Files as they come in: nothing is kept of one that is too large, or that its sender may not bring at all.

Django takes a request apart before the first view sees it, whoever sends it. Its handlers of uploads are asked piece by
piece, so this one stands before the others.
"""

from io import BytesIO

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

from dabiao.core import config
from dabiao.org.access import User, may


class Doorkeeper(FileUploadHandler):
    """Drops files of who may not open the page that they are sent to, and what is beyond DABIAO_UPLOAD_MB of others."""

    def new_file(self, *args: object, **kwargs: object) -> None:
        super().new_file(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they are
        self._largest = int(config.get("DABIAO_UPLOAD_MB")) * 2**20
        if not self._may():
            raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """`start` counts what came before."""
        return raw_data if start + len(raw_data) <= self._largest else None

    def file_complete(self, file_size: int) -> "UploadedFile[bytes] | None":
        """Of a file that is too large only its size is left, which whoever takes it refuses."""
        if file_size <= self._largest:
            return None
        return UploadedFile(BytesIO(), self.file_name, self.content_type, file_size)

    def _may(self) -> bool:
        request = self.request
        page = getattr(request, "resolver_match", None)
        can = getattr(page.func, "can", None) if page else None
        user = getattr(request, "user", None)
        return can is not None and isinstance(user, User) and may(user, can)
