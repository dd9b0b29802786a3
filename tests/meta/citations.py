"""Every citation made in the code, found in its text: what is cited, how good it is, where, and who uses it.

A citation is a call of ``documented``, ``observed``, ``rfc``, ``assumed`` or ``Citation``, or of the method ``cite`` of an
``Assumption``. One that is kept in a constant is used wherever that constant is read, also by way of another constant.
Nothing is run: a rule is found although no test reaches it.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mailsim.reason.cite import Grade

CITE = "mailsim.reason.cite"
GRADES = {
    f"{CITE}.rfc": Grade.NORMATIVE,
    f"{CITE}.documented": Grade.DOCUMENTED,
    f"{CITE}.observed": Grade.OBSERVED,
    f"{CITE}.assumed": Grade.ASSUMED,
}
"""What each constructor grades its citation."""

_DEFINED_IN = ("mailsim.reason.cite", "mailsim.reason.assumption")
_ASSUMPTION = "mailsim.reason.assumption.Assumption"


@dataclass(frozen=True, slots=True)
class Rule:
    """One citation in the code.

    Args:
        file: relative to the project, with slashes.
        line: where the citation begins.
        module: dotted.
        name: the constant that keeps it, or the function that makes it.
        maker: the constructor's qualified name, or ``cite`` of an assumption.
        key: the source; empty where the text does not say.
        at: the place in it.
        grade: None where it was made in another way than by a constructor.
        users: the functions that use it, those of other modules with the module's name.
    """

    file: str
    line: int
    module: str
    name: str
    maker: str
    key: str
    at: str
    grade: Grade | None
    users: tuple[str, ...]


@dataclass(slots=True)
class _Module:
    """One module as parsed.

    Args:
        name: dotted.
        file: relative to the project.
        names: what every name at its top level stands for, qualified.
        strings: its constants that are texts.
        reads: by definition (a constant, function, method or class) the qualified names it reads.
        calls: every call with the definition it stands in.
        constants: the definitions that are constants.
    """

    name: str
    file: str
    names: dict[str, str] = field(default_factory=dict)
    strings: dict[str, str] = field(default_factory=dict)
    reads: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    calls: list[tuple[str, ast.Call]] = field(default_factory=list)
    constants: set[str] = field(default_factory=set)

    def qualified(self, node: ast.AST, owner: str = "") -> str:
        """Return what a name or dotted name stands for; empty where that is not known."""
        if isinstance(node, ast.Name):
            if node.id in ("self", "cls") and "." in owner:
                return f"{self.name}.{owner.rpartition('.')[0]}"
            return self.names.get(node.id, "")
        if isinstance(node, ast.Attribute):
            inner = self.qualified(node.value, owner)
            return f"{inner}.{node.attr}" if inner else ""
        return ""


def rules(root: Path, package: str = "mailsim") -> tuple[Rule, ...]:
    """Return every citation made in a package, by file and line.

    Args:
        root: the project's folder.
        package: its top folder.
    """
    code = _Code([_parse(file, root) for file in sorted((root / package).rglob("*.py"))])
    found = [
        rule
        for module in code.modules
        if module.name not in _DEFINED_IN
        for owner, call in module.calls
        for rule in code.cited(module, owner, call)
    ]
    return tuple(sorted(found, key=lambda rule: (rule.file, rule.line, rule.key, rule.at)))


def _parse(file: Path, root: Path) -> _Module:
    path = file.relative_to(root)
    name = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    module, tree = _Module(name, path.as_posix()), ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module.names |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
    definitions = list(_definitions(tree.body, ""))
    module.names |= {owner: f"{name}.{owner}" for owner, _ in definitions if "." not in owner}
    for owner, node in definitions:
        _note(module, owner, node)
    return module


def _definitions(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, ast.stmt]]:
    """Yield every constant, function, method and class with its name; what is in a function is the function's."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield f"{prefix}{node.name}", ast.Expr(ast.Tuple([*node.bases, *node.decorator_list]))
            yield from _definitions(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{prefix}{node.name}", node
        else:
            yield f"{prefix}{_target(node)}", node


def _target(node: ast.stmt) -> str:
    """Return the name that a statement binds; empty where it binds none or more."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else ""


def _note(module: _Module, owner: str, node: ast.stmt) -> None:
    if isinstance(node, ast.Assign | ast.AnnAssign):
        module.constants.add(owner)
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            module.strings[owner] = node.value.value
    for each in ast.walk(node):
        if isinstance(each, ast.Call):
            module.calls.append((owner, each))
        if isinstance(each, ast.Name | ast.Attribute) and isinstance(each.ctx, ast.Load):
            module.reads[owner].add(module.qualified(each, owner))


class _Code:
    """All modules together: who reads what, and which constants are assumptions.

    Args:
        modules: as parsed.
    """

    def __init__(self, modules: list[_Module]) -> None:
        self.modules = modules
        self._constants = {f"{module.name}.{owner}" for module in modules for owner in module.constants}
        self._reads = {
            f"{module.name}.{owner}": names for module in modules for owner, names in module.reads.items()
        }
        self._readers: dict[str, set[str]] = defaultdict(set)
        for owner, names in self._reads.items():
            for name in names:
                self._readers[name].add(owner)
        self._assumptions = {
            f"{module.name}.{owner}": _text(module, keyword.value)
            for module in modules
            for owner, call in module.calls
            if module.qualified(call.func) == _ASSUMPTION
            for keyword in call.keywords
            if keyword.arg == "key"
        }

    def cited(self, module: _Module, owner: str, call: ast.Call) -> Iterator[Rule]:
        """Yield what a call cites: nothing, one source, or each of several assumptions."""
        made, definition = module.qualified(call.func), f"{module.name}.{owner}"
        if made in GRADES or made == f"{CITE}.Citation":
            found = [(*_cited(module, call, made), GRADES.get(made))]
        elif isinstance(call.func, ast.Attribute) and call.func.attr == "cite":
            made, choice = "cite", _choice(module, call)
            keys = self._assumed(module.qualified(call.func.value), definition)
            found = [(key, choice, Grade.ASSUMED) for key in keys]
        else:
            found = []
        users = tuple(sorted(_short(user, module.name) for user in self._users(definition)))
        for key, at, grade in found:
            yield Rule(module.file, call.lineno, module.name, owner, made, key, at, grade, users)

    def _assumed(self, declared: str, definition: str) -> list[str]:
        """Return the assumptions that are meant: the one named, or those read here or by the callers."""
        if declared in self._assumptions:
            return [self._assumptions[declared]]
        seen, waiting = {definition}, {definition}
        while waiting:
            read = {name for each in waiting for name in self._reads.get(each, ())}
            if keys := sorted(self._assumptions[name] for name in read & self._assumptions.keys()):
                return keys
            waiting = {caller for each in waiting for caller in self._readers[each]} - seen
            seen |= waiting
        return [""]

    def _users(self, definition: str) -> set[str]:
        """Return the functions that read a constant, also by way of others; a function is its own user."""
        if definition not in self._constants:
            return {definition}
        seen, waiting = {definition}, [definition]
        while waiting:
            following = self._readers[waiting.pop()] - seen
            seen |= following
            waiting += following & self._constants
        return seen - self._constants


def _cited(module: _Module, call: ast.Call, made: str) -> tuple[str, str]:
    """Return the key and the place of a call of a constructor."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    first, second = ("number", "section") if made.endswith(".rfc") else ("key", "at")
    given |= dict(zip((first, second), call.args, strict=False))
    key = _text(module, given.get(first))
    at = _text(module, given.get(second)) or (ast.unparse(given[second]) if second in given else "")
    if at == "''":
        at = ""
    return (f"rfc{key}" if key else "", f"section {at}") if first == "number" else (key, at)


def _choice(module: _Module, call: ast.Call) -> str:
    return _text(module, call.args[0]) if call.args and isinstance(call.args[0], ast.Constant) else ""


def _text(module: _Module, node: ast.AST | None) -> str:
    """Return a text or number that stands in the code, also by the name of a constant; else empty."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    return module.strings.get(node.id, "") if isinstance(node, ast.Name) else ""


def _short(user: str, module: str) -> str:
    """Return a function as it is called from a module: another module's with that module's name."""
    if user.startswith(f"{module}."):
        return user.removeprefix(f"{module}.")
    parts = user.split(".")
    return ".".join(parts[2:]) if parts[1] == "mta" else ".".join(parts[1:])
