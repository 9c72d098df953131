"""Makes Great Expectations' Data Docs fit to be published: they ask nothing of anybody, and open from disk.

As they come, each page loads scripts and styles from seven hosts, and its logo carries an identifier and the
time to one of them; without these the index is empty. Here what is not on the page is taken out, a content
security policy keeps it out, one small stylesheet does for the rest, and the index is plain HTML.
"""

import json
import re
import shutil
from collections.abc import Iterator
from html import escape
from pathlib import Path

_FROM_ELSEWHERE = re.compile(
    r'<script\b[^>]*\bsrc="https?://[^"]*"[^>]*>\s*</script>'
    r'|<(?:link|img)\b[^>]*\b(?:href|src)="(?:https?://|[^"]*/static/)[^"]*"[^>]*>'
    r"|<script\b(?![^>]*\bsrc=)[^>]*>.*?</script>"
    r"|<footer>.*?</footer>",
    re.DOTALL,
)

_STYLE = """
body { color: #1c2733; font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; padding: 1rem; }
body { max-width: 72rem; }
table { border-collapse: collapse; margin: .5rem 0 1rem; width: 100%; }
th, td { border-top: 1px solid #d5dce3; padding: .35rem .6rem; text-align: left; vertical-align: top; }
pre, code { white-space: pre-wrap; font-size: 12px; }
.collapse { border-left: 3px solid #d5dce3; max-height: 16rem; overflow: auto; padding-left: .6rem; }
.btn-group, .card, .ge-walkthrough-modal, .modal { display: none; }
.fa-check-circle::before { content: "passed"; color: #1a7f37; }
.fa-times::before, .fa-exclamation-triangle::before { content: "failed"; color: #b42318; }
.failed { color: #b42318; }
"""

_HEAD = (
    '<meta charset="UTF-8">'
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
)


def make_private(site: Path, results: Path) -> Path:
    """Rewrite the pages of `site` in place, with an index of the stored `results`; returns the index.

    Args:
        site: folder that Great Expectations built its pages into.
        results: folder of its validation results, `<layer>/…/*.json`.
    """
    shutil.rmtree(site / "static", ignore_errors=True)
    for page in site.rglob("*.html"):
        page.write_text(_privately(page.read_text()))
    index = site / "index.html"
    index.write_text(_index(site, results))
    return index


def _privately(html: str) -> str:
    if _HEAD in html:
        return html
    kept = _FROM_ELSEWHERE.sub("", html)
    return kept.replace("<head>", f"<head>{_HEAD}", 1).replace(
        "</head>", f"<style>{_STYLE}</style></head>", 1
    )


def _index(site: Path, results: Path) -> str:
    rows = "".join(_row(site, results, stored) for stored in sorted(results.glob("*/**/*.json")))
    return (
        f"<!DOCTYPE html><html><head>{_HEAD}<title>Flowgauge: quality</title><style>{_STYLE}</style></head>"
        "<body><h1>Quality of the data</h1><table><thead><tr><th>Layer</th><th>Checked at</th><th>Checks</th>"
        f"<th>Kept</th><th>Broken</th></tr></thead><tbody>{rows}</tbody></table></body></html>\n"
    )


def _row(site: Path, results: Path, stored: Path) -> str:
    result = json.loads(stored.read_text())
    layer = stored.relative_to(results).parts[0]
    page = Path("validations", stored.relative_to(results)).with_suffix(".html")
    counts = result["statistics"]
    broken = counts["unsuccessful_expectations"]
    cells: Iterator[str] = (
        f"<td>{cell}</td>"
        for cell in (
            f'<a href="{escape(page.as_posix())}">{escape(layer)}</a>' if (site / page).is_file() else layer,
            escape(result["meta"]["validation_time"][:19].replace("T", " ")) + " UTC",
            counts["evaluated_expectations"],
            counts["successful_expectations"],
            f'<span class="failed">{broken}</span>' if broken else broken,
        )
    )
    return f"<tr>{''.join(cells)}</tr>"
