"""A hub on this machine: the part of Hugging Face's HTTP interface that a push and a load use.

It answers huggingface_hub's own client, so that our calls are tried against the real library. It is
not the hub: large files come the plain way here, tokens are compared with one word, and who may do
what is not decided.
"""

import base64
import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "hf_test"


class Repository:
    """Files of each commit; the last commit is that of main."""

    def __init__(self, private=False):
        self.private = private
        self.commits = []
        self.branches = {}

    def commit(self, files, branch="main"):
        text = json.dumps({name: hashlib.sha1(body).hexdigest() for name, body in files.items()})
        sha = hashlib.sha1(f"{len(self.commits)}{text}".encode()).hexdigest()
        self.commits.append((sha, files))
        self.branches[branch] = sha
        return sha

    def at(self, revision):
        sha = self.branches.get(revision, revision)
        return next(((s, files) for s, files in self.commits if s == sha), (None, None))


class StandIn:
    """Repositories by OWNER/NAME, and what was asked for."""

    def __init__(self):
        self.repositories = {}
        self.asked = []
        self.refuse = None  # a status for all that is written

    @contextmanager
    def running(self):
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                hub.read(self)

            do_HEAD = do_GET  # noqa: N815

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                hub.written(self, body)

            def log_message(self, *args):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()

    def read(self, request):
        path = request.path.partition("?")[0]
        self.asked.append((request.command, path))
        if path.startswith("/api/models/"):
            owner, name, *rest = path.removeprefix("/api/models/").split("/")
            kind, revision = (*rest, None, None)[:2]
            revision = (revision or "main").replace("%2F", "/")
        elif path.count("/") < 5:
            return answer(request, 404, {"error": "Not here"})
        else:
            owner, name, _, revision, file = path.removeprefix("/").split("/", 4)
            kind = "file"
        repository = self.repositories.get(f"{owner}/{name}")
        if repository is None:
            return answer(request, 404, {"error": "Repository not found"}, code="RepoNotFound")
        sha, files = repository.at(revision)
        if sha is None and repository.commits:
            return answer(request, 404, {"error": "Revision"}, code="RevisionNotFound")
        if kind == "file":
            if file not in files:
                return answer(request, 404, {"error": "Entry"}, code="EntryNotFound")
            etag = hashlib.sha1(files[file]).hexdigest()
            more = {"ETag": f'"{etag}"', "X-Repo-Commit": sha}
            return answer(request, 200, files[file], **more)
        if kind == "tree":
            listed = [
                {"type": "file", "path": f, "size": len(b), "oid": hashlib.sha1(b).hexdigest()}
                for f, b in files.items()
            ]
            return answer(request, 200, listed)
        about = {"id": f"{owner}/{name}", "sha": sha, "private": repository.private}
        about["siblings"] = [{"rfilename": f} for f in files or ()]
        return answer(request, 200, about)

    def written(self, request, body):
        path = request.path
        self.asked.append((request.command, path))
        if path == "/api/validate-yaml":
            return answer(request, 200, {"errors": [], "warnings": []})
        if request.headers["Authorization"] != f"Bearer {TOKEN}":
            return answer(request, 401, {"error": "Unauthorized"})
        if self.refuse:
            return answer(request, self.refuse, {"error": "You may not"})
        if path == "/api/repos/create":
            asked = json.loads(body)
            name = f"{asked['organization']}/{asked['name']}"
            there = name in self.repositories
            private = asked.get("private") or asked.get("visibility") == "private"
            self.repositories.setdefault(name, Repository(bool(private)))
            url = f"http://{request.headers['Host']}/{name}"
            return answer(request, 409 if there else 200, {"url": url, "name": name})
        owner, name, action, branch = path.removeprefix("/api/models/").split("/")
        if action == "preupload":
            files = [f["path"] for f in json.loads(body)["files"]]
            modes = [{"path": f, "uploadMode": "regular", "shouldIgnore": False} for f in files]
            return answer(request, 200, {"files": modes})
        repository = self.repositories[f"{owner}/{name}"]
        files = dict(repository.at(branch)[1] or {})
        for line in map(json.loads, body.decode().splitlines()):
            if line["key"] == "file":
                files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            elif line["key"] == "deletedFile":
                del files[line["value"]["path"]]
        sha = repository.commit(files, branch)
        url = f"http://{request.headers['Host']}/{owner}/{name}/commit/{sha}"
        return answer(request, 200, {"commitOid": sha, "commitUrl": url, "success": True})


def answer(request, status, content, *, code=None, **headers):
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    request.send_response(status)
    if code:
        request.send_header("X-Error-Code", code)
    for name, value in headers.items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(body)
