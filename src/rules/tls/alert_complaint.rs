//! An alert by which one side complains about the other's certificate: what the rules on single alerts share.

use super::authorities::{judged, sentence};
use super::common::{How, Refusal, Stage};
use super::outcome::{gravity, recovered_text, sip_refusal};
use super::words::{after, certificate_of, certificate_rows, side};
use crate::connection::Connection;
use crate::finding::Evidence;
use crate::host::Role;
use crate::rules::Building;
use crate::rules::{ExplainedBy, Link, Reporter};
use crate::tls::{AlertDescription, Certificate, CertificateFlight, TlsSummary, Version};
use std::net::IpAddr;

/// What explains a complaint about a certificate: a defect that can be seen in it.
pub(super) const CERTIFICATE_FAULTS: &[ExplainedBy] = &[ExplainedBy {
    rules: &[
        "cert-missing-client-auth-eku",
        "cert-missing-server-auth-eku",
        "cert-expired",
        "cert-not-yet-valid",
        "cert-name-mismatch",
        "cert-chain-incomplete",
        "cert-self-signed-peer",
        "cert-weak-key-or-signature",
        "cert-wildcard",
        "cert-subject-cn-unusable",
        "tls-client-cert-empty",
        "tls-certreq-ca-list-oversize",
        "tls-certreq-lacks-client-ca",
    ],
    link: Link::Connection,
}];

/// Alerts for which a chain that does not verify is a reason: bad_certificate, certificate_unknown, unknown_ca.
const TRUST: &[u8] = &[42, 46, UNKNOWN_CA];
const UNKNOWN_CA: u8 = 48;

/// Who complains about whose certificate.
pub(super) struct Complaint<'a> {
    refusal: Refusal,
    /// The alert.
    pub(super) what: AlertDescription,
    verifier: IpAddr,
    presenter: IpAddr,
    /// The complaining side.
    pub(super) verifier_name: String,
    /// The side whose certificate it is.
    pub(super) presenter_name: String,
    /// Role of the complaining side.
    pub(super) verifier_role: Role,
    /// The certificate, where it was seen.
    pub(super) certificate: Option<&'a Certificate>,
    /// The whole message.
    pub(super) flight: Option<&'a CertificateFlight>,
    of_client: bool,
}

/// The complaint on this connection, where its alert is one of `codes`.
pub(super) fn find<'a>(
    connection: &'a Connection,
    to: &Reporter<'_, '_>,
    codes: &[u8],
) -> Option<Complaint<'a>> {
    let tls = connection.tls.as_ref()?;
    let refusal = sip_refusal(connection, to.context())?;
    let How::Alert(what) = refusal.how else {
        return None;
    };
    if !codes.contains(&what.0) || refusal.stage == Stage::Hello {
        return None;
    }
    let presenter = refusal.by.reverse();
    let context = to.context();
    let address = |direction| connection.flow.sender(direction).addr;
    let role = |direction| context.role(address(direction));
    Some(Complaint {
        refusal,
        what,
        verifier: address(refusal.by),
        presenter: address(presenter),
        verifier_name: side(connection, refusal.by, to),
        presenter_name: side(connection, presenter, to),
        verifier_role: role(refusal.by),
        certificate: certificate_of(tls, presenter),
        flight: flight(tls, presenter == tls.client()),
        of_client: presenter == tls.client(),
    })
}

fn flight(tls: &TlsSummary, of_client: bool) -> Option<&CertificateFlight> {
    if of_client {
        tls.client_certificates.as_ref()
    } else {
        tls.server_certificates.as_ref()
    }
}

/// Why a certificate that is complained about cannot be shown.
fn unseen(connection: &Connection) -> &'static str {
    let tls = connection.tls.as_ref();
    if tls.is_some_and(|tls| tls.resumed == Some(true)) {
        "not sent on this connection: the session was resumed"
    } else if tls.and_then(|tls| tls.version()) == Some(Version::TLS13) {
        "cannot be read: TLS 1.3 encrypts certificates, and this session was not decrypted"
    } else {
        "not in the capture"
    }
}

impl Complaint<'_> {
    /// `alert 48 unknown_ca`
    pub(super) fn alert(&self) -> String {
        format!("alert {} {}", self.what.0, self.what.name())
    }

    /// Starts the finding.
    pub(super) fn report<'f, 'c>(
        &self,
        connection: &Connection,
        to: &'f mut Reporter<'c, '_>,
        title: String,
        meaning: &str,
    ) -> Building<'f, 'c> {
        let context = to.context();
        let subject = self
            .certificate
            .map_or_else(String::new, |c| c.subject.clone());
        let rows = match (self.certificate, self.flight) {
            (Some(certificate), _) => certificate_rows(certificate),
            (None, Some(flight)) if flight.is_empty() => {
                vec!["none: the Certificate message was empty".to_owned()]
            }
            _ => vec![unseen(connection).to_owned()],
        };
        let mut built = to
            .report(
                self.presenter,
                self.verifier,
                title,
                Evidence::seen(
                    self.refusal.at,
                    format!("fatal {} from {}", self.alert(), self.verifier_name),
                ),
            )
            .severity(gravity(connection, context))
            .key(format!("{} {subject}", self.what.0))
            .summary(format!(
                "{} ends the {} {} with a fatal {}. {meaning}{}",
                self.verifier_name,
                // In TLS 1.3 the client is done before the server judges its certificate.
                if self.refusal.stage == Stage::Complete {
                    "connection"
                } else {
                    "handshake"
                },
                after(self.refusal.stage),
                self.alert(),
                recovered_text(connection, context)
            ))
            .detail(
                format!("The certificate of {}", context.label(self.presenter)),
                rows,
            )
            .on_stream(Some(connection.flow.stream));
        if let Some(flight) = self.flight.filter(|f| f.chain.len() > 1) {
            let above = flight
                .chain
                .iter()
                .skip(1)
                .map(|c| format!("{} (issued by {})", c.subject, c.issuer))
                .collect();
            built = built.detail("Certificates sent with it", above);
        }
        // What the authorities say belongs to complaints about trust; the others name their reason.
        let verdict = self
            .flight
            .filter(|_| TRUST.contains(&self.what.0))
            .and_then(|f| judged(f, self.of_client, context));
        if let Some(verdict) = verdict {
            built = built.detail(
                "Judged with the CAs of the lab profile",
                vec![sentence(
                    &verdict,
                    &self.verifier_name,
                    self.what.0 == UNKNOWN_CA,
                )],
            );
        }
        built.seen_if(
            self.flight.map(|f| f.at),
            format!("Certificate message of {}", self.presenter_name),
        )
    }
}
