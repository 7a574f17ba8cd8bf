//! From a packet capture to a diagnosis of Microsoft Lync / Skype for Business and Cisco IM and Presence federation.
//!
//! ```text
//! file -> capture -> packet -> flow -> tls -> sip -> dialog -> rules -> diagnosis -> report -> render
//!         Frame      Packet    Chunk         Message Call      Finding    causes     Report    text, JSON
//! ```
//!
//! Every stage has the same two verbs, `push` and `finish`; no stage reads a file or asks the time.
//! What could not be read at any stage is a [`base::Caveat`] in the report: nothing is silently lost.

pub mod analyzer;
pub mod base;
pub mod capture;
pub mod clock;
pub mod connection;
pub mod diagnosis;
pub mod dialog;
pub mod dns;
mod error;
pub mod extract;
pub mod finding;
pub mod flow;
pub mod host;
pub mod lab;
pub mod ladder;
pub mod packet;
pub mod presence;
pub mod redact;
pub mod reference;
pub mod render;
pub mod report;
pub mod rules;
pub mod sctp;
pub mod sip;
pub mod tls;
pub mod websocket;

use std::io::Read;

pub use analyzer::{Analyzer, Config};
pub use error::Error;
pub use report::Report;

/// Analyses one capture: the paved path for library users.
///
/// # Errors
///
/// Bytes that are no capture, or whose first bytes cannot be read. Damage further on is in the report.
///
/// # Examples
///
/// ```
/// // An empty pcap: 24 bytes of header, no packet.
/// let empty = [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0];
/// let report = sipdiag::analyze(std::io::Cursor::new(empty), "empty.pcap", sipdiag::Config::default())?;
/// assert!(report.findings.is_empty());
/// # Ok::<(), sipdiag::Error>(())
/// ```
pub fn analyze(
    capture: impl Read + Send + 'static,
    name: &str,
    config: Config,
) -> Result<Report, Error> {
    let reader = capture::Capture::open(
        Box::new(capture),
        name,
        base::FileIndex(0),
        false,
        &config.limits,
    )?;
    let mut captures = capture::Merge::new(vec![reader]);
    let mut analyzer = Analyzer::new(config);
    analyzer.read(&mut captures);
    Ok(analyzer.finish(captures.summaries()))
}
