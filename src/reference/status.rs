//! SIP status codes, as this federation reads them (RFC 3261 §21, the IANA registry, and what the two vendors mean by them).

/// What a status code says.
#[derive(Debug)]
pub struct Status {
    /// The code.
    pub code: u16,
    /// What it means, in one or two sentences.
    pub meaning: &'static str,
    /// What it usually means from a Microsoft server.
    pub microsoft: Option<&'static str>,
    /// What it usually means from the Cisco side.
    pub cisco: Option<&'static str>,
    /// Rules that speak of it.
    pub rules: &'static [&'static str],
    /// Where it is defined.
    pub source: &'static str,
}

const fn plain(code: u16, meaning: &'static str, source: &'static str) -> Status {
    Status {
        code,
        meaning,
        microsoft: None,
        cisco: None,
        rules: &[],
        source,
    }
}

const fn here(
    code: u16,
    meaning: &'static str,
    [microsoft, cisco]: [Option<&'static str>; 2],
    rules: &'static [&'static str],
    source: &'static str,
) -> Status {
    Status {
        code,
        meaning,
        microsoft,
        cisco,
        rules,
        source,
    }
}

/// The entry of a code.
pub fn find(code: u16) -> Option<&'static Status> {
    ALL.binary_search_by_key(&code, |status| status.code)
        .ok()
        .and_then(|at| ALL.get(at))
}

/// What the first digit says, for codes that nobody registered (RFC 3261 §8.1.3.2: treat as x00).
pub const fn class(code: u16) -> Option<&'static str> {
    Some(match code / 100 {
        1 => "provisional: the request was received and is being worked on",
        2 => "success",
        3 => "redirection: try elsewhere",
        4 => {
            "this server refuses the request as it is; another server or another request may succeed"
        }
        5 => "this server failed to fulfil a request that looks valid",
        6 => "nobody anywhere will fulfil the request",
        _ => return None,
    })
}

/// All codes known, sorted.
pub static ALL: &[Status] = &[
    plain(
        100,
        "The next hop has the request and works on it; sent so that it is not repeated.",
        "RFC 3261 section 21.1.1",
    ),
    here(
        101,
        "Progress report of a Microsoft server. The ms-diagnostics in it tells how the call goes on and is no error.",
        [
            Some(
                "normal during calls: 13004 says that the request was passed to the endpoints of the user",
            ),
            None,
        ],
        &[],
        "[MS-SIPRE]; seen on the wire",
    ),
    plain(
        180,
        "The user's phone or client rings.",
        "RFC 3261 section 21.1.2",
    ),
    plain(
        181,
        "The call goes on to another destination.",
        "RFC 3261 section 21.1.3",
    ),
    plain(
        182,
        "The called user is busy and the call waits.",
        "RFC 3261 section 21.1.4",
    ),
    plain(
        183,
        "How the call proceeds, often with a session description.",
        "RFC 3261 section 21.1.5",
    ),
    plain(
        199,
        "An early dialog ended while others of the call go on.",
        "RFC 6228",
    ),
    plain(
        200,
        "The request succeeded. For SUBSCRIBE it still needs a NOTIFY from the other side.",
        "RFC 3261 section 21.2.1",
    ),
    plain(
        202,
        "The request was taken and is not done yet. For SUBSCRIBE: the user may still have to allow it.",
        "RFC 6665 section 8.3.1",
    ),
    plain(
        204,
        "The subscription was refreshed and there is nothing to notify.",
        "RFC 5839 section 7.1",
    ),
    plain(
        300,
        "The user can be reached at several places; the caller is to choose.",
        "RFC 3261 section 21.3.1",
    ),
    here(
        301,
        "The user is now at another address.",
        [
            Some(
                "to clients: \"Redirect request to Home Server\" sends them to the pool of the user, normal at sign-in",
            ),
            None,
        ],
        &[],
        "RFC 3261 section 21.3.2",
    ),
    plain(
        302,
        "The user is for the moment at another address.",
        "RFC 3261 section 21.3.3",
    ),
    plain(
        305,
        "The request must go by the proxy in Contact.",
        "RFC 3261 section 21.3.4",
    ),
    plain(
        380,
        "The call failed, other services are possible.",
        "RFC 3261 section 21.3.5",
    ),
    here(
        400,
        "The request is malformed.",
        [
            Some(
                "the message could not be parsed, often Record-Route or Via; ms-diagnostics 1018 goes with it",
            ),
            Some("a header it cannot read; also the answer of a clear SIP listener to TLS bytes"),
        ],
        &["ms-diagnostics-reported", "tls-on-plaintext-port"],
        "RFC 3261 section 21.4.1",
    ),
    here(
        401,
        "The server wants the sender to authenticate.",
        [
            Some(
                "NTLM, Kerberos or TLS-DSK: the sender is treated as a client, not as a trusted server. Normal when a client signs in",
            ),
            Some(
                "Digest: the incoming ACL has no entry for the sender, or the request came to the server-authentication listener",
            ),
        ],
        &[
            "auth-digest-challenge-unanswered",
            "auth-lync-challenges-cisco",
            "auth-credentials-rejected",
            "lync-client-signout-after-digest",
            "wrong-cup-listener",
        ],
        "RFC 3261 section 21.4.2",
    ),
    plain(402, "Reserved.", "RFC 3261 section 21.4.3"),
    here(
        403,
        "The server understood and refuses; credentials would not help.",
        [
            Some(
                "federation policy: the domain, the provider list or the user's policy does not allow it (1001, 1002, 1012, 1017, 1027)",
            ),
            Some("the domain of the sender is no federated domain there, or a policy blocks it"),
        ],
        &[
            "trust-403-forbidden",
            "route-maddr-not-trusted",
            "ms-diagnostics-reported",
        ],
        "RFC 3261 section 21.4.4",
    ),
    here(
        404,
        "The user does not exist in the domain of the request URI, or the domain is not served.",
        [
            Some("the user is unknown (1003, 4005, 4006), or there is no route for the domain"),
            Some("the user or the domain is unknown, or no static route matches"),
        ],
        &[
            "sip-404-user-unknown",
            "lync-static-route-missing",
            "route-host-rewritten-in-ruri",
        ],
        "RFC 3261 section 21.4.5",
    ),
    here(
        405,
        "The server knows the method and does not allow it for this address.",
        [
            Some("MESSAGE outside of a session: federation uses session mode"),
            Some("NEGOTIATE, SERVICE or BENOTIFY of Microsoft servers: harmless"),
        ],
        &["im-message-rejected", "im-only-presence-works"],
        "RFC 3261 section 21.4.6",
    ),
    here(
        406,
        "Nothing the server could answer with is in the Accept header of the request.",
        [
            Some("the body type that the watcher wants is not offered"),
            Some("no common body type: for presence both sides share only application/pidf+xml"),
        ],
        &["pres-content-not-acceptable"],
        "RFC 3261 section 21.4.7",
    ),
    here(
        407,
        "A proxy wants the sender to authenticate.",
        [
            Some("as 401"),
            Some("as 401: the incoming ACL has no entry for the sender"),
        ],
        &[
            "auth-digest-challenge-unanswered",
            "auth-lync-challenges-cisco",
            "auth-credentials-rejected",
        ],
        "RFC 3261 section 21.4.8",
    ),
    here(
        408,
        "No answer came from the next hop or the user in time.",
        [
            Some("rare"),
            Some(
                "the next hop cannot be reached: static route, firewall, or the TLS handshake below it fails",
            ),
        ],
        &[
            "sip-408-timeout",
            "tcp-syn-unanswered",
            "pres-notify-unanswered",
        ],
        "RFC 3261 section 21.4.9",
    ),
    plain(
        409,
        "Conflict; of an older standard.",
        "RFC 2543 section 7.4.10",
    ),
    plain(
        410,
        "The user is gone for good and left no address.",
        "RFC 3261 section 21.4.10",
    ),
    plain(
        412,
        "The state that the request builds on is no longer there (PUBLISH).",
        "RFC 3903 section 11.2.1",
    ),
    plain(
        413,
        "The body is larger than the server takes.",
        "RFC 3261 section 21.4.11",
    ),
    plain(
        414,
        "The request URI is longer than the server takes.",
        "RFC 3261 section 21.4.12",
    ),
    here(
        415,
        "The server does not take this type of body.",
        [
            Some("a session description or presence document it does not know"),
            Some(
                "rich text (text/rtf, text/html) or several parts in a MESSAGE; an invitation to a conference",
            ),
        ],
        &[
            "im-message-rejected",
            "im-multiparty-rejected",
            "pres-content-not-acceptable",
        ],
        "RFC 3261 section 21.4.13",
    ),
    plain(
        416,
        "The server does not know this kind of URI.",
        "RFC 3261 section 21.4.14",
    ),
    plain(
        417,
        "No Resource-Priority of the request is known.",
        "RFC 4412 section 4.6.2",
    ),
    here(
        420,
        "The request demands an extension that the server does not have; Unsupported names it.",
        [
            None,
            Some(
                "a header of Microsoft clients (Require or Proxy-Require: ms-benotify, adhoclist, categoryList, com.microsoft.rtc-multiparty) came through to it",
            ),
        ],
        &["pres-bad-extension", "im-multiparty-rejected"],
        "RFC 3261 section 21.4.15",
    ),
    plain(
        421,
        "The server needs an extension that the request does not offer; Require names it.",
        "RFC 3261 section 21.4.16",
    ),
    plain(
        422,
        "The session timer asked for is shorter than the server takes; Min-SE says how long.",
        "RFC 4028 section 6",
    ),
    here(
        423,
        "The time asked for is shorter than the server takes; Min-Expires says how long. The request is to be repeated with more.",
        [
            Some("a subscription that is too short"),
            Some("a subscription that is too short"),
        ],
        &["pres-interval-too-brief"],
        "RFC 3261 section 21.4.17",
    ),
    plain(
        424,
        "The location in the request is bad.",
        "RFC 6442 section 4.2",
    ),
    plain(425, "The alert message in the request is bad.", "RFC 8876"),
    plain(
        428,
        "The request must carry an Identity header.",
        "RFC 8224 section 6.2.2",
    ),
    plain(
        429,
        "The server wants to know who referred.",
        "RFC 3892 section 5",
    ),
    plain(
        430,
        "The connection to the user's client has failed.",
        "RFC 5626 section 11.5",
    ),
    plain(
        433,
        "The user does not take anonymous requests.",
        "RFC 5079 section 5",
    ),
    plain(
        436,
        "The certificate that Identity-Info points to cannot be had.",
        "RFC 8224 section 6.2.2",
    ),
    plain(
        437,
        "The certificate for the Identity header cannot be used. This is about signed requests, not about TLS.",
        "RFC 8224 section 6.2.2",
    ),
    plain(
        438,
        "The signature in the Identity header is wrong.",
        "RFC 8224 section 6.2.2",
    ),
    plain(
        439,
        "The first hop does not support outbound.",
        "RFC 5626 section 11.6",
    ),
    plain(
        440,
        "The request was to go to more branches at once than allowed.",
        "RFC 5393 section 5",
    ),
    plain(
        469,
        "An INFO with a package that the receiver did not announce.",
        "RFC 6086 section 4.2.2",
    ),
    plain(
        470,
        "The recipient has to consent first.",
        "RFC 5360 section 5.9.2",
    ),
    here(
        480,
        "The user exists and cannot be reached for the moment.",
        [
            Some("the user is not signed in (13009), or does not want to be disturbed"),
            Some("the user has no session of a client"),
        ],
        &["sip-480-487-486-603"],
        "RFC 3261 section 21.4.18",
    ),
    here(
        481,
        "There is no such dialog or transaction here (any more).",
        [
            Some("the subscription or session was lost: 2014 for presence"),
            Some("the session was lost, after a restart or on another node"),
        ],
        &["pres-notify-481", "im-message-rejected", "route-missing-lr"],
        "RFC 3261 section 21.4.19",
    ),
    here(
        482,
        "The request came back to a server that had it before.",
        [
            Some("loop"),
            Some("its loop detection: the user is on neither system"),
        ],
        &["route-loop"],
        "RFC 3261 section 21.4.20",
    ),
    here(
        483,
        "Max-Forwards came to 0: too many hops, usually a loop.",
        [Some("loop"), Some("loop")],
        &["route-loop"],
        "RFC 3261 section 21.4.21",
    ),
    plain(
        484,
        "The address is incomplete.",
        "RFC 3261 section 21.4.22",
    ),
    plain(
        485,
        "The address fits several users.",
        "RFC 3261 section 21.4.23",
    ),
    here(
        486,
        "The user is busy.",
        [
            Some("the user is busy or does not want to be disturbed"),
            Some("the user declined"),
        ],
        &["sip-480-487-486-603"],
        "RFC 3261 section 21.4.24",
    ),
    here(
        487,
        "The request was ended by CANCEL or BYE before it was answered.",
        [Some("the caller gave up"), Some("the caller gave up")],
        &["sip-480-487-486-603"],
        "RFC 3261 section 21.4.25",
    ),
    here(
        488,
        "The session that was offered cannot be taken here.",
        [
            Some("a session description it does not take; 24000 when it could not be parsed"),
            Some(
                "audio, video, sharing or a conference: only messages between two people are part of this federation",
            ),
        ],
        &[
            "im-audio-video-rejected",
            "im-multiparty-rejected",
            "im-invite-rejected",
        ],
        "RFC 3261 section 21.4.26",
    ),
    here(
        489,
        "The server does not know the event package of the subscription.",
        [
            Some("an event that is not federated"),
            Some("an event of Microsoft clients: only presence is shared"),
        ],
        &["pres-event-not-supported"],
        "RFC 6665 section 8.3.2",
    ),
    plain(
        491,
        "Another request of the same dialog is still open; the sender tries again a little later.",
        "RFC 3261 section 21.4.27",
    ),
    plain(
        493,
        "The body is encrypted for somebody else.",
        "RFC 3261 section 21.4.28",
    ),
    plain(
        494,
        "The server wants a security agreement first.",
        "RFC 3329 section 2",
    ),
    here(
        500,
        "The server met something it had not expected.",
        [
            Some("overload, or services that are starting"),
            Some("a service behind the proxy is down or not ready"),
        ],
        &["sip-5xx-overload", "im-only-presence-works"],
        "RFC 3261 section 21.5.1",
    ),
    here(
        501,
        "The server does not know the method at all.",
        [
            None,
            Some("NEGOTIATE, SERVICE or BENOTIFY of Microsoft servers: harmless"),
        ],
        &["im-message-rejected"],
        "RFC 3261 section 21.5.2",
    ),
    plain(
        502,
        "The next server gave an answer that is not valid.",
        "RFC 3261 section 21.5.3",
    ),
    here(
        503,
        "The server is overloaded or in maintenance; Retry-After says for how long.",
        [
            Some(
                "overload, throttling of a server that is treated as a client, or services that are starting",
            ),
            Some("a service behind the proxy is down"),
        ],
        &["sip-5xx-overload"],
        "RFC 3261 section 21.5.4",
    ),
    here(
        504,
        "The server did not hear in time from another server that it needed.",
        [
            Some(
                "seldom about time: it could not or would not pass the request on: DNS, TLS or certificate of the next hop (1008, 1009, 1010, 1014, 1046, 1047). The reason is left out towards other networks by default",
            ),
            None,
        ],
        &[
            "trust-504-from-lync",
            "trust-naked-504",
            "route-maddr-not-trusted",
            "dns-srv-missing",
        ],
        "RFC 3261 section 21.5.5",
    ),
    plain(
        505,
        "The server does not speak this version of SIP.",
        "RFC 3261 section 21.5.6",
    ),
    plain(
        513,
        "The message is larger than the server takes.",
        "RFC 3261 section 21.5.7",
    ),
    plain(
        555,
        "The push service of the request is not supported.",
        "RFC 8599 section 14.2.1",
    ),
    plain(
        580,
        "A precondition of the session cannot be met.",
        "RFC 3312 section 8",
    ),
    plain(
        600,
        "The user is busy everywhere.",
        "RFC 3261 section 21.6.1",
    ),
    here(
        603,
        "The user declined.",
        [
            Some("the user declined or does not want to be disturbed"),
            Some("the user declined"),
        ],
        &["sip-480-487-486-603"],
        "RFC 3261 section 21.6.2",
    ),
    plain(604, "The user exists nowhere.", "RFC 3261 section 21.6.3"),
    here(
        606,
        "Something in the session description cannot be taken anywhere.",
        [
            None,
            Some("audio, video or a conference: not part of this federation"),
        ],
        &["im-audio-video-rejected", "im-multiparty-rejected"],
        "RFC 3261 section 21.6.4",
    ),
    plain(607, "The user does not want this call.", "RFC 8197"),
    plain(
        608,
        "A service between the two refused the call.",
        "RFC 8688",
    ),
    plain(
        687,
        "The dialog ended.",
        "IANA registry of SIP response codes",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(ALL.is_sorted_by_key(|s| s.code));
        assert_eq!(find(504).map(|s| s.code), Some(504));
        assert!(find(499).is_none());
        assert!(class(499).is_some() && class(700).is_none());
    }
}
