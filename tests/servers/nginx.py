"""Debian's nginx with docker/nginx.conf, on free ports of loopback."""

import re
from pathlib import Path

from tests.servers import install, process

PACKAGES = ("nginx-light",)
CONFIGURATION = Path(__file__).parents[2] / "docker" / "nginx.conf"
BINARY = Path("/usr/sbin/nginx")


def configure(directory: Path, *, web: int, http: int, https: int) -> Path:
    """The configuration with other ports, paths in the directory, and seconds in place of tens."""
    install.ensure(*PACKAGES)
    text = CONFIGURATION.read_text()
    text = text.replace("listen 8443", f"listen 127.0.0.1:{https}")
    text = text.replace("listen 8080", f"listen 127.0.0.1:{http}")
    text = text.replace("server web:8000", f"server 127.0.0.1:{web}")
    text = text.replace("server streams:8000", f"server 127.0.0.1:{web}")
    text = re.sub(r"/run/secrets/|/tmp/", f"{directory}/", text)
    text = re.sub(r"(client_(?:header|body)_timeout) \d+s", r"\1 2s", text)
    path = directory / "nginx.conf"
    path.write_text(text)
    return path


def start(path: Path, *, https: int) -> process.Running:
    """Run it in the foreground until it listens. As root, who alone may enter the directory."""
    return process.Running(
        url=f"https://localhost:{https}",
        command=[str(BINARY), "-c", str(path), "-g", "daemon off; user root;"],
        log=path.with_suffix(".log"),
        answers=lambda: process.listens("127.0.0.1", https),
    )
