"""Compare the sentences of the sources with the catalogues; `--update` writes what is missing.

Without an option: fail when a sentence has no English, or a catalogue holds one that nobody says,
or a translation lacks a `{detail}` of its sentence.
"""

import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
AREAS = ["storage", "vault", "sealing", "verifier", "consent", "cli"]
METHODS = [("**/templates/**.html", "jinja2"), ("**.py", "python")]
# No dates and no authors: two branches that add sentences must not clash over a header.
HEADER = b"""# English sentences of Coffre; the French ones stand in the sources.
msgid ""
msgstr ""
"Language: en\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
BRACES = re.compile(r"\{(\w+)")


def sentences() -> Catalog:
    """Collect every marked sentence, in the order of the files."""
    catalogue = Catalog(locale="en", project="coffre", fuzzy=False)
    for area in AREAS:
        found = extract_from_dir(ROOT / area, METHODS, keywords={"N_": None, "_": None})
        for file, _line, message, _comments, _context in sorted(found, key=lambda row: row[:2]):
            catalogue.add(message, locations=[(f"{area}/{file}", 0)])
    return catalogue


def main() -> int:
    """Check or update `storage/locales/en.po`."""
    path = ROOT / "storage" / "locales" / "en.po"
    catalogue = sentences()
    known = read_po(path.open("rb"), locale="en") if path.exists() else Catalog(locale="en")
    translated = {str(item.id): str(item.string) for item in known if item.id}
    said = {str(item.id) for item in catalogue if item.id}
    if "--update" in sys.argv:
        for item in catalogue:
            if item.id:
                item.locations = [(item.locations[0][0], None)]
                item.string = translated.get(str(item.id), "")
        path.parent.mkdir(exist_ok=True)
        with path.open("wb") as file:
            file.write(HEADER)
            write_po(file, catalogue, width=100, omit_header=True, include_lineno=False)
    wrong = [f"no English: {text}" for text in sorted(said) if not translated.get(text)]
    wrong += [f"nobody says: {text}" for text in sorted(set(translated) - said)]
    wrong += [
        f"details differ: {text}"
        for text, english in sorted(translated.items())
        if english and set(BRACES.findall(text)) != set(BRACES.findall(english))
    ]
    print("\n".join(wrong) or f"messages: {len(said)} sentences, English complete")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
