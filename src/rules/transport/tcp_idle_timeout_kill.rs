//! A connection that is dead after a silence.

use super::loss::{IdleKill, Killed, ends, idle_kill, minutes, similar};
use crate::connection::Connection;
use crate::finding::{Confidence, Evidence, Severity};
use crate::rules::tls::words::side;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "tcp-idle-timeout-kill",
    class: Class::Transport,
    severity: Severity::Warning,
    summary: "the first data after a silence fails on a connection that both servers think open",
    explanation: "Nobody closed the connection. After a long silence the first data on it was never acknowledged, or answered with \
        RST, and a new connection to the same server was opened soon after: the way is free, and the old connection was \
        forgotten. Firewalls and load balancers forget connections that are idle. Each time, the first request after the \
        silence is late or lost. A restart of the server in the meantime looks the same where RST answers; several cases after \
        similar silences tell them apart.",
    causes: &[
        "the idle timeout of a firewall or load balancer is shorter than the silences of this federation",
        "the other server was restarted during the silence (only where RST answers, and once)",
    ],
    confirm: &[
        "Compare the silence measured here with the idle timeouts on the way (ASA: show run timeout).",
        "Do the cases repeat after similar silences?",
    ],
    fix: Fix {
        cisco: &[
            "Check whether the node was restarted at that time (utils system uptime on its command line).",
        ],
        microsoft: &[
            "Let TCP keep-alive probes come more often than the timeout, where the application asks for them: KeepAliveTime under \
             HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters.",
        ],
        network: &[
            "Make the idle timeout for these ports longer than the silence (ASA: timeout conn, or a policy with set connection \
             timeout idle), and let the device send RST when it forgets a connection.",
        ],
    },
    knowledge: Knowledge::Unsourced,
    references: &[
        "RFC 9293 section 3.8.4 (keep-alives), RFC 5382 section 5 (idle timeout of at least 2 hours 4 minutes)",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let context = to.context();
    let Some(kill) = idle_kill(connection, context) else {
        return;
    };
    let IdleKill { by, data, how, .. } = kill;
    let again = similar(connection, &kill, context);
    let flow = &connection.flow;
    let (who, whom) = (side(connection, by, to), side(connection, by.reverse(), to));
    let (from, target) = ends(flow, by);
    let idle = minutes(data.idle_before);
    let (what, severity) = match how {
        Killed::Silence => ("is lost without a word", Severity::Warning),
        Killed::Reset(_) if again.is_empty() => ("is answered with RST", Severity::Note),
        Killed::Reset(_) => ("is answered with RST", Severity::Warning),
    };
    let outcome = match how {
        Killed::Silence => format!(
            "It was repeated {} times and never acknowledged.",
            data.retransmissions
        ),
        Killed::Reset(_) if again.is_empty() => {
            "A device that forgot the connection is likely, a restart of the server possible."
                .to_owned()
        }
        Killed::Reset(_) => "This happened after similar silences more than once.".to_owned(),
    };
    let mut built = to
        .report(
            connection.client().addr,
            connection.server().addr,
            format!("After {idle} of silence the data of {who} to {whom} {what}: likely an idle timeout on the way"),
            Evidence::seen(
                data.first,
                format!("{} bytes of {who}, the first after {idle} of silence", data.size),
            ),
        )
        .severity(severity)
        .key(format!("{} {by:?}", connection.server().port))
        .summary(format!(
            "The connection had been silent for {idle} when {who} sent {} bytes from {from} to {target}. {outcome} A new \
             connection was opened soon after (tcp.stream {}).",
            data.size, kill.next_stream
        ))
        .detail(
            "Other connections that ended so",
            again
                .iter()
                .map(|(stream, idle)| format!("tcp.stream {stream}: after {}", minutes(*idle)))
                .collect(),
        )
        .seen(kill.next, "the new connection")
        .network(format!(
            "Look for an idle timeout of at most {idle} on the firewalls and load balancers between {} and {}.",
            from.addr, target.addr
        ))
        .on_stream(Some(flow.stream));
    built = match how {
        Killed::Silence => built.seen(
            data.last,
            format!("the same bytes, repetition {}", data.retransmissions),
        ),
        Killed::Reset(rst) => built.seen(rst, format!("RST from the address of {whom}")),
    };
    if again.is_empty() && how != Killed::Silence {
        built = built.confidence(Confidence::Low);
    }
    drop(built);
}
