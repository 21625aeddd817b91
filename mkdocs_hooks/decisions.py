"""A page that lists the decisions in docs/adr/ by their own headings, so that none is forgotten."""

from pathlib import Path
from typing import Any

HEAD = """# Decisions

Why things are as they are: one page each, with what was measured and what was rejected.

"""


def as_list(pages: list[tuple[str, str]]) -> str:
    """The list, from the names and the texts of the pages."""
    headings = [(name, text.partition("\n")[0].removeprefix("# ")) for name, text in pages]
    return HEAD + "".join(f"- [{heading}]({name})\n" for name, heading in sorted(headings))


def on_files(files: Any, config: Any) -> Any:
    """Add the list."""
    from mkdocs.structure.files import File

    found = [file for file in files.documentation_pages() if file.src_uri.startswith("adr/")]
    pages = [(file.name + ".md", Path(file.abs_src_path).read_text("utf-8")) for file in found]
    files.append(File.generated(config, "adr/README.md", content=as_list(pages)))
    return files
