//! ClientHello and ServerHello, from the SSLv2-style form to TLS 1.3 and its drafts.

use super::keyring::name_digest;
use super::memory::{list, texts, words};
use super::names::{ExtensionType, NamedGroup, SignatureScheme, Version};
use super::suite::CipherSuiteId;
use super::wire::{Reader, text, u16s};
use crate::base::FrameRef;

/// What a client offered (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2; SSLv2-style: RFC 5246 §E.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientHello {
    /// The frame that completed it.
    pub at: FrameRef,
    /// The version on the record; as `legacy_version` in an SSLv2-style hello.
    pub record_version: Version,
    /// The version in the message: the highest up to TLS 1.2. See [`Self::highest_version`].
    pub legacy_version: Version,
    /// Sent in the SSLv2 form.
    pub sslv2: bool,
    /// Client random; of an SSLv2-style hello the challenge, zero bytes in front.
    pub random: [u8; 32],
    /// Session id, at most 32 bytes; in TLS 1.3 it has no meaning.
    pub session_id: Vec<u8>,
    /// Suites in the order of preference, GREASE and signalling values included.
    pub suites: Vec<CipherSuiteId>,
    /// SSL 2.0 suites of an SSLv2-style hello (three bytes each, first one not zero).
    pub sslv2_suites: Vec<u32>,
    /// Compression methods; 0 is none.
    pub compression: Vec<u8>,
    /// The extensions.
    pub extensions: Extensions,
}

/// What a server chose (RFC 8446 §4.1.3, RFC 5246 §7.4.1.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerHello {
    /// The frame that completed it.
    pub at: FrameRef,
    /// The version on the record.
    pub record_version: Version,
    /// The version in the message.
    pub legacy_version: Version,
    /// The version chosen, `supported_versions` considered.
    pub version: Version,
    /// Server random.
    pub random: [u8; 32],
    /// Session id; empty in drafts of TLS 1.3 before 22.
    pub session_id: Vec<u8>,
    /// The suite chosen.
    pub suite: CipherSuiteId,
    /// The compression method chosen; 0 is none.
    pub compression: u8,
    /// The extensions.
    pub extensions: Extensions,
}

/// The extensions of a hello. `None` and empty mean: not sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extensions {
    /// All types in the order sent.
    pub types: Vec<ExtensionType>,
    /// Host name of server_name (RFC 6066 §3).
    pub sni: Option<String>,
    /// supported_versions: all offered, or the one chosen (RFC 8446 §4.2.1).
    pub supported_versions: Vec<Version>,
    /// supported_groups (RFC 8422 §5.1.1).
    pub supported_groups: Vec<NamedGroup>,
    /// signature_algorithms (RFC 8446 §4.2.3).
    pub signature_algorithms: Vec<SignatureScheme>,
    /// ec_point_formats (RFC 8422 §5.1.2).
    pub ec_point_formats: Vec<u8>,
    /// Protocols of ALPN (RFC 7301).
    pub alpn: Vec<String>,
    /// Bytes of the ticket in session_ticket, 0 when only asked for (RFC 5077 §3.2).
    pub session_ticket_len: Option<usize>,
    /// SHA-256 of that ticket: what a session resumed by it is known by.
    pub session_ticket_sha256: Option<[u8; 32]>,
    /// extended_master_secret (RFC 7627).
    pub extended_master_secret: bool,
    /// encrypt_then_mac (RFC 7366).
    pub encrypt_then_mac: bool,
    /// truncated_hmac (RFC 6066 §7).
    pub truncated_hmac: bool,
    /// Bytes of verify data in renegotiation_info, 0 in a first handshake (RFC 5746 §3.2).
    pub renegotiation_info: Option<usize>,
    /// pre_shared_key: offered, or chosen (RFC 8446 §4.2.11).
    pub pre_shared_key: bool,
    /// psk_key_exchange_modes sent.
    pub psk_key_exchange_modes: bool,
    /// early_data (RFC 8446 §4.2.10).
    pub early_data: bool,
    /// cookie (RFC 8446 §4.2.2).
    pub cookie: bool,
    /// encrypted_client_hello: the names above may be a cover.
    pub encrypted_client_hello: bool,
    /// Groups of key_share: all offered, or the one chosen (RFC 8446 §4.2.8).
    pub key_share: Vec<NamedGroup>,
    /// Extensions whose content does not read as their RFC says.
    pub malformed: Vec<ExtensionType>,
    /// Bytes behind the last whole extension.
    pub trailing: usize,
}

impl Extensions {
    /// Whether an extension of this type was sent.
    pub fn has(&self, extension: ExtensionType) -> bool {
        self.types.contains(&extension)
    }

    /// Bytes of memory that they take beside themselves, about.
    fn memory(&self) -> usize {
        let numbers = [
            list(&self.types),
            list(&self.supported_versions),
            list(&self.supported_groups),
            list(&self.signature_algorithms),
            list(&self.ec_point_formats),
            list(&self.key_share),
            list(&self.malformed),
        ];
        let names = texts(&self.alpn).saturating_add(words(&self.sni));
        numbers.into_iter().sum::<usize>().saturating_add(names)
    }

    /// Reads the vector of extensions that ends a hello; there may be none at all (RFC 5246 §7.4.1.2).
    fn read(r: &mut Reader<'_>, from_client: bool) -> Self {
        let mut all = Self::default();
        if r.is_empty() {
            return all;
        }
        let Some(bytes) = r.vec16() else {
            all.trailing = r.rest().len();
            return all;
        };
        let mut list = Reader::new(bytes);
        while !list.is_empty() {
            let before = list.rest().len();
            let (Some(kind), Some(content)) = (list.u16(), list.vec16()) else {
                all.trailing = before;
                return all;
            };
            let kind = ExtensionType(kind);
            all.types.push(kind);
            if all
                .read_one(kind, Reader::new(content), from_client)
                .is_none()
            {
                all.malformed.push(kind);
            }
        }
        all.trailing = r.rest().len();
        all
    }

    fn read_one(
        &mut self,
        kind: ExtensionType,
        mut r: Reader<'_>,
        from_client: bool,
    ) -> Option<()> {
        match kind.0 {
            // A server answers with an empty one.
            0 if !r.is_empty() => {
                let mut names = Reader::new(r.vec16()?);
                while !names.is_empty() {
                    let (name_type, name) = (names.u8()?, names.vec16()?);
                    if name_type == 0 {
                        self.sni.get_or_insert_with(|| text(name));
                    }
                }
            }
            4 => self.truncated_hmac = true,
            10 => self.supported_groups = u16s(r.vec16()?).into_iter().map(NamedGroup).collect(),
            11 => self.ec_point_formats = r.vec8()?.to_vec(),
            13 => {
                self.signature_algorithms =
                    u16s(r.vec16()?).into_iter().map(SignatureScheme).collect()
            }
            16 => {
                let mut names = Reader::new(r.vec16()?);
                while !names.is_empty() {
                    self.alpn.push(text(names.vec8()?));
                }
            }
            22 => self.encrypt_then_mac = true,
            23 => self.extended_master_secret = true,
            35 => {
                self.session_ticket_len = Some(r.rest().len());
                self.session_ticket_sha256 = (!r.is_empty()).then(|| name_digest(r.rest()));
            }
            41 => self.pre_shared_key = true,
            42 => self.early_data = true,
            43 if from_client => {
                self.supported_versions = u16s(r.vec8()?).into_iter().map(Version).collect()
            }
            43 => self.supported_versions = vec![Version(r.u16()?)],
            44 => self.cookie = true,
            45 => self.psk_key_exchange_modes = true,
            // 40 was its number up to draft 22.
            40 | 51 if from_client => {
                let mut shares = Reader::new(r.vec16()?);
                while !shares.is_empty() {
                    self.key_share.push(NamedGroup(shares.u16()?));
                    shares.vec16()?;
                }
            }
            40 | 51 => self.key_share.push(NamedGroup(r.u16()?)),
            0xfe0d => self.encrypted_client_hello = true,
            0xff01 => self.renegotiation_info = Some(r.vec8()?.len()),
            _ => {}
        }
        Some(())
    }
}

impl ClientHello {
    /// Bytes of memory that it takes beside itself, about.
    pub(super) fn memory(&self) -> usize {
        list(&self.suites)
            .saturating_add(list(&self.sslv2_suites))
            .saturating_add(list(&self.compression))
            .saturating_add(list(&self.session_id))
            .saturating_add(self.extensions.memory())
    }

    /// Reads the body of the handshake message.
    pub(super) fn parse(body: &[u8], record_version: Version, at: FrameRef) -> Option<Self> {
        let mut r = Reader::new(body);
        let legacy_version = Version(r.u16()?);
        let random = r.array()?;
        let session_id = r.vec8()?.to_vec();
        let suites = u16s(r.vec16()?).into_iter().map(CipherSuiteId).collect();
        let compression = r.vec8()?.to_vec();
        let extensions = Extensions::read(&mut r, true);
        Some(Self {
            at,
            record_version,
            legacy_version,
            sslv2: false,
            random,
            session_id,
            suites,
            sslv2_suites: Vec::new(),
            compression,
            extensions,
        })
    }

    /// Reads an SSLv2-style hello, from its message type on (RFC 5246 §E.2).
    pub(super) fn parse_sslv2(body: &[u8], at: FrameRef) -> Option<Self> {
        let mut r = Reader::new(body);
        if r.u8()? != 1 {
            return None;
        }
        let version = Version(r.u16()?);
        let (specs, id, challenge) = (r.u16()?, r.u16()?, r.u16()?);
        let (triples, rest) = r.take(usize::from(specs))?.as_chunks::<3>();
        if !rest.is_empty() {
            return None;
        }
        let session_id = r.take(usize::from(id))?.to_vec();
        let challenge = r.take(usize::from(challenge))?;
        let mut random = [0; 32];
        for (to, from) in random.iter_mut().rev().zip(challenge.iter().rev()) {
            *to = *from;
        }
        let (mut suites, mut sslv2_suites) = (Vec::new(), Vec::new());
        for [a, b, c] in triples {
            if *a == 0 {
                suites.push(CipherSuiteId(u16::from_be_bytes([*b, *c])));
            } else {
                sslv2_suites.push(u32::from_be_bytes([0, *a, *b, *c]));
            }
        }
        Some(Self {
            at,
            record_version: version,
            legacy_version: version,
            sslv2: true,
            random,
            session_id,
            suites,
            sslv2_suites,
            compression: vec![0],
            extensions: Extensions {
                trailing: r.rest().len(),
                ..Extensions::default()
            },
        })
    }

    /// The highest version offered, `supported_versions` considered; GREASE left out.
    pub fn highest_version(&self) -> Version {
        self.extensions
            .supported_versions
            .iter()
            .copied()
            .filter(|v| !v.is_grease())
            .max_by_key(|v| v.rank())
            .unwrap_or(self.legacy_version)
    }

    /// Suites a server may choose: no GREASE, no signalling values.
    pub fn real_suites(&self) -> impl Iterator<Item = CipherSuiteId> + '_ {
        self.suites
            .iter()
            .copied()
            .filter(|s| !s.is_grease() && !s.is_signal())
    }

    /// gmt_unix_time: seconds since 1970 in the first four bytes of the random (RFC 5246 §7.4.1.2). Newer stacks send
    /// random bytes: believe it only near the capture time. `None` in an SSLv2-style hello.
    pub fn gmt_unix_time(&self) -> Option<u32> {
        (!self.sslv2).then(|| leading_time(&self.random))
    }
}

impl ServerHello {
    /// Bytes of memory that it takes beside itself, about.
    pub(super) fn memory(&self) -> usize {
        list(&self.session_id).saturating_add(self.extensions.memory())
    }

    /// Reads the body of the handshake message.
    pub(super) fn parse(body: &[u8], record_version: Version, at: FrameRef) -> Option<Self> {
        let mut r = Reader::new(body);
        let legacy_version = Version(r.u16()?);
        let random = r.array()?;
        // TLS 1.3 proper says TLS 1.2 here; drafts before 22 said themselves, and had neither session id nor
        // compression (draft-ietf-tls-tls13-21 §4.1.3).
        let early_draft = legacy_version.is_tls13();
        let session_id = if early_draft {
            Vec::new()
        } else {
            r.vec8()?.to_vec()
        };
        let suite = CipherSuiteId(r.u16()?);
        let compression = if early_draft { 0 } else { r.u8()? };
        let extensions = Extensions::read(&mut r, false);
        let version = extensions
            .supported_versions
            .first()
            .copied()
            .unwrap_or(legacy_version);
        Some(Self {
            at,
            record_version,
            legacy_version,
            version,
            random,
            session_id,
            suite,
            compression,
            extensions,
        })
    }

    /// Whether it is a HelloRetryRequest in the shape of a ServerHello (RFC 8446 §4.1.3).
    pub fn is_hello_retry(&self) -> bool {
        self.random == HELLO_RETRY_RANDOM
    }

    /// As [`ClientHello::gmt_unix_time`].
    pub fn gmt_unix_time(&self) -> u32 {
        leading_time(&self.random)
    }
}

/// SHA-256 of "HelloRetryRequest" (RFC 8446 §4.1.3).
pub(super) const HELLO_RETRY_RANDOM: [u8; 32] = [
    0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
    0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
];

const fn leading_time(random: &[u8; 32]) -> u32 {
    let [a, b, c, d, ..] = *random;
    u32::from_be_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hello_retry_random_is_the_hash_of_its_name() {
        let hash = ring::digest::digest(&ring::digest::SHA256, b"HelloRetryRequest");
        assert_eq!(hash.as_ref(), HELLO_RETRY_RANDOM);
    }

    #[test]
    fn an_sslv2_style_hello_gives_suites_and_a_padded_random() {
        let mut body = vec![
            1, 3, 1, 0, 9, 0, 0, 0, 16, 0, 0, 0x2f, 1, 0, 0x80, 0, 0, 0xff,
        ];
        body.extend([7; 16]);
        let hello = ClientHello::parse_sslv2(&body, FrameRef::default()).unwrap();
        assert_eq!(
            hello.suites,
            [CipherSuiteId(0x2f), CipherSuiteId::RENEGOTIATION_SCSV]
        );
        assert_eq!(hello.sslv2_suites, [0x01_0080]);
        assert_eq!((hello.random[15], hello.random[16]), (0, 7));
        assert_eq!(
            (hello.highest_version(), hello.gmt_unix_time()),
            (Version::TLS10, None)
        );
    }

    #[test]
    fn a_cut_extension_is_counted_and_a_wrong_one_named() {
        let mut body = vec![3, 3];
        body.extend([1; 32]);
        body.extend([0, 0, 2, 0, 0x2f, 1, 0]);
        let with = |extensions: &[u8]| {
            let mut b = body.clone();
            b.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
            b.extend(extensions);
            ClientHello::parse(&b, Version::TLS10, FrameRef::default())
                .unwrap()
                .extensions
        };
        assert_eq!(with(&[0, 23, 0, 0, 0, 22, 0, 9]).trailing, 4);
        assert_eq!(with(&[0, 10, 0, 1, 5]).malformed, [ExtensionType(10)]);
        let sni = with(&[0, 0, 0, 8, 0, 6, 0, 0, 3, b'a', b'\n', b'b']);
        assert_eq!(sni.sni.as_deref(), Some("a\\nb"));
    }
}
