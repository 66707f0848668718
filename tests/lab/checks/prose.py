# SPDX-License-Identifier: GPL-2.0-only
"""How the tree reads: the length of sentences in Markdown, and phrases to avoid."""

import re
from collections.abc import Iterator
from pathlib import Path

from ..kernels.modules import TOP

PHRASES = Path(__file__).with_name("phrases")
MEAN_WORDS = 18
LONG_WORDS, LONG_SHARE = 30, 0.08
HISTORY = "CHANGELOG.md"  # keeps the names and words of its time
NOT_PROSE = re.compile(r"\s*(\||#|!\[|<|    )")  # tables, headings, pictures, code
ITEM = re.compile(r"\n\s*(?:[-*]|\d+\.) ")
SENTENCE_END = re.compile(r"(?<=[.!?:])\s+(?=[A-Z`(*])")
C_TEXT = re.compile(r'^\s*/?\*|/\*|//|"')  # comments and messages


def _sentences(markdown: str) -> Iterator[str]:
    """The sentences of a text, without tables and code."""
    text = re.sub(r"```.*?```", "", markdown, flags=re.S)
    text = "\n".join(line for line in text.split("\n") if not NOT_PROSE.match(line))
    for paragraph in re.split(r"\n\s*\n", ITEM.sub("\n\n", text)):
        for sentence in SENTENCE_END.split(" ".join(paragraph.split())):
            if len(sentence.split()) > 2:
                yield sentence


def _lengths(path: Path) -> list[str]:
    """What is wrong with the sentences of one file."""
    name = path.relative_to(TOP)
    said = list(_sentences(path.read_text()))
    counts = [len(sentence.split()) for sentence in said]
    if not counts:
        return []
    mean = sum(counts) / len(counts)
    long = [sentence for sentence, words in zip(said, counts) if words > LONG_WORDS]
    found = []
    if mean > MEAN_WORDS:
        found.append(f"{name}: {mean:.1f} words a sentence, at most {MEAN_WORDS}")
    if len(long) > LONG_SHARE * len(counts):
        found += [f"{name}: {len(long)} of {len(counts)} sentences are longer than "
                  f"{LONG_WORDS} words", *(f"    {sentence}" for sentence in long)]
    return found


def _phrases() -> list[tuple[re.Pattern[str], str]]:
    lines = [line for line in PHRASES.read_text().splitlines() if not line.startswith("#")]
    return [(re.compile(pattern, re.I), better)
            for pattern, better in (line.split("\t") for line in lines)]


def _hits(path: Path, phrases: list[tuple[re.Pattern[str], str]]) -> Iterator[str]:
    """The phrases in one file, a line for each."""
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        if path.suffix in (".c", ".h") and not C_TEXT.search(line):
            continue
        for pattern, better in phrases:
            hit = pattern.search(line)
            if hit:
                yield f"{path.relative_to(TOP)}:{number}: '{hit[0]}': {better}"


def complaints(files: list[Path]) -> list[str]:
    """What to mend in these files of the tree."""
    files = [path for path in files if path.name not in (HISTORY, "LICENSE", PHRASES.name)]
    phrases = _phrases()
    found = [line for path in files if path.suffix == ".md" for line in _lengths(path)]
    return found + [line for path in files for line in _hits(path, phrases)]
