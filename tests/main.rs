//! One test binary.

mod oracle_packets;
