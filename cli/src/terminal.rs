//! The terminal: its size, its colours, and a screen that is drawn again and again.

use std::env;
use std::io::{self, IsTerminal, Write, stdout};

const BOLD: &str = "1";
const GREEN: &str = "32";

/// How text is emphasised on the standard output: with colours in a terminal that has them, unless `NO_COLOR` is set.
#[derive(Clone, Copy)]
pub struct Style {
    has_colours: bool,
}

impl Style {
    /// Returns the style for the standard output.
    pub fn of_output() -> Self {
        #[cfg(windows)]
        let _ = anstyle_query::windows::enable_ansi_colors();
        Style { has_colours: is_drawable() && !anstyle_query::no_color() }
    }

    /// Returns the text in bold.
    pub fn bold(self, text: &str) -> String {
        self.coloured(BOLD, text)
    }

    /// Returns the text in green.
    pub fn green(self, text: &str) -> String {
        self.coloured(GREEN, text)
    }

    /// Returns the text in a colour, by its number in the control sequence SGR (ECMA-48, 8.3.117).
    pub fn coloured(self, colour: &str, text: &str) -> String {
        match self.has_colours && !text.is_empty() {
            true => format!("\x1b[{colour}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }

    /// Returns a table with its head in bold and its names in green.
    pub fn table(self, lines: &[String]) -> Vec<String> {
        let Some((head, rows)) = lines.split_first() else { return Vec::new() };
        let end_of_names = head.find("ADDRESS").unwrap_or(0);
        let row = |line: &String| {
            // The names take as many columns as their head, but not as many bytes.
            let (name, rest) = split_at_column(line, end_of_names);
            self.green(name) + rest
        };
        [self.bold(head)].into_iter().chain(rows.iter().map(row)).collect()
    }
}

/// Returns true if the standard output is a terminal in which something can be drawn again.
pub fn is_drawable() -> bool {
    stdout().is_terminal()
        && (cfg!(windows) || env::var("TERM").is_ok_and(|term| term != "dumb" && !term.is_empty()))
}

/// Returns the columns and rows of the terminal; `None` if the standard output is none.
pub fn size() -> Option<(usize, usize)> {
    let (width, height) = terminal_size::terminal_size_of(stdout())?;
    // A terminal of no size, such as a serial line, has not said it.
    (width.0 > 0 && height.0 > 0).then(|| (width.0.into(), height.0.into()))
}

/// A screen apart from the lines that were there before, to which the terminal returns when it is dropped.
pub struct Screen(());

impl Screen {
    /// Takes the screen.
    pub fn enter() -> io::Result<Screen> {
        write!(stdout(), "\x1b[?1049h\x1b[?25l\x1b[2J")?;
        stdout().flush()?;
        Ok(Screen(()))
    }

    /// Draws these lines, each no wider than the screen, over those that were there.
    pub fn draw(&self, lines: &[String]) -> io::Result<()> {
        let mut drawn = "\x1b[H".to_owned();
        for (place, line) in lines.iter().enumerate() {
            drawn += if place == 0 { "" } else { "\r\n" };
            drawn += line;
            drawn += "\x1b[K";
        }
        drawn += "\x1b[J";
        stdout().write_all(drawn.as_bytes())?;
        stdout().flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // The terminal may be gone.
        let _ = write!(stdout(), "\x1b[?25h\x1b[?1049l").and_then(|()| stdout().flush());
    }
}

fn split_at_column(line: &str, column: usize) -> (&str, &str) {
    use unicode_width::UnicodeWidthChar;
    let mut used = 0;
    let end = line.char_indices().find(|(_, letter)| {
        used += letter.width().unwrap_or(0);
        used > column
    });
    line.split_at(end.map_or(line.len(), |(at, _)| at))
}
