"""Every finding: its code, at its place, on a bad text; and nothing on the nearest good one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from reconciler.diagnostics import Diagnostic, Location, Severity
from reconciler.files import flaws, load, parse
from reconciler.files.file_limits import MAX_BYTES
from tests.documents import test_sources

# code → (format, bad text, place of the finding, pointer, good text); ▸ and ◂ mark the place.
CASES: list[tuple[str, str, str | bytes, str | None, str | bytes]] = [
    ("yaml-syntax", "yaml", "a: [1\nb▸:◂ 2\n", None, "a: [1]\nb: 2\n"),
    ("yaml-syntax", "yaml", "a:\n▸\t◂b: 1", None, "a:\n b: 1"),
    ("yaml-syntax", "yaml", "a: ▸@◂x", None, "a: '@x'"),
    ("yaml-syntax", "yaml", 'a: "\\u▸D◂800"', None, 'a: "\\uD7FF"'),
    ("yaml-character", "yaml", "a: x▸\x07◂", None, 'a: "x\\x07"'),
    ("yaml-character", "yaml", "a: 'x▸\u2028◂b: 1'", None, 'a: "x\\u2028b: 1"'),
    ("yaml-character", "yaml", "a: 'x▸\x85◂'", None, 'a: "x\\N"'),
    ("json-syntax", "json", '{"a": 1,▸}◂', None, '{"a": 1}'),
    ("json-syntax", "json", "{▸'◂a': 1}", None, '{"a": 1}'),
    ("json-syntax", "json", "{▸a◂: 1}", None, '{"a": 1}'),
    ("json-syntax", "json", '{"a": ▸/◂/ x\n1}', None, '{"a": 1}'),
    ("json-syntax", "json", '{"a": ▸NaN◂}', None, '{"a": 0}'),
    ("json-syntax", "json", '{"a": ▸0◂1}', None, '{"a": 1}'),
    ("json-syntax", "json", '{"a": ▸"◂\t"}', None, '{"a": "\\t"}'),
    ("json-syntax", "json", '{"a": "▸\\x41◂"}', None, '{"a": "\\u0041"}'),
    ("json-syntax", "json", '{"a": ▸True◂}', None, '{"a": true}'),
    ("json5-syntax", "json5", "{a: 1 ▸b◂: 2}", None, "{a: 1, b: 2}"),
    ("json5-syntax", "json5", "{a: 1, b: [1,▸,◂]}", None, "{a: 1, b: [1,]}"),
    ("json5-syntax", "json5", "{a: [▸,◂]}", None, "{a: []}"),
    ("json5-syntax", "json5", "{▸,◂}", None, "{}"),
    ("json5-syntax", "json5", "{a: 1}▸,◂", None, "{a: 1}"),
    ("json5-syntax", "json5", "{a: 1, b▸}◂", None, "{a: 1, b: 2}"),
    ("json5-syntax", "json5", "{a: [▸}◂]}", None, "{a: [{}]}"),
    ("json5-syntax", "json5", "{a: ▸'◂b\n'}", None, "{a: 'b\\\n'}"),
    ("json5-syntax", "json5", "{a: 1} ▸/◂* ", None, "{a: 1} /* */"),
    ("json5-syntax", "json5", "{a: '▸\\1◂'}", None, "{a: '\\0'}"),
    ("json5-syntax", "json5", "{a: 1▸◂", None, "{a: 1}"),
    ("json5-syntax", "json5", "{a▸-◂b: 1}", None, "{'a-b': 1}"),
    ("empty-file", "yaml", "▸◂# nothing\n", None, "# something\na: 1\n"),
    ("empty-file", "yaml", "---\n▸◂", "", "---\na: 1"),
    ("empty-file", "json5", "▸◂// nothing", None, "{}"),
    ("empty-file", "json", "▸◂", None, "{}"),
    ("not-a-mapping", "yaml", "▸- a: 1◂\n- b: 2\n", "", "a: 1\nb: 2\n"),
    ("not-a-mapping", "yaml", "▸~◂", "", "~x: 1"),
    ("not-a-mapping", "json", "▸[1]◂", "", "{}"),
    ("not-utf8", "yaml", b"a: 1\nb: \xe9", None, "a: 1\nb: é".encode()),
    ("not-utf8", "yaml", "a: 1".encode("utf-16"), None, "\ufeffa: 1".encode()),
    ("duplicate-key", "yaml", "a: 1\nb: 2\n▸a◂: 3", "/a", "a: 1\nb: 2\nc: 3"),
    ("duplicate-key", "yaml", "a: {x: 1, ▸'x'◂: 2}", "/a/x", "a: {x: 1, y: 2}"),
    ("duplicate-key", "yaml", "a: &a {}\nb: {<<: *a, ▸<<◂: *a}", "/b/<<", "a: &a {}\nb: {<<: [*a, *a]}"),
    ("duplicate-key", "json", '{"a": 1, ▸"\\u0061"◂: 2}', "/a", '{"a": 1, "\\u0062": 2}'),
    ("duplicate-key", "json5", "{r: [{a: 1, ▸\\u0061◂: 2}]}", "/r/0/a", "{r: [{a: 1, \\u0062: 2}]}"),
    ("key-look-alike", "yaml", "caf\u00e9: 1\n▸cafe\u0301◂: 2", "/cafe\u0301", "caf\u00e9: 1\ncafe: 2"),
    ("key-look-alike", "json5", "{caf\u00e9: 1, ▸cafe\u0301◂: 2}", "/cafe\u0301", "{a: {caf\u00e9: 1}, cafe\u0301: 2}"),
    ("key-not-string", "yaml", "▸1◂: a", "/1", "'1': a"),
    ("key-not-string", "yaml", "▸~◂: a", "/~0", "'~': a"),
    ("key-not-string", "yaml", "a: {▸true◂: 1}", "/a/true", "a: {'true': 1}"),
    ("key-not-string", "yaml", "? ▸[◂a]\n: b", "", "? a\n: b"),
    ("too-deep", "json", "[" * 100 + "▸[◂" + "]" * 101, None, '{"a":' + "[" * 99 + "]" * 99 + "}"),
    ("too-deep", "yaml", "[" * 100 + "▸[◂", None, "a: " + "[" * 99 + "]" * 99),
    ("too-deep", "json5", "{a:" * 100 + "▸{◂", None, "{a:" * 100 + "1" + "}" * 100),
    ("too-many-nodes", "json", "[" + "0," * 199_999 + "▸0◂]", None, '{"a":[' + "0," * 199_996 + "0]}"),
    (
        "too-many-keys",
        "json",
        "{" + "".join(f'"{i}":0,' for i in range(20_000)) + '▸"x"◂:0}',
        None,
        "{" + "".join(f'"{i}":0,' for i in range(19_999)) + '"x":0}',
    ),
    ("too-many-findings", "yaml", "a: [" + "on, " * 999 + "▸on◂, .nan]", None, "a: [" + "one, " * 999 + "]"),
    ("value-not-finite", "yaml", "a: [▸-.inf◂]", "/a/0", "a: ['-.inf']"),
    ("value-not-finite", "yaml", "a: ▸1.0e+400◂", "/a", "a: 1.0e+300"),
    ("value-not-finite", "json", '{"a": ▸-1e400◂}', "/a", '{"a": 1e-400}'),
    ("value-not-finite", "json5", "{a: ▸NaN◂, b: 1}", "/a", "{NaN: 'NaN'}"),
    ("value-not-finite", "json5", "{a: {b: ▸+Infinity◂}}", "/a/b", "{a: {Infinity: 1}}"),
    ("integer-too-long", "yaml", "a: ▸" + "9" * 309 + "◂", "/a", "a: " + "9" * 308),
    ("integer-too-long", "json", '{"a": ▸-' + "9" * 5000 + "◂}", "/a", '{"a": -' + "9" * 308 + "}"),
    ("integer-too-long", "json5", "{a: ▸0x" + "f" * 20_000 + "◂}", "/a", "{a: 0x" + "f" * 200 + "}"),
    ("lone-surrogate", "json", '{"a": ▸"\\ud800"◂}', "/a", '{"a": "\\ud83d\\ude00"}'),
    ("lone-surrogate", "json5", "{a: ['x', ▸'\\ude00\\ud83d'◂]}", "/a/1", "{a: ['x', '\\ud83d\\ude00']}"),
    ("yaml-documents", "yaml", "a: 1\n▸---◂\nb: 2", "", "---\na: 1\n...\n"),
    ("yaml-tag", "yaml", "a: ▸!!python/object/apply:os.system [◂'id']", "/a", "a: !!seq [id]"),
    ("yaml-tag", "yaml", "a: ▸!include /etc/passwd◂", "/a", "a: '!include /etc/passwd'"),
    ("yaml-tag", "yaml", "a: ▸!!binary aGk=◂", "/a", "a: !!str aGk="),
    ("yaml-tag-mismatch", "yaml", "a: ▸!!int x◂", "/a", "a: !!int '7'"),
    ("yaml-tag-mismatch", "yaml", "a: ▸!!bool yes◂", "/a", "a: !!bool TRUE"),
    ("yaml-11-boolean", "yaml", "a: ▸NO◂", "/a", "a: 'NO'"),
    ("yaml-11-boolean", "yaml", "a: [x, ▸on◂]", "/a/1", "a: [x, one]"),
    ("yaml-11-number", "yaml", "a: ▸0777◂", "/a", "a: 777"),
    ("yaml-11-number", "yaml", "a: ▸1_000◂", "/a", "a: 1 000"),
    ("merge-not-mapping", "yaml", "a:\n  ▸<<◂: [{b: 1}, 2]", "/a/<<", "a:\n  <<: [{b: 1}, {c: 2}]"),
    ("alias-unknown", "yaml", "a: [▸*x◂]\nb: &x 1", "/a/0", "b: &x 1\na: [*x]"),
    ("alias-unknown", "yaml", "a: &x <<\nb: *x\nc: [▸*y◂]", "/c/0", "a: &x <<\nb: *x\nc: [*x]"),
    ("alias-recursive", "yaml", "a: &x [1, {b: ▸*x◂}]", "/a/1/b", "a: &x [1, {b: &x 2, c: *x}]"),
    (
        "alias-growth",
        "yaml",
        f"a: &a {'x' * 1000}\nb: [{'*a, ' * 1100}]",
        None,
        f"a: &a {'x' * 1000}\nb: [{'*a, ' * 900}]",
    ),
]


def marked(text: str) -> tuple[str, Location | None]:
    before, mark, rest = text.partition("▸")
    inside, _, after = rest.partition("◂")
    if not mark:
        return text, None
    return before + inside + after, Location("configs/c", *_place(before), *_place(before + inside))


def _place(before: str) -> tuple[int, int]:
    lines = before.split("\n")
    return len(lines), len(lines[-1]) + 1


def findings_of(content: str | bytes, text_format: str) -> list[Diagnostic]:
    return parse("configs/c", content, text_format)[1]  # type: ignore[arg-type]


@pytest.mark.parametrize(("code", "text_format", "bad", "path", "good"), CASES)
def test_finding(code: str, text_format: str, bad: str | bytes, path: str | None, good: str | bytes) -> None:
    content, place = marked(bad) if isinstance(bad, str) else (bad, None)
    (finding,) = [one for one in findings_of(content, text_format) if one.code == code]
    assert finding.path == path
    if place is not None:
        assert finding.location == place
    assert finding.severity is (Severity.WARNING if code.startswith("yaml-11-") else Severity.ERROR)
    assert [one for one in findings_of(good, text_format) if one.code != "not-a-mapping"] == []


def test_not_utf8_is_placed_by_characters() -> None:
    (finding,) = findings_of(b"a: 1\nb: \xc3\xa9\xe9", "yaml")
    assert (finding.location.line, finding.location.column) == (2, 5)


def test_a_mebibyte_is_accepted_and_a_byte_more_is_not() -> None:
    full = "a: " + "x" * (MAX_BYTES - 3)
    assert findings_of(full, "yaml") == []
    (finding,) = findings_of(full + "x", "yaml")
    assert (finding.code, finding.location) == ("too-large", Location("configs/c"))


def test_all_findings_of_a_file_in_one_run() -> None:
    text = "a: .nan\na: {b: !x 1, b: 2}\n3: *no\nc: on\nd: 010\n"
    codes = [one.code for one in findings_of(text, "yaml")]
    assert codes == [
        *("value-not-finite", "duplicate-key", "yaml-tag", "duplicate-key"),
        *("key-not-string", "alias-unknown", "yaml-11-boolean", "yaml-11-number"),
    ]


def test_placeholders_say_where_data_is_made_up() -> None:
    document, _ = parse("c.yaml", "a: [1, .nan]\nb: !x y\nc: {d: 1, d: .inf}\ne: on", "yaml")
    assert document is not None
    assert document.placeholders == {"/a/1", "/b"}
    assert document.data == {"a": [1, 0], "b": "y", "c": {"d": 1}, "e": "on"}


def test_the_first_of_two_keys_is_kept_and_located() -> None:
    document, _ = parse("c.json5", "{a: {x: 1},\n a: {y: 2}}", "json5")
    assert document is not None
    assert document.data == {"a": {"x": 1}}
    assert document.locate("/a/x").line == 1


def test_every_code_stands_once_in_the_source_and_has_a_case() -> None:
    source = Path(flaws.__file__).read_text(encoding="utf-8")
    codes = [
        node.args[0].value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "Flaw"
        and isinstance(node.args[0], ast.Constant)
    ]
    assert len(codes) == len(set(codes)) >= 25
    for code in codes:
        assert len(re.findall(rf'"{re.escape(code)}"', source)) == 1
    assert set(codes) == {case[0] for case in CASES} | {"too-large"} | test_sources.CODES


@pytest.mark.parametrize(
    ("merging", "data"),
    [
        ("c: {<<: *x, k: 3}", {"k": 3, "l": 1}),
        ("c: {k: 3, <<: *x}", {"k": 3, "l": 1}),
        ("c: {<<: [*x, *y]}", {"k": 1, "l": 1, "m": 2}),
        ("c: {<<: [*y, *x]}", {"k": 2, "l": 1, "m": 2}),
        ("c: {<<: {k: 4, <<: *x}}", {"k": 4, "l": 1}),
        ("c: {<<: []}", {}),
        ("c: {'<<': 1}", {"<<": 1}),
        ("c: [<<]", ["<<"]),
    ],
)
def test_merge_keys(merging: str, data: object) -> None:
    text = "a: &x {k: 1, l: 1}\nb: &y {k: 2, m: 2}\n" + merging
    document, findings = parse("c.yaml", text, "yaml")
    assert findings == []
    assert document is not None
    assert document.data["c"] == data
    assert document.data["a"] == {"k": 1, "l": 1}
    if isinstance(data, dict):
        lines = {key: document.locate(f"/c/{key}").line for key in data}
        assert lines == {key: {1: 1, 2: 2}.get(data[key], 3) if key != "<<" else 3 for key in data}


def test_an_anchored_merge_sign_that_is_a_value_can_be_repeated() -> None:
    document, _ = parse("c.yaml", "a: &x <<\nb: *x", "yaml")
    assert document is not None
    assert document.data == {"a": "<<", "b": "<<"}


def test_a_syntax_error_leaves_what_was_found_before_it() -> None:
    assert [one.code for one in findings_of("a: on\nb: [", "yaml")] == ["yaml-11-boolean", "yaml-syntax"]


def test_load_sorts_by_path_then_place() -> None:
    documents, findings = load(test_sources.tree({"b.yaml": "x: .nan\ny: on\n", "a.yaml": "z: .inf", "c.json": "{}"}))
    assert [document.id for document in documents] == ["a", "b", "c"]
    assert [(one.location.file, one.code) for one in findings] == [
        ("a.yaml", "value-not-finite"),
        ("b.yaml", "value-not-finite"),
        ("b.yaml", "yaml-11-boolean"),
    ]
