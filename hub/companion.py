"""The companion: a web client of the mobile API, in files of our own, without a build step.

The page, its manifest and its worker are here; the rest is static, under `hub/static/companion/`.
See docs/companion.md.
"""

import functools
import hashlib
import json
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.decorators import method_decorator
from django.views.decorators.csp import csp_override
from django.views.generic import View

FILES = Path(__file__).parent / "static" / "companion"
WORKER = "worker.js"
SHOWN = {".js", ".css", ".svg", ".png"}  # what a browser asks for; licences stay where they are
# Stricter than the pages of staff. No text becomes HTML or a script's address unless it passes one
# of the two policies: lit-html's, for the templates in its sources, and our own, for the worker.
POLICY = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "blob:"],
    "connect-src": ["'self'"],
    "manifest-src": ["'self'"],
    "worker-src": ["'self'"],
    "form-action": ["'none'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
    "require-trusted-types-for": ["'script'"],
    "trusted-types": ["lit-html", "companion"],
}
# Always asked anew: a release has to be seen.
FRESH = {"Cache-Control": "no-cache"}


@functools.cache
def release() -> dict[str, object]:
    """The addresses of all files, the page included, and a name for just this content of them."""
    files = sorted(path for path in FILES.rglob("*") if path.suffix in SHOWN)
    digest = hashlib.sha256(settings.HUB_NAME.encode())
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    names = [path.relative_to(FILES).as_posix() for path in files]
    addresses = [static(f"companion/{name}") for name in names if name != WORKER]
    return {"version": digest.hexdigest()[:16], "files": ["/", *addresses]}


@method_decorator(csp_override(POLICY), name="dispatch")
class Page(View):
    """GET /: the page; there is nothing of anybody in it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page, for everybody."""
        page = render_to_string("hub/companion.html", {"name": settings.HUB_NAME})
        return HttpResponse(page, headers=FRESH)


class Worker(View):
    """GET /companion-worker.js: at the top, so that the page at / is in its reach."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The worker, with the release that it serves."""
        text = (FILES / WORKER).read_text(encoding="utf-8")
        return HttpResponse(
            f"const RELEASE = {json.dumps(release())};\n{text}",
            content_type="text/javascript; charset=utf-8",
            headers=FRESH,
        )


class Manifest(View):
    """GET /companion.webmanifest: what makes it installable."""

    def get(self, request: HttpRequest) -> JsonResponse:
        """Name, icons and colours."""
        icons = [
            {"src": static("companion/icons/icon.svg"), "sizes": "any", "type": "image/svg+xml"},
            *(
                {
                    "src": static(f"companion/icons/icon-{size}.png"),
                    "sizes": f"{size}x{size}",
                    "type": "image/png",
                }
                for size in (192, 512)
            ),
            {
                "src": static("companion/icons/maskable-512.png"),
                "sizes": "512x512",
                "type": "image/png",
                "purpose": "maskable",
            },
        ]
        return JsonResponse(
            {
                "id": "/",
                "name": settings.HUB_NAME,
                "short_name": settings.HUB_NAME[:12].strip(),
                "start_url": "/",
                "scope": "/",
                "display": "standalone",
                "background_color": "#f4f5f9",
                "theme_color": "#3052d2",
                "icons": icons,
            },
            content_type="application/manifest+json",
            headers=FRESH,
        )
