//! Leaf types every room shares. This room imports nothing of ours.

mod caveat;
mod chunk;
mod frame;
mod hex;
mod limits;
mod net;
mod time;

pub use caveat::{Caveat, CaveatKind, Caveats, CaveatsEntry, Unkept};
pub use chunk::Chunk;
pub use frame::{FileIndex, Frame, FrameNumber, FrameRef, LinkType};
pub use hex::hex;
pub use limits::Limits;
pub use net::{Direction, Endpoint, FlowKey, Network, NetworkError, Transport};
pub use time::{Span, Timestamp};
