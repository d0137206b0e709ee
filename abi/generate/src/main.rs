//! Brings every generated region of the repository up to date.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match update(&root) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn update(root: &Path) -> Result<(), String> {
    for file in generate::render(root)? {
        if file.present != file.fresh {
            std::fs::write(root.join(file.path), file.fresh)
                .map_err(|error| format!("{} cannot be written: {error}", file.path))?;
            println!("wrote {}", file.path);
        }
    }
    Ok(())
}
