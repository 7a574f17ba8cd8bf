//! The report for people and programs: the only place for looks.

pub mod escape;
pub mod explain;
mod html;
pub mod json;
mod lab_template;
mod ladder;
pub mod list;
mod markdown;
mod text;
mod time;
mod words;

pub use self::html::{html, ladder_html};
pub use self::lab_template::lab_template;
pub use self::ladder::{Lines, text as ladder};
pub use self::markdown::{Dialect, ladder_markdown, markdown};
pub use self::text::text;
pub use time::{TimeStyle, rfc3339};

/// How a report for people looks.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Style {
    /// How times are shown.
    pub time: TimeStyle,
    /// Whether to use colours.
    pub color: bool,
    /// How much is told.
    pub detail: Detail,
}

/// How much a report for people tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail {
    /// What a ticket needs: one root cause in less than 60 lines.
    #[default]
    Short,
    /// All tables, and why.
    Full,
}

impl Style {
    /// A style.
    pub const fn new(time: TimeStyle, color: bool) -> Self {
        Self {
            time,
            color,
            detail: Detail::Short,
        }
    }

    /// The same with more or less detail.
    #[must_use]
    pub const fn with(mut self, detail: Detail) -> Self {
        self.detail = detail;
        self
    }
}

/// Width of the text report in columns.
pub const WIDTH: usize = 80;
