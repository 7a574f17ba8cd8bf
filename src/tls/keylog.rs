//! The NSS key log format (RFC 9850): text → [`Secrets`](super::Secrets).
