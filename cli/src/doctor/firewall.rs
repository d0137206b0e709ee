//! The firewall of this host: the rules of nftables, among which are those of iptables.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

/// What the rules do with what comes in.
pub struct Rules {
    /// The chains that drop or reject what no rule before allows: family, table and name of each.
    pub dropping: Vec<String>,
    /// True if a rule anywhere names the port.
    pub names_port: bool,
}

/// Reads the rules, or says why they cannot be read.
pub fn look(port: u16) -> Result<Rules, String> {
    let nft = tool("nft").ok_or("the command nft, which shows them, is not installed")?;
    let output = Command::new(nft).args(["--json", "list", "ruleset"]).output();
    let output = output.map_err(|error| format!("the command nft does not run: {error}"))?;
    if !output.status.success() {
        return Err("only root can read them".to_owned());
    }
    let listing: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("nft prints what is no JSON: {error}"))?;
    Ok(rules(&listing, port))
}

/// Returns the command that lets the port in, of the front end that is installed.
pub fn opening(port: u16, found: &Result<Rules, String>) -> String {
    if tool("ufw").is_some() {
        return format!("ufw allow {port}/udp");
    }
    if tool("firewall-cmd").is_some() {
        return format!("firewall-cmd --permanent --add-port={port}/udp && firewall-cmd --reload");
    }
    let known = found.as_ref().ok().and_then(|rules| rules.dropping.first());
    let chain = known.map_or("inet filter input", String::as_str);
    format!("nft insert rule {chain} udp dport {port} accept")
}

fn rules(listing: &Value, port: u16) -> Rules {
    let entries = || listing["nftables"].as_array().into_iter().flatten();
    let rules: Vec<&Value> = entries().filter_map(|entry| entry.get("rule")).collect();
    let chains = entries().filter_map(|entry| entry.get("chain")).filter(|chain| chain["hook"] == "input");
    Rules {
        dropping: chains.filter(|chain| drops(chain, &rules)).map(name).collect(),
        names_port: rules.iter().any(|rule| names(rule, port)),
    }
}

fn name(chain: &Value) -> String {
    ["family", "table", "name"].map(|part| chain[part].as_str().unwrap_or_default()).join(" ")
}

/// Returns true for a chain that drops by its policy, or by a rule without a condition.
fn drops(chain: &Value, rules: &[&Value]) -> bool {
    let own = rules.iter().filter(|rule| {
        rule["family"] == chain["family"] && rule["table"] == chain["table"] && rule["chain"] == chain["name"]
    });
    let mut verdicts = own
        .filter(|rule| conditions(rule).next().is_none())
        .filter_map(|rule| rule["expr"].as_array().and_then(|parts| parts.last()));
    chain["policy"] == "drop"
        || verdicts.any(|verdict| verdict.get("drop").is_some() || verdict.get("reject").is_some())
}

/// Returns true if a condition of the rule compares with the port, alone or in a set.
fn names(rule: &Value, port: u16) -> bool {
    conditions(rule).any(|condition| {
        let right = &condition["right"];
        let mut set = right["set"].as_array().into_iter().flatten();
        *right == port || set.any(|member| *member == port)
    })
}

fn conditions(rule: &Value) -> impl Iterator<Item = &Value> {
    rule["expr"].as_array().into_iter().flatten().filter_map(|part| part.get("match"))
}

/// Returns the path of a program, even if only root's search path has it.
fn tool(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders.map(|folder| folder.join(name)).find(|program| program.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn listing(policy: &str, expressions: &[Value]) -> Value {
        let chain = json!({"family": "inet", "table": "t", "name": "in", "hook": "input", "policy": policy});
        let rule = |expr| json!({"rule": {"family": "inet", "table": "t", "chain": "in", "expr": expr}});
        let mut entries = vec![json!({"chain": chain})];
        entries.extend(expressions.iter().map(rule));
        json!({"nftables": entries})
    }

    #[test]
    fn a_chain_drops_by_its_policy_or_by_its_last_rule() {
        let dropping = |policy, expressions: &[Value]| rules(&listing(policy, expressions), 49001).dropping;
        let about = |right| json!([{"match": {"right": right}}, {"drop": null}]);
        assert_eq!(dropping("drop", &[]), ["inet t in"]);
        assert_eq!(dropping("accept", &[json!([{"reject": {}}])]), ["inet t in"]);
        assert!(dropping("accept", &[about(json!(22))]).is_empty());
    }

    #[test]
    fn a_rule_names_a_port_alone_or_in_a_set() {
        let names =
            |right| rules(&listing("drop", &[json!([{"match": {"right": right}}])]), 49001).names_port;
        assert!(names(json!(49001)) && names(json!({"set": [22, 49001]})));
        assert!(!names(json!(22)) && !names(json!({"set": [22]})) && !names(json!("lo")));
    }
}
