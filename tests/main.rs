//! One test binary: one link, one start. What each module is for stands on top of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests fail by panicking, and say on standard error what they skip"
)]

mod bundle;
mod captures;
mod catalogue;
mod cli;
mod comfort;
mod configuration;
mod coverage;
mod decrypt;
mod differential;
mod encapsulation;
mod extract;
mod formats;
#[cfg(unix)]
mod interrupt;
mod jobs;
mod layering;
mod limits;
mod lists;
mod oracle;
mod oracle_packets;
mod properties;
mod redacted;
mod redaction;
mod replay;
mod robustness;
mod rules;
mod samples;
mod secrets;
mod seeds;
mod shells;
mod streams;
mod support;
mod targets;
mod torture;
mod transports;
mod verdicts;
