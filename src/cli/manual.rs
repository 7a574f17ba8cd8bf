//! `--man`: the help as a man page.

use super::help;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use std::io;

/// When the options last changed: a date of the build would make every build another file.
const DATE: &str = "2026-11-23";

/// The page, as roff.
pub(super) fn page() -> io::Result<Vec<u8>> {
    let command = help::command().after_help("").after_long_help("");
    let man = Man::new(command).manual("User Commands").date(DATE);
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    let mut synopsis = Roff::new();
    synopsis.control("SH", ["SYNOPSIS"]);
    synopsis.text([bold("sipdiag"), roman(" [OPTIONS] CAPTURE...")]);
    for other in ["--explain TOPIC", "--rules"] {
        synopsis.control("br", []);
        synopsis.text([bold("sipdiag"), roman(format!(" {other}"))]);
    }
    synopsis.to_writer(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    let mut roff = Roff::new();
    section(&mut roff, "EXIT STATUS", help::EXIT);
    section(&mut roff, "ENVIRONMENT", help::ENVIRONMENT);
    section(&mut roff, "FILES", help::FILES);
    roff.control("SH", ["EXAMPLES"]);
    for (command, what) in help::EXAMPLES {
        roff.control("TP", []);
        roff.text([bold(*command)]);
        roff.text([roman(*what)]);
    }
    roff.control("SH", ["SEE ALSO"]);
    roff.text([
        bold("tshark"),
        roman("(1), "),
        bold("tcpdump"),
        roman("(8), "),
        bold("editcap"),
        roman("(1)"),
    ]);
    roff.to_writer(&mut page)?;
    Ok(page)
}

/// Terms, each with what it means.
fn section(roff: &mut Roff, title: &str, terms: &[(&str, &str)]) {
    roff.control("SH", [title]);
    for (term, meaning) in terms {
        roff.control("TP", []);
        roff.text([bold(*term)]);
        roff.text([roman(*meaning)]);
    }
}
