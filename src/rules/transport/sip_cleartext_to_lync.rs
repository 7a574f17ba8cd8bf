//! SIP in clear between Cisco and a Lync server, which federates over TLS only.

use crate::base::Span;
use crate::dialog::{Call, Seen, Transaction};
use crate::finding::{Confidence, Evidence, Severity};
use crate::rules::sides::{brief, connection_of};
use crate::rules::{Check, Class, Context, Fix, Knowledge, Reporter, Rule};
use std::net::IpAddr;

pub(super) static RULE: Rule = Rule {
    name: "sip-cleartext-to-lync",
    class: Class::Transport,
    severity: Severity::Error,
    summary: "SIP goes in clear between the Cisco side and a Lync server, which federates over TLS only",
    explanation: "Lync and Skype for Business federate over TLS on both sides; only OCS 2007 also took plain TCP. Requests in clear come from \
        a route that was set up for OCS. Where they are answered all the same, something in between may do the TLS, such as a firewall with \
        a TLS proxy: then this is only a note.",
    causes: &[
        "the Cisco static route has Protocol Type TCP (port 5060), as for OCS",
        "the Lync static route was made with -TCPRoute",
    ],
    confirm: &["Is there a TLS proxy between the two boxes? Then look at its other side."],
    fix: Fix {
        cisco: &[
            "Presence > Routing > Static Routes: Protocol Type TLS, port 5061; restart Cisco SIP Proxy.",
        ],
        microsoft: &[
            "Remove the route and make it with New-CsStaticRoute -TLSRoute -Destination <FQDN> -Port 5062 -UseDefaultCertificate $true.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "Cisco, Interdomain Federation guide 12.5(1)SU3, Interdomain Federation to Microsoft Lync (TLS only)",
        "Cisco, Interdomain Federation guide 14, Microsoft OCS (TCP and TLS)",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Transaction(check),
};

/// The first version of Microsoft's server that federates over TLS only: RTC/4.0 is Lync 2010.
const LYNC: u32 = 4;
/// A connection that is closed this soon after a request was closed because of it.
const SOON: Span = Span::from_secs(5);

/// The number behind a product's name: `RTC/5.0`.
fn version(text: &str) -> Option<u32> {
    ["RTC/", "RTCC/", "UCCAPI/"].iter().find_map(|name| {
        let (_, rest) = text.split_once(name)?;
        rest.split(|c: char| !c.is_ascii_digit())
            .next()?
            .parse()
            .ok()
    })
}

/// The version of a Microsoft server, by what it says of itself.
fn server_version(host: IpAddr, call: &Call, context: &Context<'_>) -> Option<u32> {
    let known = context.hosts.get(host).and_then(|host| {
        host.evidence()
            .into_iter()
            .find_map(|clue| version(&clue.text))
    });
    known.or_else(|| {
        call.messages
            .iter()
            .filter(|seen| seen.hop.src.addr == host)
            .find_map(|seen| {
                let m = &seen.message;
                let says = m.server().or_else(|| m.user_agent())?;
                version(&says.to_str())
            })
    })
}

fn check(transaction: &Transaction<'_>, call: &Call, to: &mut Reporter<'_, '_>) {
    let context = to.context();
    let Some(request) = transaction.request else {
        return;
    };
    // On a port of TLS it is the port that is wrong: sip-plaintext-on-tls-port.
    if !matches!(request.hop.carriage, "tcp" | "udp") || matches!(request.hop.dst.port, 5061..=5063)
    {
        return;
    }
    let (asker, asked) = (transaction.asker, transaction.asked);
    let microsoft = match (
        context.hosts.is_microsoft(asker),
        context.hosts.is_microsoft(asked),
    ) {
        (true, false) if context.hosts.is_cisco(asked) => asker,
        (false, true) if context.hosts.is_cisco(asker) => asked,
        _ => return,
    };
    let version = server_version(microsoft, call, context);
    if version.is_some_and(|v| v < LYNC) {
        return;
    }
    let closed = connection_of(request, context)
        .and_then(|c| c.flow.closed_by())
        .filter(|(by, at, _)| {
            let by_asked =
                connection_of(request, context).is_some_and(|c| c.flow.sender(*by).addr == asked);
            by_asked && *at > request.at() && at.time.since(request.at().time) <= SOON
        });
    let unanswered = transaction.final_response().is_none()
        && (closed.is_some() || transaction.failed(call, context.last));
    if transaction.final_response().is_none() && !unanswered {
        return;
    }
    report(transaction, call, request, (unanswered, version), to);
}

fn report(
    transaction: &Transaction<'_>,
    call: &Call,
    request: &Seen,
    (unanswered, version): (bool, Option<u32>),
    to: &mut Reporter<'_, '_>,
) {
    let (who, whom) = (to.label(transaction.asker), to.label(transaction.asked));
    let carriage = request.hop.carriage.to_uppercase();
    let title = if unanswered {
        format!(
            "{who} sends SIP in clear ({carriage}) to {whom}, and gets no answer: this federation needs TLS"
        )
    } else {
        format!("{who} and {whom} speak SIP in clear ({carriage})")
    };
    let mut building = to
        .report(
            transaction.asker,
            transaction.asked,
            title,
            Evidence::seen(request.at(), format!("{} over {carriage}", brief(request))),
        )
        .summary(format!(
            "{} of {who} went to {whom}:{} over {carriage}, readable for everybody. {}",
            transaction.method(),
            request.hop.dst.port,
            if unanswered {
                "Nothing came back. Lync federates over TLS only."
            } else {
                "It was answered, so something on the way or on the other box takes it; Lync itself federates over TLS only."
            }
        ))
        .key(carriage)
        .on_call(&call.id())
        .on_stream(request.hop.stream);
    if unanswered {
        building = building.absent(request.at(), "a final response");
    } else {
        building = building.severity(Severity::Note);
        if let Some(answer) = transaction.final_response() {
            building = building.seen(answer.at(), brief(answer));
        }
    }
    // One box does not say what it is, or a silence may have other reasons.
    if version.is_none() || unanswered {
        let _ = building.confidence(Confidence::Medium);
    }
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_read() {
        assert_eq!(version("Server: RTC/5.0"), Some(5));
        assert_eq!(version("RTCC/3.5.0.0 MCXService/3.5.0.0"), Some(3));
        assert_eq!(version("UCCAPI/15.0.4569.1503 OC/15.0"), Some(15));
        assert_eq!(version("RTC/x"), None);
        assert_eq!(version("Asterisk"), None);
    }
}
