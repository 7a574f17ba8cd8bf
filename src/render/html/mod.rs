//! The report as one HTML file that loads nothing: readable without script, in light and dark, on paper.
//!
//! The page is a template with automatic escaping; every text that enters it went through `render::escape` before.

mod chart;
mod finding;
mod sessions;
mod view;

use super::Style;
use crate::report::Report;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use minijinja::Environment;
use minijinja::value::{Serde, Value};
use ring::digest;
use std::io::{self, Write};
use view::{Part, View};

const PAGE: &str = include_str!("report.html");
const CSS: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// Writes the report as a page.
///
/// # Errors
///
/// What the writer says.
pub fn html(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    page(&View::new(report, style, Part::All), out)
}

/// Writes the charts alone as a page.
///
/// # Errors
///
/// What the writer says.
pub fn ladder_html(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    page(&View::new(report, style, Part::Charts), out)
}

fn page(view: &View, out: &mut dyn Write) -> io::Result<()> {
    let mut templates = Environment::new();
    // A mistake in the template is a mistake of ours: loud, not an empty place in a report.
    templates.set_undefined_behavior(minijinja::UndefinedBehavior::SemiStrict);
    templates
        .add_template("report.html", PAGE)
        .and_then(|()| templates.get_template("report.html"))
        .and_then(|template| template.render(Value::from(Serde(view))))
        .map_err(io::Error::other)
        .and_then(|page| out.write_all(page.as_bytes()))
}

/// What the page may do (Content Security Policy Level 3): nothing but its own style and its own script.
fn policy() -> String {
    format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        source(CSS),
        source(SCRIPT)
    )
}

/// A hash source (CSP Level 3, section 2.3.1).
fn source(text: &str) -> String {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    format!("sha256-{}", BASE64_STANDARD.encode(hash.as_ref()))
}
