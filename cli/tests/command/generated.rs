//! The manual pages and completions in `cli/man` and `cli/completions` are those of the command line. They are committed,
//! so that what installs them needs no program that it cannot run, as in a build for another machine.

use std::path::{Path, PathBuf};
use std::{env, fs};

use clap_complete::Shell;
use clap_mangen::Man;

const UPDATE: &str =
    "To make them: PEERS_UPDATE_GENERATED=1 cargo test -p peers-cli --test command generated";

#[test]
fn the_manual_pages_are_those_of_the_command_line() {
    let made = scratch("man");
    clap_mangen::generate_to(command(), &made).expect("manual pages can be written");
    for (name, page) in files(&made) {
        // The section of what stands below all options has a name of its own in manual pages.
        let page = page.replace(".SH EXTRA\nExit status:\n", ".SH \"EXIT STATUS\"\n");
        let page: String = page.lines().map(|line| format!("{}\n", line.trim_end())).collect();
        assert_eq!(page.contains("EXIT STATUS"), name == "peers.1");
        fs::write(made.join(name), page).expect("manual pages can be written");
    }
    // Each subcommand has a page of its own, named after both.
    assert!(made.join("peers-doctor.1").is_file());
    compare(&made, "cli/man");
}

#[test]
fn the_completions_are_those_of_the_command_line() {
    let made = scratch("completions");
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut command(), "peers", &made)
            .expect("completions can be written");
    }
    compare(&made, "cli/completions");
}

#[test]
fn a_manual_page_has_each_option() {
    let mut page = Vec::new();
    let command = command();
    let list = command.find_subcommand("list").expect("there is list");
    Man::new(list.clone()).render(&mut page).expect("it can be written");
    let page = String::from_utf8(page).expect("it is text").replace('\\', "");
    for argument in list.get_arguments().filter_map(|argument| argument.get_long()) {
        assert!(page.contains(&format!("--{argument}")), "--{argument} is missing");
    }
}

fn command() -> clap::Command {
    peers_cli::command()
}

fn scratch(name: &str) -> PathBuf {
    let folder = support::scratch().join(name);
    let _ = fs::remove_dir_all(&folder); // of an earlier run
    fs::create_dir_all(&folder).expect("the scratch folder can be written");
    folder
}

/// Compares the files of two folders, or copies those that were made.
fn compare(made: &Path, kept: &str) {
    let kept = support::root().join(kept);
    if env::var_os("PEERS_UPDATE_GENERATED").is_some_and(|value| value == "1") {
        let _ = fs::remove_dir_all(&kept);
        fs::create_dir_all(&kept).expect("the project can be written");
        for (name, text) in files(made) {
            fs::write(kept.join(name), text).expect("the project can be written");
        }
    }
    let (made, kept) = (files(made), files(&kept));
    let names = |files: &[(String, String)]| files.iter().map(|file| file.0.clone()).collect::<Vec<_>>();
    assert_eq!(names(&made), names(&kept), "{UPDATE}");
    for (made, kept) in made.iter().zip(&kept) {
        assert!(made == kept, "{} differs. {UPDATE}", made.0);
    }
}

fn files(folder: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("it can be read"));
    let read = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().expect("the names are ours");
        (name, fs::read_to_string(entry.path()).expect("it is text"))
    };
    let mut files: Vec<_> = entries.map(read).collect();
    files.sort();
    files
}
