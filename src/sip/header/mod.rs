//! Header fields: their names in one table, and what is read from their values.

mod address;
mod auth;
mod cseq;
mod date;
mod diagnostics;
mod name;
mod simple;
mod via;

pub use address::Address;
pub use auth::Challenge;
pub(super) use auth::scheme;
pub use cseq::{CSeq, RAck};
pub(super) use date::timestamp;
pub use diagnostics::{DiagnosticsHeader, MsDiagnostics};
pub use name::HeaderName;
pub(super) use simple::word_and_params;
pub use simple::{ReasonValue, SubscriptionState, Warning};
pub use via::Via;
