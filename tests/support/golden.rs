//! Compares what was made with a file of the project; `UPDATE=1 cargo test` writes the file instead.

use super::{read_text, relative};
use std::fmt::Write as _;
use std::path::Path;

/// Lines shown around a difference.
const CONTEXT: usize = 3;
/// Lines of a difference shown.
const SHOWN: usize = 40;

/// Whether files are to be rewritten.
#[expect(
    clippy::disallowed_methods,
    reason = "the switch that rewrites golden files"
)]
pub(crate) fn updating() -> bool {
    std::env::var("UPDATE").is_ok_and(|v| !v.is_empty() && v != "0")
}

/// Whether the file says `actual`; otherwise what to do about it. Rewrites it under `UPDATE=1`.
pub(crate) fn check(path: &Path, actual: &str) -> Result<(), String> {
    let expected = path.exists().then(|| read_text(path));
    if expected.as_deref() == Some(actual) {
        return Ok(());
    }
    let name = relative(path);
    if updating() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, actual).unwrap();
        crate::support::say!("UPDATED {name}");
        return Ok(());
    }
    Err(match expected {
        None => format!("{name} does not exist; `UPDATE=1 cargo test` writes it\n"),
        Some(expected) => format!(
            "{name} is not what the program says (-: the file, +: the program); after reading the difference, \
             `UPDATE=1 cargo test` rewrites it\n{}",
            difference(&expected, actual)
        ),
    })
}

/// Panics with everything that is wrong, if anything is.
pub(crate) fn all(problems: impl IntoIterator<Item = Result<(), String>>) {
    let problems: Vec<String> = problems.into_iter().filter_map(Result::err).collect();
    assert!(
        problems.is_empty(),
        "{} problem(s):\n\n{}",
        problems.len(),
        problems.join("\n")
    );
}

/// The lines between the common beginning and the common end, with a little of both.
pub(crate) fn difference(expected: &str, actual: &str) -> String {
    let old: Vec<&str> = expected.lines().collect();
    let new: Vec<&str> = actual.lines().collect();
    let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let end = old[start..]
        .iter()
        .rev()
        .zip(new[start..].iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let mut out = String::new();
    let mut lines = |mark: char, lines: &[&str]| {
        for line in lines.iter().take(SHOWN) {
            let _ = writeln!(out, "    {mark} {line}");
        }
        if lines.len() > SHOWN {
            let _ = writeln!(out, "    {mark} ({} more lines)", lines.len() - SHOWN);
        }
    };
    lines(' ', &old[start.saturating_sub(CONTEXT)..start]);
    lines('-', &old[start..old.len() - end]);
    lines('+', &new[start..new.len() - end]);
    lines(
        ' ',
        &old[old.len() - end..(old.len() - end + CONTEXT.min(end))],
    );
    if old == new {
        let _ = writeln!(out, "    (only the ends of lines differ)");
    }
    out
}

#[test]
fn a_difference_shows_both_sides_and_where() {
    let shown = difference("a\nb\nc\nd\n", "a\nb\nX\nd\n");
    assert_eq!(shown, "      a\n      b\n    - c\n    + X\n      d\n");
}
