//! How each language names options, calls, modes and durations.

use heck::{ToLowerCamelCase, ToUpperCamelCase};
use minijinja::{Error, ErrorKind};

/// A language that the table's documentation is written for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Language {
    C,
    Cpp,
    Go,
    Java,
    Node,
    Python,
}

pub fn camel(name: &str) -> String {
    name.to_lower_camel_case()
}

impl Language {
    /// Upper camel case, with the acronyms that Go wants.
    pub fn pascal(self, name: &str) -> String {
        let name = name.to_upper_camel_case();
        if self == Language::Go { name.replace("Ipv", "IPv") } else { name }
    }

    /// Replaces the markup of the table: `{kind:argument}` or `{kind}`.
    pub fn expand(self, text: &str) -> Result<String, Error> {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (markup, after) =
                after.split_once('}').ok_or_else(|| wrong(text, "a brace is not closed"))?;
            let (kind, argument) = markup.split_once(':').unwrap_or((markup, ""));
            expanded.push_str(before);
            expanded.push_str(&self.word(kind, argument).ok_or_else(|| wrong(text, markup))?);
            rest = after;
        }
        expanded.push_str(rest);
        Ok(expanded)
    }

    fn word(self, kind: &str, argument: &str) -> Option<String> {
        Some(match kind {
            "opt" => self.option(argument),
            "call" => self.call(argument),
            "mode" => self.mode(argument),
            "level" if self == Language::Cpp => format!("level::{argument}"),
            "level" => format!("PEERS_LOG_{}", argument.to_uppercase()),
            "ms" => self.duration(argument.parse().ok()?),
            "Time" => self.time().into(),
            "never" => self.never().into(),
            _ => return None,
        })
    }

    fn option(self, name: &str) -> String {
        match self {
            Language::C if matches!(name, "interval" | "expiry") => format!("`{name}_ms`"),
            Language::C | Language::Cpp => format!("`{name}`"),
            Language::Go => self.pascal(name),
            Language::Java => format!("{{@code {}}}", camel(name)),
            Language::Node => format!("`{}`", camel(name)),
            Language::Python => name.into(),
        }
    }

    fn call(self, name: &str) -> String {
        match self {
            Language::C => format!("`peers_{name}`"),
            Language::Cpp => format!("node::{name}()"),
            Language::Go => format!("Node.{}", self.pascal(name)),
            Language::Java => format!("{{@link Node#{}}}", camel(name)),
            Language::Node => format!("`Node.{}`", camel(name)),
            Language::Python => format!("`Node.{name}`"),
        }
    }

    fn mode(self, name: &str) -> String {
        match self {
            Language::C => format!("PEERS_MODE_{}", name.to_uppercase()),
            Language::Cpp => format!("mode::{name}"),
            Language::Go if name == "swim" => "ModeSWIM".into(),
            Language::Go => format!("Mode{}", self.pascal(name)),
            Language::Java => format!("{{@link Mode#{}}}", name.to_uppercase()),
            Language::Node | Language::Python => format!("\"{name}\""),
        }
    }

    fn duration(self, ms: u64) -> String {
        match self {
            Language::C | Language::Node => ms.to_string(),
            Language::Python if ms.is_multiple_of(1000) => (ms / 1000).to_string(),
            Language::Python => format!("{}", ms as f64 / 1000.0),
            Language::Cpp | Language::Go | Language::Java => match ms {
                _ if ms.is_multiple_of(3_600_000) => format!("{} h", ms / 3_600_000),
                _ if ms.is_multiple_of(1000) => format!("{} s", ms / 1000),
                _ => format!("{ms} ms"),
            },
        }
    }

    fn time(self) -> &'static str {
        match self {
            Language::C | Language::Node => "Milliseconds",
            Language::Python => "Seconds",
            Language::Cpp | Language::Go | Language::Java => "Time",
        }
    }

    fn never(self) -> &'static str {
        match self {
            Language::C => "UINT64_MAX",
            Language::Cpp => "none",
            Language::Go => "Never",
            Language::Java => "empty",
            Language::Node => "null",
            Language::Python => "None",
        }
    }
}

fn wrong(text: &str, why: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, format!("unknown markup {why:?} in {text:?}"))
}
