//! Captures of any size for measuring, the same bytes at every run: `generate PROFILE MB CAPTURE [KEYLOG]`.
//!
//! | profile | what is in it |
//! | --- | --- |
//! | `udp` | subscriptions and notifications over UDP |
//! | `tcp` | the same over TCP, 400 connections at a time, 200 messages each |
//! | `gcm`, `cbc` | the same in TLS 1.2 with RSA key exchange and AES-128-GCM or AES-128-CBC; the key log has the secrets |
//! | `3des` | TLS 1.0 with 3DES, as between the servers of 2010 |
//! | `tls12`, `tls13` | AES-128-GCM behind (EC)DHE, by rustls: random keys, so other bytes at every run |
//! | `handshakes` | `tls12`, one exchange on each connection |
//! | `open-sessions` | `tls12`, 12 000 connections at a time |
//! | `noise` | one packet in twenty is SIP over UDP; the others are TCP with full segments and other UDP |
//! | `giant-flow` | all over one connection |
//! | `giant-call` | all under one Call-ID |
//! | `tiny-flows` | connections that are opened and closed, nothing else |
//! | `open-hosts` | connections of ever new hosts and users, a request on each, never answered nor closed |
//! | `syn-flood` | SYNs from ever new ports |

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a tool for those who measure: what cannot be is a panic"
)]

#[path = "messages.rs"]
mod messages;
#[path = "profiles.rs"]
mod profiles;
#[path = "records.rs"]
mod records;
#[path = "secure.rs"]
mod secure;
#[expect(dead_code, reason = "the tests use what is not used here")]
#[path = "../support/wire.rs"]
mod wire;

use std::fs::File;
use std::io::{self, BufWriter, Write};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (profile, megabytes, path, keylog) = match arguments.as_slice() {
        [profile, megabytes, path] => (profile, megabytes, path, None),
        [profile, megabytes, path, keylog] => (profile, megabytes, path, Some(keylog)),
        _ => return Err(io::Error::other("generate PROFILE MB CAPTURE [KEYLOG]")),
    };
    let bytes = megabytes.parse::<u64>().map_err(io::Error::other)? * 1_000_000;
    let mut out = BufWriter::new(File::create(path)?);
    let secrets = profiles::make(profile, bytes, &mut out)?;
    if let (Some(path), Some(secrets)) = (keylog, secrets) {
        std::fs::write(path, secrets)?;
    }
    out.flush()
}
