//! Other names in what TLS showed: for redaction. What is judged stays, among it signatures, which are checked with the original bytes.

use super::certificate::Certificate;
use super::handshake::CertificateFlight;
use super::reason::Reason;
use super::summary::TlsSummary;
use std::sync::Arc;

/// How the names of a session are replaced, each by one of the same length.
pub struct Renaming<'r> {
    /// A host name.
    pub host: &'r mut dyn FnMut(&str) -> String,
    /// A distinguished name as text (RFC 4514).
    pub name: &'r mut dyn FnMut(&str) -> String,
    /// A certificate in DER.
    pub certificate: &'r mut dyn FnMut(&mut [u8]),
    /// What a direction said instead of TLS.
    pub answer: &'r mut dyn FnMut(&mut [u8]),
}

impl std::fmt::Debug for Renaming<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Renaming").finish_non_exhaustive()
    }
}

impl TlsSummary {
    /// Replaces all names in it.
    pub fn rename(&mut self, with: &mut Renaming<'_>) {
        let second = self.second_client_hello.as_deref_mut();
        for hello in self.client_hello.iter_mut().chain(second) {
            if let Some(sni) = &mut hello.extensions.sni {
                *sni = (with.host)(sni);
            }
        }
        let flights = [&mut self.server_certificates, &mut self.client_certificates];
        for flight in flights.into_iter().flatten() {
            rename_flight(flight, with);
        }
        if let Some(request) = &mut self.certificate_request {
            for name in &mut request.ca_names {
                *name = (with.name)(name);
            }
        }
        // A private key that does not fit is said with the certificate that it should fit.
        if let Some(Reason::PrivateKeyDoesNotMatch {
            subject: Some(subject),
            ..
        }) = &mut self.closed
        {
            *subject = (with.name)(subject);
        }
        for answer in self.plaintext_answer.iter_mut().flatten() {
            (with.answer)(&mut answer.bytes);
        }
    }
}

fn rename_flight(flight: &mut CertificateFlight, with: &mut Renaming<'_>) {
    for certificate in &mut flight.chain {
        *certificate = Arc::new(certificate.renamed(with.certificate));
    }
}

impl Certificate {
    /// The same with other names. The bytes, and what was judged of them, stay as they were.
    pub fn renamed(&self, certificate: &mut dyn FnMut(&mut [u8])) -> Self {
        let mut der = self.der.to_vec();
        certificate(&mut der);
        let shown = Self::from_der(&der);
        Self {
            der: Arc::clone(&self.der),
            error: self.error.clone(),
            self_issued: self.self_issued,
            self_signed: self.self_signed,
            rsa_modulus: self.rsa_modulus.clone(),
            signature: self.signature.clone(),
            ..shown
        }
    }
}
