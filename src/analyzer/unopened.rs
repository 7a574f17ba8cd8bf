//! Sessions that stayed closed, until it is known who their ends are.

use crate::base::Endpoint;
use crate::diagnosis::Unread;
use crate::host::Hosts;
use crate::report::Undecrypted;
use crate::tls::{CipherSuiteId, Reason};
use std::net::IpAddr;

/// A session that was not decrypted, until the roles of its ends are known.
#[derive(Debug)]
pub(super) struct Unopened {
    pub(super) stream: u32,
    pub(super) opener: Endpoint,
    pub(super) called: Endpoint,
    pub(super) tls_server: IpAddr,
    pub(super) reason: Reason,
    pub(super) suite: Option<CipherSuiteId>,
}

impl Unopened {
    pub(super) fn told(self, hosts: &Hosts) -> Undecrypted {
        let tls_client = if self.tls_server == self.called.addr {
            self.opener.addr
        } else {
            self.called.addr
        };
        Undecrypted {
            connection: format!(
                "tcp.stream {}, {} > {}",
                self.stream, self.opener, self.called
            ),
            reason: self.reason.to_string(),
            reason_name: self.reason.name(),
            advice: Unread {
                reason: self.reason,
                suite: self.suite,
                server: hosts.role(self.tls_server),
                client: hosts.role(tls_client),
            }
            .advice(),
        }
    }
}
