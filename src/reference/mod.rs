//! What codes mean in this federation: SIP status codes, TLS alerts, and the diagnostics of Microsoft servers. Data only, read by
//! `--explain` and by the rules.

pub mod alert;
pub mod ms_diagnostics;
pub mod status;

/// How sure an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sure {
    /// Documented, or seen in a real trace.
    Sourced,
    /// Told from experience; no document found.
    Unsourced,
}
