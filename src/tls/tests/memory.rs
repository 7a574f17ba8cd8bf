//! A client and a server of rustls in memory: what the wire shows without secrets.

use super::*;

/// Accepts every certificate: what is tested is what the wire shows.
#[derive(Debug)]
pub(super) struct Anyone;

impl rustls::client::danger::ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &rustls::pki_types::CertificateDer<'_>,
        _: &[rustls::pki_types::CertificateDer<'_>],
        _: &rustls::pki_types::ServerName<'_>,
        _: &[u8],
        _: rustls::pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &rustls::pki_types::CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &rustls::pki_types::CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        vec![rustls::SignatureScheme::ECDSA_NISTP256_SHA256]
    }
}

/// A rustls client and server talk in memory; what they sent. `retry` makes the server want another group.
fn rustls_session(version: &'static rustls::SupportedProtocolVersion, retry: bool) -> TlsSummary {
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
    use std::io::{Read, Write};
    use std::sync::Arc;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut picky = rustls::crypto::ring::default_provider();
    if retry {
        picky.kx_groups = vec![rustls::crypto::ring::kx_group::SECP384R1];
    }
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anyone))
        .with_no_client_auth();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(bytes(TEST_KEY)));
    let server = rustls::ServerConfig::builder_with_provider(Arc::new(picky))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(bytes(TEST_CERTIFICATE))], key)
        .unwrap();
    let mut client =
        rustls::ClientConnection::new(Arc::new(client), "sip.example.com".try_into().unwrap())
            .unwrap();
    let mut server = rustls::ServerConnection::new(Arc::new(server)).unwrap();
    let mut feed = Feed::new();
    client
        .writer()
        .write_all(b"OPTIONS sip:x SIP/2.0\r\n\r\n")
        .unwrap();
    for round in 0..8 {
        if round == 6 {
            client.send_close_notify();
        }
        let mut wire = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut wire).unwrap();
        }
        if !wire.is_empty() {
            feed.push(C, &wire);
        }
        let mut rest = wire.as_slice();
        while !rest.is_empty() {
            server.read_tls(&mut rest).unwrap();
            server.process_new_packets().unwrap();
        }
        let mut got = [0; 100];
        if server.reader().read(&mut got).is_ok_and(|n| n > 0) {
            server
                .writer()
                .write_all(b"SIP/2.0 200 OK\r\n\r\n")
                .unwrap();
        }
        let mut wire = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut wire).unwrap();
        }
        if !wire.is_empty() {
            feed.push(S, &wire);
        }
        let mut rest = wire.as_slice();
        while !rest.is_empty() {
            client.read_tls(&mut rest).unwrap();
            client.process_new_packets().unwrap();
        }
    }
    feed.end()
}

#[test]
fn rustls_tls13_hides_its_certificates_and_is_inferred_complete() {
    let s = rustls_session(&rustls::version::TLS13, false);
    assert_eq!(
        (s.version(), s.resumed, s.hello_retry.is_some()),
        (Some(Version::TLS13), Some(false), false)
    );
    assert!(
        s.certificates_hidden() && s.server_certificates.is_none() && s.suite().unwrap().is_tls13()
    );
    assert!(matches!(s.handshake_end(), HandshakeEnd::Inferred(_)));
    let hello = s.client_hello.as_ref().unwrap();
    assert_eq!(
        (hello.extensions.sni.as_deref(), hello.highest_version()),
        (Some("sip.example.com"), Version::TLS13)
    );
    // The compatibility ChangeCipherSpec changes nothing, and the close is inferred from the last record's length.
    assert!(s.change_cipher_spec.iter().any(Option::is_some) && s.finished == [None, None]);
    assert!(
        s.alerts
            .iter()
            .any(|a| a.direction == C && a.inferred_from_length && a.probable_close_notify)
    );
    assert!(s.not_understood.is_empty());
}

#[test]
fn rustls_hello_retry_is_no_second_connection() {
    let s = rustls_session(&rustls::version::TLS13, true);
    assert!(s.hello_retry.is_some() && s.second_client_hello.is_some() && s.server_hello.is_some());
    let groups = &s.second_client_hello.as_ref().unwrap().extensions.key_share;
    assert_eq!(
        groups.first().map(|g| g.name()).as_deref(),
        Some("secp384r1")
    );
    assert!(matches!(s.handshake_end(), HandshakeEnd::Inferred(_)));
}

#[test]
fn rustls_tls12_is_read_to_the_finished() {
    let s = rustls_session(&rustls::version::TLS12, false);
    assert_eq!(
        (s.version(), s.handshake_end(), s.resumed),
        (Some(Version::TLS12), HandshakeEnd::Complete, Some(false))
    );
    assert_eq!(
        s.server_certificates
            .as_ref()
            .unwrap()
            .leaf()
            .unwrap()
            .subject,
        "CN=sip.example.com"
    );
    assert!(s.server_key_exchange.as_ref().unwrap().group.is_some() && s.suite().unwrap().is_ec());
    assert_eq!(s.records.each_ref().map(|r| r.application_records), [1, 1]);
    assert!(s.alerts.iter().all(|a| a.encrypted) && s.alerts[0].probable_close_notify);
    assert!(s.not_understood.is_empty());
}
