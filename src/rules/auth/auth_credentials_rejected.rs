//! Somebody signs in with credentials, and they are refused.

use crate::dialog::{Call, Seen, Transaction};
use crate::finding::{Confidence, Severity};
use crate::rules::healing::Healing;
use crate::rules::sides::{brief, diagnostics_lines, is_origin, opening};
use crate::rules::{Check, Class, ExplainedBy, Fix, Knowledge, Link, Reporter, Rule};
use crate::sip::{Message, Method};

pub(super) static RULE: Rule = Rule {
    name: "auth-credentials-rejected",
    class: Class::Auth,
    severity: Severity::Error,
    summary: "credentials were sent and refused: wrong user, password, realm, or clock",
    explanation: "A challenge that is answered ends with success or with another challenge. Another one is normal when the nonce was too old \
        (stale=true), and in the rounds of NTLM, Kerberos and TLS-DSK, which carry data from one to the next (gssapi-data). Here the \
        server begins anew, or says 403: it did not accept what it got.",
    causes: &[
        "the password or the user name is wrong, or the account is locked or not enabled for SIP",
        "the realm or the URI that the digest was computed over was changed on the way",
        "the clocks differ by more than five minutes (Kerberos, NTLM, TLS-DSK)",
    ],
    confirm: &[
        "The log of the server that challenges names the account and the reason; on Windows the Security log, events 4625 and 4771.",
        "Compare realm and user name in the frames below with what is configured.",
    ],
    fix: Fix {
        cisco: &[
            "Where a Cisco user or application is refused: Cisco Unified CM Administration > User Management: Digest Credentials of the user.",
        ],
        microsoft: &[
            "Where a Lync user is refused: Get-CsUser and Get-ADUser: enabled, not locked, the SIP address as in From; w32tm /query /status \
             for the clock.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "RFC 7616 section 3.3 (stale), RFC 3261 section 22",
        "[MS-SIPAE] section 3 (rounds of NTLM, Kerberos and TLS-DSK)",
    ],
    since: "0.1.0",
    explained_by: &[ExplainedBy {
        rules: &["clock-skew-between-peers"],
        link: Link::Hosts,
    }],
    check: Check::Refusal(check),
};

/// The schemes of Microsoft servers, which take several rounds ([MS-SIPAE]).
const ROUNDS: [&str; 3] = ["NTLM", "Kerberos", "TLS-DSK"];

/// The scheme of the credentials in this request that the answer refuses.
fn refused(request: &Message, answer: &Message, status: u16, call: &Call) -> Option<String> {
    let sent: Vec<String> = request
        .credential_schemes()
        .map(|scheme| scheme.to_str().into_owned())
        .collect();
    let digest = sent.iter().find(|s| s.eq_ignore_ascii_case("Digest"));
    if status == 403 {
        // Behind a challenge of the same call: a server that knows the user from before says 403 to what the user may not do.
        let challenged = call
            .messages
            .iter()
            .any(|seen| matches!(seen.message.status().map(|s| s.0), Some(401 | 407)));
        return digest.filter(|_| challenged).cloned();
    }
    let challenge = |scheme: &str| answer.challenges().find(|c| c.scheme.is(scheme));
    if let Some(digest) = digest
        && let Some(challenge) = challenge("Digest")
        && !challenge.params.get("stale").is_some_and(|s| s.is("true"))
    {
        return Some(digest.clone());
    }
    // Data in the request and none in the answer: the server begins anew.
    sent.into_iter().find(|scheme| {
        ROUNDS.iter().any(|r| r.eq_ignore_ascii_case(scheme))
            && has_data(request)
            && challenge(scheme).is_some_and(|c| {
                c.params
                    .get("gssapi-data")
                    .is_none_or(|data| data.to_str().trim_matches('"').is_empty())
            })
    })
}

/// Whether the credentials carry data of a round.
fn has_data(request: &Message) -> bool {
    use crate::sip::HeaderName as H;
    [H::Authorization, H::ProxyAuthorization]
        .into_iter()
        .flat_map(|name| request.headers(name))
        .any(|value| {
            let text = value.to_str().to_ascii_lowercase();
            text.split_once("gssapi-data=").is_some_and(|(_, data)| {
                !data.trim_start_matches('"').is_empty() && !data.starts_with("\"\"")
            })
        })
}

/// Whether the same side tried again in this call: then that attempt is judged.
fn tried_again(transaction: &Transaction<'_>, call: &Call) -> bool {
    call.messages.iter().any(|seen| {
        let m = &seen.message;
        m.is_request()
            && seen.hop.src.addr == transaction.asker
            && m.cseq()
                .is_some_and(|c| c.method == transaction.method() && c.number > transaction.cseq())
            && m.credential_schemes().next().is_some()
    })
}

fn check(transaction: &Transaction<'_>, call: &Call, to: &mut Reporter<'_, '_>) {
    let (Some(request), Some(answer), Some(status @ (401 | 403 | 407))) = (
        transaction.request,
        transaction.final_response(),
        transaction.final_status(),
    ) else {
        return;
    };
    let Some(scheme) = refused(&request.message, &answer.message, status, call) else {
        return;
    };
    if tried_again(transaction, call) || !is_origin(transaction, call) {
        return;
    }
    report(transaction, call, (request, answer), &scheme, to);
}

fn report(
    transaction: &Transaction<'_>,
    call: &Call,
    (request, answer): (&Seen, &Seen),
    scheme: &str,
    to: &mut Reporter<'_, '_>,
) {
    let (who, whom) = (to.label(transaction.asked), to.label(transaction.asker));
    let status = transaction.final_status().unwrap_or_default();
    let method = transaction.method();
    let user = request
        .message
        .from()
        .and_then(|from| from.aor())
        .unwrap_or_else(|| "an unknown user".to_owned());
    let healing = Healing::of(request, answer.at(), to.context());
    let realm = answer
        .message
        .challenges()
        .find_map(|c| c.realm().map(|r| r.to_str().into_owned()));
    let earlier = call
        .messages
        .iter()
        .filter(|seen| {
            seen.hop.src.addr == transaction.asker
                && seen.message.is_request()
                && seen.at() < request.at()
                && seen.message.credential_schemes().next().is_some()
        })
        .count();
    let building = to
        .report(
            transaction.asked,
            transaction.asker,
            healing.title(format!(
                "{who} refuses the {scheme} credentials of {user} that {whom} sends ({status})"
            )),
            opening(transaction, answer),
        )
        .summary(healing.summary(format!(
            "{whom} sends {method} with {scheme} credentials for {user}, and {who} answers {status}{}. Nothing better followed in this call.",
            realm.map_or_else(String::new, |r| format!(" and asks again (realm {r})"))
        )))
        .key(scheme.to_ascii_lowercase())
        .seen(answer.at(), brief(answer))
        .detail("Users", vec![user])
        .detail("The server's own words", diagnostics_lines(&answer.message))
        .on_call(&call.id())
        .on_stream(answer.hop.stream);
    let building = healing.mark(building);
    // One refusal may be a nonce that grew old without being called stale; 403 may be about what is asked and not about who asks.
    let signs_in = method == Method::Register;
    if (status == 403 && !signs_in) || (status != 403 && earlier == 0) {
        let _ = building.confidence(Confidence::Medium);
    }
}
