//! The catalogue: one file a rule, a value each, checks that are pure functions of one finished subject.

mod context;
mod healing;
mod reporter;
mod rule;
mod sides;

pub mod auth;
pub mod cert;
pub mod dns;
pub mod im;
pub mod presence;
pub mod routing;
pub mod tls;
pub mod transport;
pub mod trust;

pub use context::{Context, Unread};
pub use reporter::{Building, CAPTURE_ENDS, Outcome, Reporter};
pub use rule::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Rule};

use crate::connection::Connection;
use crate::dialog::{Call, Transaction};
use crate::presence::Subscription;
use crate::sip::Method;
use std::sync::LazyLock;

/// Every rule, by class in the order of blame, then by name.
pub static ALL: LazyLock<Vec<&'static Rule>> = LazyLock::new(|| {
    [
        dns::RULES,
        transport::RULES,
        tls::RULES,
        cert::RULES,
        auth::RULES,
        trust::RULES,
        routing::RULES,
        presence::RULES,
        im::RULES,
    ]
    .concat()
});

/// The rule of that name.
pub fn find(name: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.name == name)
}

/// Judges one connection.
pub fn check_connection(connection: &Connection, context: &Context<'_>, out: &mut Outcome) {
    for rule in ALL.iter() {
        if let Check::Connection(check) = rule.check {
            check(connection, &mut Reporter::new(rule, context, out));
        }
    }
}

/// Judges the capture as a whole, when all else was judged.
pub fn check_capture(context: &Context<'_>, out: &mut Outcome) {
    for rule in ALL.iter() {
        if let Check::Capture(check) = rule.check {
            check(&mut Reporter::new(rule, context, out));
        }
    }
}

/// Judges one call: its transactions, then the call as a whole.
pub fn check_call(
    call: &Call,
    transactions: &[Transaction<'_>],
    context: &Context<'_>,
    out: &mut Outcome,
) {
    // Most calls of a busy server are refused by nobody, and many are not about presence: most rules have nothing to look at then.
    let refused: Vec<&Transaction<'_>> = transactions
        .iter()
        .filter(|t| t.final_status().is_some_and(|status| status >= 400))
        .collect();
    let presence = transactions.iter().any(|t| {
        matches!(
            t.method(),
            Method::Subscribe | Method::Notify | Method::Benotify
        )
    });
    let subscriptions: Vec<Subscription<'_>> = if presence {
        let all = crate::presence::of(call, transactions).into_iter();
        all.filter(Subscription::is_presence).collect()
    } else {
        Vec::new()
    };
    for rule in ALL.iter() {
        match rule.check {
            Check::Transaction(check) => {
                for transaction in transactions {
                    check(transaction, call, &mut Reporter::new(rule, context, out));
                }
            }
            Check::Refusal(check) => {
                for transaction in &refused {
                    check(transaction, call, &mut Reporter::new(rule, context, out));
                }
            }
            Check::Presence(check) if presence => {
                let to = &mut Reporter::new(rule, context, out);
                check(&subscriptions, call, transactions, to);
            }
            Check::Call(check) => {
                check(call, transactions, &mut Reporter::new(rule, context, out));
            }
            Check::Presence(_) | Check::Connection(_) | Check::Capture(_) => {}
        }
    }
}
