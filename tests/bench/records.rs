//! TLS as it was before ECDHE, the same bytes at every run: RSA key exchange, and records of the suites that a capture of this
//! federation has (RFC 2246, RFC 5246, RFC 5288).

use super::secure::{Connect, Ends};
use aes::Aes128;
use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes128Gcm, Nonce};
use cbc::Encryptor;
use cipher::block_padding::NoPadding;
use cipher::{BlockCipherEncrypt, BlockModeEncrypt, KeyInit, KeyIvInit};
use des::TdesEde3;
use hmac::{Hmac, Mac};
use md5::Md5;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::cell::{Cell, RefCell};
use std::io::Write as _;

/// What protects the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suite {
    /// TLS 1.2, TLS_RSA_WITH_AES_128_GCM_SHA256.
    Gcm,
    /// TLS 1.2, TLS_RSA_WITH_AES_128_CBC_SHA.
    Cbc,
    /// TLS 1.0, TLS_RSA_WITH_3DES_EDE_CBC_SHA.
    TripleDes,
}

impl Suite {
    const fn number(self) -> u16 {
        match self {
            Self::Gcm => 0x009c,
            Self::Cbc => 0x002f,
            Self::TripleDes => 0x000a,
        }
    }

    const fn version(self) -> [u8; 2] {
        match self {
            Self::TripleDes => [3, 1],
            Self::Gcm | Self::Cbc => [3, 3],
        }
    }

    /// Bytes of MAC key, key and IV from the key block.
    const fn lengths(self) -> (usize, usize, usize) {
        match self {
            Self::Gcm => (0, 16, 4),
            Self::Cbc => (20, 16, 0),
            Self::TripleDes => (20, 24, 8),
        }
    }

    /// The pseudorandom function (RFC 5246 §5, RFC 2246 §5).
    fn prf(self, secret: &[u8], label: &str, seed: &[u8], len: usize) -> Vec<u8> {
        let seed = [label.as_bytes(), seed].concat();
        if self != Self::TripleDes {
            return expand::<Hmac<Sha256>>(secret, &seed, len);
        }
        let (left, right) = secret.split_at(secret.len() / 2);
        let md5 = expand::<Hmac<Md5>>(left, &seed, len);
        let sha = expand::<Hmac<Sha1>>(right, &seed, len);
        md5.iter().zip(sha).map(|(a, b)| a ^ b).collect()
    }

    fn hash(self, messages: &[u8]) -> Vec<u8> {
        if self == Self::TripleDes {
            [
                Md5::digest(messages).as_slice(),
                Sha1::digest(messages).as_slice(),
            ]
            .concat()
        } else {
            Sha256::digest(messages).to_vec()
        }
    }
}

fn tag<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(key).unwrap();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

fn expand<M: Mac + KeyInit>(secret: &[u8], seed: &[u8], len: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut a = tag::<M>(secret, &[seed]);
    while out.len() < len {
        out.extend(tag::<M>(secret, &[&a, seed]));
        a = tag::<M>(secret, &[&a]);
    }
    out.truncate(len);
    out
}

/// Makes connections of one suite.
pub(crate) struct Maker {
    suite: Suite,
    certificate: Vec<u8>,
    number: Cell<u64>,
    lines: RefCell<Vec<u8>>,
}

impl Maker {
    pub(crate) fn new(suite: Suite) -> Self {
        let pem = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/pki/cups01.crt.pem");
        Self {
            suite,
            certificate: CertificateDer::from_pem_file(pem).unwrap().to_vec(),
            number: Cell::new(0),
            lines: RefCell::default(),
        }
    }
}

impl Connect for Maker {
    fn connect(&self) -> Box<dyn Ends> {
        self.number.set(self.number.get() + 1);
        let number = self.number.get();
        let random = |what: &str| Sha256::digest(format!("{what} {number}"));
        let (client, server) = (random("client"), random("server"));
        let master = [random("master").as_slice(), &random("secret")[..16]].concat();
        let hex = |bytes: &[u8]| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
        let mut lines = self.lines.borrow_mut();
        writeln!(lines, "CLIENT_RANDOM {} {}", hex(&client), hex(&master)).unwrap();
        let suite = self.suite;
        let (mac, key, iv) = suite.lengths();
        let seed = [server.as_slice(), &client].concat();
        let block = suite.prf(&master, "key expansion", &seed, 2 * (mac + key + iv));
        let mut rest = block.as_slice();
        let mut next = |len| {
            let (now, later) = rest.split_at(len);
            rest = later;
            now.to_vec()
        };
        let macs = [next(mac), next(mac)];
        let keys = [next(key), next(key)];
        let ivs = [next(iv), next(iv)];
        let [client_mac, server_mac] = macs;
        let [client_key, server_key] = keys;
        let [client_iv, server_iv] = ivs;
        let side = |mac, key, iv| Side {
            mac,
            key,
            iv,
            seq: 0,
        };
        Box::new(Pair {
            suite,
            certificate: self.certificate.clone(),
            randoms: [client.to_vec(), server.to_vec()],
            master,
            sides: [
                side(client_mac, client_key, client_iv),
                side(server_mac, server_key, server_iv),
            ],
        })
    }

    fn keylog(&self) -> Vec<u8> {
        self.lines.borrow().clone()
    }
}

/// The keys of one side, and the number of its next record.
struct Side {
    mac: Vec<u8>,
    key: Vec<u8>,
    /// The implicit part of the nonce, or what the next block is chained to.
    iv: Vec<u8>,
    seq: u64,
}

struct Pair {
    suite: Suite,
    certificate: Vec<u8>,
    randoms: [Vec<u8>; 2],
    master: Vec<u8>,
    sides: [Side; 2],
}

fn handshake_message(kind: u8, body: &[u8]) -> Vec<u8> {
    let len = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind], &len[1..], body].concat()
}

impl Pair {
    fn record(&self, kind: u8, body: &[u8]) -> Vec<u8> {
        let len = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&[kind], self.suite.version().as_slice(), &len, body].concat()
    }

    fn sealed(&mut self, side: usize, kind: u8, content: &[u8]) -> Vec<u8> {
        let version = self.suite.version();
        let from = &mut self.sides[side];
        let seq = from.seq.to_be_bytes();
        from.seq += 1;
        let len = u16::try_from(content.len()).unwrap().to_be_bytes();
        let head = [&seq, [kind].as_slice(), &version, &len].concat();
        let body = match self.suite {
            Suite::Gcm => {
                let nonce = [from.iv.as_slice(), &seq].concat();
                let mut body = content.to_vec();
                let gcm = Aes128Gcm::new_from_slice(&from.key).unwrap();
                let nonce = Nonce::try_from(nonce.as_slice()).unwrap();
                gcm.encrypt_in_place(&nonce, &head, &mut body).unwrap();
                [seq.as_slice(), &body].concat()
            }
            Suite::Cbc => {
                let iv = &Sha256::digest(&head)[..16];
                let padded = padded(&from.mac, &head, content, 16);
                [iv, &chained::<Aes128>(&from.key, iv, padded)].concat()
            }
            Suite::TripleDes => {
                let padded = padded(&from.mac, &head, content, 8);
                let body = chained::<TdesEde3>(&from.key, &from.iv, padded);
                from.iv = body[body.len() - 8..].to_vec();
                body
            }
        };
        self.record(kind, &body)
    }

    fn finished(&mut self, side: usize, messages: &[u8]) -> Vec<u8> {
        let label = ["client finished", "server finished"][side];
        let seed = self.suite.hash(messages);
        let data = self.suite.prf(&self.master, label, &seed, 12);
        handshake_message(20, &data)
    }
}

/// Content, MAC and padding, in whole blocks.
fn padded(mac: &[u8], head: &[u8], content: &[u8], block: usize) -> Vec<u8> {
    let mac = tag::<Hmac<Sha1>>(mac, &[head, content]);
    let mut body = [content, &mac].concat();
    let padding = block - 1 - body.len() % block;
    body.resize(body.len() + padding + 1, u8::try_from(padding).unwrap());
    body
}

fn chained<C: BlockCipherEncrypt + KeyInit>(key: &[u8], iv: &[u8], mut body: Vec<u8>) -> Vec<u8> {
    let len = body.len();
    Encryptor::<C>::new_from_slices(key, iv)
        .unwrap()
        .encrypt_padded::<NoPadding>(&mut body, len)
        .unwrap();
    body
}

impl Ends for Pair {
    fn handshake(&mut self) -> Vec<(usize, Vec<u8>)> {
        let version = self.suite.version();
        let suite = self.suite.number().to_be_bytes();
        let hello = [
            version.as_slice(),
            &self.randoms[0],
            &[0, 0, 2],
            &suite,
            &[1, 0],
        ]
        .concat();
        let client_hello = handshake_message(1, &hello);
        let hello = [version.as_slice(), &self.randoms[1], &[0], &suite, &[0]].concat();
        let len = |n: usize| u32::try_from(n).unwrap().to_be_bytes()[1..].to_vec();
        let certificate = &self.certificate;
        let chain = [
            len(certificate.len() + 3).as_slice(),
            &len(certificate.len()),
            certificate,
        ]
        .concat();
        let server_flight = [
            handshake_message(2, &hello),
            handshake_message(11, &chain),
            handshake_message(14, &[]),
        ]
        .concat();
        // What is inside stays closed without the private key.
        let exchange = handshake_message(16, &[[1, 0].as_slice(), &[0x5a; 256]].concat());
        let mut messages = [client_hello.as_slice(), &server_flight, &exchange].concat();
        let hello = self.record(22, &client_hello);
        let flight = self.record(22, &server_flight);
        let mut answer = self.record(22, &exchange);
        let change = self.record(20, &[1]);
        let done = self.finished(0, &messages);
        answer.extend(&change);
        answer.extend(self.sealed(0, 22, &done));
        messages.extend(&done);
        let done = self.finished(1, &messages);
        let end = [change, self.sealed(1, 22, &done)].concat();
        vec![(0, hello), (1, flight), (0, answer), (1, end)]
    }

    fn seal(&mut self, side: usize, message: &[u8]) -> Vec<u8> {
        self.sealed(side, 23, message)
    }
}
