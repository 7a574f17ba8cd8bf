//! TLS records in clear, as the line of a scenario names them: `client-hello version=1.0 suites=000a,0005 + ccs`.

use super::{project, read_text};

/// What a connection has agreed on, so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    version: Option<u16>,
    suite: Option<u16>,
    /// Records sent, for opaque bytes that differ.
    records: u64,
}

const CCS: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const DATA: u8 = 23;
const TLS12: u16 = 0x0303;
const TLS13: u16 = 0x0304;

/// Bytes of an opaque Finished record: 16 of content, 20 of MAC, 4 of padding (AES-CBC rounds up to 48, RC4 gives 36).
const OPAQUE_FINISHED: usize = 40;
/// Seconds of 2014-03-03T18:56:14Z, in the hellos' Random (RFC 5246 §7.4.1.2: gmt_unix_time).
const RANDOM_TIME: u32 = 0x5314_d04e;

impl State {
    /// The records that one line names, in one run of bytes. `payload` is what `sip` sends.
    pub(crate) fn line(&mut self, line: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        for item in line.split(" + ") {
            let mut words = item.split_whitespace();
            let what = words.next().ok_or("a TLS message is missing")?;
            let words: Vec<&str> = words.collect();
            out.extend(self.message(what, &words, payload)?);
        }
        Ok(out)
    }

    fn message(&mut self, what: &str, words: &[&str], payload: &[u8]) -> Result<Vec<u8>, String> {
        let number = |n: usize| -> Result<usize, String> {
            let word = words
                .get(n)
                .ok_or_else(|| format!("{what}: a number is missing"))?;
            word.parse().map_err(|e| format!("{what} {word}: {e}"))
        };
        self.records += 1;
        Ok(match what {
            "client-hello" => {
                let body = self.client_hello(words)?;
                // RFC 5246 appendix E.1: the first record is of the lowest version.
                record(HANDSHAKE, 0x0301, &handshake(1, &body))
            }
            "server-hello" => {
                let body = self.server_hello(words)?;
                self.record(HANDSHAKE, &handshake(2, &body))
            }
            "certificate" => {
                let chain = words.first().ok_or("certificate: whose?")?;
                self.record(HANDSHAKE, &handshake(11, &certificate(chain)?))
            }
            "certificate-request" => {
                let body = self.certificate_request(words)?;
                self.record(HANDSHAKE, &handshake(13, &body))
            }
            "server-hello-done" => self.record(HANDSHAKE, &handshake(14, &[])),
            "client-key-exchange" => {
                let mut body = vec![1, 0];
                body.extend(opaque(256, self.records));
                self.record(HANDSHAKE, &handshake(16, &body))
            }
            "certificate-verify" => {
                let mut body = Vec::new();
                if self.version() >= 0x0303 {
                    body.extend([4, 1]); // rsa_pkcs1_sha256
                }
                body.extend([1, 0]);
                body.extend(opaque(256, self.records));
                self.record(HANDSHAKE, &handshake(15, &body))
            }
            "ccs" => self.record(CCS, &[1]),
            "finished" => {
                let body = if self.null_mac() > 0 {
                    let mut message = handshake(20, &opaque(12, self.records));
                    message.extend(vec![0; self.null_mac()]);
                    message
                } else {
                    opaque(OPAQUE_FINISHED, self.records)
                };
                self.record(HANDSHAKE, &body)
            }
            "data" => self.record(DATA, &opaque(number(0)?, self.records)),
            "alert" => {
                let byte = |n| u8::try_from(number(n)?).map_err(|e| format!("alert: {e}"));
                self.record(ALERT, &[byte(0)?, byte(1)?])
            }
            "encrypted-alert" => self.record(ALERT, &opaque(number(0)?, self.records)),
            "null-alert" => {
                let byte = |n| u8::try_from(number(n)?).map_err(|e| format!("null-alert: {e}"));
                let mut body = vec![byte(0)?, byte(1)?];
                body.extend(vec![0; self.need_null(what)?]);
                self.record(ALERT, &body)
            }
            "sip" => {
                let mac = self.need_null(what)?;
                let mut out = Vec::new();
                for part in payload.chunks(16_384 - mac) {
                    let mut body = part.to_vec();
                    body.extend(vec![0; mac]);
                    out.extend(self.record(DATA, &body));
                }
                out
            }
            other => return Err(format!("`{other}` is no TLS message")),
        })
    }

    fn version(&self) -> u16 {
        self.version.unwrap_or(0x0301)
    }

    fn record(&self, kind: u8, body: &[u8]) -> Vec<u8> {
        record(kind, self.version(), body)
    }

    /// Bytes of the MAC of a NULL suite (RFC 5246 appendix C); none for other suites.
    fn null_mac(&self) -> usize {
        match self.suite {
            Some(0x0001) => 16,
            Some(0x0002) => 20,
            Some(0x003b) => 32,
            _ => 0,
        }
    }

    fn need_null(&self, what: &str) -> Result<usize, String> {
        match self.null_mac() {
            0 => Err(format!(
                "`{what}` needs a NULL suite: server-hello suite=0002"
            )),
            mac => Ok(mac),
        }
    }

    fn client_hello(&mut self, words: &[&str]) -> Result<Vec<u8>, String> {
        let mut offered = 0x0301;
        let mut suites = vec![0x000a_u16];
        let mut extensions = Vec::new();
        let mut session = Vec::new();
        let mut clock = RANDOM_TIME;
        for (key, value) in pairs(words)? {
            match key {
                "clock" => clock = seconds(value)?,
                // signature_algorithms (RFC 5246 §7.4.1.4.1).
                "sigalgs" => {
                    let list: Vec<u16> = value.split(',').map(hex16).collect::<Result<_, _>>()?;
                    extensions.extend([0, 13]);
                    extensions.extend(len16(list.len() * 2 + 2));
                    extensions.extend(len16(list.len() * 2));
                    extensions.extend(list.iter().flat_map(|s| s.to_be_bytes()));
                }
                "version" => offered = version(value)?,
                "suites" => {
                    suites = value.split(',').map(hex16).collect::<Result<_, _>>()?;
                }
                "sni" => extensions.extend(server_name(value)),
                "session" => session = session_id(value)?,
                other => return Err(format!("client-hello: `{other}` is no field")),
            }
        }
        if offered == TLS13 {
            // supported_versions (RFC 8446 §4.2.1).
            extensions.extend([0, 43, 0, 3, 2, 3, 4]);
        }
        let mut body = hello(offered, 0xc1, clock, &session);
        body.extend(len16(suites.len() * 2));
        body.extend(suites.iter().flat_map(|s| s.to_be_bytes()));
        body.extend([1, 0]); // no compression
        if !extensions.is_empty() {
            body.extend(len16(extensions.len()));
            body.extend(extensions);
        }
        Ok(body)
    }

    fn server_hello(&mut self, words: &[&str]) -> Result<Vec<u8>, String> {
        let mut session = Vec::new();
        let mut suite = 0x000a;
        let mut chosen = 0x0301;
        let mut extensions = Vec::new();
        let mut clock = RANDOM_TIME;
        for (key, value) in pairs(words)? {
            match key {
                "clock" => clock = seconds(value)?,
                "version" => chosen = version(value)?,
                "suite" => suite = hex16(value)?,
                "session" => session = session_id(value)?,
                // encrypt_then_mac (RFC 7366 §2).
                "etm" if value == "yes" => extensions.extend([0, 22, 0, 0]),
                other => return Err(format!("server-hello: `{other}` is no field")),
            }
        }
        // TLS 1.3 goes on in records that say TLS 1.2 (RFC 8446 §5.1).
        self.version = Some(chosen.min(TLS12));
        self.suite = Some(suite);
        if chosen == TLS13 {
            extensions.extend([0, 43, 0, 2, 3, 4]);
        }
        let mut body = hello(chosen, 0x5e, clock, &session);
        body.extend(suite.to_be_bytes());
        body.push(0);
        if !extensions.is_empty() {
            body.extend(len16(extensions.len()));
            body.extend(extensions);
        }
        Ok(body)
    }

    /// RFC 2246 §7.4.4, RFC 5246 §7.4.4.
    fn certificate_request(&self, words: &[&str]) -> Result<Vec<u8>, String> {
        let mut names = Vec::new();
        for (key, value) in pairs(words)? {
            match key {
                // The distinguished name `CN=value`; or a length, for lists that are too long.
                "ca" => names.push(common_name(value)),
                // The name of the authority that issued a certificate.
                "issuer-of" => names.push(issuer(value)?),
                "filler" => {
                    let wanted: usize = value.parse().map_err(|e| format!("filler: {e}"))?;
                    for n in 0..wanted.div_ceil(32) {
                        names.push(common_name(&format!("filler {n:010} ..")));
                    }
                }
                other => return Err(format!("certificate-request: `{other}` is no field")),
            }
        }
        let mut body = vec![1, 1]; // rsa_sign
        if self.version() >= 0x0303 {
            body.extend([0, 2, 4, 1]);
        }
        let total: usize = names.iter().map(|n| n.len() + 2).sum();
        body.extend(len16(total));
        for name in names {
            body.extend(len16(name.len()));
            body.extend(name);
        }
        Ok(body)
    }
}

/// What the pair of `key=value` words say.
fn pairs<'a>(words: &[&'a str]) -> Result<Vec<(&'a str, &'a str)>, String> {
    words
        .iter()
        .map(|word| {
            word.split_once('=')
                .ok_or_else(|| format!("`{word}` is not key=value"))
        })
        .collect()
}

/// The issuer of a certificate, in DER (RFC 5280 §4.1).
fn issuer(name: &str) -> Result<Vec<u8>, String> {
    let der = der(name)?;
    let (_, certificate) =
        x509_parser::parse_x509_certificate(&der).map_err(|e| format!("{name}: {e}"))?;
    Ok(certificate.issuer().as_raw().to_vec())
}

fn version(word: &str) -> Result<u16, String> {
    match word {
        "ssl3" => Ok(0x0300),
        "1.0" => Ok(0x0301),
        "1.1" => Ok(0x0302),
        "1.2" => Ok(TLS12),
        "1.3" => Ok(TLS13),
        other => Err(format!(
            "`{other}` is no version (ssl3, 1.0, 1.1, 1.2, 1.3)"
        )),
    }
}

fn hex16(word: &str) -> Result<u16, String> {
    u16::from_str_radix(word, 16).map_err(|e| format!("{word}: {e}"))
}

fn session_id(word: &str) -> Result<Vec<u8>, String> {
    let mut id = super::trace::hex(word)?;
    if id.len() > 32 {
        return Err("a session id has at most 32 bytes".to_owned());
    }
    let fill = id.last().copied().unwrap_or(0);
    id.resize(32, fill);
    Ok(id)
}

/// Seconds since 1970 for the Random of a hello (RFC 5246 §7.4.1.2).
fn seconds(word: &str) -> Result<u32, String> {
    word.parse().map_err(|e| format!("clock={word}: {e}"))
}

fn hello(version: u16, mark: u8, clock: u32, session: &[u8]) -> Vec<u8> {
    let mut body = version.min(TLS12).to_be_bytes().to_vec();
    body.extend(clock.to_be_bytes());
    body.extend([mark; 28]);
    body.push(u8::try_from(session.len()).unwrap());
    body.extend(session);
    body
}

/// RFC 6066 §3.
fn server_name(name: &str) -> Vec<u8> {
    let mut out = vec![0, 0];
    out.extend(len16(name.len() + 5));
    out.extend(len16(name.len() + 3));
    out.push(0);
    out.extend(len16(name.len()));
    out.extend(name.bytes());
    out
}

/// A distinguished name with nothing but a common name, in DER.
fn common_name(name: &str) -> Vec<u8> {
    let length = |n: usize| u8::try_from(n).unwrap();
    let mut value = vec![0x06, 3, 0x55, 4, 3, 0x0c, length(name.len())];
    value.extend(name.bytes());
    let mut attribute = vec![0x30, length(value.len())];
    attribute.extend(value);
    let mut set = vec![0x31, length(attribute.len())];
    set.extend(attribute);
    let mut sequence = vec![0x30, length(set.len())];
    sequence.extend(set);
    sequence
}

fn certificate(chain: &str) -> Result<Vec<u8>, String> {
    let mut list = Vec::new();
    if chain != "none" {
        for name in chain.split(',') {
            let der = der(name)?;
            list.extend(len24(der.len()));
            list.extend(der);
        }
    }
    let mut body = len24(list.len()).to_vec();
    body.extend(list);
    Ok(body)
}

/// A certificate of `samples/pki` or of `tests/support/pki`, by its name without `.crt.pem`.
fn der(name: &str) -> Result<Vec<u8>, String> {
    let file = format!("{name}.crt.pem");
    let path = ["samples/pki", "tests/support/pki"]
        .iter()
        .map(|folder| project(folder).join(&file))
        .find(|path| path.exists())
        .ok_or_else(|| format!("there is no certificate {file}"))?;
    let text = read_text(&path);
    let base64: String = text
        .lines()
        .skip_while(|line| !line.starts_with("-----BEGIN"))
        .skip(1)
        .take_while(|line| !line.starts_with("-----END"))
        .collect();
    decode_base64(&base64).ok_or_else(|| format!("{file} is not PEM"))
}

fn decode_base64(text: &str) -> Option<Vec<u8>> {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::new();
    let mut bits = 0_u32;
    let mut have = 0;
    for letter in text.trim_end_matches('=').chars() {
        bits = bits << 6 | u32::try_from(LETTERS.find(letter)?).ok()?;
        have += 6;
        if have >= 8 {
            have -= 8;
            out.push(u8::try_from(bits >> have & 0xff).ok()?);
        }
    }
    Some(out)
}

fn handshake(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![kind];
    out.extend(len24(body.len()));
    out.extend(body);
    out
}

/// A record, or as many as the 2^14 bytes of one (RFC 5246 §6.2.1) ask for.
fn record(kind: u8, version: u16, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for part in body.chunks(16_384) {
        out.push(kind);
        out.extend(version.to_be_bytes());
        out.extend(len16(part.len()));
        out.extend(part);
    }
    out
}

/// Bytes that look encrypted: the same every time, and never the start of a handshake message.
fn opaque(length: usize, seed: u64) -> Vec<u8> {
    let mut random = super::Random(seed);
    (0..length).map(|_| random.byte() | 0x80).collect()
}

fn len16(n: usize) -> [u8; 2] {
    u16::try_from(n).unwrap().to_be_bytes()
}

fn len24(n: usize) -> [u8; 3] {
    let [_, a, b, c] = u32::try_from(n).unwrap().to_be_bytes();
    [a, b, c]
}
