//! What the rules on certificates share: who presented what to whom, and whether it was refused.

use crate::base::Direction;
use crate::connection::Connection;
use crate::finding::{Confidence, Evidence, Severity};
use crate::host::Role;
use crate::rules::Building;
use crate::rules::Reporter;
use crate::rules::tls::common::{Refusal, Stage, refusal, sent_data};
use crate::rules::tls::outcome::{concerns, gravity, recovered_text};
use crate::rules::tls::words::{
    after, certainty, certificate_of, certificate_rows, points_elsewhere, short_name, side,
};
use crate::tls::{Certificate, CertificateFlight, TlsSummary};
use std::net::IpAddr;

/// Certificates of one chain that are named in a finding.
const SHOWN: usize = 8;

/// A certificate that one side presented to the other.
pub(super) struct Presented<'a> {
    /// The sender's own certificate.
    pub(super) leaf: &'a Certificate,
    /// The whole message.
    pub(super) flight: &'a CertificateFlight,
    /// What to call the side that presented it.
    pub(super) presenter_name: String,
    /// What to call the side that checks it.
    pub(super) verifier_name: String,
    /// Role of the presenter.
    pub(super) presenter_role: Role,
    /// Role of the side that checks it.
    pub(super) verifier_role: Role,
    presenter: IpAddr,
    verifier: IpAddr,
    /// How the verifier broke off after it had the certificate.
    refusal: Option<Refusal>,
    /// The verifier sent application data: it accepted the certificate.
    accepted: bool,
}

/// The certificate of the client or of the server of a connection.
pub(super) fn presented<'a>(
    connection: &'a Connection,
    of_client: bool,
    to: &Reporter<'_, '_>,
) -> Option<Presented<'a>> {
    let tls = connection.tls.as_ref()?;
    if !concerns(connection, to.context()) {
        return None;
    }
    let (direction, flight) = if of_client {
        (tls.client(), tls.client_certificates.as_ref()?)
    } else {
        (tls.server(), tls.server_certificates.as_ref()?)
    };
    let leaf = flight.leaf().filter(|c| c.error.is_none())?;
    let verifier = direction.reverse();
    let address = |d| connection.flow.sender(d).addr;
    // A spare connection that is closed after a good handshake says nothing against a certificate that works elsewhere.
    let works_elsewhere = to
        .context()
        .between(address(direction), address(verifier))
        .any(|other| {
            other.tls.as_ref().is_some_and(|t| {
                [t.client(), t.server()].into_iter().any(|d| {
                    other.flow.sender(d).addr == address(direction)
                        && certificate_of(t, d).is_some_and(|c| c.sha256 == leaf.sha256)
                        && sent_data(other, d.reverse())
                })
            })
        });
    Some(Presented {
        leaf,
        flight,
        presenter_name: side(connection, direction, to),
        verifier_name: side(connection, verifier, to),
        presenter_role: to.context().role(address(direction)),
        verifier_role: to.context().role(address(verifier)),
        presenter: address(direction),
        verifier: address(verifier),
        refusal: refusal(connection)
            .filter(|r| r.by == verifier && r.at >= flight.at)
            .filter(|r| !(is_late(r) && (works_elsewhere || is_probe(connection, tls, r.by)))),
        accepted: sent_data(connection, verifier),
    })
}

/// A defect of a certificate, in words.
pub(super) struct Fault<'a> {
    /// The title.
    pub(super) title: String,
    /// What is wrong with it, as a sentence.
    pub(super) defect: String,
    /// Alerts that name this very defect.
    pub(super) alerts: &'a [u8],
    /// What tells it from other faults of that rule.
    pub(super) key: String,
    /// How bad the defect is where nobody refused the certificate.
    pub(super) harmless: Severity,
}

/// An end after a good handshake, without an alert: TLS itself had accepted the certificate.
fn is_late(refusal: &Refusal) -> bool {
    refusal.stage == Stage::Complete && refusal.how.alert().is_none()
}

/// A client that shows no certificate, says nothing and goes has looked whether the server is there.
fn is_probe(connection: &Connection, tls: &TlsSummary, by: Direction) -> bool {
    by == tls.client()
        && certificate_of(tls, by).is_none()
        && !sent_data(connection, by)
        && !sent_data(connection, by.reverse())
}

impl Presented<'_> {
    /// For defects that TLS itself judges: an end after the handshake is not because of them.
    #[must_use]
    pub(super) fn judged_by_tls(self) -> Self {
        Self {
            refusal: self.refusal.filter(|r| !is_late(r)),
            ..self
        }
    }

    /// The certificates of the chain that could be read and are as asked, the sender's own first.
    pub(super) fn named_where(&self, is: impl Fn(&Certificate) -> bool) -> Vec<&Certificate> {
        self.flight
            .chain
            .iter()
            .map(AsRef::as_ref)
            .filter(|c: &&Certificate| c.error.is_none() && is(c))
            .take(SHOWN)
            .collect()
    }

    /// A certificate of the chain as the beginning of a title.
    pub(super) fn whose(&self, certificate: &Certificate) -> String {
        if certificate.sha256 == self.leaf.sha256 {
            format!("The certificate of {}", self.presenter_name)
        } else {
            format!(
                "The CA certificate \"{}\" of {}",
                short_name(certificate),
                self.presenter_name
            )
        }
    }

    /// Whether the verifier broke off after it had got this certificate.
    pub(super) const fn was_refused(&self) -> bool {
        self.refusal.is_some()
    }

    /// Whether it broke off with one of these alerts.
    pub(super) fn is_refused_with(&self, alerts: &[u8]) -> bool {
        self.refusal
            .as_ref()
            .and_then(|refusal| refusal.how.alert())
            .is_some_and(|what| alerts.contains(&what.0))
    }

    /// Whether it broke off in a way that does not speak against a defect whose alerts are `own`.
    pub(super) fn may_be_refused_for(&self, own: &[u8]) -> bool {
        self.refusal
            .as_ref()
            .is_some_and(|refusal| !points_elsewhere(refusal, own))
    }

    /// Reports what is worth knowing of a certificate and hardly the reason of a refusal.
    pub(super) fn report_beside<'f, 'c>(
        &self,
        connection: &Connection,
        to: &'f mut Reporter<'c, '_>,
        fault: Fault<'_>,
    ) -> Building<'f, 'c> {
        let outcome = match &self.refusal {
            Some(refusal) => format!(
                "{} {} {}; whether because of this is not visible.",
                self.verifier_name,
                refusal.how.verb(),
                after(refusal.stage)
            ),
            None => self.not_refused(),
        };
        let severity = fault.harmless;
        self.finding(connection, to, fault, (severity, Confidence::High, outcome))
    }

    /// What became of a certificate that was not refused.
    fn not_refused(&self) -> String {
        if self.accepted {
            format!("{} accepted it on this connection.", self.verifier_name)
        } else {
            format!("Whether {} accepted it is not visible.", self.verifier_name)
        }
    }

    /// Reports a defect: an error where the verifier broke off because of it, less where nothing came of it.
    pub(super) fn report<'f, 'c>(
        &self,
        connection: &Connection,
        to: &'f mut Reporter<'c, '_>,
        fault: Fault<'_>,
    ) -> Building<'f, 'c> {
        let context = to.context();
        let weight = match &self.refusal {
            Some(refusal) if points_elsewhere(refusal, fault.alerts) => (
                Severity::Warning.min(gravity(connection, context)),
                Confidence::Medium,
                format!(
                    "{} {} {}, which names another reason: this defect would be the next.",
                    self.verifier_name,
                    refusal.how.verb(),
                    after(refusal.stage)
                ),
            ),
            Some(refusal) => (
                gravity(connection, context),
                certainty(refusal, fault.alerts),
                format!(
                    "{} {} {}.",
                    self.verifier_name,
                    refusal.how.verb(),
                    after(refusal.stage)
                ),
            ),
            None => (
                fault.harmless,
                if self.accepted {
                    Confidence::High
                } else {
                    Confidence::Medium
                },
                self.not_refused(),
            ),
        };
        self.finding(connection, to, fault, weight)
    }

    fn finding<'f, 'c>(
        &self,
        connection: &Connection,
        to: &'f mut Reporter<'c, '_>,
        fault: Fault<'_>,
        (severity, confidence, outcome): (Severity, Confidence, String),
    ) -> Building<'f, 'c> {
        let context = to.context();
        let mut built = to
            .report(
                self.presenter,
                self.verifier,
                fault.title,
                Evidence::seen(
                    self.flight.at,
                    format!(
                        "Certificate of {} ({})",
                        self.presenter_name,
                        short_name(self.leaf)
                    ),
                ),
            )
            .severity(severity)
            .confidence(confidence)
            .key(format!("{} {}", self.leaf.subject, fault.key))
            .summary(format!(
                "{} {outcome}{}",
                fault.defect,
                recovered_text(connection, context)
            ))
            .detail(
                format!("The certificate of {}", context.label(self.presenter)),
                certificate_rows(self.leaf),
            )
            .on_stream(Some(connection.flow.stream));
        if let Some(refusal) = &self.refusal {
            built = built.seen(
                refusal.at,
                format!("{} {}", self.verifier_name, refusal.how.verb()),
            );
        }
        built
    }
}
