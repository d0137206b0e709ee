//! The table as read from its file, and the values derived from it.

use minijinja::{Error, Value};
use serde::{Deserialize, Serialize};

use crate::language::Language;
use crate::with_first;

/// `abi/api.toml`.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    option: Vec<Item>,
    group: Vec<Group>,
    #[serde(rename = "struct")]
    structs: Vec<Struct>,
    health: Vec<Item>,
    call: Vec<Call>,
}

/// An option of a node, or a value of its health.
#[derive(Deserialize, Serialize, Clone)]
#[serde(deny_unknown_fields)]
pub struct Item {
    name: String,
    kind: String,
    #[serde(flatten)]
    doc: Doc,
    /// Name and documentation of the field with the number of what `name` points to.
    len: Option<String>,
    len_doc: Option<String>,
    min: Option<u64>,
    max: Option<u64>,
    bits: Option<u32>,
}

/// Sentences about an option or a value.
#[derive(Deserialize, Serialize, Clone)]
pub struct Doc {
    doc: String,
    range: Option<String>,
    default: Option<String>,
    more: Option<String>,
    more_c: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Group {
    name: String,
    prefix: String,
    #[serde(rename = "type")]
    kind: String,
    doc: String,
    value: Vec<Constant>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Constant {
    name: String,
    value: i64,
    doc: String,
    text: Option<String>,
    option: Option<Switch>,
}

/// The boolean option that a flag is in other languages than C.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Switch {
    name: String,
    /// The value of the option that sets the flag.
    when: bool,
    doc: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Struct {
    name: String,
    doc: String,
    /// True if the caller makes it: it begins with its size.
    #[serde(default)]
    sized: bool,
    fields: Vec<Field>,
}

#[derive(Deserialize, Serialize, Clone)]
#[serde(deny_unknown_fields)]
struct Field {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    doc: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Call {
    name: String,
    returns: String,
    #[serde(default)]
    parameters: Vec<Parameter>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Parameter {
    name: String,
    #[serde(rename = "type")]
    kind: String,
}

/// What the templates see: the table, and the structs in the order of the header.
#[derive(Serialize)]
pub struct Complete {
    option: Vec<Item>,
    group: Vec<Group>,
    health: Vec<Item>,
    call: Vec<Call>,
    config_fields: Vec<Field>,
    health_fields: Vec<Field>,
    structs: Vec<Struct>,
    version: &'static str,
}

impl Table {
    /// Adds what follows from the table.
    pub fn complete(self) -> Complete {
        Complete {
            config_fields: fields_of("config", &self.option),
            health_fields: fields_of("health", &self.health),
            option: self.option,
            group: self.group,
            health: self.health,
            call: self.call,
            structs: self.structs.into_iter().map(Struct::complete).collect(),
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// The fields of a sized struct.
fn fields_of(name: &str, items: &[Item]) -> Vec<Field> {
    [size_field(name)].into_iter().chain(items.iter().flat_map(Item::fields)).collect()
}

/// The first field of a sized struct.
fn size_field(name: &str) -> Field {
    let init = format!("PEERS_{}_INIT", name.to_uppercase());
    let doc = format!(
        "`sizeof(peers_{name}_t)`, which `{init}` sets. The library reads and writes no more bytes than this, so that a \
         program works with a library of another version."
    );
    Field { name: "struct_size".into(), kind: "size".into(), doc }
}

impl Struct {
    fn complete(mut self) -> Self {
        if self.sized {
            let name = self.name.trim_start_matches("peers_").trim_end_matches("_t");
            self.fields.insert(0, size_field(name));
        }
        self
    }
}

impl Item {
    /// The fields of the C struct that hold it.
    fn fields(&self) -> Vec<Field> {
        let kind = match self.kind.as_str() {
            "text" | "address" | "seeds" => "text",
            "bytes" | "keys" => "data",
            "size" => "size",
            "log" => "log_fn",
            "log_context" => "pointer",
            "detail" => "detail",
            "age" | "gauge" | "counter" => "u64",
            _ => "u32",
        };
        let unit = if matches!(self.kind.as_str(), "duration" | "age") { "_ms" } else { "" };
        let doc = self.doc.compose(Language::C).unwrap_or_default();
        let field = Field { name: format!("{}{unit}", self.name), kind: kind.into(), doc };
        let len = self.len.iter().map(|len| Field {
            name: len.clone(),
            kind: "size".into(),
            doc: self.len_doc.clone().unwrap_or_default(),
        });
        [field].into_iter().chain(len).collect()
    }
}

impl Doc {
    /// Returns all sentences.
    ///
    /// # Errors
    /// The markup has a word that the language does not know.
    pub fn compose(&self, language: Language) -> Result<String, Error> {
        let more_c = self.more_c.as_ref().filter(|_| language == Language::C);
        let sentences = [
            Some(self.doc.clone() + "."),
            self.range.as_ref().map(|range| with_first(range, char::to_ascii_uppercase) + "."),
            self.default.as_ref().map(|default| format!("Default: {default}.")),
            self.more.clone(),
            more_c.cloned(),
        ];
        language.expand(&sentences.into_iter().flatten().collect::<Vec<_>>().join(" "))
    }
}

impl TryFrom<Value> for Doc {
    type Error = Error;

    fn try_from(value: Value) -> Result<Self, Error> {
        Deserialize::deserialize(value)
    }
}
