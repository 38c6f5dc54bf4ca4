"""A small archive on this machine: the answers of DANDI, OSF and Zenodo, and downloads that can break."""

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Archive:
    """Files by address, answers by address, and what goes wrong."""

    def __init__(self):
        self.files: dict[str, bytes] = {}
        self.answers: dict[str, object] = {}
        self.break_after: int | None = None
        self.ranges = True
        self.asked: list[tuple[str, str | None]] = []
        self.url = ""

    def zenodo(self, record: str, files: dict[str, bytes], **change) -> None:
        """Answer as Zenodo does for a record."""
        for name, data in files.items():
            self.files[f"/zenodo/{name}"] = data
        self.answers[f"/api/records/{record}"] = {"files": [
            {"key": name, "size": len(data), "checksum": f"md5:{hashlib.md5(data).hexdigest()}",
             "links": {"self": f"{self.url}/zenodo/{name}"}, **change} for name, data in files.items()]}

    def osf(self, node: str, files: dict[str, bytes], hashed: bool = True) -> None:
        """Answer as OSF does for a node: one folder ``data`` with the files, a page each."""
        root, inside = f"/v2/nodes/{node}/files/osfstorage/", f"/v2/nodes/{node}/files/osfstorage/f1/"
        self.answers[root] = {"links": {"next": None}, "data": [
            {"attributes": {"name": "data", "kind": "folder"},
             "relationships": {"files": {"links": {"related": {"href": self.url + inside}}}}}]}
        pages = [inside, *(f"{inside}{k}" for k in range(1, len(files)))]
        for k, (name, data) in enumerate(files.items()):
            self.files[f"/osf/{name}"] = data
            hashes = {"hashes": {"sha256": hashlib.sha256(data).hexdigest(), "md5": "x"}} if hashed else {}
            self.answers[pages[k]] = {
                "links": {"next": self.url + pages[k + 1] if k + 1 < len(pages) else None},
                "data": [{"attributes": {"name": name, "kind": "file", "size": len(data), "extra": hashes},
                          "links": {"download": f"{self.url}/osf/{name}"}}]}

    def dandi(self, number: str, files: dict[str, bytes], hashed: bool = True) -> None:
        """Answer as DANDI does for the draft of a dandiset."""
        results = []
        for k, (name, data) in enumerate(files.items()):
            results.append({"asset_id": f"id{k}", "path": name, "size": len(data)})
            self.files[f"/api/assets/id{k}/download/"] = data
            digest = {"dandi:sha2-256": hashlib.sha256(data).hexdigest()} if hashed else {}
            self.answers[f"/api/assets/id{k}/"] = {"digest": digest}
        self.answers[f"/api/dandisets/{number}/versions/draft/assets/"] = {"next": None, "results": results}


@contextmanager
def serving():
    """An archive that answers while the block runs."""
    archive = Archive()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path = self.path.partition("?")[0]
            archive.asked.append((path, self.headers.get("Range")))
            if path in archive.answers:
                body = json.dumps(archive.answers[path]).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            elif path in archive.files:
                self.send_file(archive.files[path])
            else:
                self.send_error(404)

        def send_file(self, data):
            start = 0
            if archive.ranges and (wanted := self.headers.get("Range")):
                start = int(wanted.removeprefix("bytes=").rstrip("-"))
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            end = len(data) if archive.break_after is None else min(start + archive.break_after, len(data))
            self.wfile.write(data[start:end])
            if end < len(data):
                self.close_connection = True

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    archive.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield archive
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
