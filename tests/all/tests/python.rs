//! The tests of the Python package, by pytest in an environment of their own, against the library just built. Each case is a
//! test; pytest runs those of a file at once.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use support::cases::{self, Trial};

/// What the tests need, pinned: pytest and its limit on time, a terminal to draw in, the optional extra of the package,
/// its build backend, and a type checker that still knows Python 3.9.
const TOOLS: [&str; 5] =
    ["pytest==8.4.2", "pytest-timeout==2.4.0", "pyte==0.8.2", "hatchling==1.27.0", "mypy==1.19.1"];

/// Cargo may have to build everything for a wheel, and does so twice.
const LIMIT: Duration = Duration::from_secs(2400);

fn main() {
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for case in cases::selected(collected()) {
        let (file, _) = case.split_once("::").expect("pytest names the file of a case");
        files.entry(file.into()).or_default().push(case);
    }
    let mut tests: Vec<(usize, Trial)> = files.into_values().flat_map(tests_of_file).collect();
    // The first case of each file before all others: each thread of the tests then runs another file.
    tests.sort_by_key(|(number, _)| *number);
    cases::run(tests.into_iter().map(|(_, test)| test).collect())
}

/// The cases of a file, each with its number in the file.
fn tests_of_file(cases: Vec<String>) -> Vec<(usize, Trial)> {
    let cases = Arc::new(cases);
    let report: Arc<OnceLock<Report>> = Arc::default();
    let test = |(number, case): (usize, &String)| {
        let (cases, report, case) = (cases.clone(), report.clone(), case.clone());
        let tools: &[&str] = if case.contains("test_etcd") { &["etcd", "etcdctl"] } else { &[] };
        let run = move || report.get_or_init(|| pytest(&cases)).check(&cases[number]);
        (number, cases::test_with(tools, case, run))
    };
    cases.iter().enumerate().map(test).collect()
}

/// What pytest says of each case, and all its words.
struct Report {
    verdicts: HashMap<String, String>,
    text: String,
}

impl Report {
    fn check(&self, case: &str) {
        let verdict = self.verdicts.get(case).map_or("NOT RUN", String::as_str);
        match verdict {
            "PASSED" => {}
            "SKIPPED" => support::skip(case, &self.text),
            _ => panic!("{case}: {verdict}\n{}", self.text),
        }
    }
}

/// Runs these cases.
fn pytest(cases: &[String]) -> Report {
    let mut pytest = pytest_command();
    // Its results are the tests' own, and not to be found in the sources.
    pytest.args(["-v", "--color=no"]).args(cases).env("PEERS_LIBRARY", support::shared_library());
    let output = support::output_within(LIMIT, &mut pytest);
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    // "tests/test_peers.py::test_list PASSED      [ 50%]"
    let verdict = |line: &str| {
        let (case, rest) = [" PASSED", " FAILED", " ERROR", " SKIPPED"]
            .iter()
            .find_map(|verdict| line.find(verdict).map(|at| line.split_at(at)))?;
        Some((case.to_owned(), rest.trim().split(' ').next()?.to_owned()))
    };
    let lines = text.lines().filter(|line| line.starts_with("tests/"));
    let mut verdicts = HashMap::new();
    for (case, verdict) in lines.filter_map(verdict) {
        // A case that passed can still fail when its fixtures end.
        verdicts.entry(case).and_modify(|it: &mut String| it.clone_from(&verdict)).or_insert(verdict);
    }
    Report { verdicts, text }
}

/// The cases that there are.
fn collected() -> Vec<String> {
    let list = support::run(pytest_command().args(["--collect-only", "-q"]));
    let cases: Vec<String> = list.lines().filter(|line| line.contains("::")).map(String::from).collect();
    assert!(!cases.is_empty(), "pytest finds no case:\n{list}");
    cases
}

fn pytest_command() -> Command {
    let mut pytest = Command::new(environment());
    pytest.args(["-m", "pytest", "-p", "no:cacheprovider"]).current_dir(package());
    pytest.env("PYTHONDONTWRITEBYTECODE", "1");
    pytest
}

/// The interpreter of the environment.
fn environment() -> &'static Path {
    static ENVIRONMENT: LazyLock<PathBuf> = LazyLock::new(|| {
        let python = support::venv::make();
        support::venv::install(&python, &[], &TOOLS);
        python
    });
    &ENVIRONMENT
}

fn package() -> PathBuf {
    support::root().join("bindings/python")
}
