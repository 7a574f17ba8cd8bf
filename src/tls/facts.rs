//! What each handshake message adds to the summary. A fact is set once: what a renegotiation says later does not
//! replace what the first handshake said.

use super::handshake::{CertificateFlight, CertificateRequest, ServerKeyExchange};
use super::hello::{ClientHello, ServerHello};
use super::joiner::Message;
use super::keying::Keying;
use super::keyring::Keyring;
use super::names::Version;
use super::observed::{What, Why};
use super::session::{Outlet, Session, at_index, count};
use crate::base::{Direction, FrameRef};

/// Bytes of what its handshake told that each session may keep; a hello takes one KiB, a list of a hundred authorities ten.
const OWN_FACTS: usize = 8 << 10;

impl Session {
    pub(super) fn sslv2_hello(
        &mut self,
        direction: Direction,
        at: FrameRef,
        body: &[u8],
        out: &mut Outlet<'_>,
    ) {
        let Some(hello) = ClientHello::parse_sslv2(body, at) else {
            self.summary
                .lost(direction, at, Why::MalformedHandshake, count(body.len()));
            return;
        };
        let kind = super::HandshakeType(1);
        self.summary.event(at, direction, What::Handshake(kind));
        at_index(&mut self.summary.last_handshake, direction).replace((kind, at));
        self.client_hello(direction, hello, false, out);
        self.keying.hash(&[body]);
    }

    pub(super) fn message(
        &mut self,
        direction: Direction,
        at: FrameRef,
        record_version: Version,
        protected: bool,
        message: &Message<'_>,
        out: &mut Outlet<'_>,
    ) {
        let s = &mut self.summary;
        s.event(at, direction, What::Handshake(message.kind));
        at_index(&mut s.last_handshake, direction).replace((message.kind, at));
        if protected && matches!(message.kind.0, 0..=2) && !s.is_tls13() {
            s.renegotiation.get_or_insert(at);
        }
        let Some(body) = message.body else {
            s.lost(direction, at, Why::HandshakeTooLong, count(message.len));
            self.too_long(direction, at, message, out);
            return;
        };
        let understood = match message.kind.0 {
            1 => match ClientHello::parse(body, record_version, at) {
                Some(hello) => {
                    self.client_hello(direction, hello, protected, out);
                    true
                }
                None => false,
            },
            2 => match ServerHello::parse(body, record_version, at) {
                Some(hello) => {
                    self.server_hello(direction, hello, out);
                    true
                }
                None => false,
            },
            11 => {
                let known = &mut out.keyring.certificates;
                let flight = CertificateFlight::parse(body, s_is_tls13(self), at, known);
                self.certificate(direction, flight, out)
            }
            13 => {
                let version = self.summary.version().unwrap_or(record_version);
                let request = CertificateRequest::parse(body, version, at);
                self.certificate_request(direction, request, out)
            }
            12 => {
                let message = ServerKeyExchange::parse(body, self.summary.suite(), at);
                self.by_server(direction);
                self.summary.server_key_exchange.get_or_insert(message);
                true
            }
            kind => self.mark(direction, at, kind),
        };
        // HelloRequest is no part of the handshake it asks for (RFC 5246 §7.4.1.1).
        if message.kind.0 != 0 {
            let len = u32::try_from(message.len).unwrap_or(u32::MAX).to_be_bytes();
            let [_, high, middle, low] = len;
            self.keying
                .hash(&[&[message.kind.0, high, middle, low], body]);
        }
        match message.kind.0 {
            4 if !self.summary.is_tls13() => self.keying.ticket(body, out.keyring),
            16 => self.keying.key_exchange(body),
            kind => self.key_change(direction, kind),
        }
        if !understood {
            let why = if message.kind.known().is_some() {
                Why::MalformedHandshake
            } else {
                Why::UnknownHandshake
            };
            self.summary.lost(direction, at, why, count(message.len));
        }
    }

    /// Messages of which only the place matters here; whether the type is known.
    fn mark(&mut self, direction: Direction, at: FrameRef, kind: u8) -> bool {
        let s = &mut self.summary;
        let slot = match kind {
            4 => &mut s.new_session_ticket,
            // HelloRetryRequest of the drafts of TLS 1.3 before 22.
            6 => {
                s.hello_retry.get_or_insert((at, None));
                self.is_tls13();
                self.by_server(direction);
                return true;
            }
            14 => {
                s.resumed.get_or_insert(false);
                &mut s.server_hello_done
            }
            // TLS 1.3 has one of the server, too; what rules ask for is the client's.
            15 if direction == s.server() => return true,
            15 => &mut s.certificate_verify,
            16 => &mut s.client_key_exchange,
            20 => at_index(&mut s.finished, direction),
            22 => &mut s.certificate_status,
            _ => return super::HandshakeType(kind).known().is_some(),
        };
        slot.get_or_insert(at);
        match kind {
            4 | 14 | 22 => self.by_server(direction),
            16 => self.by_server(direction.reverse()),
            _ => {}
        }
        true
    }

    /// A message only a server sends: says who is who when no hello was seen.
    fn by_server(&mut self, direction: Direction) {
        self.summary
            .client
            .get_or_insert_with(|| direction.reverse());
    }

    fn client_hello(
        &mut self,
        direction: Direction,
        hello: ClientHello,
        protected: bool,
        out: &mut Outlet<'_>,
    ) {
        let s = &self.summary;
        let is_kept = s.client_hello.is_none() || s.second_client_hello.is_none();
        if is_kept && !self.has_room(direction, hello.at, hello.memory(), out) {
            return;
        }
        // A hello under protection renegotiates; one in clear after a HelloRetryRequest goes on with the same random.
        if protected || self.keying.client_random.is_none_or(|r| r != hello.random) {
            self.keying = Keying::begin(&hello, out.keyring.has_premasters());
            for side in &mut self.sides {
                side.gave_up_holding = false;
            }
        }
        let s = &mut self.summary;
        s.client.get_or_insert(direction);
        if s.client_hello.is_none() {
            s.client_hello = Some(hello);
        } else {
            s.second_client_hello.get_or_insert_with(|| Box::new(hello));
        }
    }

    fn server_hello(&mut self, direction: Direction, hello: ServerHello, out: &mut Outlet<'_>) {
        self.by_server(direction);
        let s = &self.summary;
        let is_kept = match hello.is_hello_retry() {
            true => s.hello_retry.is_none(),
            false => s.server_hello.is_none(),
        };
        if is_kept && !self.has_room(direction, hello.at, hello.memory(), out) {
            return;
        }
        if !hello.is_hello_retry() {
            self.keying.server_hello(&hello);
        }
        let s = &mut self.summary;
        if hello.is_hello_retry() {
            s.hello_retry
                .get_or_insert_with(|| (hello.at, Some(Box::new(hello))));
            self.is_tls13();
            return;
        }
        if s.server_hello.is_some() {
            return;
        }
        if hello.version.is_tls13() {
            s.resumed = Some(hello.extensions.pre_shared_key);
        }
        s.server_hello = Some(hello);
        self.chosen(out);
    }

    fn certificate(
        &mut self,
        direction: Direction,
        mut flight: CertificateFlight,
        out: &mut Outlet<'_>,
    ) -> bool {
        let understood = flight.complete || flight.is_cut();
        let (at, len) = (flight.at, flight.message_len);
        let s = &mut self.summary;
        if flight.is_cut() {
            s.lost(direction, at, Why::ChainTooLong, count(len));
        }
        let slot = if direction == s.server() {
            if let Some(leaf) = flight.leaf() {
                self.keying.server_certificate(leaf);
            }
            s.resumed.get_or_insert(false);
            &mut s.server_certificates
        } else {
            &mut s.client_certificates
        };
        if slot.is_none() {
            let all = out.keyring.certificates.claim(&mut flight.chain);
            flight.complete &= all;
            *slot = Some(flight);
            if !all {
                s.lost(direction, at, Why::NotKept, count(len));
            }
        }
        understood
    }

    /// Takes a CertificateRequest; whether it could be read to its end.
    fn certificate_request(
        &mut self,
        direction: Direction,
        request: Option<CertificateRequest>,
        out: &mut Outlet<'_>,
    ) -> bool {
        self.by_server(direction);
        let Some(mut request) = request else {
            return false;
        };
        let complete = request.complete;
        if self.summary.certificate_request.is_none() {
            if !self.has_room(direction, request.at, request.memory(), out) {
                request = CertificateRequest::unread(request.at, request.ca_list_bytes);
            }
            self.summary.certificate_request = Some(request);
        }
        complete
    }

    /// Whether there is room to keep so many bytes more of what the handshake told. What a common session tells always has some.
    fn has_room(
        &mut self,
        direction: Direction,
        at: FrameRef,
        bytes: usize,
        out: &mut Outlet<'_>,
    ) -> bool {
        let kept = self.kept.saturating_add(bytes);
        let beyond = kept.saturating_sub(OWN_FACTS).max(self.borrowed);
        let more = beyond.saturating_sub(self.borrowed);
        if !out.keyring.borrow(more) {
            self.summary.lost(direction, at, Why::NotKept, count(bytes));
            return false;
        }
        (self.kept, self.borrowed) = (kept, beyond);
        true
    }

    /// The session is over: what it kept goes on elsewhere, and its room is free.
    pub(super) fn give_back(&mut self, keyring: &mut Keyring) {
        keyring.facts = keyring.facts.saturating_sub(self.borrowed);
        (self.kept, self.borrowed) = (0, 0);
        for flight in self.summary.flights() {
            keyring.certificates.release(&flight.chain);
        }
    }

    /// The session goes on with another keyring, made with [`Keyring::share`].
    pub(crate) fn move_to(&mut self, keyring: &mut Keyring) {
        keyring.facts = keyring.facts.saturating_add(self.borrowed);
        for flight in self.summary.flights_mut() {
            keyring.certificates.adopt(&mut flight.chain);
        }
    }

    /// That such a message was sent is a fact even when it is not read.
    fn too_long(
        &mut self,
        direction: Direction,
        at: FrameRef,
        message: &Message<'_>,
        out: &mut Outlet<'_>,
    ) {
        match message.kind.0 {
            11 => {
                let flight = CertificateFlight {
                    at,
                    chain: Vec::new(),
                    message_len: message.len,
                    complete: false,
                };
                self.certificate(direction, flight, out);
            }
            13 => {
                let request = CertificateRequest::unread(at, message.len);
                self.certificate_request(direction, Some(request), out);
            }
            kind => {
                self.mark(direction, at, kind);
            }
        }
    }
}

fn s_is_tls13(session: &Session) -> bool {
    session.summary().is_tls13()
}
