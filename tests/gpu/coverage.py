"""Which lines of some files were executed, by gcov's counts.

    coverage.py reset FOLDER...
        counts start anew: those of objects below FOLDER are removed
    coverage.py check SOURCE_DIR LIST GCOV FOLDER... -- FILE...
        every executable line of each FILE, relative to SOURCE_DIR, was executed, but those of LIST

LIST has a line for each that was not: "file | the line's text | the reason". One that was executed after all, or is not
there any more, has to go; but where threads decide, the reason begins with "sometimes" and it may have been.
"""
import json
import pathlib
import subprocess
import sys
from collections import defaultdict


def objects(folders, suffix):
    return [path for folder in folders for path in sorted(pathlib.Path(folder).rglob("*" + suffix))]


def read_counts(gcov, folders, source):
    """{file: {line: count}}, added up over all objects and all instances of a template."""
    counts = defaultdict(lambda: defaultdict(int))
    notes = [path for path in objects(folders, ".gcno") if path.with_suffix(".gcda").exists()]
    for note in notes:
        out = subprocess.run([gcov, "--json-format", "--stdout", note], capture_output=True, text=True)
        if "mismatch" in out.stderr or out.returncode != 0:
            sys.exit(f"{out.stderr}counts are another build's: build all, and run all tests with the label gpu again")
        for document in out.stdout.splitlines():
            for file in json.loads(document)["files"]:
                path = pathlib.Path(file["file"])
                if path.is_relative_to(source):
                    for line in file["lines"]:
                        counts[str(path.relative_to(source))][line["line_number"]] += line["count"]
    return counts


def read_list(path):
    """[(file, text, reason)]"""
    entries = []
    for line in pathlib.Path(path).read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            parts = [part.strip() for part in line.split(" | ")]
            if len(parts) != 3:
                sys.exit(f"{path}: not \"file | text | reason\": {line}")
            entries.append(tuple(parts))
    return entries


def check(source, list_path, gcov, folders, files):
    counts = read_counts(gcov, folders, source)
    allowed = read_list(list_path)
    used, wrong, n_lines, n_executed = set(), [], 0, 0
    for file in files:
        lines = counts.get(file, {})
        if not any(lines.values()) and pathlib.Path(file).suffix in (".c", ".cu"):
            wrong.append(f"{file}: nothing of it was executed; have all tests with the label gpu run, in this build?")
            continue
        text = (source / file).read_text().splitlines()
        n_lines += len(lines)
        for number, count in sorted(lines.items()):
            n_executed += count > 0
            key = next((entry for entry in allowed if entry[:2] == (file, text[number - 1].strip())), None)
            if count == 0 and not key:
                wrong.append(f"{file}:{number}: not executed: {text[number - 1].strip()}")
            elif key and (count == 0 or key[2].startswith("sometimes")):
                used.add(key)
    wrong += [f"{pathlib.Path(list_path).name}: was executed, or is gone: {file} | {text}"
              for file, text, reason in allowed if (file, text, reason) not in used]
    print("\n".join(wrong + [f"{n_executed} of {n_lines} lines executed, {len(used)} kinds excused"]))
    return 1 if wrong else 0


def main():
    if sys.argv[1] == "reset":
        for path in objects(sys.argv[2:], ".gcda"):
            path.unlink(missing_ok=True)
        return 0
    source, list_path, gcov, *rest = sys.argv[2:]
    cut = rest.index("--")
    return check(pathlib.Path(source), list_path, gcov, rest[:cut], rest[cut + 1:])


sys.exit(main())
