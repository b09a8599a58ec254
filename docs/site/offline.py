"""Makes a built site load nothing from elsewhere, and fails if it still would.

offline.py SITE SHIM    SHIM is what lets the search work where pages are opened from the file system
"""

import os
import re
import shutil
import sys
from pathlib import Path

ELSEWHERE = "https://unpkg.com/iframe-worker/shim"
# A link for readers is none of these: scripts, styles, pictures and frames.
LOADED = re.compile(r"""<(?:script|img|iframe|source|link)\b[^>]*?\b(?:src|href)=["']?(?:https?:)?//[^>]*>""")


def main(site: Path, shim: Path) -> None:
    shutil.copy(shim, site / "assets/iframe-worker.js")
    wrong = []
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        local = os.path.relpath(site / "assets/iframe-worker.js", page.parent).replace(os.sep, "/")
        # The page of errors is shown under any address.
        text = text.replace(ELSEWHERE, "/assets/iframe-worker.js" if page.name == "404.html" else local)
        page.write_text(text, "utf-8")
        wrong += [f"{page.relative_to(site)}: {found}" for found in LOADED.findall(text)]
    for style in site.rglob("*.css"):
        wrong += [f"{style.relative_to(site)}: {found}" for found in re.findall(r"(?:url\(|@import )[\"']?(?:https?:)?//[^)\"']*", style.read_text("utf-8"))]
    if wrong:
        sys.exit("\n".join(wrong))


main(Path(sys.argv[1]), Path(sys.argv[2]))
