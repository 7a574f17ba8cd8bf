//! From a packet capture to a diagnosis of Microsoft Lync / Skype for Business and Cisco IM and Presence federation.
//!
//! ```text
//! file -> capture -> packet -> flow -> tls -> sip -> dialog -> rules -> diagnosis -> report -> render
//!         Frame      Packet    Chunk         Message Dialog    Finding    causes      Report   text, JSON
//! ```
//!
//! Every stage has the same two verbs, `push` and `finish`; no stage reads a file or asks the time.
//! What could not be read at any stage is a [`base::Caveat`] in the report: nothing is silently lost.

pub mod base;
mod error;
pub mod tls;

pub use error::Error;
