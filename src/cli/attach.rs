//! Options about what goes to others: an extract of the packets, a bundle of everything.

use std::path::PathBuf;

#[derive(Debug, Default, Clone, clap::Args)]
pub(super) struct Attach {
    /// Also write a pcapng with only the packets that the findings cite and what is needed to read them again
    #[arg(long, value_name = "FILE", conflicts_with_all = ["list", "rules", "explain", "lab_template"])]
    pub(super) extract: Option<PathBuf>,

    /// Put the TLS secrets of the sessions in it into the extract. Whoever has it can read them
    #[arg(long)]
    pub(super) with_secrets: bool,

    /// Overwrite the bundle if it exists
    #[arg(long)]
    pub(super) force: bool,
}
