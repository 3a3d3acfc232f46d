"""The ceiling of the transport: a bare pycurl multi loop that posts the same bytes, no hub.

`python -m benchmarks.ceiling URL CA_FILE BODY_FILE COUNT CONNECTIONS` prints the messages a
second of wall clock and of CPU. A process of its own, as a worker is.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pycurl

from benchmarks import emulator, machine

STREAMS = 100
HEADERS = ["Authorization: Bearer bench-token", "Content-Type: application/json", "Expect:"]


def measure(
    firebase: emulator.Emulator, sample: bytes, *, count: int, connections: int
) -> dict[str, float]:
    """Post `sample` so many times in a fresh process."""
    body = machine.cache() / "body.json"
    body.write_bytes(sample)
    url = f"{firebase.endpoint}/v1/projects/demo-hub/messages:send"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.ceiling", url, str(firebase.ca_file), str(body),
         str(count), str(connections)],
        cwd=machine.CHECKOUT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    said: dict[str, float] = json.loads(done.stdout)
    return said


def main(url: str, ca_file: str, body: bytes, count: int, connections: int) -> dict[str, float]:
    """Post the body `count` times over so many connections."""
    multi = pycurl.CurlMulti()
    multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX)
    multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, connections)
    multi.setopt(pycurl.M_MAX_CONCURRENT_STREAMS, STREAMS)
    idle = [_handle(url, ca_file) for _ in range(min(count, connections * STREAMS))]
    started, cpu = time.monotonic(), time.process_time()
    sent = done = 0
    while done < count:
        while idle and sent < count:
            curl = idle.pop()
            curl.setopt(pycurl.POSTFIELDS, body)
            multi.add_handle(curl)
            sent += 1
        multi.perform()
        queued = 1
        while queued:
            queued, good, bad = multi.info_read()
            if bad or any(curl.getinfo(pycurl.RESPONSE_CODE) != 200 for curl in good):
                raise RuntimeError(f"refused: {bad}")
            for curl in good:
                multi.remove_handle(curl)
                idle.append(curl)
            done += len(good)
        if not idle and done < count:
            multi.select(0.05)
            time.sleep(0.001)  # waking up for each single answer costs more than the answer
    seconds, used = time.monotonic() - started, time.process_time() - cpu
    return {
        "pushes_per_s": count / seconds,
        "pushes_per_cpu_s": count / used,
        "cpu_us_per_push": used / count * 1e6,
    }


def _handle(url: str, ca_file: str) -> Any:
    curl = pycurl.Curl()
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.CAINFO, ca_file)
    curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS)
    curl.setopt(pycurl.PIPEWAIT, 1)
    curl.setopt(pycurl.HTTPHEADER, HEADERS)
    curl.setopt(pycurl.WRITEFUNCTION, len)
    return curl


if __name__ == "__main__":
    words = sys.argv[1:]
    content = Path(words[2]).read_bytes()
    print(json.dumps(main(words[0], words[1], content, int(words[3]), int(words[4]))))
