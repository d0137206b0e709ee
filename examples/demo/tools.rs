//! What the C and the Python node need: a C compiler, Python, and the library that was built with this example.

use std::ffi::OsStr;
use std::fs::DirBuilder;
use std::hash::{BuildHasher, RandomState};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A C compiler, and the library to link.
pub struct C {
    compiler: String,
    library: PathBuf,
}

impl C {
    pub fn find() -> Result<C, String> {
        let compiler = find_tool("CC", "cc", "a C compiler")?;
        Ok(C { compiler, library: find_library("libpeers.a")? })
    }

    /// Compiles a source file of this repository into a program that needs no libpeers beside it.
    pub fn compile(&self, source: &str) -> Result<Program, String> {
        let program = Program::new()?;
        let output = command(&self.compiler)
            .arg("-I")
            .arg(in_repository("include"))
            .arg(in_repository(source))
            .arg(&self.library)
            // What Rust's standard library is made of.
            .args(["-pthread", "-lrt", "-ldl", "-lm"])
            .arg("-o")
            .arg(program.path())
            .output()
            .map_err(|error| format!("{} cannot be run: {error}", self.compiler))?;
        match output.status.success() {
            true => Ok(program),
            false => Err(format!(
                "{} does not compile {source}:\n{}",
                self.compiler,
                String::from_utf8_lossy(&output.stderr)
            )),
        }
    }
}

/// A compiled program, in a directory of its own that goes when this is dropped.
pub struct Program {
    directory: PathBuf,
}

impl Program {
    fn new() -> Result<Program, String> {
        let directory =
            std::env::temp_dir().join(format!("peers-demo-{:016x}", RandomState::new().hash_one(())));
        // Fails if it exists: whatever is in there is not the demo's to run, nor to remove.
        DirBuilder::new()
            .mode(0o700)
            .create(&directory)
            .map_err(|error| format!("the directory {} cannot be made: {error}", directory.display()))?;
        Ok(Program { directory })
    }

    pub fn command(&self) -> Command {
        Command::new(self.path())
    }

    fn path(&self) -> PathBuf {
        self.directory.join("watch")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // A directory left behind in the temporary directory is no reason to fail.
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Python, and the library to load.
pub struct Python {
    interpreter: String,
    library: PathBuf,
}

impl Python {
    pub fn find() -> Result<Python, String> {
        let interpreter = find_tool("PYTHON", "python3", "Python 3")?;
        Ok(Python { interpreter, library: find_library("libpeers.so")? })
    }

    /// The command that runs a script of this repository, but for its options.
    pub fn script(&self, source: &str) -> Result<Command, String> {
        let mut python = command(&self.interpreter);
        python
            .arg(in_repository(source))
            .env("PEERS_LIBRARY", &self.library)
            .env("PYTHONPATH", in_repository("bindings/python"))
            // The repository stays as it is.
            .env("PYTHONDONTWRITEBYTECODE", "1");
        Ok(python)
    }
}

/// The command in the environment variable, or else the usual one, if it can be run at all.
fn find_tool(variable: &str, usual: &str, what: &str) -> Result<String, String> {
    let tool = std::env::var(variable).ok().filter(|tool| !tool.trim().is_empty());
    let tool = tool.unwrap_or_else(|| usual.to_owned());
    match command(&tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(tool),
        Ok(status) => Err(format!("the demo needs {what}, but `{tool} --version` ends with {status}")),
        Err(error) => Err(format!(
            "the demo needs {what}, but `{tool}` cannot be run: {error}. Install {usual}, or set {variable} to another"
        )),
    }
}

/// As in a makefile, a tool may come with arguments: "ccache cc".
fn command(tool: &str) -> Command {
    let mut words = tool.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words);
    command
}

fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The newest `file` that cargo built beside this example. `cargo build` puts it into the folder above `examples`,
/// `cargo test` only into `deps`.
fn find_library(file: impl AsRef<OsStr>) -> Result<PathBuf, String> {
    let file = Path::new(file.as_ref());
    let demo = std::env::current_exe().map_err(|error| format!("the demo cannot find itself: {error}"))?;
    let folders = demo.ancestors().skip(1).take(2).flat_map(|folder| [folder.into(), folder.join("deps")]);
    let built = folders.map(|folder| folder.join(file)).filter_map(|path| {
        let time = path.metadata().and_then(|file| file.modified()).ok()?;
        Some((time, path))
    });
    built.max().map(|(_, path)| path).ok_or_else(|| {
        format!("there is no {} near {}; cargo build makes it", file.display(), demo.display())
    })
}
