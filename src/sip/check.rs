//! The grammar of header fields that decide who talks to whom (RFC 3261 §20, §25.1): one look at each that is there, when the
//! head is read.
//!
//! Only what the grammar forbids is a defect; what an application may refuse (an unknown scheme, an unknown option) is not.

use super::head::{Field, Head, Party};
use super::header::{self, HeaderName as H, Via};
use super::lex::{self, Elements, Params};
use super::{DefectKind, Text, Uri, plain};
use memchr::memchr;

/// What is looked at in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Nothing,
    Address,
    Addresses,
    Contacts,
    Via,
    CallId,
    MaxForwards,
    Seconds,
    Date,
    Warning,
    Credentials,
}

impl Look {
    const fn of(id: H) -> Self {
        match id {
            H::From | H::To => Self::Address,
            H::Contact => Self::Contacts,
            H::Route
            | H::RecordRoute
            | H::Path
            | H::ServiceRoute
            | H::ReferTo
            | H::ReplyTo
            | H::PAssertedIdentity => Self::Addresses,
            H::Via => Self::Via,
            H::CallId => Self::CallId,
            H::MaxForwards => Self::MaxForwards,
            H::Expires | H::MinExpires | H::RetryAfter | H::SessionExpires | H::MinSe => {
                Self::Seconds
            }
            H::Date => Self::Date,
            H::Warning => Self::Warning,
            H::Authorization
            | H::ProxyAuthorization
            | H::WwwAuthenticate
            | H::ProxyAuthenticate => Self::Credentials,
            _ => Self::Nothing,
        }
    }
}

/// The bit of a field that occurs once (RFC 3261 §7.3.1, table 2); 0 of others, and of those whose absence is a defect, which are looked at
/// elsewhere: of From and To it says which is the first. Content-Length has its own defect.
const fn once(id: H) -> u16 {
    match id {
        H::ContentType => 1,
        H::Date => 1 << 1,
        H::Event => 1 << 2,
        H::Expires => 1 << 3,
        H::MinExpires => 1 << 4,
        H::RAck => 1 << 5,
        H::RetryAfter => 1 << 6,
        H::RSeq => 1 << 7,
        H::SessionExpires => 1 << 8,
        H::SubscriptionState => 1 << 9,
        H::ContentDisposition => 1 << 10,
        H::From => 1 << 11,
        H::To => 1 << 12,
        _ => 0,
    }
}

/// For each name what is looked at, and its bit of [`once`].
static LOOKS: [(Look, u16); H::NAMES] = looks();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn looks() -> [(Look, u16); H::NAMES] {
    let mut looks = [(Look::Nothing, 0); H::NAMES];
    let mut row = 0;
    while row < looks.len() {
        if let Some((id, _)) = H::at_row(row) {
            looks[row] = (Look::of(id), once(id));
        }
        row += 1;
    }
    looks
}

impl Head {
    /// Notes what is wrong inside the fields. `complete`: the last one is not cut. `top_is_plain`: the first Via is known to be well.
    pub(super) fn check_grammar(&mut self, bytes: &[u8], complete: bool, top_is_plain: bool) {
        let fields = std::mem::take(&mut self.fields);
        let whole = fields.len().saturating_sub(usize::from(!complete));
        let mut seen = 0_u16;
        let mut top = true;
        for field in fields.iter().take(whole) {
            let row = usize::from(field.id as u8);
            let (look, bit) = LOOKS.get(row).copied().unwrap_or((Look::Nothing, 0));
            let is_fine = match look {
                Look::Nothing => true,
                Look::Via if top_is_plain && std::mem::take(&mut top) => true,
                Look::Address => self.look_at_party(field, bytes, seen & bit == 0),
                look => looks_fine(look, field.value.on(bytes), field.value.of(bytes)),
            };
            if !is_fine {
                let mut note = |kind| self.note(kind, field.name.begin());
                look_closely(look, field.value.of(bytes), top, &mut note);
            }
            top &= look != Look::Via;
            if seen & bit != 0 {
                self.note(DefectKind::HeaderDuplicated, field.name.begin());
            }
            seen |= bit;
        }
        self.fields = fields;
    }
}

impl Head {
    /// Whether a From or To is of a form that has no defect; of the first, who that is, is kept.
    fn look_at_party(&mut self, field: &Field, bytes: &[u8], first: bool) -> bool {
        let value = field.value.of(bytes);
        let Some(uri) = plain::address(field.value.on(bytes), value.len()) else {
            return false;
        };
        let span = |(from, to)| field.value.part(from, to);
        if let Some(host) = uri.host.filter(|_| first) {
            let party = Party {
                user: uri.user.map(span),
                host: span(host),
            };
            match field.id {
                H::From => self.from = Some(party),
                _ => self.to = Some(party),
            }
        }
        true
    }
}

/// Whether a value is of a form that has no defect for certain. `on`: the value and all that follows.
fn looks_fine(look: Look, on: &[u8], value: &[u8]) -> bool {
    let len = value.len();
    match look {
        Look::Nothing => true,
        Look::Address => plain::address(on, len).is_some(),
        Look::Addresses => plain::are_addresses(on, len),
        Look::Contacts => plain::are_contacts(on, len),
        Look::Via => plain::via(on, len).is_some(),
        Look::CallId => len > 0,
        Look::MaxForwards => Text::new(value).number().is_some_and(|n| n <= 255),
        Look::Seconds => is_seconds(value),
        Look::Date | Look::Warning | Look::Credentials => false,
    }
}

/// Notes the defects of a value. `top`: it may be the topmost Via.
fn look_closely(look: Look, value: &[u8], top: bool, note: &mut dyn FnMut(DefectKind)) {
    match look {
        Look::Nothing => {}
        Look::Address => address(value, note),
        Look::Addresses => addresses(value, note),
        Look::Contacts => contacts(value, note),
        Look::Via => via(value, top, note),
        Look::CallId => note(DefectKind::CallIdMissing),
        Look::MaxForwards => note(DefectKind::BadMaxForwards),
        Look::Seconds => note(DefectKind::BadSeconds),
        Look::Date => {
            if header::timestamp(Text::new(value)).is_none() {
                note(DefectKind::BadDate);
            }
        }
        Look::Warning => {
            if !Elements::new(value).all(|w| is_warning(w.bytes())) {
                note(DefectKind::BadWarning);
            }
        }
        Look::Credentials => {
            if has_open_quote(value) {
                note(DefectKind::UnbalancedQuote);
            }
        }
    }
}

/// `"name" <uri>;params` or a URI alone (RFC 3261 §20.10, §20.20).
pub(super) fn address(value: &[u8], note: &mut dyn FnMut(DefectKind)) {
    let value = lex::trim(value);
    let Some(open) = lex::find_outside(value, b'<', false) else {
        // Without brackets `;` begins the parameters of the field, and a URI with `?` or `,` must have brackets.
        let end = memchr(b';', value).unwrap_or(value.len());
        let (uri, _) = lex::split_around(value, end);
        let uri = lex::trim(uri);
        if memchr(b'?', uri).is_some() || !is_uri(uri) {
            note(DefectKind::BadAddress);
        }
        return parameters(value.get(end..).unwrap_or(&[]), note);
    };
    let (name, rest) = lex::split_around(value, open);
    match lex::trim(name) {
        [b'"', quoted @ ..] => match lex::closing_quote(quoted) {
            None => note(DefectKind::UnbalancedQuote),
            Some(end) if end.saturating_add(1) < quoted.len() => note(DefectKind::BadDisplayName),
            Some(_) => {}
        },
        name if name.iter().all(|b| lex::is_token(*b) || lex::is_lws(*b)) => {}
        _ => note(DefectKind::BadDisplayName),
    }
    let Some(close) = memchr(b'>', rest) else {
        return note(DefectKind::BadAddress);
    };
    let (uri, behind) = lex::split_around(rest, close);
    let behind = lex::trim(behind);
    let tail_is_one = matches!(behind, [] | [b';', ..]);
    if !is_uri(uri) || !tail_is_one {
        note(DefectKind::BadAddress);
    }
    if tail_is_one {
        parameters(behind, note);
    }
}

/// Addresses separated by commas.
pub(super) fn addresses(value: &[u8], note: &mut dyn FnMut(DefectKind)) {
    for element in Elements::new(value) {
        address(element.bytes(), note);
    }
}

/// The values of a Contact.
pub(super) fn contacts(value: &[u8], note: &mut dyn FnMut(DefectKind)) {
    for element in Elements::new(value) {
        contact(element.bytes(), note);
    }
}

fn contact(value: &[u8], note: &mut dyn FnMut(DefectKind)) {
    if value == b"*" {
        return;
    }
    address(value, note);
    let expires = header::Address::new(value).params.find("expires");
    if expires.is_some_and(|p| !p.value.is_some_and(|v| is_seconds(v.bytes()))) {
        note(DefectKind::BadSeconds);
    }
}

/// Parameters from their first `;` on: none may be empty, and quotes must end.
fn parameters(tail: &[u8], note: &mut dyn FnMut(DefectKind)) {
    if tail.is_empty() {
        return;
    }
    if Params::new(tail.get(1..).unwrap_or(&[])).has_empty() {
        note(DefectKind::EmptyParameter);
    }
    if has_open_quote(tail) {
        note(DefectKind::UnbalancedQuote);
    }
}

/// One field of Via with all its values (§20.42). Of the topmost one of the message the rest is checked too.
pub(super) fn via(value: &[u8], top: bool, note: &mut dyn FnMut(DefectKind)) {
    for (n, element) in Elements::new(value).enumerate() {
        let bytes = element.bytes();
        if let Some(at) = memchr(b';', bytes) {
            parameters(bytes.get(at..).unwrap_or(&[]), note);
        }
        if n == 0
            && top
            && let Some(branch) = Via::new(bytes).and_then(Via::branch)
            && branch.is("z9hG4bK")
        {
            note(DefectKind::BadBranch);
        }
    }
}

/// Whether it is a URI without white space, brackets and quotes, and its host is one.
fn is_uri(uri: &[u8]) -> bool {
    let odd = |b: &u8| lex::is_lws(*b) || matches!(b, b'<' | b'>' | b'"');
    !uri.iter().any(odd) && Uri::new(uri).is_some_and(|u| u.is_well_formed())
}

/// `1*DIGIT` of 32 bits, then nothing, parameters or a comment (§20.19, §20.33, RFC 4028 §4).
fn is_seconds(value: &[u8]) -> bool {
    let value = lex::trim(value);
    let digits = value.iter().take_while(|b| b.is_ascii_digit()).count();
    let (number, behind) = value.split_at_checked(digits).unwrap_or((value, &[]));
    Text::new(number)
        .number()
        .is_some_and(|n| u32::try_from(n).is_ok())
        && matches!(lex::trim(behind), [] | [b';' | b'(', ..])
}

/// Three digits and white space (§20.43); the rest is for people.
fn is_warning(value: &[u8]) -> bool {
    matches!(value, [a, b, c, space, ..]
        if [a, b, c].iter().all(|d| d.is_ascii_digit()) && lex::is_lws(*space))
}

/// Whether a quoted string begins and does not end.
fn has_open_quote(mut bytes: &[u8]) -> bool {
    while let Some(open) = memchr(b'"', bytes) {
        let (_, rest) = lex::split_around(bytes, open);
        let Some(close) = lex::closing_quote(rest) else {
            return true;
        };
        bytes = rest.get(close.saturating_add(1)..).unwrap_or(&[]);
    }
    false
}
