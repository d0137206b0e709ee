//! Comments, wrapped.

/// Breaks `text` into lines of up to `width` characters, each behind `prefix`, the first one behind `first` if that is
/// given. Paragraphs stay apart.
pub fn wrap(text: &str, prefix: &str, width: usize, first: Option<&str>) -> String {
    let mut lines = Vec::new();
    let mut start = first.unwrap_or(prefix);
    for paragraph in text.split("\n\n") {
        if !lines.is_empty() {
            lines.push(prefix.trim_end().to_owned());
        }
        let mut line = start.to_owned();
        let mut is_empty = true;
        for word in paragraph.split_whitespace() {
            if !is_empty && line.chars().count() + 1 + word.chars().count() > width {
                lines.push(std::mem::replace(&mut line, prefix.to_owned()));
                is_empty = true;
            }
            if !is_empty {
                line.push(' ');
            }
            line.push_str(word);
            is_empty = false;
        }
        lines.push(line);
        start = prefix;
    }
    lines.join("\n")
}
