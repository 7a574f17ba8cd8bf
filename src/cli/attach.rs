//! Options about what goes to others: an extract of the packets, a bundle of everything.

use std::path::PathBuf;

#[derive(Debug, Default, Clone, clap::Args)]
pub(super) struct Attach {
    /// Also write a pcapng with only the packets that the findings cite and what is needed to read them again
    #[arg(long, value_name = "FILE", conflicts_with_all = ["list", "rules", "explain", "lab_template"])]
    pub(super) extract: Option<PathBuf>,

    /// Replace users, names, domains, hosts, public addresses, Call-IDs and texts by pseudonyms, consistently, in all that is written
    #[arg(long, conflicts_with_all = ["rules", "explain"])]
    pub(super) redact: bool,

    /// Key of the pseudonyms: with the same one they are the same in every run. At least 16 bytes, kept secret
    #[arg(long, value_name = "FILE", requires = "redact")]
    pub(super) redact_key: Option<PathBuf>,

    /// Also write what stands for what (CSV). Not for others: it undoes the redaction
    #[arg(long, value_name = "FILE", requires = "redact")]
    pub(super) redact_map: Option<PathBuf>,

    /// Put the TLS secrets of the sessions in it into the extract. Whoever has it can read them. With --redact they are made up, and
    /// what the real ones open is rewritten and encrypted again under them
    #[arg(long)]
    pub(super) with_secrets: bool,

    /// Also write a ZIP for a ticket: the report in each format, the extract, the SHA-256 of the captures, version and command line
    #[arg(long, value_name = "FILE", conflicts_with_all = ["list", "ladder", "rules", "explain", "lab_template"])]
    pub(super) bundle: Option<PathBuf>,

    /// Report only what an earlier report (JSON) of the same servers does not have
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rules", "explain"])]
    pub(super) baseline: Option<PathBuf>,

    /// Overwrite the bundle if it exists
    #[arg(long, requires = "bundle")]
    pub(super) force: bool,
}

impl Attach {
    /// Whether packets are to be written.
    pub(super) const fn wants_packets(&self) -> bool {
        self.extract.is_some() || self.bundle.is_some()
    }
}
