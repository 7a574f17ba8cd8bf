//! The values that options can have.

use clap::ValueEnum;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ListWhat {
    Packets,
    Connections,
    Messages,
    Dialogs,
}

/// Output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people, 80 columns.
    Text,
    /// For trackers and tickets.
    Markdown,
    /// One page that loads nothing, with the charts.
    Html,
    /// One JSON object; for lists, one a line.
    Json,
}

impl Format {
    /// Whether it has charts.
    pub(super) const fn draws(self) -> bool {
        matches!(self, Self::Markdown | Self::Html)
    }

    /// Lists and the catalogue come as text and as JSON only.
    pub(super) fn of_lists(self, what: &str) -> anyhow::Result<()> {
        if self.draws() {
            anyhow::bail!(
                "{what} comes as --format text or json, not as {}",
                self.name()
            );
        }
        Ok(())
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Json => "json",
        }
    }
}

/// What charts as text are drawn with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LadderLines {
    Ascii,
    Unicode,
}

/// Dialects of Markdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum MarkdownDialect {
    /// CommonMark with tables.
    Plain,
    /// GitHub and GitLab.
    Github,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Level {
    Note,
    Warning,
    Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    Error,
    Warning,
    Note,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Time {
    Utc,
    Local,
    Relative,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless `NO_COLOR` is set (<https://no-color.org>).
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Whether this output gets colours.
    pub(super) fn wanted(self, to_terminal: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => to_terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
        }
    }
}
