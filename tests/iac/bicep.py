"""The part of Bicep that iac/azure/main.bicep is written in, compiled to an ARM template.

Parameters with decorators, variables, resources with `parent`, `scope` and `dependsOn`, outputs; objects, arrays,
strings with ${…}, calls, members, == and ?:. Anything else is a SyntaxError.
https://learn.microsoft.com/azure/azure-resource-manager/bicep/file
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_TOKEN = re.compile(
    r"(?P<skip>[ \t]+|//[^\n]*)|(?P<line>\n+)|(?P<string>'(?:\\.|[^'\\\n])*')|(?P<number>-?\d+)"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<mark>==|[@(){}\[\]:=.,?])"
)
_HOLE = re.compile(r"\$\{([^}]*)\}")
_ESCAPED = {"\\'": "'", "\\\\": "\\", "\\n": "\n", "\\$": "$"}
_LITERALS = {"true": True, "false": False}


class Token(NamedTuple):
    kind: str
    text: str


class Code(str):
    """An ARM expression, without its brackets."""

    __slots__ = ()


@dataclass
class Resource:
    kind: str
    version: str
    body: dict[str, Any]
    parent: str = ""
    scope: str = ""


@dataclass
class Template:
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)


def compiled(source: str) -> dict[str, Any]:
    """The ARM template that a Bicep file says."""
    parser = _Parser(source)
    template = parser.template()
    return {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {name: _plain(value) for name, value in template.parameters.items()},
        "variables": {name: _plain(value) for name, value in template.variables.items()},
        "resources": [_resource(template, name) for name in template.resources],
        "outputs": {name: _plain(value) for name, value in template.outputs.items()},
    }


class _Parser:
    def __init__(self, source: str) -> None:
        self.tokens = list(_tokens(source))
        self.at = 0
        self.found = Template()
        self.used: set[str] = set()  # resources that the statement being read refers to

    def template(self) -> Template:
        decorators: dict[str, Any] = {}
        while self.peek().kind != "end":
            if self.take_if("line"):
                continue
            if self.take_if("@"):
                name = self.take("name").text
                self.take("(")
                decorators[name] = self.value()
                self.take(")")
                continue
            self._statement(decorators)
            decorators = {}
        return self.found

    def _statement(self, decorators: dict[str, Any]) -> None:
        keyword, name = self.take("name").text, self.take("name").text
        self.used = set()
        if keyword == "param":
            told = {"type": self.take("name").text}
            if self.take_if("="):
                told["defaultValue"] = self.value()
            renamed = {"allowed": "allowedValues"}
            about = {
                renamed.get(key, key): value for key, value in decorators.items() if key != "description"
            }
            metadata = {"metadata": {"description": decorators["description"]}}
            self.found.parameters[name] = {**told, **about, **metadata}
        elif keyword == "var":
            self.take("=")
            self.found.variables[name] = self.value()
        elif keyword == "output":
            told = {"type": self.take("name").text}
            self.take("=")
            self.found.outputs[name] = {**told, "value": self.value()}
        elif keyword == "resource":
            kind, version = self.take("string").text.strip("'").split("@")
            self.take("=")
            self.found.resources[name] = Resource(kind, version, {})
            self._body(self.found.resources[name], self.used)
        else:
            raise SyntaxError(keyword)

    def _body(self, resource: Resource, used: set[str]) -> None:
        self.take("{")
        while not self.take_if("}"):
            if self.take_if("line"):
                continue
            name = self.take("name").text
            self.take(":")
            if name in ("parent", "scope"):
                setattr(resource, name, self.take("name").text)
                used.add(getattr(resource, name))
            elif name == "dependsOn":
                self.take("[")
                while not self.take_if("]"):
                    if not self.take_if("line"):
                        used.add(self.take("name").text)
            else:
                resource.body[name] = self.value()
        resource.body["dependsOn"] = set(used)

    def value(self) -> Any:
        token = self.peek()
        if token.text == "{":
            return self._object()
        if token.text == "[" and self.tokens[self.at + 1].kind == "line":
            return self._array()
        return self._expression()

    def _object(self) -> dict[str, Any]:
        self.take("{")
        found = {}
        while not self.take_if("}"):
            if self.take_if("line"):
                continue
            token = self.next()
            name: Any = token.text if token.kind == "name" else self._string(token.text)
            self.take(":")
            found[name] = self.value()
        return found

    def _array(self) -> list[Any]:
        self.take("[")
        found = []
        while not self.take_if("]"):
            if not self.take_if("line"):
                found.append(self.value())
        return found

    def _expression(self) -> Any:
        left = self._primary()
        if self.take_if("=="):
            left = Code(f"equals({_code(left)}, {_code(self._primary())})")
        if self.take_if("?"):
            first = self._primary()
            self.take(":")
            return Code(f"if({_code(left)}, {_code(first)}, {_code(self._primary())})")
        return left

    def _primary(self) -> Any:
        token = self.next()
        if token.kind == "string":
            return self._string(token.text)
        if token.kind == "number":
            return int(token.text)
        if token.text == "[":
            self.take("]")
            return Code("createArray()")
        if token.kind != "name":
            raise SyntaxError(str(token))
        if token.text in _LITERALS:
            return _LITERALS[token.text]
        if self.take_if("("):
            return self._members(Code(f"{token.text}({', '.join(self._arguments())})"))
        return self._named(token.text)

    def _arguments(self) -> list[str]:
        found = []
        while not self.take_if(")"):
            found.append(_code(self._expression()))
            self.take_if(",")
        return found

    def _named(self, name: str) -> Code:
        if name in self.found.parameters:
            return self._members(Code(f"parameters('{name}')"))
        if name in self.found.variables:
            return self._members(Code(f"variables('{name}')"))
        if name not in self.found.resources:
            raise SyntaxError(f"{name} is nowhere")
        self.used.add(name)
        self.take(".")
        member = self.take("name").text
        identity = _id(self.found, name)
        if member == "id":
            return Code(identity)
        if member == "name":
            return Code(_code(self.found.resources[name].body["name"]))
        version = self.found.resources[name].version
        if member == "properties":
            return self._members(Code(f"reference({identity}, '{version}')"))
        return self._members(Code(f"reference({identity}, '{version}', 'full').{member}"))

    def _members(self, code: Code) -> Code:
        while self.take_if("."):
            code = Code(f"{code}.{self.take('name').text}")
        return code

    def _string(self, text: str) -> Any:
        inner = re.sub(r"\\.", lambda found: _ESCAPED[found.group()], text[1:-1])
        holes = _HOLE.findall(inner)
        if not holes:
            return inner
        codes = []
        for hole in holes:
            within = _Parser(hole)
            within.found, within.used = self.found, self.used
            codes.append(_code(within.value()))
        if inner == "${" + holes[0] + "}":
            return Code(codes[0])
        numbers = iter(range(len(holes)))
        template = _HOLE.sub(lambda _: "{" + str(next(numbers)) + "}", inner)
        return Code(f"format('{template}', {', '.join(codes)})")

    def peek(self) -> Token:
        return self.tokens[self.at]

    def next(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def take(self, wanted: str) -> Token:
        token = self.next()
        if wanted not in (token.kind, token.text):
            raise SyntaxError(f"{token} where {wanted!r} is expected")
        return token

    def take_if(self, wanted: str) -> bool:
        taken = wanted in (self.peek().kind, self.peek().text) and self.peek().kind != "string"
        self.at += taken
        return taken


def _tokens(source: str) -> Any:
    at = 0
    while at < len(source):
        found = _TOKEN.match(source, at)
        if not found or found.lastgroup is None:
            raise SyntaxError(source[at : at + 40])
        if found.lastgroup != "skip":
            yield Token(found.lastgroup, found.group())
        at = found.end()
    yield Token("end", "")


def _code(value: Any) -> str:
    if isinstance(value, Code):
        return value
    if isinstance(value, bool):
        return f"{str(value).lower()}()"
    return f"'{value}'" if isinstance(value, str) else str(value)


def _names(template: Template, name: str) -> list[str]:
    """The names that a resource's id takes: its ancestors', then its own."""
    resource = template.resources[name]
    above = _names(template, resource.parent) if resource.parent else []
    return [*above, _code(resource.body["name"])]


def _id(template: Template, name: str) -> str:
    words = ", ".join([f"'{template.resources[name].kind}'", *_names(template, name)])
    if template.resources[name].scope:
        return f"extensionResourceId({_id(template, template.resources[name].scope)}, {words})"
    return f"resourceId({words})"


def _resource(template: Template, name: str) -> dict[str, Any]:
    resource = template.resources[name]
    names = _names(template, name)
    body = {key: _plain(value) for key, value in resource.body.items() if key not in ("name", "dependsOn")}
    named = Code(names[0]) if len(names) == 1 else Code(f"format('{_slots(len(names))}', {', '.join(names)})")
    found = {"type": resource.kind, "apiVersion": resource.version, "name": _plain(_unquoted(named)), **body}
    if resource.scope:
        found["scope"] = f"[{_id(template, resource.scope)}]"
    needed = sorted(f"[{_id(template, each)}]" for each in resource.body["dependsOn"])
    return {**found, **({"dependsOn": needed} if needed else {})}


def _slots(count: int) -> str:
    return "/".join("{" + str(number) + "}" for number in range(count))


def _unquoted(code: Code) -> Any:
    literal = re.fullmatch(r"'([^']*)'", code)
    return literal[1] if literal else code


def _plain(value: Any) -> Any:
    """As JSON has it: expressions in brackets."""
    if isinstance(value, Code):
        return f"[{value}]"
    if isinstance(value, dict):
        return {_plain(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value
