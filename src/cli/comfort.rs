//! Options about sipdiag itself: its configuration file, its completions, its man page.

use clap::ValueEnum;
use std::path::PathBuf;

#[derive(Debug, Default, clap::Args)]
pub(super) struct Comfort {
    /// Configuration file (TOML). Default: the first sipdiag.toml from the working directory upwards
    #[arg(
        long,
        value_name = "FILE",
        env = "SIPDIAG_CONFIG",
        hide_env_values = true
    )]
    pub(super) config: Option<PathBuf>,

    /// Read no configuration file
    #[arg(long)]
    pub(super) no_config: bool,

    /// Write completions for a shell, to be put where it looks for them
    #[arg(long, value_name = "SHELL", conflicts_with_all = ["captures", "list", "rules", "explain", "lab_template"])]
    pub(super) completions: Option<Shell>,

    /// Write the man page (roff)
    #[arg(long, conflicts_with_all = ["captures", "list", "rules", "explain", "lab_template", "completions"])]
    pub(super) man: bool,
}

/// Shells that completions are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}
