"""Properties of the whole way from files to live and back, for configs that nobody thought of.

The emulator is the other side; what it then holds is read from its store, raw, and never through our normalizing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from strategies import KEYS, OPTIONAL_FIELDS, VALUES, commented, configs, respelled, rule_lists

from reconciler import checks
from reconciler.apply.execution import apply
from reconciler.console_api import RealClock, connect
from reconciler.core import agreement, normalize
from reconciler.core import planning as plans
from reconciler.core.fingerprint import fingerprint
from reconciler.diagnostics import Severity, parts
from reconciler.emulator import Emulator, Options
from reconciler.files import Document, parse
from reconciler.files.settings import EMULATOR, Settings, Target
from reconciler.model import FieldChange, Kind, Outcome, Plan, Status
from reconciler.render import plan_document as planfile

Body = dict[str, Any]
TARGET = Target(api=EMULATOR)
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(max_examples=300, deadline=None)


class World:
    """A live project, and one person's files for it."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    def plan(self, *files: Body, settings: Settings | None = None) -> Plan:
        """A plan, whose requests do what it shows."""
        documents = [document(file) for file in files]
        unmanaged = (settings or Settings()).unmanaged_fields
        desired = [normalize.desired(one, unmanaged) for one in documents]
        plan = plans.make(desired, self.emulator.configs(), TARGET, settings or Settings())
        assert [agreement.contradiction(change) for change in plan.changes] == [None] * len(plan.changes)
        assert agreement.contradictions(plan.changes, self.emulator.configs()) == {}
        return plan

    def apply(self, plan: Plan) -> list[Outcome]:
        clock = RealClock()
        with connect(TARGET, None, clock, handle=self.emulator.handle) as connection:
            return list(apply(plan, connection.reader, connection.writer, clock, workers=1))

    def make_so(self, *files: Body, settings: Settings | None = None) -> Plan:
        """Plan and apply, all of it verified; nothing is left to do."""
        plan = self.plan(*files, settings=settings)
        for outcome in self.apply(plan):
            assert outcome.status is Status.VERIFIED, outcome.error
        left = self.plan(*files, settings=settings)
        assert left.changes == ()
        return plan

    def stored(self, config_id: str = "config") -> Body:
        (found,) = (one for one in self.emulator.configs() if one["id"] == config_id)
        return found


@contextmanager
def world(*live: Body, **options: Any) -> Iterator[World]:
    emulator = Emulator(":memory:", require_key=False, options=Options(**options))
    try:
        emulator.seed(live)
        yield World(emulator)
    finally:
        emulator.close()


def document(file: Body) -> Document:
    """A file's data as a document that passed the checks."""
    read, found = parse(f"configs/{file.get('id', 'config')}.json", json.dumps(file), "json")
    assert read is not None
    wrong = [one for one in (*found, *checks.check([read], Settings())) if one.severity is Severity.ERROR]
    assert wrong == []
    return read


@given(st.lists(configs(), min_size=1, max_size=3))
@FEW
def test_what_was_applied_is_what_the_files_say(files: list[Body]) -> None:
    named = [file | {"id": f"config_{number}"} for number, file in enumerate(files)]
    with world() as here:
        here.make_so(*named)
        for file in named:
            assert says(file, here.stored(file["id"])) == []


@given(configs(), configs(), st.data())
@FEW
def test_an_update_makes_the_file_true_and_leaves_the_rest_as_it_was(old: Body, new: Body, data: st.DataObject) -> None:
    with world() as here:
        here.make_so(old)
        here.emulator.seed([data.draw(respelled(here.stored()))])
        before = here.stored()
        here.make_so(new)
        after = here.stored()
    assert says(new, after) == []
    for name in OPTIONAL_FIELDS.keys() - {"description", "isEnabled", "schema", "schemaJson5"}:
        spoken = {"team", "teamID"} & new.keys() if name in ("team", "teamID") else {name} & new.keys()
        if not spoken:
            assert as_set(name, after.get(name)) == as_set(name, before.get(name)), name
    for twin, key in (("defaultValueJson5", "defaultValue"), ("schemaJson5", "schema")):
        if before.get(key) == after.get(key) and not {twin, key} & new.keys():
            assert after.get(twin) == before.get(twin)


@given(configs(), configs())
@FEW
def test_unmanaged_rules_survive_every_update(old: Body, new: Body) -> None:
    new = {name: value for name, value in new.items() if name != "rules"}
    with world() as here:
        here.make_so(old)
        before = here.stored()["rules"]
        here.make_so(new, settings=Settings(unmanaged_fields=frozenset({"rules"})))
        assert here.stored()["rules"] == before


@given(configs(), st.data())
@FEW
def test_console_comments_survive_where_the_value_stays(file: Body, data: st.DataObject) -> None:
    plain = without_twins(file)
    edited = without_twins(file) | {"description": "edited"}
    for holder, key in holders(edited):
        if data.draw(st.booleans()):
            holder[key] = {"edited": True}
    with world() as here:
        here.make_so(plain)
        here.emulator.console_edit("config", comment_everything)
        before = here.stored()
        here.make_so(edited)
        after = here.stored()
    for (old, key), (new, _) in zip(holders(before), holders(after), strict=True):
        assert (old[f"{key}Json5"] == new[f"{key}Json5"]) == same(old[key], new[key])


@given(rule_lists(max_size=6), st.data())
@FEW
def test_permuted_rules_only_move_and_keep_their_users(rules: list[Body], data: st.DataObject) -> None:
    again = data.draw(st.permutations(rules))
    with world() as here:
        here.make_so({"rules": rules})
        bases = base_ids(here.stored())
        plan = here.make_so({"rules": again})
        after = here.stored()
    assert base_ids(after) == bases
    assert [rule["name"] for rule in after["rules"]] == [rule["name"] for rule in again]
    fields = [field for change in plan.changes for field in change.fields]
    assert {field.kind for field in fields} <= {Kind.MOVED}
    assert reordered([rule["name"] for rule in rules], fields) == [rule["name"] for rule in again]


@given(rule_lists(max_size=5), rule_lists(max_size=5), st.data())
@FEW
def test_a_rule_that_stays_keeps_its_users(rules: list[Body], others: list[Body], data: st.DataObject) -> None:
    """Any rule may change, go, come or move; one that is renamed says which it was."""
    names = {rule["name"] for rule in rules}
    edited = [data.draw(st.sampled_from([rule, other | {"name": rule["name"]}])) for rule in rules for other in others]
    kept = data.draw(st.permutations(list({rule["name"]: rule for rule in edited or rules}.values())))
    kept = kept[: data.draw(st.integers(0, len(kept)))]
    new = [rule for rule in others if rule["name"] not in names]
    with world() as here:
        here.make_so({"rules": rules})
        bases = base_ids(here.stored())
        renamed = [{**rule, "name": f"{rule['name']}'", "baseID": bases[rule["name"]]} for rule in kept[:1]]
        here.make_so({"rules": [*renamed, *new, *kept[1:]]})
        after = base_ids(here.stored())
    for rule in kept[1:]:
        assert after[rule["name"]] == bases[rule["name"]]
    for rule in kept[:1]:
        assert after[f"{rule['name']}'"] == bases[rule["name"]]


@given(configs(), st.data())
@FEW
def test_other_spellings_of_live_are_no_difference(file: Body, data: st.DataObject) -> None:
    with world() as here:
        here.make_so(file)
        live = here.stored()
        before = fingerprint(normalize.live(live))
        again = data.draw(respelled(live))
        here.emulator.seed([again])
        assert here.plan(file).changes == ()
        assert fingerprint(normalize.live(again)) == before


@given(VALUES, VALUES)
@example({"list": [{"a": 1}, {"a": 2}]}, {"list": [{"a": 2}, {"a": 1}]})
@example({"list": [{}, 1, 1]}, {"list": [{}, 1]})
@MANY
def test_a_plan_tells_a_value_whole(live: Body, file: Body) -> None:
    """Nothing differs where the values are equal as JSON; else carrying out what is shown makes one of the other."""
    with world({"id": "config", "name": "config", "rules": [], "defaultValue": live}) as here:
        fields = [field for change in here.plan({"defaultValue": file}).changes for field in change.fields]
    assert (fields == []) == same(live, file)
    assert same(carried_out({"defaultValue": live}, fields), {"defaultValue": file})


@given(VALUES, st.lists(KEYS, max_size=3), st.dictionaries(st.sampled_from(["ours", "extra", "x"]), st.integers()))
@FEW
def test_live_fields_that_nobody_knows_are_kept_or_reported(value: Body, keys: list[str], extra: Body) -> None:
    rule = {"name": "beta", "passPercentage": 5, "conditions": [], "id": "r1", "baseID": "r1", "returnValue": {}}
    live = {"id": "config", "name": "config", "defaultValue": value, "rules": [rule | extra]} | extra
    file = {
        "defaultValue": {**value, "new key": keys},
        "rules": [{"name": "beta", "passPercentage": 5, "conditions": []}],
    }
    for kept in (True, False):
        with world(live, keep_unknown_fields=kept) as here:
            plan, before = here.plan(file), here.stored()
            (outcome,) = here.apply(plan)
            after = here.stored()
        warned = "\n".join(one.message for one in plan.diagnostics if one.code == "live-field-unknown")
        lost = [f"/{name} was {before[name]}, read nothing" for name in extra if name not in after]
        gone = [name for name in extra if name not in after["rules"][0]]
        lost += [f'/rules/0/{name} was {before[name]}, read nothing (rule "beta")' for name in gone]
        assert all(f'"{name}"' in warned and f'"rules.*.{name}"' in warned for name in extra)
        assert (outcome.status is Status.VERIFIED) == (lost == [])
        if outcome.error is not None:
            assert all(one in outcome.error.message for one in lost)


@given(st.lists(configs(), min_size=2, max_size=4), st.data())
@FEW
def test_the_order_of_what_was_read_does_not_show(files: list[Body], data: st.DataObject) -> None:
    named = [file | {"id": f"config_{number}"} for number, file in enumerate(files)]
    live = [{"id": f"config_{number}", "name": "x", "rules": []} for number in range(0, len(files) + 2, 2)]
    desired = [normalize.desired(document(file)) for file in named]

    def drawn(some: Sequence[Any], others: Sequence[Any]) -> str:
        return json.dumps(planfile.to_document(plans.make(some, others, TARGET, Settings())))

    assert drawn(desired, live) == drawn(data.draw(st.permutations(desired)), data.draw(st.permutations(live)))


# ── what the tests know by themselves ─────────────────────────────────────────────────────────────────────────────


def says(file: Body, stored: Body) -> list[str]:
    """Where the store does not hold what the file says, by the documented meaning of each key alone."""
    wrong = []
    defaults = {"description": "", "isEnabled": True, "idType": "userID", "tags": [], "targetApps": []}
    for name in OPTIONAL_FIELDS.keys() - {"schema", "schemaJson5"}:
        if name in file or name in ("description", "isEnabled"):
            default = file.get("id", "config") if name == "name" else defaults.get(name)
            wanted = default if file.get(name) is None else file[name]
            if as_set(name, wanted) != as_set(name, stored.get(name)):
                wrong.append(name)
    wrong += value_says("defaultValue", file, stored)
    wanted_schema = file.get("schemaJson5") or file.get("schema")
    if (wanted_schema is None) != (stored.get("schema") is None):
        wrong.append("schema")
    if isinstance(wanted_schema, dict) and json.loads(stored["schema"]) != wanted_schema:
        wrong.append("schema")
    if isinstance(wanted_schema, str) and "/*" in wanted_schema and stored["schemaJson5"] != wanted_schema:
        wrong.append("schemaJson5")
    rules = file.get("rules", [])
    if len(rules) != len(stored["rules"]):
        return [*wrong, "rules"]
    for rule, theirs in zip(rules, stored["rules"], strict=True):
        wrong += [f"{rule['name']}: {what}" for what in rule_says(rule, theirs)]
    return wrong


def rule_says(rule: Body, stored: Body) -> list[str]:
    wrong = [name for name in ("name", "passPercentage") if name in rule and rule[name] != stored[name]]
    if as_set("environments", rule.get("environments")) != as_set("environments", stored.get("environments")):
        wrong.append("environments")
    ours, theirs = ([spelled(one) for one in side["conditions"]] for side in (rule, stored))
    wrong += [] if ours == theirs else ["conditions"]
    wrong += value_says("returnValue", rule, stored)
    ours, theirs = rule.get("variants") or [], stored.get("variants") or []
    if [(one["name"], one["passPercentage"]) for one in ours] != [
        (one["name"], one["passPercentage"]) for one in theirs
    ]:
        return [*wrong, "variants"]
    return wrong + [what for pair in zip(ours, theirs, strict=True) for what in value_says("returnValue", *pair)]


def value_says(key: str, owner: Body, stored: Body) -> list[str]:
    """A value with a commented twin is stored with that text; ``commented`` put the value after its first line."""
    twin = owner.get(f"{key}Json5")
    wanted = owner.get(key, {} if twin is None else json.loads("{" + twin.partition("\n")[2]))
    wrong = [] if same(stored[key], wanted) else [key]
    return wrong + ([f"{key}Json5"] if twin is not None and not same_comments(stored[f"{key}Json5"], twin) else [])


def same_comments(one: str, other: str) -> bool:
    return one.partition("\n")[0] == other.partition("\n")[0]


def spelled(condition: Body) -> Body:
    """A condition in one spelling: absent, null and empty are the same; one target is a list of one; 5 is "5"."""
    told = {name: given for name, given in condition.items() if name != "targetValue" and given not in (None, "")}
    target = condition.get("targetValue")
    targets = target if isinstance(target, list) else [] if target is None else [target]
    if condition.get("operator") in ("gt", "lte"):
        targets = [str(one) for one in targets]
    return told | {"targetValue": targets}


def as_set(name: str, given: Any) -> Any:
    if name in ("tags", "targetApps"):
        return {given} if isinstance(given, str) else set(given or [])
    return set(given) if name == "environments" and given is not None else given


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: 1 is 1.0, true is not 1, and null is not absent."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) and isinstance(one, str) == isinstance(other, str)


def holders(config: Body) -> Iterator[tuple[Body, str]]:
    """Everything that has a value: the config, its rules, their variants."""
    yield config, "defaultValue"
    for rule in config.get("rules", []):
        yield rule, "returnValue"
        yield from ((variant, "returnValue") for variant in rule.get("variants", []))


def without_twins(file: Body) -> Body:
    """The file with plain values only."""
    copy: Body = json.loads(json.dumps(file))
    for holder, key in holders(copy):
        twin = holder.pop(f"{key}Json5", None)
        if twin is not None:
            holder[key] = json.loads("{" + twin.partition("\n")[2])
    return copy


def comment_everything(config: Body) -> None:
    """What somebody may have done in the console."""
    for holder, key in holders(config):
        holder[f"{key}Json5"] = commented(holder[key], "a note")


def base_ids(stored: Body) -> dict[str, str]:
    return {rule["name"]: rule["baseID"] for rule in stored["rules"]}


def reordered(names: list[str], fields: Sequence[FieldChange]) -> list[str]:
    """The names after the moves: what moved is taken out, and put where the plan says."""
    moved = {field.rule: field.after for field in fields}
    order = [name for name in names if name not in moved]
    for name, place in sorted(moved.items(), key=lambda move: move[1]):
        order.insert(place, name)
    return order


def carried_out(config: Body, fields: Sequence[FieldChange]) -> Any:
    """A value after the changes that a plan shows; items leave a list from its end."""
    holder: Any = json.loads(json.dumps({"": config}))
    for field in sorted(fields, key=lambda one: one.kind is Kind.REMOVED):
        *way, last = parts(field.path)
        place = step(holder, ["", *way])
        if field.kind is not Kind.REMOVED and isinstance(place, list) and int(last) == len(place):
            place.append(field.after)
        elif field.kind is not Kind.REMOVED:
            place[int(last) if isinstance(place, list) else last] = field.after
    for field in reversed([one for one in fields if one.kind is Kind.REMOVED]):
        *way, last = parts(field.path)
        place = step(holder, ["", *way])
        del place[int(last) if isinstance(place, list) else last]
    return holder[""]


def step(holder: Any, way: Sequence[str]) -> Any:
    for key in way:
        holder = holder[int(key)] if isinstance(holder, list) else holder[key]
    return holder
