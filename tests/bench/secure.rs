//! Real TLS in memory, with a key log; its keys are others at every run.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CipherSuite, ClientConfig, ClientConnection, DigitallySignedStruct, Error, KeyLog,
    ServerConfig, ServerConnection, SignatureScheme,
};
use std::io::Write as _;
use std::sync::{Arc, Mutex};

/// Makes connections.
pub(crate) trait Connect {
    fn connect(&self) -> Box<dyn Ends>;
    /// The secrets of all so far.
    fn keylog(&self) -> Vec<u8>;
}

/// Both ends of a connection.
pub(crate) trait Ends {
    /// The handshake, side by side: 0 is the client.
    fn handshake(&mut self) -> Vec<(usize, Vec<u8>)>;
    /// A message of one side as records.
    fn seal(&mut self, side: usize, message: &[u8]) -> Vec<u8>;
}

/// The lines of the key log.
#[derive(Debug, Default)]
struct Lines(Mutex<Vec<u8>>);

impl KeyLog for Lines {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let hex = |bytes: &[u8]| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
        let mut lines = self.0.lock().unwrap();
        writeln!(lines, "{label} {} {}", hex(client_random), hex(secret)).unwrap();
    }
}

/// Who measures trusts everybody.
#[derive(Debug)]
struct Trusting(Arc<CryptoProvider>);

impl ServerCertVerifier for Trusting {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

pub(crate) struct Server {
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
    lines: Arc<Lines>,
}

impl Server {
    pub(crate) fn new(tls13: bool) -> Self {
        let mut provider = ring::default_provider();
        provider.cipher_suites.retain(|suite| {
            matches!(
                suite.suite(),
                CipherSuite::TLS13_AES_128_GCM_SHA256
                    | CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
            )
        });
        let provider = Arc::new(provider);
        let versions = if tls13 {
            [&rustls::version::TLS13]
        } else {
            [&rustls::version::TLS12]
        };
        let pki = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/pki/cups01");
        let chain = vec![CertificateDer::from_pem_file(format!("{pki}.crt.pem")).unwrap()];
        let key = PrivateKeyDer::from_pem_file(format!("{pki}.key.pem")).unwrap();
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let mut client = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&versions)
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Trusting(provider)))
            .with_no_client_auth();
        let lines = Arc::new(Lines::default());
        client.key_log = Arc::<Lines>::clone(&lines);
        client.resumption = rustls::client::Resumption::disabled();
        Self {
            server: Arc::new(server),
            client: Arc::new(client),
            lines,
        }
    }
}

impl Connect for Server {
    fn connect(&self) -> Box<dyn Ends> {
        let name = ServerName::try_from("cups01.tomt.local").unwrap();
        Box::new(Pair {
            client: ClientConnection::new(Arc::clone(&self.client), name).unwrap(),
            server: ServerConnection::new(Arc::clone(&self.server)).unwrap(),
        })
    }

    fn keylog(&self) -> Vec<u8> {
        self.lines.0.lock().unwrap().clone()
    }
}

struct Pair {
    client: ClientConnection,
    server: ServerConnection,
}

impl Pair {
    /// What one side has to send, given to the other.
    fn carry(&mut self, side: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        if side == 0 {
            while self.client.wants_write() {
                self.client.write_tls(&mut bytes).unwrap();
            }
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                self.server.read_tls(&mut rest).unwrap();
                self.server.process_new_packets().unwrap();
            }
        } else {
            while self.server.wants_write() {
                self.server.write_tls(&mut bytes).unwrap();
            }
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                self.client.read_tls(&mut rest).unwrap();
                self.client.process_new_packets().unwrap();
            }
        }
        bytes
    }
}

impl Ends for Pair {
    fn handshake(&mut self) -> Vec<(usize, Vec<u8>)> {
        let mut all = Vec::new();
        while self.client.is_handshaking() || self.server.is_handshaking() || all.is_empty() {
            for side in [0, 1] {
                let bytes = self.carry(side);
                if !bytes.is_empty() {
                    all.push((side, bytes));
                }
            }
        }
        all
    }

    fn seal(&mut self, side: usize, message: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        if side == 0 {
            self.client.writer().write_all(message).unwrap();
            while self.client.wants_write() {
                self.client.write_tls(&mut bytes).unwrap();
            }
        } else {
            self.server.writer().write_all(message).unwrap();
            while self.server.wants_write() {
                self.server.write_tls(&mut bytes).unwrap();
            }
        }
        bytes
    }
}
