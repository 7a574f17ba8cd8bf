//! What stops a run: no report can be made.

use std::io;
use std::path::PathBuf;

/// Why no report could be made. What only makes the report say less is a [`crate::base::Caveat`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file is not a capture.
    #[error(
        "{file}: not a packet capture ({what}); sipdiag reads pcap, pcapng and snoop, plain or gzip, zstd or lz4"
    )]
    NotACapture {
        /// The name the user gave.
        file: String,
        /// What was found instead.
        what: String,
    },
    /// The file could not be opened or its first bytes not be read.
    #[error("{file}: cannot be read: {source}")]
    Unreadable {
        /// The name the user gave.
        file: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The lab profile is wrong.
    #[error("{file}: {what}")]
    Profile {
        /// The name the user gave.
        file: String,
        /// The key and the line, and what is wrong.
        what: String,
    },
    /// The report could not be written.
    #[error("{}: cannot be written: {source}", path.display())]
    Unwritable {
        /// Where it should have gone.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Writing to standard output failed.
    #[error("standard output: cannot be written: {0}")]
    Output(#[from] io::Error),
}
