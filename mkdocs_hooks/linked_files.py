"""What the pages link to outside docs/ comes into the site, and the links point there.

A page in docs/ links to `../results/README.md` or `../examples/extend/shapes.py` as the repository
lays them out, so that the links work there. In the site, docs/ is the root:

    docs/paper.md                 paper.md
    README.md                     index.md, which says the same
    results/README.md             results/README.md, and so every Markdown page and data file
    examples/extend/shapes.py     source/examples/extend/shapes.py.md, a page that shows it
    examples/extend               source/examples/extend/README.md, a list of its files
    docs/notebooks/digits.ipynb   notebooks/digits.md, its cells (`notebooks.py`)

Only what is linked comes in, and what the pages that come in link to in their turn. A link to
nothing stays as it is, so that `mkdocs build --strict` refuses it.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from typing import Any

ROOT = Path(__file__).parents[1]
DOCS = "docs"
# Come in although no page may link to them: the navigation does.
ALWAYS = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
# Shown as pages with their text; all other files are copied.
SHOWN = {".py": "python", ".yaml": "yaml", ".toml": "toml", ".sh": "bash", "": "text"}

# Code, in which nothing is a link, or a link: its text, its target, its anchor and its title.
_CODE_OR_LINK = re.compile(
    r"(?P<code>^ *(`{3,})[^\n]*\n.*?^ *\2[^\n]*$|`[^`\n]+`)"
    r"|(?P<text>\]\()(?P<target>[^)\s#]+)(?P<anchor>#[^)\s]*)?(?P<title>\s+\"[^\"]*\")?\)",
    re.DOTALL | re.MULTILINE,
)
_ELSEWHERE = re.compile(r"[a-z]+:|/")


def with_targets(markdown: str, replace: Callable[[str], str]) -> str:
    """A page with the target of every local link replaced; anchors and code stay."""

    def one(found: re.Match[str]) -> str:
        target = found["target"]
        if found["code"] or _ELSEWHERE.match(target):
            return found[0]
        return f"{found['text']}{replace(target)}{found['anchor'] or ''}{found['title'] or ''})"

    return _CODE_OR_LINK.sub(one, markdown)


def targets(markdown: str) -> list[str]:
    """Targets of all local links of a page."""
    found: list[str] = []
    with_targets(markdown, lambda target: found.append(target) or target)
    return found


def linked(page: str, target: str) -> str:
    """Path in the repository of what a page of the repository links to."""
    return normpath((PurePosixPath(page).parent / target).as_posix())


def place(path: str) -> str:
    """Where a file or folder of the repository stands in the site, as a source of mkdocs."""
    if path == "README.md":
        return "index.md"
    if path.endswith(".ipynb"):
        path = f"{path.removesuffix('.ipynb')}.md"
    if path.startswith(f"{DOCS}/"):
        return path.removeprefix(f"{DOCS}/")
    if (ROOT / path).is_dir():
        readme = f"{path}/README.md"
        return readme if (ROOT / readme).is_file() else f"source/{readme}"
    return f"source/{path}.md" if PurePosixPath(path).suffix in SHOWN else path


def content(path: str) -> str | None:
    """The page made for a file or folder that is none itself; None = it is taken as it is."""
    if not place(path).startswith("source/"):
        return None
    file, hidden = ROOT / path, "---\nsearch: {exclude: true}\n---\n"
    if file.is_dir():
        names = sorted(child.name for child in file.iterdir() if child.is_file())
        listed = "".join(f"- [{name}]({name})\n" for name in names)
        return f"{hidden}# {path}\n\n{listed}"
    language = SHOWN[file.suffix]
    return f"{hidden}# {file.name}\n\n`{path}`\n\n````{language}\n{file.read_text('utf-8')}````\n"


def brought_in(pages: Mapping[str, str]) -> list[str]:
    """Files and folders outside docs/ that pages link to, and those that these link to.

    Args:
        pages: texts by their path in the repository.
    """
    queue = [*pages.items(), *((path, (ROOT / path).read_text("utf-8")) for path in ALWAYS)]
    found: dict[str, None] = dict.fromkeys(ALWAYS)
    while queue:
        page, text = queue.pop()
        for target in targets(text):
            path = linked(page, target)
            inside = path == "README.md" or path.startswith((f"{DOCS}/", "../"))
            if inside or path in found or not (ROOT / path).exists():
                continue
            found[path] = None
            if (ROOT / path).is_dir():
                readme = f"{path}/README.md"
                queue.append((readme, content(path) or (ROOT / readme).read_text("utf-8")))
            elif path.endswith(".md"):
                queue.append((path, (ROOT / path).read_text("utf-8")))
    return list(found)


def on_files(files: Any, config: Any) -> Any:
    """Add what is linked."""
    from mkdocs.structure.files import File

    pages = {f"{DOCS}/{file.src_uri}": file.content_string for file in files.documentation_pages()}
    for path in brought_in(pages):
        uri, made = place(path), content(path)
        if files.get_file_from_path(uri):  # a folder's README.md that is linked by itself, too
            continue
        source = {"abs_src_path": str(ROOT / path)} if made is None else {"content": made}
        if made is None and (ROOT / path).is_dir():
            source = {"abs_src_path": str(ROOT / uri)}
        file = File.generated(config, uri, **source)
        file.linked_as = f"{path}/README.md" if (ROOT / path).is_dir() else path
        files.append(file)
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Point the links of a page to where their targets stand in the site."""
    at = page.file.src_uri
    own = getattr(page.file, "linked_as", f"{DOCS}/{at}")

    def moved(target: str) -> str:
        path = linked(own, target)
        known = (ROOT / path).exists() and not path.startswith("../")
        return relpath(place(path), PurePosixPath(at).parent) if known else target

    return with_targets(markdown, moved)
