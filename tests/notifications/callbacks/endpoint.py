"""An endpoint of a sub-system that does what it is told, on a real socket."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import standardwebhooks


class Said:
    """One callback as it arrived."""

    def __init__(self, headers, body, peer):
        self.headers, self.body, self.peer = headers, body, peer
        self.id = headers.get("webhook-id")

    @property
    def event(self):
        return json.loads(self.body)

    def verified_by(self, secret):
        try:
            standardwebhooks.Webhook(secret).verify(self.body, self.headers)
        except standardwebhooks.WebhookVerificationError:
            return False
        return True


class Endpoint:
    """Answers with `answers`, one after another, the last one for ever; keeps what it heard.

    An answer is a status, or (status, JSON), or (status, JSON, headers), or a function of the
    handler that does as it likes.
    """

    def __init__(self):
        self.heard: list[Said] = []
        self.answers: list = [200]
        self.pause = 0.0
        self.under_way = self.at_once = 0
        self.lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 20

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with outer.lock:
                    outer.under_way += 1
                    outer.at_once = max(outer.at_once, outer.under_way)
                    headers = {k.lower(): v for k, v in self.headers.items()}
                    outer.heard.append(Said(headers, body, self.client_address))
                    answer = outer.answers[0]
                    if len(outer.answers) > 1:
                        outer.answers.pop(0)
                time.sleep(outer.pause)
                with outer.lock:
                    outer.under_way -= 1
                if callable(answer):
                    answer(self)
                else:
                    status, content, more = (
                        (*answer, {}, {})[:3] if isinstance(answer, tuple) else (answer, {}, {})
                    )
                    self.say(status, content, more)

            def say(self, status, content=None, headers=None, kind="application/json"):
                data = content if isinstance(content, bytes) else json.dumps(content or {}).encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_):
                pass  # the hub hung up, which some of these tests want

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def ids(self):
        return [one.id for one in self.heard]

    def sequences(self):
        return [one.event["data"]["sequence"] for one in self.heard]
