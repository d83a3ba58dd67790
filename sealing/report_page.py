"""The frame of the reports that are kept on file: one page of HTML that needs nothing else.

Rules kept here: no script, no picture, no address of others; it prints on A4, and a phone reads it.
Whoever fills it escapes what comes from others.
"""

from collections.abc import Iterable
from html import escape
from typing import Final


def framed(title: str, body: str, lang: str) -> str:
    """Give a whole page; `body` is HTML."""
    return (
        f'<!doctype html>\n<html lang="{escape(lang)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def tiles(counts: Iterable[tuple[int, str, str]]) -> str:
    """Give counts as tiles: how many, of what, and `good`, `bad` or nothing."""
    boxes = "".join(
        f'<div class="{kind}"><dt>{escape(name)}</dt><dd>{number(count)}</dd></div>'
        for count, name, kind in counts
    )
    return f'<dl class="counts">{boxes}</dl>'


def number(count: int) -> str:
    """Write a number with thin spaces, as French does."""
    return f"{count:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


_STYLE: Final = (
    "@page{size:A4;margin:16mm}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:#eef1f5;color:#1b2430;"
    "font:16px/1.5 system-ui,'Segoe UI',Roboto,'Liberation Sans',sans-serif}"
    "main{max-width:48rem;margin:2rem auto;padding:2.5rem 3rem;background:#fff;"
    "border-top:6px solid #1f3f77;box-shadow:0 1px 6px #0002}"
    "h1{margin:0;font-size:1.7rem;line-height:1.2;color:#1f3f77}"
    "h2{margin:2rem 0 .5rem;font-size:1.1rem;color:#1f3f77}"
    "p{margin:.4rem 0}"
    ".folder{font-weight:600;overflow-wrap:anywhere}"
    ".test{margin:0 0 1.2rem;padding:.45rem .8rem;border:1px solid #8a5a00;background:#fff6e0;"
    "color:#6b4500;font-weight:600}"
    ".counts{display:grid;grid-template-columns:repeat(auto-fit,minmax(7.2rem,1fr));gap:.6rem;"
    "margin:1.6rem 0 1rem}"
    ".counts div{display:flex;flex-direction:column-reverse;justify-content:flex-end;"
    "padding:.7rem .8rem;"
    "border:1px solid #ccd4df;border-radius:6px}"
    ".counts dt{font-size:.82rem;line-height:1.25;color:#475264}"
    ".counts dd{margin:0;font-size:1.6rem;font-weight:700;line-height:1.2;"
    "font-variant-numeric:tabular-nums}"
    ".counts .good{border-color:#1f7a45}.counts .good dd{color:#17663a}"
    ".counts .bad{border-color:#b3261e}.counts .bad dd{color:#9c1c15}"
    ".verdict{font-weight:600}"
    "table{width:100%;border-collapse:collapse;table-layout:fixed;font-size:.9rem}"
    "th:first-child{width:4.5rem}th:nth-child(2){width:32%}"
    "th,td{padding:.35rem .6rem .35rem 0;border-bottom:1px solid #dde3ea;text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere}"
    "td:first-child{font-variant-numeric:tabular-nums;white-space:nowrap}"
    ".halves th:first-child{width:46%}.halves th:nth-child(2){width:auto}"
    ".halves td:first-child{white-space:normal}"
    ".proof{margin:0;font-size:.9rem}"
    ".proof div{display:grid;grid-template-columns:15.5rem 1fr;gap:.8rem;padding:.35rem 0;"
    "border-bottom:1px solid #dde3ea}"
    ".proof .print{font-family:ui-monospace,'Liberation Mono',monospace;font-size:.82rem}"
    ".proof dt{color:#475264}.proof dd{margin:0;overflow-wrap:anywhere;"
    "font-variant-numeric:tabular-nums}"
    ".proof .print{font-family:ui-monospace,'Liberation Mono',monospace;font-size:.82rem;"
    "line-height:1.6}"
    "@media(max-width:40rem){main{margin:0;padding:1.4rem}"
    ".counts{grid-template-columns:repeat(2,1fr)}.proof div{grid-template-columns:1fr;gap:0}}"
    "@media print{body{background:#fff;font-size:11pt}"
    "main{margin:0;padding:0;max-width:none;border-top:0;box-shadow:none}}"
)
