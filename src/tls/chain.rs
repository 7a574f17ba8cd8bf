//! Whether certificates lead to an authority that the user trusts, at the time of the capture (RFC 5280 §6).
//!
//! What the extended key usage allows is decided here, because Windows accepts anyExtendedKeyUsage and webpki does not; the
//! chain itself is webpki's. Signatures with SHA-1 and keys of 1024 bits are judged as they were when federations were built.

mod judged;
mod purpose;

use self::judged::{Judged, Key};
pub use self::purpose::Purpose;
use super::certificate::Certificate;
use super::handshake::CertificateFlight;
use super::legacy::algorithms;
use crate::base::Timestamp;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use std::sync::Arc;
use std::time::Duration;
use webpki::{EndEntityCert, Error};

/// Certificates of one chain that are looked at.
const CHAIN: usize = 16;

/// Certificates that the user trusts, and what they are for.
///
/// One that is self-issued, or whose issuer is not among them, is a trust anchor; the others are known intermediates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Authorities {
    certificates: Vec<Arc<Certificate>>,
    judged: Judged,
}

/// What becomes of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It leads to a trust anchor.
    Verified {
        /// The anchor's subject.
        anchor: String,
    },
    /// It leads to a trust anchor only with certificates that were not sent.
    Incomplete {
        /// Subjects of what was not sent, from the end certificate upwards.
        missing: Vec<String>,
        /// The anchor's subject.
        anchor: String,
    },
    /// It does not.
    Failed(ChainFault),
    /// It cannot be judged here; the text says why.
    Undecided(String),
}

/// Why a chain does not verify.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChainFault {
    /// Nobody known has the name of the last issuer.
    UnknownIssuer {
        /// That issuer.
        issuer: String,
    },
    /// The certificate is its own issuer and not trusted.
    SelfSigned,
    /// A certificate after its end.
    Expired {
        /// Which one.
        subject: String,
    },
    /// A certificate before its beginning.
    NotYetValid {
        /// Which one.
        subject: String,
    },
    /// A certificate that is not made for this purpose.
    WrongPurpose {
        /// Which one.
        subject: String,
    },
    /// An issuer of the right name has another key, e.g. an authority that was set up anew.
    BadSignature {
        /// The issuer's name.
        issuer: String,
    },
    /// A certificate signed others that it may not sign: no authority, too many below it, or other names.
    NotAllowed,
}

impl Authorities {
    /// Adds the certificates of a PEM file (RFC 7468); says how many.
    ///
    /// # Errors
    ///
    /// No certificate in PEM in it, or one that cannot be read.
    pub fn add_pem(&mut self, pem: &[u8]) -> Result<usize, String> {
        let mut added = 0;
        for (n, der) in CertificateDer::pem_slice_iter(pem).enumerate() {
            let place = format!("certificate {}", n.saturating_add(1));
            let der = der.map_err(|e| format!("{place} is damaged: {e}"))?;
            let certificate = Certificate::from_der(&der);
            if let Some(error) = certificate.error {
                return Err(format!("{place} cannot be read: {error}"));
            }
            webpki::anchor_from_trusted_cert(&der)
                .map_err(|e| format!("{place} cannot be an authority: {e}"))?;
            if !self.contains(&certificate) {
                self.certificates.push(Arc::new(certificate));
                self.judged = Judged::default();
            }
            added += 1;
        }
        if added == 0 {
            return Err(
                "has no certificate in PEM (BEGIN CERTIFICATE); export it as Base-64 encoded X.509"
                    .to_owned(),
            );
        }
        Ok(added)
    }

    /// Shows other names; what is judged stays.
    pub fn rename(&mut self, certificate: &mut dyn FnMut(&mut [u8])) {
        for known in &mut self.certificates {
            *known = Arc::new(known.renamed(certificate));
        }
        self.judged = Judged::default();
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    /// Whether this very certificate is among them.
    pub fn contains(&self, certificate: &Certificate) -> bool {
        self.certificates
            .iter()
            .any(|c| c.sha256 == certificate.sha256)
    }

    /// Judges a chain as it was sent, the sender's own certificate first, at a time.
    pub fn judge(&self, chain: &[Arc<Certificate>], at: Timestamp, purpose: Purpose) -> Verdict {
        let chain = chain.get(..CHAIN).unwrap_or(chain);
        let all = chain.iter().chain(&self.certificates);
        let key = Key::new(all, at, purpose);
        self.judged
            .or_insert(key, || self.judge_anew(chain, at, purpose))
    }

    fn judge_anew(&self, chain: &[Arc<Certificate>], at: Timestamp, purpose: Purpose) -> Verdict {
        let Some((leaf, sent)) = chain.split_first() else {
            return Verdict::Undecided("no certificate was sent".to_owned());
        };
        if let Some(error) = &leaf.error {
            return Verdict::Undecided(format!("the certificate cannot be read: {error}"));
        }
        if self.contains(leaf) {
            // Trusted as it is, whatever its issuer; its dates and purposes count all the same.
            return trusted_itself(leaf, at, purpose);
        }
        if leaf.self_issued && leaf.self_signed != Some(false) {
            return Verdict::Failed(ChainFault::SelfSigned);
        }
        let sent: Vec<&Arc<Certificate>> = sent.iter().collect();
        let attempt = Attempt {
            authorities: self,
            leaf,
            at,
            purpose,
        };
        match attempt.verify(&sent) {
            Ok(path) => path.verdict(at),
            Err(Error::UnknownIssuer) => {
                let own: Vec<&Arc<Certificate>> = self.intermediates().collect();
                let all: Vec<&Arc<Certificate>> = sent.iter().chain(&own).copied().collect();
                match attempt.verify(&all) {
                    Ok(path) if !own.is_empty() => path.with_missing(&own).verdict(at),
                    _ => Verdict::Failed(ChainFault::UnknownIssuer {
                        issuer: top(chain).map_or_else(String::new, |c| c.issuer.clone()),
                    }),
                }
            }
            Err(error) => attempt.fault(&error, chain),
        }
    }

    fn is_anchor(&self, certificate: &Certificate) -> bool {
        certificate.self_issued
            || !self
                .certificates
                .iter()
                .any(|c| c.subject == certificate.issuer)
    }

    fn intermediates(&self) -> impl Iterator<Item = &Arc<Certificate>> {
        self.certificates.iter().filter(|c| !self.is_anchor(c))
    }

    /// Trust anchors, those valid at `at` first: of two with the same name and key the renewed one counts.
    fn anchors(&self, at: Timestamp) -> Vec<&Arc<Certificate>> {
        let mut anchors: Vec<_> = self
            .certificates
            .iter()
            .filter(|c| self.is_anchor(c))
            .collect();
        anchors.sort_by_key(|c| !c.valid_at(at));
        anchors
    }
}

/// The highest certificate of a chain that can be reached from its first by names, in whatever order they were sent.
fn top(chain: &[Arc<Certificate>]) -> Option<&Certificate> {
    let mut top = chain.first()?;
    for _ in chain.iter().take(CHAIN) {
        if top.self_issued {
            break;
        }
        let above = chain
            .iter()
            .take(CHAIN)
            .find(|c| c.error.is_none() && c.subject == top.issuer);
        match above {
            Some(above) => top = above,
            None => break,
        }
    }
    Some(top)
}

impl CertificateFlight {
    /// The highest certificate that was sent: reached from the first by the names of the issuers, in whatever order.
    pub fn top(&self) -> Option<&Certificate> {
        top(&self.chain)
    }
}

/// What a date makes of a certificate.
fn out_of_date(certificate: &Certificate, at: Timestamp) -> Option<ChainFault> {
    let subject = certificate.subject.clone();
    if at.seconds() < certificate.not_before.seconds() {
        Some(ChainFault::NotYetValid { subject })
    } else if at.seconds() > certificate.not_after.seconds() {
        Some(ChainFault::Expired { subject })
    } else {
        None
    }
}

fn trusted_itself(leaf: &Certificate, at: Timestamp, purpose: Purpose) -> Verdict {
    if let Some(fault) = out_of_date(leaf, at) {
        return Verdict::Failed(fault);
    }
    if !purpose.allowed_by(leaf) {
        return Verdict::Failed(ChainFault::WrongPurpose {
            subject: leaf.subject.clone(),
        });
    }
    Verdict::Verified {
        anchor: leaf.subject.clone(),
    }
}

/// One end certificate on its way up.
struct Attempt<'a> {
    authorities: &'a Authorities,
    leaf: &'a Certificate,
    at: Timestamp,
    purpose: Purpose,
}

/// A way that was found.
struct Path<'a> {
    anchor: &'a Certificate,
    between: Vec<CertificateDer<'static>>,
    missing: Vec<String>,
}

impl<'a> Attempt<'a> {
    fn verify(&self, between: &[&Arc<Certificate>]) -> Result<Path<'a>, Error> {
        let anchors = self.authorities.anchors(self.at);
        let ders: Vec<CertificateDer<'_>> = anchors.iter().map(|c| der(c)).collect();
        let trusted = ders
            .iter()
            .map(webpki::anchor_from_trusted_cert)
            .collect::<Result<Vec<TrustAnchor<'_>>, Error>>()?;
        let between: Vec<CertificateDer<'_>> = between
            .iter()
            .filter(|c| c.error.is_none())
            .map(|c| der(c))
            .collect();
        let leaf = der(self.leaf);
        let end = EndEntityCert::try_from(&leaf)?;
        // Before 1970 nothing was valid; webpki then says so.
        let seconds = u64::try_from(self.at.seconds()).unwrap_or(0);
        let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let found = end.verify_for_usage(
            algorithms(),
            &trusted,
            &between,
            time,
            self.purpose,
            None,
            None,
        )?;
        let anchor = trusted
            .iter()
            .position(|a| std::ptr::eq(a, found.anchor()))
            .and_then(|n| anchors.get(n))
            .ok_or(Error::UnknownIssuer)?;
        Ok(Path {
            anchor,
            between: found
                .intermediate_certificates()
                .map(|c| c.der().into_owned())
                .collect(),
            missing: Vec::new(),
        })
    }

    /// webpki's error in our words; it does not say which certificate it means, the facts do.
    fn fault(&self, error: &Error, chain: &[Arc<Certificate>]) -> Verdict {
        let among = |is: &dyn Fn(&Certificate) -> bool| {
            chain
                .iter()
                .take(CHAIN)
                .find(|c| c.error.is_none() && is(c))
        };
        let fault = match error {
            Error::CertExpired { .. } | Error::CertNotValidYet { .. } => {
                among(&|c| !c.valid_at(self.at)).and_then(|c| out_of_date(c, self.at))
            }
            Error::RequiredEkuNotFoundContext(_) => {
                among(&|c| !self.purpose.allowed_by(c)).map(|c| ChainFault::WrongPurpose {
                    subject: c.subject.clone(),
                })
            }
            Error::InvalidSignatureForPublicKey if !self.odd_keys(chain) => {
                top(chain).map(|c| ChainFault::BadSignature {
                    issuer: c.issuer.clone(),
                })
            }
            Error::EndEntityUsedAsCa
            | Error::PathLenConstraintViolated
            | Error::NameConstraintViolation => Some(ChainFault::NotAllowed),
            _ => None,
        };
        fault.map_or_else(
            || Verdict::Undecided(format!("it cannot be judged here: {error}")),
            Verdict::Failed,
        )
    }

    /// ring says "wrong signature" of RSA keys whose size it does not take: those are not judged.
    fn odd_keys(&self, chain: &[Arc<Certificate>]) -> bool {
        let sha384 = chain.iter().any(|c| c.signature.hash == Some("sha384"));
        let least = if sha384 { 2048 } else { 1024 };
        chain
            .iter()
            .skip(1)
            .chain(&self.authorities.certificates)
            .any(|c| c.key_kind == "RSA" && !(least..=8192).contains(&c.key_bits))
    }
}

impl Path<'_> {
    /// Notes which of the user's intermediates were needed.
    fn with_missing(mut self, own: &[&Arc<Certificate>]) -> Self {
        self.missing = self
            .between
            .iter()
            .filter_map(|der| own.iter().find(|c| c.der.as_ref() == der.as_ref()))
            .map(|c| c.subject.clone())
            .collect();
        self
    }

    /// webpki takes an anchor whatever its dates; peers do not.
    fn verdict(self, at: Timestamp) -> Verdict {
        if let Some(fault) = out_of_date(self.anchor, at) {
            return Verdict::Failed(fault);
        }
        let anchor = self.anchor.subject.clone();
        if self.missing.is_empty() {
            Verdict::Verified { anchor }
        } else {
            Verdict::Incomplete {
                missing: self.missing,
                anchor,
            }
        }
    }
}

fn der(certificate: &Certificate) -> CertificateDer<'_> {
    CertificateDer::from(certificate.der.as_ref())
}

#[cfg(test)]
mod tests;
