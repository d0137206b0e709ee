//! What the tests of the bindings share.

/// Returns the program in the README that is written in this language.
pub fn readme(language: &str) -> String {
    let readme = support::read("README.md");
    let program = readme.split(&format!("```{language}\n")).nth(1).and_then(|rest| rest.split("```").next());
    program.unwrap_or_else(|| panic!("the README has no program in {language}")).to_owned()
}
