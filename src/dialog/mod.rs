//! Messages to transactions and dialogs (RFC 3261 §12, §17), across connections and directions.
//!
//! Everything that shares a Call-ID is one [`Call`]: Lync and Cisco answer and notify on connections of their own, so
//! no single connection holds a dialog. A call is judged when it ends: when it is the oldest and room is needed, or at
//! the end of the capture.

mod call;
mod history;
mod invitation;
mod kind;
mod leg;
mod table;
mod tally;
mod transaction;

pub use call::{Call, Hop, Seen};
pub use history::History;
pub use invitation::Invitation;
pub use kind::{Kind, is_im};
pub use leg::Leg;
pub use table::DialogTable;
pub use tally::{Exchange, OTHERS, Outcomes, Tally};
pub use transaction::Transaction;

use crate::base::Span;

/// 64*T1, the time after which a SIP transaction without answer has failed (RFC 3261 §17.1.1.2, Timer B and F).
pub const TRANSACTION_TIMEOUT: Span = Span::from_secs(32);

/// A call quiet for this long waits for no answer any more: twice the longest timer of a transaction.
pub const SETTLED: Span = Span::from_secs(64);
