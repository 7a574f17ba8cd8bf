//! What the user did not want to see, and why: a report never leaves out a finding without saying so.

/// Findings of one rule that one thing took out of the report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Suppression {
    /// The rule.
    pub rule: String,
    /// What took them out.
    pub by: SuppressedBy,
    /// How many findings; 0 for an entry of the configuration file that met none.
    pub count: u64,
}

impl Suppression {
    /// A suppression.
    pub const fn new(rule: String, by: SuppressedBy, count: u64) -> Self {
        Self { rule, by, count }
    }
}

/// What takes findings out of a report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SuppressedBy {
    /// An `[[ignore]]` of the configuration file.
    Configuration {
        /// Why, in the words of whoever wrote it.
        reason: String,
    },
    /// `--ignore`.
    Ignore,
    /// `--select` of other rules.
    Select,
    /// `--min-severity`.
    MinSeverity,
    /// `--baseline`: an earlier report has it.
    Baseline,
}

impl SuppressedBy {
    /// The option of the command line; `None` for the configuration file.
    pub const fn option(&self) -> Option<&'static str> {
        match self {
            Self::Configuration { .. } => None,
            Self::Ignore => Some("--ignore"),
            Self::Select => Some("--select"),
            Self::MinSeverity => Some("--min-severity"),
            Self::Baseline => Some("--baseline"),
        }
    }

    /// The reason that the configuration file gives.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Configuration { reason } => Some(reason),
            _ => None,
        }
    }
}
