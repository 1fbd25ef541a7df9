"""The frame around every page: head, header with the navigation, dialogs, footer."""

from __future__ import annotations

from html import escape
from pathlib import Path

from app.dashboard.files import modules_of, static_url

HTML = Path(__file__).with_name("html")
NAVIGATION = (
    ("/", "Overview"),
    ("/rankings", "Rankings"),
    ("/alerts", "Alerts"),
    ("/keys", "Keys"),
    ("/status", "Status"),
    ("/schema", "API"),
)
"""What the header leads to."""
CURRENT = ' aria-current="page"'
FRAME = (HTML / "frame.html").read_text()
FRAME_STYLES = ("tokens.css", "frame.css")
FRAME_SCRIPT = "frame.js"


def page_of(  # noqa: PLR0913  # as many as pages differ in
    *,
    title: str,
    main: str,
    at: str = "",
    styles: tuple[str, ...] = (),
    scripts: tuple[str, ...] = (),
    classic: tuple[str, ...] = (),
    search: bool = True,
) -> str:
    """Return a whole document.

    `main` is the HTML of its content, `at` the address whose link in the navigation is the current
    one, `scripts` are modules and `classic` what defines a global before them.
    """
    modules = modules_of(FRAME_SCRIPT, *scripts)
    head = [
        *(
            f'<link rel="stylesheet" href="{static_url(name)}">'
            for name in (*FRAME_STYLES, *styles)
        ),
        *(f'<link rel="modulepreload" href="{static_url(name)}">' for name in modules),
        *(f'<script defer src="{static_url(name)}"></script>' for name in classic),
        *(
            f'<script type="module" src="{static_url(name)}"></script>'
            for name in (FRAME_SCRIPT, *scripts)
        ),
    ]
    links = "\n".join(
        f'<a href="{address}"{CURRENT if address == at else ""}>{label}</a>'
        for address, label in NAVIGATION
    )
    values = {
        "title": escape(title),
        "head": "\n".join(head),
        "theme": static_url("theme.js"),
        "icon": static_url("icon.svg"),
        "navigation": links,
        "search": "" if search else " hidden",
        "main": main,
    }
    text = FRAME
    for name, value in values.items():
        text = text.replace(f"<!--{name}-->", value)
    return text
