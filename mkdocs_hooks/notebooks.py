"""Notebooks become pages: their text, their code, and what is stored of their printed output."""

import json
from pathlib import Path
from typing import Any


def as_markdown(notebook: dict[str, Any]) -> str:
    """A notebook as a page. Output other than text is left out."""
    parts = []
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(text)
            continue
        parts.append(f"```python\n{text}\n```")
        for output in cell["outputs"]:
            printed = output.get("text") or output.get("data", {}).get("text/plain") or []
            parts.append(f"```text\n{''.join(printed).rstrip()}\n```")
    return "\n\n".join(parts) + "\n"


def on_files(files: Any, config: Any) -> Any:
    """Put a page in the place of every notebook of docs/."""
    from mkdocs.structure.files import File

    for file in [file for file in files if file.src_uri.endswith(".ipynb")]:
        files.remove(file)
        notebook = json.loads(Path(file.abs_src_path).read_text("utf-8"))
        uri = f"{file.src_uri.removesuffix('.ipynb')}.md"
        files.append(File.generated(config, uri, content=as_markdown(notebook)))
    return files
