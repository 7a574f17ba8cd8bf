//! The server does not know the name that the client asks for.

use super::alert_plain::find;
use crate::connection::Connection;
use crate::finding::{Confidence, Severity};
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "tls-alert-unrecognized-name",
    class: Class::Tls,
    severity: Severity::Error,
    summary: "the server has nothing under the name that the client asked for (SNI), and the connection ends (alert 112)",
    explanation: "The client names the server it wants in the server_name extension. The server has no such name and says unrecognized_name. As a warning it is harmless, and most clients go on; some, Java among them, close. The name comes from the client's configuration: the next hop of a static route, a Record-Route, or an SRV record.",
    causes: &[
        "the route of the client names the server by a name that the server does not know",
        "the server's list of names lacks an alias",
    ],
    confirm: &[
        "Which name stands in the ClientHello, and which names has the server's certificate?",
    ],
    fix: Fix {
        cisco: &["Presence > Routing > Static Routes: the next hop must be a name of the server."],
        microsoft: &["New-CsStaticRoute -Destination must be the name in the Cisco certificate."],
        network: &[],
    },
    knowledge: Knowledge::Deduced,
    references: &["RFC 6066 section 3"],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let Some(ended) = find(connection, 112, to) else {
        return;
    };
    let name = connection
        .tls
        .as_ref()
        .and_then(|tls| tls.client_hello.as_ref()?.extensions.sni.clone())
        .unwrap_or_else(|| "the name asked for".to_owned());
    let title = format!(
        "{} does not know the name {name} that {} asks for (alert 112)",
        ended.sender, ended.other
    );
    let fatal = ended.is_fatal();
    let built = ended.report(
        connection,
        title,
        "The name in the ClientHello is none of this server's.",
        to,
    );
    if !fatal {
        let _ = built.confidence(Confidence::Medium);
    }
}
