//! The report for people and programs: the only place for looks.

pub mod escape;
pub mod explain;
pub mod json;
mod lab_template;
pub mod list;
pub(crate) mod text;
mod time;

pub use self::lab_template::lab_template;
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
}

impl Style {
    /// A style.
    pub const fn new(time: TimeStyle, color: bool) -> Self {
        Self { time, color }
    }
}

/// Width of the text report in columns.
pub const WIDTH: usize = 80;
