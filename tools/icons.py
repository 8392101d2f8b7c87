"""Draws the app's icons as PNG files, from one mark: ``python tools/icons.py``.

Chromium draws them; CHROMIUM names another one than the machine's. Phones want PNG: 192 and 512
pixels with rounded corners, one that any shape may be cut from, one for iPhones, and a badge, of
which Android takes the shape alone.
"""

import os
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).parent.parent / "leaddistrib/static/leaddistrib"
MARK = '<path d="M9 8v15h13M17 16l5-8" fill="none" stroke="#fff" stroke-width="3.4" {round}/>'
MARK = MARK.format(round='stroke-linecap="round" stroke-linejoin="round"')
BLUE = '<rect width="32" height="32" {corners} fill="#3d4fd1"/>'
SMALLER = '<g transform="translate(16 16) scale(.75) translate(-16 -16)">{mark}</g>'

ICONS = {
    # name: size in pixels, and what is drawn on 32 by 32
    "icon-192.png": (192, BLUE.format(corners='rx="8"') + MARK),
    "icon-512.png": (512, BLUE.format(corners='rx="8"') + MARK),
    # Phones cut off as much as a fifth on each side: the mark stays within the circle left.
    "icon-maskable-512.png": (512, BLUE.format(corners="") + SMALLER.format(mark=MARK)),
    "icon-apple-180.png": (180, BLUE.format(corners="") + MARK),
    "badge-96.png": (96, MARK),
}


def main() -> None:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        for name, (size, drawing) in ICONS.items():
            page = browser.new_page(viewport={"width": size, "height": size})
            page.set_content(
                "<style>* { margin: 0; display: block }</style>"
                f'<svg viewBox="0 0 32 32" width="{size}" height="{size}">{drawing}</svg>'
            )
            page.screenshot(path=FOLDER / name, omit_background=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
