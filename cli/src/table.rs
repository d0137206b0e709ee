//! A table of peers, as wide as its content or no wider than a terminal.

use peers::Peer;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::text;

/// The heads of the columns.
const HEADS: [&str; 6] = ["NAME", "ADDRESS", "PORT", "VALUE", "HEARD", "BY"];
const GAP: usize = 2;
const VALUE: usize = 3;
/// A value is cut to this width before columns are left out.
const NARROW_VALUE: usize = 8;
/// The columns that a narrow terminal does without, in this order. A name or an address that is cut would be wrong.
const DISPENSABLE: [usize; 4] = [5, 4, 3, 2];

/// Returns the lines of a table, its head first. With a `width` no line is wider.
pub fn lines(peers: &[Peer], width: Option<usize>) -> Vec<String> {
    let mut rows = vec![HEADS.map(str::to_owned)];
    rows.extend(peers.iter().map(text::cells));
    let mut widths = [0; 6].map(Some);
    for row in &rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = (*widest).max(Some(cell.width()));
        }
    }
    if let Some(width) = width {
        narrow(&mut widths, width);
    }
    let lines = rows.iter().map(|row| line(row, &widths));
    match width {
        Some(width) => lines.map(|line| fitted(&line, width)).collect(),
        None => lines.collect(),
    }
}

/// Returns the text, or as much of its beginning as fits and an ellipsis.
pub fn fitted(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut used = 1;
    let fits = text.chars().take_while(|letter| {
        used += letter.width().unwrap_or(0);
        used <= width
    });
    fits.chain(['…']).take(width.max(1)).collect()
}

/// Cuts values, and then leaves out columns, until a line fits the width.
fn narrow(widths: &mut [Option<usize>; 6], width: usize) {
    let too_much = |widths: &[Option<usize>; 6]| {
        let shown = widths.iter().flatten();
        let needed = shown.clone().sum::<usize>() + GAP * (shown.count() - 1);
        needed.saturating_sub(width)
    };
    let value = widths[VALUE].unwrap_or(0);
    widths[VALUE] = Some(value.saturating_sub(too_much(widths)).max(value.min(NARROW_VALUE)));
    for column in DISPENSABLE {
        if too_much(widths) > 0 {
            widths[column] = None;
        }
    }
}

fn line(row: &[String; 6], widths: &[Option<usize>; 6]) -> String {
    let mut line = String::new();
    for (cell, width) in row.iter().zip(widths) {
        let Some(width) = *width else { continue };
        let cell = fitted(cell, width);
        line += &cell;
        line.extend(std::iter::repeat_n(' ', width + GAP - cell.width()));
    }
    line.truncate(line.trim_end().len());
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tests::peer;

    fn kitchen() -> Peer {
        Peer { value: b"warm, and not yet dark".into(), port: 8080, ..peer("kitchen", "192.0.2.7") }
    }

    #[test]
    fn a_letter_may_take_two_columns_or_none() {
        let peers = ["日本", "e\u{301}t", "abcd"].map(|name| peer(name, "192.0.2.7"));
        let lines = lines(&peers, None);
        let before_address = |line: &String| line.split("192").next().map(UnicodeWidthStr::width);
        assert!(lines[1..].iter().all(|line| before_address(line) == Some(6)), "{lines:?}");
    }

    #[test]
    fn values_are_cut_before_columns_are_left_out() {
        let peers = [kitchen()];
        let at = |width| lines(&peers, Some(width));
        assert_eq!(at(80)[1], "kitchen  192.0.2.7  8080  warm, and not yet dark  0 s ago  multicast");
        assert_eq!(at(60)[1], "kitchen  192.0.2.7  8080  warm, and not…  0 s ago  multicast");
        assert_eq!(
            at(50),
            ["NAME     ADDRESS    PORT  VALUE     HEARD", "kitchen  192.0.2.7  8080  warm, a…  0 s ago"]
        );
        assert_eq!(at(40)[1], "kitchen  192.0.2.7  8080  warm, a…");
        assert_eq!(at(30)[1], "kitchen  192.0.2.7  8080");
        assert_eq!(at(20)[1], "kitchen  192.0.2.7");
        assert_eq!(at(10)[1], "kitchen  …");
    }

    #[test]
    fn what_does_not_fit_ends_in_an_ellipsis() {
        assert_eq!(fitted("日本日本", 6), "日本…");
        assert_eq!(fitted("abc", 3), "abc");
        assert_eq!(fitted("abcd", 3), "ab…");
        assert_eq!(fitted("abcd", 1), "…");
    }
}
