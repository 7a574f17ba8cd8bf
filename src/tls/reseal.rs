//! Other content in the place of records that were opened, under made-up secrets: who gets it can read it, and learns nothing that
//! opens the session itself.

use super::cipher::{Opener, Place, opener13, openers};
use super::kept::{OpenedRecord, Under};
use super::keys::{Phase, TrafficPlace};
use super::layer::Traffic;
use super::schedule::next_traffic_secret;
use super::secrets::{Secret, Secrets};
use ring::hmac;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// KeyUpdates followed from the first secret on.
const UPDATES: u32 = 1 << 16;

/// Seals records under made-up secrets.
#[derive(Debug)]
pub struct Resealer {
    secrets: Secrets,
    sealers: BTreeMap<Under, Box<dyn Opener>>,
}

impl Resealer {
    /// `secrets`: those that [`Secrets::made_up`] gives.
    pub const fn new(secrets: Secrets) -> Self {
        Self {
            secrets,
            sealers: BTreeMap::new(),
        }
    }

    /// The body of a record that has `content` in place of what was opened, as long as `old`, its body as it was. `before`: what
    /// stands right before its header in the stream, rewritten already. `None`: no record of that length has this content, or its
    /// secret or one of the records before it is not known.
    pub fn seal(
        &mut self,
        record: &OpenedRecord,
        content: &[u8],
        old: &[u8],
        before: &[u8],
    ) -> Option<Vec<u8>> {
        if !self.sealers.contains_key(&record.under) {
            let sealer = sealer(&self.secrets, &record.under)?;
            self.sealers.insert(record.under, sealer);
        }
        let sealer = self.sealers.get_mut(&record.under)?;
        let place = Place { old, before };
        match record.under {
            Under::Master { .. } => sealer.seal(record.seq, &record.head, content, &place),
            Under::Traffic { .. } => {
                // TLSInnerPlaintext (RFC 8446 §5.2).
                let inner = [content, &[record.content]].concat();
                sealer.seal(record.seq, &record.head, &inner, &place)
            }
        }
    }
}

impl Resealer {
    /// What opens the records that were sealed, in the NSS key log format (RFC 9850).
    pub fn key_log(&self) -> Zeroizing<String> {
        let randoms = self.sealers.keys().map(|under| match under {
            Under::Master { p, .. } => p.client_random,
            Under::Traffic { client_random, .. } => *client_random,
        });
        self.secrets.key_log_of(&randoms.collect())
    }
}

fn sealer(secrets: &Secrets, under: &Under) -> Option<Box<dyn Opener>> {
    match under {
        Under::Master { p, by_client } => {
            let master = secrets.master(&p.client_random)?;
            let [client, server] = openers(p, &master).ok()?;
            Some(if *by_client { client } else { server })
        }
        Under::Traffic {
            client_random,
            by_client,
            place,
        } => {
            let traffic = secrets.traffic(client_random)?;
            let secret = of_phase(traffic, *by_client, place)?;
            opener13(place.suite, place.version, &secret).ok()
        }
    }
}

/// The secret of these keys of TLS 1.3.
fn of_phase(traffic: &Traffic, by_client: bool, place: &TrafficPlace) -> Option<Secret> {
    let first = match (place.phase, by_client) {
        (Phase::Early, _) => &traffic.client_early,
        (Phase::Handshake, true) => &traffic.client_handshake,
        (Phase::Handshake, false) => &traffic.server_handshake,
        (Phase::Application, true) => &traffic.client_application,
        (Phase::Application, false) => &traffic.server_application,
    };
    let mut secret = first.clone()?;
    if place.updates > UPDATES {
        return None;
    }
    for _ in 0..place.updates {
        secret = next_traffic_secret(place.suite, place.version, &secret)?;
    }
    Some(secret)
}

impl Secrets {
    /// Other secrets for the same handshakes, as long as these; they follow from `key` and from these, and who has them knows
    /// neither. Premaster secrets and private keys have no like.
    pub fn made_up(&self, key: &[u8]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        let other = |secret: &Secret| {
            let blocks = (0_u8..=u8::MAX).flat_map(|n| {
                let mut context = hmac::Context::with_key(&key);
                context.update(&[n]);
                context.update(secret.bytes());
                context.sign().as_ref().to_vec()
            });
            Secret::new(blocks.take(secret.bytes().len()).collect::<Vec<u8>>())
        };
        let mut made_up = Self::default();
        for (random, master) in self.masters() {
            made_up.add_master(*random, other(&master));
        }
        for (random, traffic) in self.all_traffic() {
            let each = |secret: &Option<Secret>| secret.as_ref().map(other);
            let traffic = Traffic {
                client_early: each(&traffic.client_early),
                client_handshake: each(&traffic.client_handshake),
                server_handshake: each(&traffic.server_handshake),
                client_application: each(&traffic.client_application),
                server_application: each(&traffic.server_application),
            };
            made_up.add_traffic(*random, traffic);
        }
        made_up
    }
}
