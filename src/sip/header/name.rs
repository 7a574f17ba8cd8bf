//! The names of header fields: one table of long and compact forms.

use std::fmt;

macro_rules! header_names {
    ($($variant:ident $long:literal $($compact:literal)?;)*) => {
        /// A header field by name, whatever the case and form on the wire.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum HeaderName {
            $(#[doc = concat!("`", $long, "`")] $variant,)*
            /// A name that is not in the table; `Message::header_named` finds it.
            Other,
        }

        /// Long form, and the compact one or 0.
        const TABLE: &[(HeaderName, &str, u8)] = &[
            $((HeaderName::$variant, $long, 0 $(+ $compact)?),)*
        ];
    };
}

// <https://www.iana.org/assignments/sip-parameters>, "Header Fields", then what Lync, Cisco and others send besides.
header_names! {
    Accept "Accept"; AcceptContact "Accept-Contact" b'a'; AcceptEncoding "Accept-Encoding";
    AcceptLanguage "Accept-Language"; AcceptResourcePriority "Accept-Resource-Priority";
    AdditionalIdentity "Additional-Identity"; AlertInfo "Alert-Info"; Allow "Allow";
    AllowEvents "Allow-Events" b'u'; AnswerMode "Answer-Mode"; AttestationInfo "Attestation-Info";
    AuthenticationInfo "Authentication-Info"; Authorization "Authorization"; CallId "Call-ID" b'i';
    CallInfo "Call-Info"; CellularNetworkInfo "Cellular-Network-Info"; Contact "Contact" b'm';
    ContentDisposition "Content-Disposition"; ContentEncoding "Content-Encoding" b'e';
    ContentId "Content-ID"; ContentLanguage "Content-Language"; ContentLength "Content-Length" b'l';
    ContentType "Content-Type" b'c'; CSeq "CSeq"; Date "Date"; Encryption "Encryption";
    ErrorInfo "Error-Info"; Event "Event" b'o'; Expires "Expires"; FeatureCaps "Feature-Caps";
    FlowTimer "Flow-Timer"; From "From" b'f'; Geolocation "Geolocation";
    GeolocationError "Geolocation-Error"; GeolocationRouting "Geolocation-Routing"; Hide "Hide";
    HistoryInfo "History-Info"; Identity "Identity" b'y'; IdentityInfo "Identity-Info" b'n';
    InfoPackage "Info-Package"; InReplyTo "In-Reply-To"; Join "Join"; MaxBreadth "Max-Breadth";
    MaxForwards "Max-Forwards"; MimeVersion "MIME-Version"; MinExpires "Min-Expires"; MinSe "Min-SE";
    Organization "Organization"; OriginationId "Origination-Id";
    PAccessNetworkInfo "P-Access-Network-Info"; PAnswerState "P-Answer-State";
    PAssertedIdentity "P-Asserted-Identity"; PAssertedService "P-Asserted-Service";
    PAssociatedUri "P-Associated-URI"; PCalledPartyId "P-Called-Party-ID";
    PChargeInfo "P-Charge-Info"; PChargingFunctionAddresses "P-Charging-Function-Addresses";
    PChargingVector "P-Charging-Vector"; PEarlyMedia "P-Early-Media";
    PMediaAuthorization "P-Media-Authorization"; PPreferredIdentity "P-Preferred-Identity";
    PPreferredService "P-Preferred-Service"; PProfileKey "P-Profile-Key";
    PRefusedUriList "P-Refused-URI-List"; PServedUser "P-Served-User";
    PUserDatabase "P-User-Database"; PVisitedNetworkId "P-Visited-Network-ID"; Path "Path";
    PermissionMissing "Permission-Missing"; PolicyContact "Policy-Contact"; PolicyId "Policy-ID";
    Priority "Priority"; PriorityShare "Priority-Share"; PrivAnswerMode "Priv-Answer-Mode";
    Privacy "Privacy"; ProxyAuthenticate "Proxy-Authenticate";
    ProxyAuthenticationInfo "Proxy-Authentication-Info"; ProxyAuthorization "Proxy-Authorization";
    ProxyRequire "Proxy-Require"; RAck "RAck"; Reason "Reason"; ReasonPhrase "Reason-Phrase";
    RecordRoute "Record-Route"; RecvInfo "Recv-Info"; ReferEventsAt "Refer-Events-At";
    ReferSub "Refer-Sub"; ReferTo "Refer-To" b'r'; ReferredBy "Referred-By" b'b';
    RejectContact "Reject-Contact" b'j'; RelayedCharge "Relayed-Charge"; Replaces "Replaces";
    ReplyTo "Reply-To"; RequestDisposition "Request-Disposition" b'd'; Require "Require";
    ResourcePriority "Resource-Priority"; ResourceShare "Resource-Share"; ResponseKey "Response-Key";
    RestorationInfo "Restoration-Info"; RetryAfter "Retry-After"; Route "Route"; RSeq "RSeq";
    SecurityClient "Security-Client"; SecurityServer "Security-Server";
    SecurityVerify "Security-Verify"; Server "Server"; ServiceRoute "Service-Route";
    SessionExpires "Session-Expires" b'x'; SessionId "Session-ID"; SipEtag "SIP-ETag";
    SipIfMatch "SIP-If-Match"; Subject "Subject" b's'; SubscriptionState "Subscription-State";
    Supported "Supported" b'k'; SuppressIfMatch "Suppress-If-Match"; TargetDialog "Target-Dialog";
    Timestamp "Timestamp"; To "To" b't'; TriggerConsent "Trigger-Consent"; Unsupported "Unsupported";
    UserAgent "User-Agent"; UserToUser "User-to-User"; Via "Via" b'v'; Warning "Warning";
    WwwAuthenticate "WWW-Authenticate";
    Compression "Compression"; Diversion "Diversion"; EndPoints "EndPoints";
    MsAssertedVerificationLevel "ms-asserted-verification-level"; MsCallSource "ms-call-source";
    MsClientDiagnostics "ms-client-diagnostics"; MsConversationId "Ms-Conversation-ID";
    MsDiagnostics "ms-diagnostics"; MsDiagnosticsPublic "ms-diagnostics-public";
    MsEdgeProxyMessageTrust "ms-edge-proxy-message-trust"; MsImFormat "ms-im-format";
    MsKeepAlive "ms-keep-alive"; MsPiggybackCSeq "ms-piggyback-cseq";
    MsSplitDomainInfo "ms-split-domain-info"; MsSubnet "ms-subnet"; MsTextFormat "ms-text-format";
    MsUserLogonData "ms-user-logon-data"; RemotePartyId "Remote-Party-ID";
    RosterManager "Roster-Manager";
}

/// Slots of the hash table: a power of two, three times as many as names.
const SLOTS: usize = 512;

/// A hash of the length and three letters; enough because a hit is compared in full.
const fn slot(len: usize, first: u8, middle: u8, last: u8) -> usize {
    ((len * 37)
        ^ ((first | 0x20) as usize * 5)
        ^ ((middle | 0x20) as usize * 61)
        ^ ((last | 0x20) as usize * 17))
        % SLOTS
}

/// For each slot the number of a row of [`TABLE`] plus one; 0 is free. Collisions lie in the next slots.
static HASHED: [u8; SLOTS] = hashed();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
#[expect(
    clippy::cast_possible_truncation,
    reason = "fewer than 255 rows, asserted"
)]
const fn hashed() -> [u8; SLOTS] {
    assert!(TABLE.len() < 255);
    let mut slots = [0; SLOTS];
    let mut row = 0;
    while row < TABLE.len() {
        let name = TABLE[row].1.as_bytes();
        let mut at = slot(
            name.len(),
            name[0],
            name[name.len() / 2],
            name[name.len() - 1],
        );
        while slots[at] != 0 {
            at = (at + 1) % SLOTS;
        }
        row += 1;
        slots[at] = row as u8;
    }
    slots
}

impl HeaderName {
    /// The header field of this name, in long or compact form and any case.
    pub fn new(name: &[u8]) -> Self {
        let (Some(&first), Some(&last)) = (name.first(), name.last()) else {
            return Self::Other;
        };
        if name.len() == 1 && first.is_ascii_alphabetic() {
            let compact = first.to_ascii_lowercase();
            return TABLE
                .iter()
                .find(|(_, _, c)| *c == compact)
                .map_or(Self::Other, |(id, _, _)| *id);
        }
        let middle = name.get(name.len() / 2).copied().unwrap_or_default();
        let mut at = slot(name.len().min(256), first, middle, last);
        while let Some(row) = HASHED.get(at).and_then(|n| usize::from(*n).checked_sub(1)) {
            match TABLE.get(row) {
                // The usual case is the registered one; comparing that first is cheaper.
                Some((id, long, _))
                    if long.as_bytes() == name || long.as_bytes().eq_ignore_ascii_case(name) =>
                {
                    return *id;
                }

                _ => at = (at + 1) % SLOTS,
            }
        }
        Self::Other
    }

    /// How many names there are.
    pub(in crate::sip) const NAMES: usize = TABLE.len();

    /// The one at this row of the table, and its long form; `id as usize` is its row.
    pub(in crate::sip) const fn at_row(row: usize) -> Option<(Self, &'static [u8])> {
        match row < TABLE.len() {
            #[expect(clippy::indexing_slicing, reason = "looked at before")]
            true => Some((TABLE[row].0, TABLE[row].1.as_bytes())),
            false => None,
        }
    }

    /// The long form; `""` for [`HeaderName::Other`].
    pub fn as_str(self) -> &'static str {
        TABLE
            .iter()
            .find(|(id, _, _)| *id == self)
            .map_or("", |(_, long, _)| *long)
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_in_any_case_and_form() {
        for (id, long, compact) in TABLE {
            assert_eq!(HeaderName::new(long.as_bytes()), *id);
            assert_eq!(HeaderName::new(long.to_ascii_uppercase().as_bytes()), *id);
            assert_eq!(id.as_str(), *long);
            assert_eq!(
                HeaderName::at_row(*id as usize),
                Some((*id, long.as_bytes()))
            );
            if *compact != 0 {
                assert_eq!(HeaderName::new(&[*compact]), *id);
                assert_eq!(HeaderName::new(&[compact.to_ascii_uppercase()]), *id);
            }
        }
        let compact: String = TABLE
            .iter()
            .map(|t| t.2)
            .filter(|c| *c != 0)
            .map(char::from)
            .collect();
        assert_eq!(compact.len(), 20, "{compact}");
    }

    #[test]
    fn unknown_names_are_other() {
        for name in ["", "z", "Vias", "X-Custom", "\u{0}", "ms-diagnostic"] {
            assert_eq!(
                HeaderName::new(name.as_bytes()),
                HeaderName::Other,
                "{name}"
            );
        }
        assert_eq!(HeaderName::new(&[b'a'; 70_000]), HeaderName::Other);
        assert_eq!(HeaderName::at_row(HeaderName::Other as usize), None);
    }
}
