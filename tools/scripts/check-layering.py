#!/usr/bin/env python3
"""Checks the rules of the source tree that no compiler checks: who may include whom, heads and lengths of files.

    check-layering.py [ROOT]

Dependencies point one way: tools -> compiler -> dialects -> MLIR and tools -> runtime. The runtime and the language's
front end never see LLVM, siblings that stand for devices never see each other, a lower dialect never sees a higher
one. Every file says in its first line what it is, and stays under 800 lines. Prints one line for each breach
(file:line: what, and the rule), and exits with 1 when there is one.
"""
import os
import re
import sys
from pathlib import Path

LLVM = ("mlir/", "llvm/", "llvm-c/", "mlir-c/", "lld/", "clang/")
ANY_OF_OURS = ("compiler/", "dialects/", "lang/", "runtime/", "tools/", "test/", "docs/")

# Folder -> what files below it may include of the project; the longest folder that fits decides.
# Their own folder is always allowed. "LLVM" stands for the headers of LLVM, MLIR and LLD.
ALLOWED = {
    "lang/tile": [],
    "lang": ["LLVM", "lang/tile", "dialects/tile"],
    "dialects/tile": ["LLVM"],
    "dialects/kernel": ["LLVM", "dialects/tile"],
    "dialects/program": ["LLVM", "dialects/tile", "dialects/kernel"],
    "compiler": ["LLVM", "lang", "dialects", "compiler", "runtime/abi", "runtime/package"],
    "compiler/interpreter": ["LLVM", "dialects/tile"],
    "compiler/conversion": ["LLVM", "dialects", "compiler/conversion", "compiler/schedule"],
    "compiler/autodiff": ["LLVM", "dialects/tile"],
    "compiler/schedule": ["LLVM", "dialects"],
    "compiler/target": ["LLVM", "dialects", "compiler/conversion", "compiler/schedule", "compiler/target/common",
                        "runtime/abi"],
    "compiler/target/common": ["LLVM", "dialects"],
    "compiler/target/opencl": ["LLVM", "dialects", "compiler/conversion", "compiler/schedule", "compiler/target/common",
                               "compiler/target/gpu", "runtime/abi"],
    "compiler/target/spirv": ["LLVM", "dialects", "compiler/conversion", "compiler/schedule", "compiler/target/common",
                              "compiler/target/gpu", "runtime/abi"],
    "runtime": ["runtime"],
    "runtime/abi": [],
    "runtime/package": ["runtime/abi"],
    "runtime/device": ["runtime/abi", "runtime/core", "runtime/package", "runtime/include"],
    "tools": ["LLVM", "lang", "dialects", "compiler", "runtime", "tools"],
    "tools/polytile": ["lang/tile", "runtime", "compiler/api/include"],
    "docs": [],
    "test": ["LLVM", "lang", "dialects", "compiler", "runtime", "tools", "test"],
}
# Below these, a subfolder is a sibling of the others: it may include itself, never them (unless allowed above).
SIBLINGS = ("compiler/target", "runtime/device")

COMMENT_STARTS = {
    ".cpp": ("//", "/*"), ".h": ("//", "/*"), ".hpp": ("//", "/*"), ".c": ("//", "/*"), ".td": ("//",),
    ".def": ("//",), ".fbs": ("//",), ".tile": ("//",), ".mlir": ("//",), ".py": ('"""', "#"), ".sh": ("#",),
    ".cmake": ("#",), ".txt": ("#",),
}
INCLUDE = re.compile(r'^\s*(?:#\s*)?include\s*([<"])([^>"]+)[>"]')
MAX_LINES = 800
SKIPPED_FOLDERS = {".git", "build", "__pycache__", ".cache"}


def source_files(root):
    """The files of the tree that the rules hold for, as paths relative to the root."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
        for name in sorted(names):
            path = Path(folder, name).relative_to(root)
            if path.suffix == ".txt" and name != "CMakeLists.txt":
                continue
            if path.suffix == ".tile" and path.parts[0] == "test":
                continue  # data of a test, kept minimal
            if path.suffix in COMMENT_STARTS:
                yield path


def is_below(path, folder):
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def longest_rule(path):
    """The most specific folder of ALLOWED that the path lies below, or None."""
    fitting = [folder for folder in ALLOWED if is_below(path, folder)]
    return max(fitting, key=len, default=None)


def own_folder(path, rule):
    """The folder within which includes are free: for a sibling its own, else the rule's."""
    for parent in SIBLINGS:
        if is_below(path, parent) and os.path.dirname(path) != parent:
            return "/".join(path.split("/")[:parent.count("/") + 2])
    return rule


def resolve(root, path, quote, name):
    """What an include names: "LLVM", a path from the root, or None for everything outside the project."""
    if name.startswith(LLVM):
        return "LLVM"
    if quote == '"' and (root / path.parent / name).is_file():
        return os.path.normpath(path.parent / name)
    if name.startswith("polytile/"):
        return "compiler/api/include" if name == "polytile/compiler.h" else "runtime/include"
    return name if name.startswith(ANY_OF_OURS) else None


def check_include(root, path, quote, name):
    """The breach that this include is, in words, or None."""
    included = resolve(root, path, quote, name)
    rule = longest_rule(str(path))
    if included is None or rule is None:
        return None
    if included != "LLVM" and is_below(included, own_folder(str(path), rule)):
        return None
    # What stands beside the siblings' folders is common to them: their interface, and the list of them.
    if any(os.path.dirname(included) == parent and is_below(rule, parent) for parent in SIBLINGS):
        return None
    # The public headers are made for users: for tools, tests and examples.
    if included == "runtime/include" and rule.split("/")[0] in ("tools", "test", "docs"):
        return None
    if included == "compiler/api/include" and is_below(rule, "docs"):
        return None
    for allowed in ALLOWED[rule]:
        if included == allowed or (included != "LLVM" and allowed != "LLVM" and is_below(included, allowed)):
            return None
    permitted = ", ".join(ALLOWED[rule]) or "nothing of the project"
    return f"includes '{name}': {rule} may include its own folder and {permitted}"


def check_file(root, path):
    """Yields (line, breach) for one file."""
    text = (root / path).read_text(encoding="utf-8", errors="replace")
    lines = text.splitlines()
    head = next((line for line in lines if line.strip() and not line.startswith("#!")), "")
    if not head.lstrip().startswith(COMMENT_STARTS[path.suffix]):
        yield 1, "begins without a line that says what the file is"
    if len(lines) > MAX_LINES:
        yield MAX_LINES + 1, f"has {len(lines)} lines: {MAX_LINES} are the limit, split it"
    if path.suffix in (".py", ".sh", ".cmake", ".txt", ".tile", ".mlir"):
        return
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        breach = match and check_include(root, path, match.group(1), match.group(2))
        if breach:
            yield number, breach


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    breaches = checked = 0
    for path in source_files(root):
        checked += 1
        for line, breach in check_file(root, path):
            breaches += 1
            print(f"{path}:{line}: {breach}")
    print(f"{checked} files checked, {breaches} breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
