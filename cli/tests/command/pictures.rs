//! The pictures of the README: SVG of a terminal in which the command really runs, on a network of three more hosts.
//!
//! `PEERS_UPDATE_PICTURES=1 cargo test -p peers-cli --test command pictures` writes them to docs/pictures. Otherwise the test
//! draws them, and looks whether they show what they are to show.

use std::fmt::Write;
use std::process::Command;
use std::{env, fs};

use support::world::{Host, World};
use support::{root, skip};
use vt100::{Color, Screen};

use crate::terminal::Terminal;
use crate::{PEERS, Running};

const COLUMNS: u16 = 92;
const CELL: (f32, f32) = (8.0, 18.0);
const MARGIN: f32 = 16.0;
/// The height of the bar above the screen.
const BAR: f32 = 32.0;
const BACKGROUND: &str = "#16181d";
const FOREGROUND: &str = "#d8dbe2";

#[test]
fn the_pictures_show_a_real_run() {
    let world = match World::new() {
        Ok(world) => world,
        Err(reason) => return skip("the_pictures_show_a_real_run", &reason),
    };
    let near = world.host(1);
    near.ip("link add docker0 type bridge");
    let hosts = [2, 3, 4].map(|number| world.host(number));
    let announcements: [&[&str]; 3] = [
        &["--name", "kitchen", "--value", "21.5 °C", "--port", "8080"],
        &["--name", "garden", "--value", "dry"],
        &["--name", "printer", "--value", "ipp://192.0.2.4/print", "--port", "631"],
    ];
    let _running: Vec<Running> =
        hosts.iter().zip(announcements).map(|(host, options)| announcing(host, options)).collect();

    let mut watch = Terminal::with(command(&near, &["watch"]), (COLUMNS, 6));
    watch.until(|lines| lines.last().is_some_and(|line| line.starts_with("3 peers")));
    check(
        "watch",
        &picture("peers watch", watch.parser.screen()),
        &["kitchen", "21.5 °C", "192.0.2.4", "3 peers"],
    );
    watch.press(b"\x03");
    assert_eq!(watch.status(), Some(0));

    let mut doctor = Terminal::with(command(&near, &["doctor", "--wait", "3s"]), (COLUMNS, 40));
    assert_eq!(doctor.status(), Some(0));
    check(
        "doctor",
        &picture("peers doctor", doctor.parser.screen()),
        &["docker0", "garden", "Nothing is wrong"],
    );
}

fn command(host: &Host<'_>, arguments: &[&str]) -> Command {
    let mut command = host.command("setsid");
    command.arg("--ctty").arg(PEERS).args(arguments).env_remove("NO_COLOR").env("TERM", "xterm");
    command
}

fn announcing(host: &Host<'_>, options: &[&str]) -> Running {
    let mut command = host.command(PEERS);
    command.arg("announce").args(options);
    let running = Running::new(command);
    assert!(running.line().starts_with("announcing "));
    running
}

fn check(name: &str, picture: &str, shown: &[&str]) {
    for text in shown {
        assert!(picture.contains(text), "{text} is missing in {picture}");
    }
    if env::var_os("PEERS_UPDATE_PICTURES").is_some_and(|value| value == "1") {
        let folder = root().join("docs/pictures");
        fs::create_dir_all(&folder).expect("the project can be written");
        fs::write(folder.join(format!("peers-{name}.svg")), picture).expect("the project can be written");
    }
}

/// The screen as SVG, below a bar with a title.
fn picture(title: &str, screen: &Screen) -> String {
    let (_, columns) = screen.size();
    let used = screen.rows(0, columns.get()).collect::<Vec<_>>();
    let rows = used.iter().rposition(|line| !line.trim().is_empty()).map_or(1, |last| last + 1);
    let width = f32::from(columns.get()) * CELL.0 + 2.0 * MARGIN;
    let height = rows as f32 * CELL.1 + BAR + 1.5 * MARGIN;
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">
<title>{title}</title>
<rect width="{width}" height="{height}" rx="8" fill="{BACKGROUND}"/>
<text x="{}" y="22" fill="#8b919d" font-family="sans-serif" font-size="13" text-anchor="middle">{title}</text>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="13" xml:space="preserve" fill="{FOREGROUND}">
"##,
        width / 2.0
    );
    for row in 0..rows as u16 {
        for run in runs(screen, row) {
            let x = MARGIN + f32::from(run.column) * CELL.0;
            let y = BAR + MARGIN + f32::from(row) * CELL.1;
            let length = f32::from(run.width) * CELL.0;
            let text = run.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            // Each run keeps its columns, whatever font there is.
            let _ =
                writeln!(svg, r#"<text x="{x}" y="{y}" textLength="{length}"{}>{text}</text>"#, run.style);
        }
    }
    svg + "</g>\n</svg>\n"
}

/// Cells beside each other that look alike.
struct Run {
    column: u16,
    width: u16,
    style: String,
    text: String,
}

fn runs(screen: &Screen, row: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let (_, columns) = screen.size();
    for column in 0..columns.get() {
        let cell = screen.cell(row, column).expect("it is on the screen");
        let mut style = match cell.fgcolor() {
            Color::Idx(1) => r##" fill="#ef6b73""##.to_owned(),
            Color::Idx(2) => r##" fill="#8fce7a""##.to_owned(),
            Color::Idx(3) => r##" fill="#e5c07b""##.to_owned(),
            _ => String::new(),
        };
        if cell.bold() {
            style += r#" font-weight="bold""#;
        }
        let text = if cell.has_contents() { cell.contents() } else { " " };
        match runs.last_mut().filter(|run| run.style == style) {
            Some(run) => {
                run.text += text;
                run.width += 1;
            }
            None => runs.push(Run { column, width: 1, style, text: text.to_owned() }),
        }
    }
    // Blanks at the end of a run are not to be seen.
    for run in &mut runs {
        let blanks = run.text.len() - run.text.trim_end().len();
        run.text.truncate(run.text.len() - blanks);
        run.width -= blanks as u16;
    }
    runs.retain(|run| !run.text.is_empty());
    runs
}
