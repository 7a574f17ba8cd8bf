//! Lync treats the Cisco server as a client and asks it to sign in.

use crate::base::Span;
use crate::dialog::{Call, TRANSACTION_TIMEOUT, Transaction};
use crate::finding::{Confidence, Severity};
use crate::rules::sides::{
    answered_by_microsoft, asked_by_peer_server, brief, certificate_of, connection_of, names_in,
    opening,
};
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};
use crate::sip::Method;

pub(super) static RULE: Rule = Rule {
    name: "auth-lync-challenges-cisco",
    class: Class::Auth,
    severity: Severity::Error,
    summary: "Lync asks the Cisco server for Windows credentials because it does not know it as a trusted server",
    explanation: "Lync answers a request of the Cisco server with 401 or 407 and offers NTLM, Kerberos or TLS-DSK. It does \
        so when it takes the connection for one of an end user's client. A server is recognised by the name in the \
        certificate it presents: that name must be a trusted application pool or computer of the topology. The Cisco server \
        cannot sign in, so its requests are lost.",
    causes: &[
        "there is no trusted application pool or computer for the FQDN in the Cisco certificate",
        "the pool exists with TreatAsAuthenticated false or OutboundOnly true",
        "the topology was not published after the change (Enable-CsTopology)",
        "the Cisco server presented no certificate on this connection",
        "OCS 2007: the Host Authorization entry is missing; it needs one for the IP address and one for the FQDN",
    ],
    confirm: &[
        "Get-CsTrustedApplicationPool | Format-List Identity, TreatAsAuthenticated, OutboundOnly, ThrottleAsServer",
        "Get-CsTrustedApplicationComputer",
    ],
    fix: Fix {
        cisco: &[
            "Make sure that the certificate of the node (purpose cup) carries the FQDN that Lync trusts, with client authentication.",
        ],
        microsoft: &[
            "For every further node: New-CsTrustedApplicationComputer -Identity <node FQDN> -Pool <pool FQDN>",
            "New-CsTrustedApplication -ApplicationId cisco -TrustedApplicationPoolFqdn <pool FQDN> -Port 5061",
            "Enable-CsTopology",
            "OCS 2007: Host Authorization > add IP address and FQDN, \"Throttle As Server\" and \"Treat As Authenticated\" ticked, \
             \"Outbound Only\" not.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "Cisco, Partitioned Intradomain Federation guide 12.5(1), Microsoft Lync configuration",
        "Microsoft, New-CsTrustedApplicationPool and New-CsTrustedApplicationComputer (SkypeForBusiness PowerShell reference)",
        "Cisco, Interdomain Federation guide 14, Microsoft OCS (Host Authorization)",
    ],
    since: "0.1.0",
    explained_by: &[ExplainedBy {
        rules: &["tls-client-cert-empty"],
        link: Link::Hosts,
    }],
    check: Check::Refusal(check),
};

/// The schemes of Microsoft servers ([MS-SIPAE]).
const SCHEMES: [&str; 3] = ["NTLM", "Kerberos", "TLS-DSK"];

/// A connection that closes this long after an unanswered challenge has given its answer.
const PATIENCE: Span = Span::from_secs(5);

fn check(transaction: &Transaction<'_>, call: &Call, to: &mut Reporter<'_, '_>) {
    let context = to.context();
    let (Some(401 | 407), Some(answer)) =
        (transaction.final_status(), transaction.final_response())
    else {
        return;
    };
    let schemes: Vec<String> = answer
        .message
        .challenges()
        .filter(|c| SCHEMES.iter().any(|s| c.scheme.is(s)))
        .map(|c| c.scheme.to_string())
        .collect();
    // Clients sign in with REGISTER; a server never registers.
    if schemes.is_empty()
        || !answered_by_microsoft(answer, context)
        || !asked_by_peer_server(transaction, context)
        || transaction.method() == Method::Register
    {
        return;
    }
    let (server, asker) = (transaction.asked, transaction.asker);
    if transaction
        .request_message()
        .is_some_and(|m| m.credential_schemes().next().is_some())
    {
        return;
    }
    let signed_in = call.messages.iter().any(|seen| {
        seen.hop.src.addr == asker
            && SCHEMES
                .iter()
                .any(|scheme| seen.message.has_credentials(scheme))
    });
    if signed_in {
        return;
    }
    let (who, whom) = (to.label(server), to.label(asker));
    let waited = context.remaining(answer.at());
    let connection = connection_of(answer, context);
    // A box that shows nothing of Cisco and no certificate is a probe or a client, not a server of the other side.
    let shows_certificate = connection.is_some_and(|c| certificate_of(c, asker).is_some());
    if !context.hosts.is_cisco(asker) && !shows_certificate {
        return;
    }
    let closed = connection
        .and_then(|c| c.flow.closed_by())
        .is_some_and(|(_, at, _)| at.time.since(answer.at().time) >= PATIENCE);
    if waited < TRANSACTION_TIMEOUT && !closed {
        to.undecided(
            answer.at(),
            format!("whether {whom} answers the challenge: the capture ends {waited} after it, {TRANSACTION_TIMEOUT} would decide"),
        );
        return;
    }
    let certificate = connection.and_then(|c| certificate_of(c, asker));
    let names = certificate.map_or_else(|| context.hosts.names(asker).to_vec(), names_in);
    let pool = names
        .first()
        .cloned()
        .unwrap_or_else(|| format!("<FQDN in the certificate of {asker}>"));
    let configured = names.iter().find_map(|n| context.profile.trusts(n));
    let method = transaction.method();
    let mut summary = format!(
        "{who} answers {method} of {whom} with a challenge for Windows credentials ({}), as it does for end users. It does \
         not take {whom} for a trusted server.",
        schemes.join(", ")
    );
    if configured == Some(false) {
        summary.push_str(" The lab profile agrees: no trusted application pool has this name.");
    }
    let building = to
        .report(
            server,
            asker,
            format!("{who} demands Windows credentials from {whom}: it is no trusted application server for Lync"),
            opening(transaction, answer),
        )
        .summary(summary)
        .seen(answer.at(), format!("{}, offers {}", brief(answer), schemes.join(", ")))
        .absent(answer.at(), format!("a {method} with credentials, awaited for {waited}"))
        .detail("Challenged requests", vec![method.to_string()])
        .detail("Names in the certificate of the Cisco server", names)
        .on_call(&call.id())
        .on_stream(answer.hop.stream)
        .microsoft(format!(
            "New-CsTrustedApplicationPool -Identity {pool} -ComputerFqdn {pool} -Registrar <Lync pool> -Site 1 \
             -TreatAsAuthenticated $true -ThrottleAsServer $true -OutboundOnly $false -RequiresReplication $false"
        ));
    if !context.hosts.is_cisco(asker) {
        let _ = building.confidence(Confidence::Medium);
    }
}
