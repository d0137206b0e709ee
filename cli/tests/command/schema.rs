//! What `--json` prints is what docs/peers-command.schema.json says.

use std::sync::LazyLock;

use serde_json::Value;

use crate::{Place, WAIT};

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(&support::read("docs/peers-command.schema.json")).expect("the schema is JSON")
});

/// Fails with the place of the first difference.
fn check(definition: &str, value: &Value) {
    validate(&SCHEMA["$defs"][definition], value, definition, true)
        .unwrap_or_else(|wrong| panic!("{wrong}\n{value:#}"));
}

/// Compares a value with a schema, of which these keywords alone may be used. What is `closed` has no properties beside
/// those that the schema knows: readers are to expect more, but this version is to print no more.
fn validate(schema: &Value, value: &Value, path: &str, closed: bool) -> Result<(), String> {
    let wrong = |what: String| Err(format!("{path}: {what}"));
    let texts = |list: &Value| -> Vec<String> {
        list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    for (keyword, rule) in schema.as_object().expect("a schema is an object") {
        match keyword.as_str() {
            "description" => {}
            "$ref" => {
                let name =
                    rule.as_str().and_then(|name| name.strip_prefix("#/$defs/")).expect("a definition");
                validate(&SCHEMA["$defs"][name], value, path, closed)?;
            }
            "type" => {
                let allowed =
                    if rule.is_array() { texts(rule) } else { texts(&Value::from(vec![rule.clone()])) };
                let is = |kind: &String| match kind.as_str() {
                    "null" => value.is_null(),
                    "boolean" => value.is_boolean(),
                    "integer" => value.is_u64() || value.is_i64(),
                    "number" => value.is_number(),
                    "string" => value.is_string(),
                    "array" => value.is_array(),
                    "object" => value.is_object(),
                    _ => panic!("{path}: the type {kind}"),
                };
                if !allowed.iter().any(is) {
                    return wrong(format!("{value} is no {allowed:?}"));
                }
            }
            "enum" => {
                if !rule.as_array().expect("an array").contains(value) {
                    return wrong(format!("{value} is none of {rule}"));
                }
            }
            "required" => {
                if let Some(missing) = texts(rule).iter().find(|name| value.get(name.as_str()).is_none()) {
                    return wrong(format!("{missing} is missing"));
                }
            }
            "properties" => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    match rule.get(name) {
                        Some(rule) => validate(rule, value, &format!("{path}.{name}"), closed)?,
                        None if closed => return wrong(format!("{name} is in no schema")),
                        None => {}
                    }
                }
            }
            "additionalProperties" => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    validate(rule, value, &format!("{path}.{name}"), closed)?;
                }
            }
            "items" => {
                for (place, value) in value.as_array().into_iter().flatten().enumerate() {
                    validate(rule, value, &format!("{path}[{place}]"), closed)?;
                }
            }
            "oneOf" => {
                let ways = rule.as_array().expect("an array");
                let fitting = ways.iter().filter(|way| validate(way, value, path, closed).is_ok()).count();
                if fitting != 1 {
                    return wrong(format!("{fitting} of {rule} fit"));
                }
            }
            _ => panic!("{path}: the keyword {keyword}"),
        }
    }
    Ok(())
}

#[test]
fn each_command_prints_what_the_schema_says() {
    let place = Place::new();
    let announce = place.start("announce", &["--name", "bytes", "--port", "80", "--json"]);
    check("announcement", &announce.json());
    let unnamed = place.start("announce", &["--json", "--cluster", "apart", "--value", "grün"]);
    check("announcement", &unnamed.json());
    let _named = place.announce(&["--name", "text", "--value", "grün"]);

    let list = place.run("list", &["--json", "--count", "2", "--wait", WAIT]).json();
    assert_eq!(list.as_array().map(Vec::len), Some(2));
    check("list", &list);
    check("list", &place.run("list", &["--json", "--wait", "0ms", "--cluster", "empty"]).json());

    let watch = place.start("watch", &["--json"]);
    check("event", &watch.json());
    check("event", &watch.json());
    announce.signal(nix::sys::signal::Signal::SIGTERM);
    let left = watch.json();
    assert_eq!(left["reason"], "goodbye");
    check("event", &left);

    let report = place.run("doctor", &["--json", "--wait", "3s"]).json();
    check("report", &report);
    assert_eq!((&report["verdict"], &report["peers"][0]["name"]), (&"warning".into(), &"text".into()));
    assert_eq!(report["interfaces"][0]["used"], true);
    assert_eq!(report["counters"].as_object().map(serde_json::Map::len), Some(16));
    let seeds = place.run("doctor", &["--json", "--wait", "0ms", "--mode", "seeds"]).json();
    check("report", &seeds);
}

#[test]
fn the_check_finds_what_differs() {
    let peer = serde_json::json!({
        "name": "a", "value": "", "address": null, "addresses": [], "addresses_validated": 0, "port": null, "interface": null, "id": null, "source": "multicast",
        "age": 0.5, "expires_in": 35
    });
    check("peer", &peer);
    let changed = |name: &str, value: Value| {
        let mut peer = peer.clone();
        peer[name] = value;
        validate(&SCHEMA["$defs"]["peer"], &peer, "peer", true).is_err()
    };
    assert!(changed("port", "80".into()) && changed("source", "beacon".into()) && changed("more", 1.into()));
    assert!(changed("value_base64", "".into()), "a value is there once");
}
