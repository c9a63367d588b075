"""A web system's server for looking at its pages, where nothing is checked.

Serves web-demo/site with the real server's headers, kenmen.js from beside this
file (a stand-in as well), and answers the API with an invented person's data.
What is real is tested elsewhere: this is for pages in states that a real card
and server give only with effort, and for every width and language of them.
"""

import base64
import hashlib
import http.server
import json
import pathlib
import threading

HERE = pathlib.Path(__file__).resolve().parent
SITE = HERE.parent.parent / "web-demo/site"

CSP = ("default-src 'none'; script-src 'self'; style-src 'self'; "
       "img-src 'self' data:; connect-src 'self' https://127.0.0.1:25366; "
       "base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css",
         ".js": "text/javascript"}

HANAKO = {"name": "見本　花子", "address": "東京都千代田区見本町１－２－３",
          "birth_date": "1990-04-01", "sex": "female"}
CHECKS = [
    {"name": "jws", "ok": True, "detail": "The login's signature, site, "
     "challenge and time are right.",
     "detail_ja": "署名、サイト、1度だけの値、時刻が正しいことを確かめました。"},
    {"name": "issuer", "ok": True,
     "detail": "The certificate was issued by the simulated authority.",
     "detail_ja": "証明書が、見本の認証局から発行されたものであることを確かめました。"},
    {"name": "revocation", "ok": None, "detail": "Revocation is not checked.",
     "detail_ja": "証明書の失効は確かめていません。"},
]
REGISTRATION = {"symbol": "JU0123456789", "maker": "見本製作所",
                "model": "見本号 2", "serial": "MHN-2026-0001",
                "registered_at": "2026-11-26T00:00:00Z"}
TEXT = """無人航空機登録申請書（見本）

申請者
  氏名　　　見本　花子
  住所　　　東京都千代田区見本町１－２－３
  生年月日　1990-04-01
  性別　　　女性

機体
  種類　　　回転翼航空機（マルチローター）
  製造者名　見本製作所
  型式　　　見本号 2
  製造番号　MHN-2026-0001
  重さ　　　249 g

申請先　　http://localhost
整理番号　3f0c9a52d7e84b16
"""


class State:
    """What the server knows; a test reaches in."""

    def __init__(self):
        self.account = self.ended = self.draft = self.verdict = None
        self.registrations = []
        self.idle_s = 3600
        self.expires_in = 3600
        self.active = 0  # requests that said that a person did something
        self.news = threading.Condition()
        self.posts = []
        self.refuse = {}  # path -> (status, problem)

    def wait(self, holds, seconds):
        """Until holds() is true, looked at after each request."""
        with self.news:
            assert self.news.wait_for(holds, seconds), "it never came"

    def me(self):
        account = None if self.ended else self.account
        return {"account": account, "ended": self.ended,
                "expires_in": account and self.expires_in,
                "draft": self.draft, "registrations": self.registrations}

    def log_in(self):
        self.account = {"id": "a1", "name": HANAKO["name"],
                        "email": "hanako@mail.example",
                        "linked_at": "2026-11-25T00:00:00Z"}

    def post(self, path, body):
        self.posts.append((path, body))
        if path in self.refuse:
            return self.refuse.pop(path)
        name = path.removeprefix("/api/").replace("/", "_")
        return getattr(self, "post_" + name)(body)

    def post_challenge(self, _):
        return 200, {"challenge": base64.b64encode(bytes(32)).decode(),
                     "expires_in": 300}

    def post_account(self, body):
        self.log_in()
        form = {**HANAKO, "email": body["email"]}
        self.draft = {"form": form, "drone": {}, "document": None}
        return 201, {"account": self.account, "draft": {"form": form},
                     "checks": CHECKS}

    def post_login(self, _):
        self.log_in()
        return 200, {"account": self.account, "checks": CHECKS}

    def post_logout(self, _):
        self.account = self.draft = None
        return 204, None

    def post_application(self, body):
        digest = hashlib.sha256(TEXT.encode()).digest()
        self.draft = {**body, "document": {
            "id": "d1", "title": "無人航空機登録申請書", "text": TEXT,
            "sha256": base64.b64encode(digest).decode()}}
        return 200, {"document": self.draft["document"]}

    def post_application_sign(self, _):
        verdict = self.verdict or good_verdict()
        if verdict["accepted"]:
            self.draft = None
            self.registrations = [REGISTRATION]
        return 200, verdict


def good_verdict():
    return {"accepted": True, "checks": CHECKS, "registration": REGISTRATION,
            "match": [{"field": field, "same": True, "form": value,
                       "certificate": value}
                      for field, value in HANAKO.items()]}


def bad_verdict():
    verdict = good_verdict()
    verdict.update(accepted=False, registration=None)
    verdict["match"][0].update(same=None, certificate="見本　〓子")
    verdict["match"][1].update(same=False,
                               certificate="東京都千代田区見本町１－２－４")
    verdict["checks"] = CHECKS + [
        {"name": "validity", "ok": False,
         "detail": "The certificate ran out on 2026-04-01.",
         "detail_ja": "証明書の有効期間が2026年4月1日に終わっています。"}]
    return verdict


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", CSP)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def json(self, status, value):
        self.reply(status, "application/json",
                   b"" if value is None else json.dumps(value).encode())

    def do_GET(self):
        path = self.path.split("?")[0]
        state = self.server.state
        if path == "/api/config":
            self.json(200, {"kenmend": "https://127.0.0.1:25366",
                            "minimum": "0.1.0", "idle_s": state.idle_s,
                            "simulated": True, "origin": self.server.origin})
        elif path == "/api/me":
            with state.news:
                state.active += self.headers.get("X-Activity") == "person"
                state.news.notify_all()
            self.json(200, state.me())
        else:
            self.file(path)

    def file(self, path):
        at = HERE / "kenmen.js" if path == "/kenmen.js" else \
            SITE / ("index.html" if path == "/" else path.lstrip("/"))
        if ".." in path or not at.is_file():
            self.reply(404, "text/plain", b"")
        else:
            self.reply(200, TYPES[at.suffix], at.read_bytes())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        state = self.server.state
        with state.news:
            answer = state.post(self.path, json.loads(body))
            state.news.notify_all()
        self.json(*answer)


class Stub:
    """Runs until stop(); origin is where."""

    def __init__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        self.origin = f"http://localhost:{self.server.server_port}"
        self.server.origin = self.origin
        self.reset()
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def reset(self):
        self.state = self.server.state = State()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
