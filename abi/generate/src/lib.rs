//! Writes what the table `abi/api.toml` says into the files that repeat it.
//!
//! A file of [`FILES`] has regions, from a line that ends with `generated: begin NAME` to one that ends with
//! `generated: end`. What is between is the template `abi/generate/templates/NAME`, rendered with the table.

mod language;
mod table;
mod wrap;

use std::fs;
use std::path::Path;

use minijinja::{Environment, UndefinedBehavior, Value};
use minijinja_contrib::pycompat::unknown_method_callback;

use language::Language;
use table::{Doc, Table};

/// Command that brings every file up to date.
pub const COMMAND: &str = "cargo run -p peers-abi-generate";

/// Each file with generated regions, and the language that its documentation is written for.
const FILES: [(&str, Language); 18] = [
    ("src/ffi/constants.rs", Language::C),
    ("src/ffi/structs.rs", Language::C),
    ("src/ffi/initialisers.h", Language::C),
    ("src/ffi/numbers.rs", Language::C),
    ("src/config/ranges.rs", Language::C),
    ("fuzz/src/c.rs", Language::C),
    ("README.md", Language::C),
    ("bindings/cpp/peers.hpp", Language::Cpp),
    ("bindings/go/config.go", Language::Go),
    ("bindings/go/health.go", Language::Go),
    ("bindings/java/src/main/java/peers/Health.java", Language::Java),
    ("bindings/java/src/main/java/peers/Libpeers.java", Language::Java),
    ("bindings/java/src/main/java/peers/NodeBuilder.java", Language::Java),
    ("bindings/node/index.d.ts", Language::Node),
    ("bindings/node/lib/abi.js", Language::Node),
    ("bindings/python/peers/_abi.py", Language::Python),
    ("bindings/python/peers/_start.py", Language::Python),
    ("bindings/python/peers/records.py", Language::Python),
];

/// The present text of a file, and the text that the table gives it.
pub struct File {
    /// Path from the root of the repository.
    pub path: &'static str,
    /// Present text.
    pub present: String,
    /// Text with the regions rendered anew.
    pub fresh: String,
}

/// Renders every file of the repository at `root`.
///
/// # Errors
/// A sentence that names the file and what is wrong in it.
pub fn render(root: &Path) -> Result<Vec<File>, String> {
    let read = |path: &str| {
        fs::read_to_string(root.join(path)).map_err(|error| format!("{path} cannot be read: {error}"))
    };
    let table: Table =
        toml::from_str(&read("abi/api.toml")?).map_err(|error| format!("abi/api.toml: {error}"))?;
    let templates = Templates { root, table: Value::from_serialize(table.complete()) };
    FILES
        .iter()
        .map(|(path, language)| {
            let present = read(path)?;
            let fresh = templates.fill(&present, *language).map_err(|error| format!("{path}: {error}"))?;
            Ok(File { path, present, fresh })
        })
        .collect()
}

struct Templates<'a> {
    root: &'a Path,
    table: Value,
}

impl Templates<'_> {
    /// Replaces what stands in the regions of `text`.
    fn fill(&self, text: &str, language: Language) -> Result<String, String> {
        let mut fresh = String::new();
        let mut lines = text.split_inclusive('\n');
        let mut count = 0;
        while let Some(line) = lines.next() {
            fresh.push_str(line);
            if let Some(name) = template_of(line) {
                fresh.push_str(&self.render(name, language)?);
                let end = lines.find(|line| line.contains("generated: end"));
                fresh.push_str(end.ok_or_else(|| format!("the region {name} has no \"generated: end\""))?);
                count += 1;
            }
        }
        match count {
            0 => Err("there is no \"generated: begin\"".into()),
            _ => Ok(fresh),
        }
    }

    fn render(&self, name: &str, language: Language) -> Result<String, String> {
        let path = self.root.join("abi/generate/templates").join(name);
        let template = fs::read_to_string(&path).map_err(|error| format!("the template {name}: {error}"))?;
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        environment.set_keep_trailing_newline(true);
        environment.set_unknown_method_callback(unknown_method_callback);
        environment.add_filter("camel", move |name: &str| language::camel(name));
        environment.add_filter("pascal", move |name: &str| language.pascal(name));
        environment.add_filter("pad", |text: &str, width: usize| format!("{text:width$}"));
        environment.add_filter("lower_first", lower_first);
        environment.add_filter("wrap", wrap::wrap);
        environment.add_filter("markup", move |text: &str| language.expand(text));
        environment.add_filter("doc", move |doc: Value| Doc::try_from(doc)?.compose(language));
        let table = self.table.clone();
        environment.render_str(&template, table).map_err(|error| format!("the template {name}: {error:#}"))
    }
}

/// The name in a line that begins a region.
fn template_of(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("generated: begin ")?;
    rest.split_whitespace().next()
}

/// The text as it stands behind a colon: an acronym keeps its capitals.
fn lower_first(text: &str) -> String {
    match text.chars().nth(1) {
        Some(second) if second.is_uppercase() => text.to_owned(),
        _ => with_first(text, char::to_ascii_lowercase),
    }
}

/// The text with another first character.
fn with_first(text: &str, change: impl Fn(&char) -> char) -> String {
    let mut characters = text.chars();
    characters.next().iter().map(change).chain(characters).collect()
}
