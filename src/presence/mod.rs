//! Presence: subscriptions over all connections of a call, and what the documents in them say.
//!
//! A [`Subscription`] is the state machine of RFC 6665 with what Microsoft adds (\[MS-PRES\]): BENOTIFY, which is never answered,
//! and the first notification inside the 2xx. A [`Document`] is read as far as a diagnosis needs it: whether somebody is said to
//! be reachable. Nothing that people write about themselves is kept.

mod document;
mod multipart;
mod subscription;

pub use document::{Basic, Document, Format, Unreadable, read};
pub use subscription::{Carried, Notice, NoticeState, Purpose, Round, State, Subscription, of};
