//! An alert that names its reason: what the rules on such alerts share.

use super::common::{How, Refusal, Stage};
use super::outcome::{gravity, recovered_text, sip_refusal};
use super::words::{after, side, versions_offered};
use crate::connection::Connection;
use crate::finding::Evidence;
use crate::rules::{Building, Reporter};
use crate::tls::{Alert, AlertDescription};

/// A connection that ended with an alert of one kind.
pub(super) struct Ended<'a> {
    alert: &'a Alert,
    what: AlertDescription,
    /// How it ended.
    pub(super) refusal: Refusal,
    /// Who sent the alert.
    pub(super) sender: String,
    /// The other side.
    pub(super) other: String,
}

/// The end of this connection, where an alert with this number caused it: a fatal one, or a warning upon which the other side gives up.
pub(super) fn find<'a>(
    connection: &'a Connection,
    number: u8,
    to: &Reporter<'_, '_>,
) -> Option<Ended<'a>> {
    let tls = connection.tls.as_ref()?;
    let refusal = sip_refusal(connection, to.context())?;
    let (alert, what) = tls
        .alerts
        .iter()
        .filter_map(|alert| Some((alert, alert.description?)))
        .find(|(alert, what)| what.0 == number && alert.at <= refusal.at)?;
    let fatal = matches!(refusal.how, How::Alert(what) if what.0 == number);
    // Something else was said, or the side that warned has gone itself.
    if !fatal && (refusal.how.alert().is_some() || refusal.by == alert.direction) {
        return None;
    }
    Some(Ended {
        alert,
        what,
        refusal,
        sender: side(connection, alert.direction, to),
        other: side(connection, alert.direction.reverse(), to),
    })
}

impl Ended<'_> {
    /// Whether the alert came before the server chose anything.
    pub(super) fn in_the_hello(&self) -> bool {
        self.refusal.stage == Stage::Hello
    }

    /// Whether the alert itself ended the connection.
    pub(super) const fn is_fatal(&self) -> bool {
        self.refusal.how.alert().is_some()
    }

    /// Starts the finding: about the side that was told, and the one that told it.
    pub(super) fn report<'f, 'c>(
        &self,
        connection: &Connection,
        title: String,
        meaning: &str,
        to: &'f mut Reporter<'c, '_>,
    ) -> Building<'f, 'c> {
        let context = to.context();
        let flow = &connection.flow;
        let what = self.what;
        let level = if self.is_fatal() { "fatal" } else { "warning" };
        let mut built = to
            .report(
                flow.sender(self.alert.direction.reverse()).addr,
                flow.sender(self.alert.direction).addr,
                title,
                Evidence::seen(
                    self.alert.at,
                    format!(
                        "{level} alert {} {} from {}",
                        what.0,
                        what.name(),
                        self.sender
                    ),
                ),
            )
            .severity(gravity(connection, context))
            .key(format!("{} {}", connection.server().port, what.0))
            .summary(format!(
                "{} sends the {level} alert {} ({}) {}. {meaning}{}",
                self.sender,
                what.0,
                what.name(),
                after(self.refusal.stage),
                recovered_text(connection, context)
            ))
            .on_stream(Some(flow.stream));
        if !self.is_fatal() {
            built = built.seen(
                self.refusal.at,
                format!("{} {}", self.other, self.refusal.how.verb()),
            );
        }
        let tls = connection.tls.as_ref();
        if let Some(hello) = tls.and_then(|tls| tls.client_hello.as_ref()) {
            let name = hello.extensions.sni.as_deref();
            let mut rows = vec![format!("versions: {}", versions_offered(hello))];
            rows.extend(name.map(|name| format!("server name (SNI): {name}")));
            built = built.detail("The ClientHello", rows);
        }
        built
    }
}
