//! What the handshake at hand has agreed, and the keys that follow from it.

use super::certificate::Certificate;
use super::cipher::{Opener, Parameters, openers};
use super::hello::{ClientHello, ServerHello};
use super::keyring::{Keyring, name_digest};
use super::keys::{Phase, Tls13};
use super::names::Version;
use super::reason::Reason;
use super::schedule::{Transcript, extended_master_secret, master_secret};
use super::secrets::Secret;
use super::suite::{CipherSuiteId, KeyExchange};
use std::sync::Arc;

/// Client randoms tried where the ClientHello was not captured.
const RANDOMS_TRIED: usize = 4_096;

/// Bytes kept of a ClientKeyExchange: what an RSA key of 16 384 bits makes, and its length.
const KEY_EXCHANGE_BYTES: usize = 2_048 + 2;
/// Bytes of the longest subject that is kept to name a certificate by.
const SUBJECT_BYTES: usize = 512;

/// The handshake at hand; a renegotiation begins a new one.
#[derive(Debug, Default)]
pub(super) struct Keying {
    pub(super) client_random: Option<[u8; 32]>,
    server: Option<Server>,
    /// Session id and ticket that the client offered, by digest.
    offered: [Option<[u8; 32]>; 2],
    certificate: Option<Leaf>,
    key_exchange: Option<Vec<u8>>,
    transcript: Option<Box<Transcript>>,
    session_hash: Option<Vec<u8>>,
    /// The session ticket that the server gave, by digest.
    ticket: Option<[u8; 32]>,
    /// Secrets that name no session were tried in vain.
    tried: bool,
    result: Option<Result<Ready, Reason>>,
}

/// The server's own certificate: what is not too long of it.
#[derive(Debug)]
struct Leaf {
    /// The modulus of its RSA key.
    modulus: Option<Arc<[u8]>>,
    subject: Option<String>,
}

/// What the server chose.
#[derive(Debug, Clone)]
struct Server {
    random: [u8; 32],
    version: Version,
    suite: CipherSuiteId,
    compression: u8,
    session_id: Vec<u8>,
    encrypt_then_mac: bool,
    truncated_hmac: bool,
    extended_master_secret: bool,
}

/// Openers of the client's and the server's direction, until each takes its own.
#[derive(Debug)]
struct Ready {
    master: Option<Secret>,
    openers: [Option<Box<dyn Opener>>; 2],
    deflate: bool,
}

/// What a direction that begins to encrypt gets.
#[derive(Debug)]
pub(super) enum Answer {
    /// Keys, and whether the records are compressed.
    Keys(Box<dyn Opener>, bool),
    /// None, and why.
    Closed(Reason),
    /// The other direction's part of the handshake has not come by yet.
    NotYet,
}

impl Keying {
    /// Begins a handshake. `hash`: a premaster secret may be found, and the master secret may depend on the messages.
    pub(super) fn begin(hello: &ClientHello, hash: bool) -> Self {
        let id = (!hello.session_id.is_empty()).then(|| name_digest(&hello.session_id));
        Self {
            client_random: Some(hello.random),
            offered: [id, hello.extensions.session_ticket_sha256],
            transcript: hash.then(|| Box::new(Transcript::new())),
            ..Self::default()
        }
    }

    /// A message of the handshake, for the session hash (RFC 7627 §3).
    pub(super) fn hash(&mut self, message: &[&[u8]]) {
        if let Some(transcript) = &mut self.transcript {
            for part in message {
                transcript.push(part);
            }
        }
    }

    /// Bytes of the handshake were not read: its hash is not known.
    pub(super) fn lose_messages(&mut self) {
        self.transcript = None;
    }

    pub(super) fn server_hello(&mut self, hello: &ServerHello) {
        self.server = Some(Server {
            random: hello.random,
            version: hello.version,
            suite: hello.suite,
            compression: hello.compression,
            session_id: hello.session_id.clone(),
            encrypt_then_mac: hello.extensions.encrypt_then_mac,
            truncated_hmac: hello.extensions.truncated_hmac,
            extended_master_secret: hello.extensions.extended_master_secret,
        });
        // Only the extended master secret needs the messages.
        if !hello.extensions.extended_master_secret {
            self.transcript = None;
        }
    }

    pub(super) fn server_certificate(&mut self, leaf: &Certificate) {
        let modulus = leaf.rsa_modulus.as_ref();
        let subject = (leaf.subject.len() <= SUBJECT_BYTES).then(|| leaf.subject.clone());
        let modulus = modulus.filter(|m| m.len() <= KEY_EXCHANGE_BYTES).cloned();
        self.certificate = Some(Leaf { modulus, subject });
    }

    /// ClientKeyExchange: ends what the session hash covers.
    pub(super) fn key_exchange(&mut self, body: &[u8]) {
        let body = body.get(..KEY_EXCHANGE_BYTES).unwrap_or(body);
        self.key_exchange.get_or_insert_with(|| body.to_vec());
        if let (Some(transcript), Some(p)) = (self.transcript.take(), self.parameters()) {
            self.session_hash = Some(transcript.session_hash(&p));
        }
    }

    /// Whether the master secret depends on every message of the handshake (RFC 7627).
    pub(super) const fn hashes_messages(&self) -> bool {
        self.session_hash.is_some()
    }

    /// NewSessionTicket (RFC 5077 §3.3).
    pub(super) fn ticket(&mut self, body: &[u8], keyring: &mut Keyring) {
        let Some(ticket) = body.get(6..).filter(|ticket| !ticket.is_empty()) else {
            return;
        };
        if let Some(Ok(Ready { master, .. })) = &self.result {
            keyring.learn(ticket, master.as_ref());
        } else {
            self.ticket = Some(name_digest(ticket));
        }
    }

    /// Suite and compression that the server has chosen in this handshake, and whether it cuts the MAC.
    pub(super) fn chosen(&self) -> Option<(CipherSuiteId, u8, bool)> {
        let server = self.server.as_ref()?;
        Some((server.suite, server.compression, server.truncated_hmac))
    }

    /// What the keys up to TLS 1.2 depend on.
    pub(super) fn parameters(&self) -> Option<Parameters> {
        let server = self.server.as_ref()?;
        Some(Parameters {
            version: server.version,
            suite: server.suite,
            client_random: self.client_random.unwrap_or([0; 32]),
            server_random: server.random,
            encrypt_then_mac: server.encrypt_then_mac,
            truncated_hmac: server.truncated_hmac,
        })
    }

    /// The keys of the direction that has just sent ChangeCipherSpec, up to TLS 1.2.
    pub(super) fn answer(&mut self, by_client: bool, keyring: &mut Keyring) -> Answer {
        let Some(p) = self.parameters() else {
            return Answer::NotYet;
        };
        if self.result.is_none() {
            if self.client_random.is_none() {
                return Answer::NotYet;
            }
            let found = self.master(&p, keyring);
            let to_try = !self.tried && keyring.unnamed(self.has_no_id()).next().is_some();
            if matches!(found, Err(None)) || (found.is_err() && to_try) {
                return Answer::NotYet;
            }
            self.settle(
                &p,
                found.map_err(|reason| reason.unwrap_or(Reason::RecordsMissing)),
                keyring,
            );
        }
        match &mut self.result {
            Some(Ok(ready)) => {
                let [client, server] = &mut ready.openers;
                let own = if by_client { client } else { server };
                match own.take() {
                    Some(opener) => Answer::Keys(opener, ready.deflate),
                    None => Answer::Closed(Reason::RecordsMissing),
                }
            }
            Some(Err(reason)) => Answer::Closed(reason.clone()),
            None => Answer::NotYet,
        }
    }

    /// What is known of the master secret becomes openers, and is remembered for sessions that resume this one.
    fn settle(&mut self, p: &Parameters, found: Result<Secret, Reason>, keyring: &mut Keyring) {
        let server = self.server.as_ref();
        let compression = server.map_or(0, |s| s.compression);
        let master = found.as_ref().ok().cloned();
        if let Some(master) = &master {
            keyring.note_master(p.client_random, master);
        }
        if let Some(server) = server {
            keyring.learn(&server.session_id, master.as_ref());
        }
        if let Some(ticket) = self.ticket.take() {
            keyring.learn_digest(ticket, master.as_ref());
        }
        self.result = Some(found.and_then(|master| {
            let unsupported = Reason::SuiteNotSupported {
                suite: p.suite,
                compression,
            };
            let deflate = match compression {
                0 => false,
                1 if keyring.may_decompress() => true,
                _ => return Err(unsupported),
            };
            match openers(p, &master) {
                Ok([client, server]) => Ok(Ready {
                    master: Some(master),
                    openers: [Some(client), Some(server)],
                    deflate,
                }),
                Err(_) => Err(unsupported),
            }
        }));
    }

    /// The master secret; `Err(None)`: the ClientKeyExchange may still come.
    fn master(&self, p: &Parameters, keyring: &mut Keyring) -> Result<Secret, Option<Reason>> {
        let server = self.server.as_ref().ok_or(None)?;
        if let Some(master) = keyring.master(&p.client_random) {
            keyring.log_was_used();
            return Ok(master);
        }
        if let Some(master) = keyring.session(&server.session_id).cloned() {
            keyring.log_was_used();
            return Ok(master);
        }
        let Some(body) = &self.key_exchange else {
            return self.resumed(p, server, keyring);
        };
        let from = |premaster: &[u8]| match (&self.session_hash, server.extended_master_secret) {
            (Some(hash), true) => Some(extended_master_secret(p, premaster, hash)),
            // The messages it depends on were not all seen.
            (None, true) => None,
            (_, false) => Some(master_secret(p, premaster)),
        };
        if let Some(premaster) = keyring.premaster(&p.client_random).cloned() {
            keyring.log_was_used();
            return from(premaster.bytes()).ok_or(Some(Reason::RecordsMissing));
        }
        let no_secrets = Reason::NoSecrets {
            client_random: p.client_random,
        };
        if !p.suite.uses_rsa_key_exchange() {
            let ephemeral = !keyring.keys().is_empty() && has_ephemeral_keys(p.suite);
            return Err(Some(if ephemeral {
                Reason::EphemeralKeyExchange {
                    suite: p.suite,
                    client_random: p.client_random,
                }
            } else {
                no_secrets
            }));
        }
        let encrypted = encrypted_premaster(body, p.version);
        if let Some(premaster) = keyring.encrypted_premaster(encrypted).cloned() {
            keyring.log_was_used();
            return from(premaster.bytes()).ok_or(Some(Reason::RecordsMissing));
        }
        if keyring.keys().is_empty() {
            return Err(Some(no_secrets));
        }
        let modulus = self
            .certificate
            .as_ref()
            .and_then(|leaf| leaf.modulus.as_deref());
        let opened = keyring.keys().iter().enumerate().find_map(|(place, key)| {
            let fits = modulus.is_none_or(|modulus| key.fits(modulus));
            fits.then(|| key.premaster(encrypted))
                .flatten()
                .map(|premaster| (place, premaster))
        });
        let Some((place, premaster)) = opened else {
            return Err(Some(Reason::PrivateKeyDoesNotMatch {
                subject: self
                    .certificate
                    .as_ref()
                    .and_then(|leaf| leaf.subject.clone()),
            }));
        };
        keyring.key_was_used(place);
        from(premaster.bytes()).ok_or(Some(Reason::RecordsMissing))
    }

    /// Without a ClientKeyExchange: an abbreviated handshake (RFC 5246 §7.3), or it was missed.
    fn resumed(
        &self,
        p: &Parameters,
        server: &Server,
        keyring: &Keyring,
    ) -> Result<Secret, Option<Reason>> {
        let [id, ticket] = &self.offered;
        let same_id = (!server.session_id.is_empty()).then(|| name_digest(&server.session_id));
        let id = id.as_ref().filter(|id| same_id.as_ref() == Some(id));
        let known = |name: Option<&[u8; 32]>| name.and_then(|name| keyring.learned(name));
        let opened = |name| known(name).flatten();
        if let Some(master) = opened(ticket.as_ref()).or_else(|| opened(id)) {
            return Ok(master.clone());
        }
        if self.certificate.is_some() {
            // A full handshake: what is missing may still come.
            return Err(None);
        }
        let seen = known(ticket.as_ref()).is_some() || known(id).is_some();
        let resumes = id.is_some() || ticket.is_some();
        Err(resumes.then_some(if seen {
            Reason::NoSecrets {
                client_random: p.client_random,
            }
        } else {
            Reason::ResumedNotCaptured {
                client_random: p.client_random,
            }
        }))
    }

    /// The server has given the session no id.
    pub(super) fn has_no_id(&self) -> bool {
        self.server
            .as_ref()
            .is_some_and(|s| s.session_id.is_empty())
    }

    /// Nothing names a secret of this session: tries those that could be on its first record. Without a ClientHello that is
    /// every client random of the key logs, with one every master secret that names no session.
    pub(super) fn by_trial(
        &mut self,
        by_client: bool,
        keyring: &mut Keyring,
        mut opens: impl FnMut(&mut dyn Opener) -> bool,
    ) -> bool {
        let Some(mut p) = self.parameters().filter(|_| !self.tried) else {
            return false;
        };
        self.tried = true;
        let known = self.client_random;
        // Not looked through where none of them can be it: each is a copy.
        let named = known.is_none().then(|| keyring.latest_masters());
        let unnamed = keyring.unnamed(self.has_no_id());
        let unnamed = unnamed.filter_map(|master| Some((known.as_ref()?, master.clone())));
        let mut found = None;
        let mut tried = 0_usize;
        let to_try = named
            .into_iter()
            .flatten()
            .take(RANDOMS_TRIED)
            .chain(unnamed);
        for (client_random, master) in to_try.take(keyring.may_try(usize::MAX)) {
            tried = tried.saturating_add(1);
            p.client_random = *client_random;
            let Ok([mut client, mut server]) = openers(&p, &master) else {
                return false;
            };
            let own = if by_client { &mut client } else { &mut server };
            if opens(own.as_mut()) {
                found = Some((*client_random, master));
                break;
            }
        }
        keyring.were_tried(tried);
        let Some((client_random, master)) = found else {
            return false;
        };
        keyring.log_was_used();
        self.client_random = Some(client_random);
        p.client_random = client_random;
        self.settle(&p, Ok(master), keyring);
        true
    }

    /// The traffic secrets of a direction of TLS 1.3, if the key logs have any.
    pub(super) fn traffic(&self, by_client: bool, keyring: &mut Keyring) -> Option<Tls13> {
        let client_random = self.client_random?;
        let tls13 = traffic_of(
            keyring,
            &client_random,
            by_client,
            self.server.as_ref().map(|s| (s.version, s.suite)),
        )?;
        Some(tls13)
    }

    /// Why a session of TLS 1.3 without traffic secrets is not opened.
    pub(super) fn no_traffic(&self, keyring: &Keyring) -> Reason {
        let Some(client_random) = self.client_random else {
            return Reason::HandshakeNotCaptured;
        };
        match &self.server {
            Some(server) if !keyring.keys().is_empty() => Reason::EphemeralKeyExchange {
                suite: server.suite,
                client_random,
            },
            _ => Reason::NoSecrets { client_random },
        }
    }
}

/// The traffic secrets of one direction in the order of their use.
pub(super) fn traffic_of(
    keyring: &Keyring,
    client_random: &[u8; 32],
    by_client: bool,
    chosen: Option<(Version, CipherSuiteId)>,
) -> Option<Tls13> {
    let traffic = keyring.traffic(client_random)?;
    let secrets = if by_client {
        [
            (Phase::Early, &traffic.client_early),
            (Phase::Handshake, &traffic.client_handshake),
            (Phase::Application, &traffic.client_application),
        ]
    } else {
        [
            (Phase::Early, &None),
            (Phase::Handshake, &traffic.server_handshake),
            (Phase::Application, &traffic.server_application),
        ]
    };
    let mut secrets = secrets
        .into_iter()
        .filter_map(|(phase, secret)| Some((phase, secret.clone()?)))
        .peekable();
    secrets.peek()?;
    let (version, suite) = match chosen {
        Some((version, suite)) => (version, Some(suite)),
        None => (Version::TLS13, None),
    };
    Some(Tls13::new(version, suite, secrets))
}

/// TLS has a length before it, SSL 3.0 has not, though some write it there too (RFC 6101 §5.6.7.1, RFC 5246 §7.4.7.1).
fn encrypted_premaster(body: &[u8], version: Version) -> &[u8] {
    match body.split_first_chunk::<2>() {
        Some((len, rest))
            if usize::from(u16::from_be_bytes(*len)) == rest.len() || version != Version::SSL3 =>
        {
            rest
        }
        _ => body,
    }
}

fn has_ephemeral_keys(suite: CipherSuiteId) -> bool {
    use KeyExchange::{DhAnon, DheDss, DhePsk, DheRsa, EcdhAnon, EcdheEcdsa, EcdhePsk, EcdheRsa};
    suite.info().is_some_and(|info| {
        matches!(
            info.kx,
            DheRsa | DheDss | DhAnon | DhePsk | EcdheRsa | EcdheEcdsa | EcdhAnon | EcdhePsk
        )
    })
}
