//! Presence documents: PIDF (RFC 3863), XPIDF, and those of Microsoft (\[MS-PRES\]).

use super::multipart;
use crate::sip::{Message, Text};
use roxmltree::{Document as Tree, Node, ParsingOptions};

/// Longest document read, in bytes: a list of hundreds of contacts. Longer ones are [`Unreadable::TooLong`].
const LONGEST: usize = 256 * 1024;
/// Nodes of one document read; more are [`Unreadable::TooLong`].
const NODES: u32 = 32_768;
/// Namespace declarations of one document read: the time that XML readers take grows with the cube of their number.
const NAMESPACES: usize = 1_024;
/// Attributes of one document read, by their equals signs: the time grows with the square of those of one element.
const ATTRIBUTES: usize = 8_192;
/// Longest entity kept, in characters.
const ENTITY: usize = 256;

/// The kind of a document, by its Content-Type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `application/pidf+xml` (RFC 3863), `application/cpim-pidf+xml`.
    Pidf,
    /// `application/xpidf+xml`: the form before RFC 3863.
    Xpidf,
    /// `application/msrtc-event-categories+xml` \[MS-PRES\].
    Categories,
    /// `text/xml+msrtc.pidf`: Live Communications Server 2005.
    MsPidf,
    /// `application/rlmi+xml`: which members a list has (RFC 4662).
    List,
    /// `multipart/related`: a list with a document for each member (RFC 4662).
    Multipart,
}

impl Format {
    /// The format of a Content-Type without parameters; `None` of what is no presence.
    pub fn of(content_type: Text<'_>) -> Option<Self> {
        [
            ("application/pidf+xml", Self::Pidf),
            ("application/cpim-pidf+xml", Self::Pidf),
            ("application/xpidf+xml", Self::Xpidf),
            ("application/msrtc-event-categories+xml", Self::Categories),
            ("text/xml+msrtc.pidf", Self::MsPidf),
            ("application/rlmi+xml", Self::List),
            ("multipart/related", Self::Multipart),
        ]
        .into_iter()
        .find(|(name, _)| content_type.is(name))
        .map(|(_, format)| format)
    }

    /// The name in a sentence.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pidf => "PIDF",
            Self::Xpidf => "XPIDF",
            Self::Categories => "Microsoft categories",
            Self::MsPidf => "Microsoft PIDF",
            Self::List => "list",
            Self::Multipart => "multipart",
        }
    }
}

/// Whether somebody can be reached (RFC 3863 §4.1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basic {
    /// No.
    Closed,
    /// Yes.
    Open,
}

impl Basic {
    /// The word on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
        }
    }
}

/// What a presence document says, as far as a diagnosis needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its format.
    pub format: Format,
    /// Whose presence it is, as written; cut after 256 characters.
    pub entity: Option<String>,
    /// Open when any part says so; `None` when nothing does.
    pub basic: Option<Basic>,
    /// Tuples, atoms, categories or members.
    pub tuples: usize,
}

impl Document {
    /// For a line of evidence: `open (PIDF, 1 tuple)`. Never names or notes.
    pub fn words(&self) -> String {
        let basic = self.basic.map_or("no basic status", Basic::name);
        let s = if self.tuples == 1 { "" } else { "s" };
        format!("{basic} ({}, {} tuple{s})", self.format.name(), self.tuples)
    }
}

/// Why a document was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// Not well-formed XML, at this line and column.
    Malformed(u32, u32),
    /// It ends before its root element does.
    EndsEarly,
    /// It has a document type definition, which is refused: entities could swell without bound.
    Dtd,
    /// Longer than is read.
    TooLong,
    /// Not UTF-8.
    NotUtf8,
    /// Well-formed, but its root is not that of its Content-Type.
    OtherRoot,
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Malformed(line, column) => {
                write!(f, "not well-formed XML at line {line}, column {column}")
            }
            Self::EndsEarly => f.write_str("XML that ends before its root element does"),
            Self::Dtd => f.write_str("XML with a document type definition, not read"),
            Self::TooLong => f.write_str("too long to be read"),
            Self::NotUtf8 => f.write_str("not UTF-8, not read"),
            Self::OtherRoot => f.write_str("XML whose root is not that of its Content-Type"),
        }
    }
}

/// The presence in the body of a message; `None` when it has no body, the capture lacks bytes of it, or it is no presence.
pub fn read(message: &Message) -> Option<Result<Document, Unreadable>> {
    let body = message.body();
    if body.is_empty() || message.is_damaged_by_capture() {
        return None;
    }
    let format = Format::of(message.content_type()?)?;
    if format != Format::Multipart {
        return Some(parse(format, body));
    }
    let boundary = message.content_type_params()?.get("boundary")?;
    let mut all: Option<Document> = None;
    for (content_type, part) in multipart::parts(body, boundary.bytes()) {
        let Some(format) = Format::of(content_type).filter(|f| *f != Format::Multipart) else {
            continue;
        };
        match parse(format, part) {
            Err(why) => return Some(Err(why)),
            Ok(document) => {
                let whole = all.get_or_insert(Document {
                    format: Format::Multipart,
                    entity: None,
                    basic: None,
                    tuples: 0,
                });
                if format == Format::List {
                    whole.entity = document.entity;
                } else {
                    whole.tuples = whole.tuples.saturating_add(document.tuples);
                    whole.basic = whole.basic.max(document.basic);
                }
            }
        }
    }
    all.map(Ok)
}

fn parse(format: Format, bytes: &[u8]) -> Result<Document, Unreadable> {
    let crowded = memchr::memmem::find_iter(bytes, b"xmlns")
        .nth(NAMESPACES)
        .is_some()
        || memchr::memchr_iter(b'=', bytes).nth(ATTRIBUTES).is_some();
    if bytes.len() > LONGEST || crowded {
        return Err(Unreadable::TooLong);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::NotUtf8)?;
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: NODES,
        ..ParsingOptions::default()
    };
    // Blank lines before the declaration are sent and do no harm.
    let tree = Tree::parse_with_options(text.trim(), options).map_err(|error| match error {
        roxmltree::Error::DtdDetected => Unreadable::Dtd,
        roxmltree::Error::UnclosedRootNode => Unreadable::EndsEarly,
        roxmltree::Error::NodesLimitReached => Unreadable::TooLong,
        error => {
            let at = error.pos();
            Unreadable::Malformed(at.row, at.col)
        }
    })?;
    let root = tree.root_element();
    let (entity, basics): (Option<&str>, Vec<Option<Basic>>) = match (format, name(root)) {
        (Format::Pidf, "presence") => (root.attribute("entity"), pidf(root)),
        (Format::Xpidf, "presence") => (
            children(root, "presentity").find_map(|n| n.attribute("uri")),
            xpidf(root),
        ),
        (Format::Categories, "categories") => (root.attribute("uri"), categories(root)),
        (Format::MsPidf, "presentity" | "presence") => (
            root.attribute("uri").or_else(|| root.attribute("entity")),
            ms_pidf(root),
        ),
        (Format::List, "list") => (
            root.attribute("uri"),
            children(root, "resource").map(|_| None).collect(),
        ),
        _ => return Err(Unreadable::OtherRoot),
    };
    Ok(Document {
        format,
        entity: entity.map(|e| e.chars().take(ENTITY).collect()),
        basic: basics.iter().flatten().max().copied(),
        tuples: basics.len(),
    })
}

/// The name without its prefix: the namespaces of old products differ.
fn name<'i>(node: Node<'_, 'i>) -> &'i str {
    node.tag_name().name()
}

fn children<'a, 'i>(
    node: Node<'a, 'i>,
    wanted: &'static str,
) -> impl Iterator<Item = Node<'a, 'i>> + use<'a, 'i> {
    node.children()
        .filter(move |child| child.is_element() && name(*child) == wanted)
}

fn pidf(root: Node<'_, '_>) -> Vec<Option<Basic>> {
    children(root, "tuple")
        .map(|tuple| {
            children(tuple, "status")
                .flat_map(|status| children(status, "basic"))
                .find_map(|basic| word(basic.text()?))
        })
        .collect()
}

fn xpidf(root: Node<'_, '_>) -> Vec<Option<Basic>> {
    children(root, "atom")
        .map(|atom| {
            children(atom, "address")
                .flat_map(|address| children(address, "status"))
                .find_map(|status| word(status.attribute("status")?))
        })
        .collect()
}

/// Availability of the aggregated state: 18000 and more is offline (\[MS-PRES\] 2.2.2.4).
fn categories(root: Node<'_, '_>) -> Vec<Option<Basic>> {
    children(root, "category")
        .map(|category| {
            let is_state = category.attribute("name") == Some("state");
            category
                .descendants()
                .filter(|n| is_state && n.is_element() && name(*n) == "availability")
                .find_map(|n| reachable(n.text()?, |value| value < 18_000))
        })
        .collect()
}

/// `availability aggregate="300"`: nothing is offline.
fn ms_pidf(root: Node<'_, '_>) -> Vec<Option<Basic>> {
    if name(root) == "presence" {
        return pidf(root);
    }
    children(root, "availability")
        .map(|n| reachable(n.attribute("aggregate")?, |value| value > 0))
        .collect()
}

fn reachable(number: &str, is_open: fn(u32) -> bool) -> Option<Basic> {
    let value: u32 = number.trim().parse().ok()?;
    Some(if is_open(value) {
        Basic::Open
    } else {
        Basic::Closed
    })
}

fn word(text: &str) -> Option<Basic> {
    match text.trim().to_ascii_lowercase().as_str() {
        "open" | "inuse" => Some(Basic::Open),
        "closed" | "inactive" => Some(Basic::Closed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::FrameRef;
    use std::fmt::Write as _;

    fn told(content_type: &str, body: &str) -> Option<Result<Document, Unreadable>> {
        let text = format!(
            "NOTIFY sip:a@tomt.it SIP/2.0\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        read(&Message::parse(text.as_bytes(), FrameRef::default()).unwrap())
    }

    fn words(content_type: &str, body: &str) -> String {
        match told(content_type, body) {
            Some(Ok(document)) => document.words(),
            Some(Err(why)) => why.to_string(),
            None => "nothing".to_owned(),
        }
    }

    const PIDF: &str = "<?xml version=\"1.0\"?><presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"sip:a@tomt.it\">\
        <tuple id=\"1\"><status><basic>closed</basic></status><note>at the sea</note></tuple>\
        <tuple id=\"2\"><status><basic> open </basic></status></tuple></presence>";

    #[test]
    fn each_format_is_read() {
        let document = told("application/pidf+xml;charset=utf-8", PIDF)
            .unwrap()
            .unwrap();
        assert_eq!(document.entity.as_deref(), Some("sip:a@tomt.it"));
        assert_eq!(document.words(), "open (PIDF, 2 tuples)");
        assert!(
            !format!("{document:?}").contains("sea"),
            "notes are not kept"
        );
        for (content_type, body, wanted) in [
            (
                "application/xpidf+xml",
                "<presence><presentity uri=\"sip:a@tomt.it;method=SUBSCRIBE\"/><atom id=\"1\"><address uri=\"sip:a@tomt.it\">\
                 <status status=\"inactive\"/></address></atom></presence>",
                "closed (XPIDF, 1 tuple)",
            ),
            (
                "application/msrtc-event-categories+xml",
                "<categories uri=\"sip:a@tomt.it\" xmlns=\"x\"><category name=\"note\"/><category name=\"state\"><state>\
                 <availability>3500</availability></state></category></categories>",
                "open (Microsoft categories, 2 tuples)",
            ),
            (
                "application/msrtc-event-categories+xml",
                "<categories uri=\"sip:a@tomt.it\"><category name=\"state\"><state><availability>18500</availability></state>\
                 </category></categories>",
                "closed (Microsoft categories, 1 tuple)",
            ),
            (
                "text/xml+msrtc.pidf",
                "<presentity uri=\"a@tomt.it\"><availability aggregate=\"300\"/></presentity>",
                "open (Microsoft PIDF, 1 tuple)",
            ),
            (
                "application/rlmi+xml",
                "<list uri=\"sip:l@tomt.it\" fullState=\"true\"><resource uri=\"sip:a@tomt.it\"/></list>",
                "no basic status (list, 1 tuple)",
            ),
            ("application/sdp", "v=0", "nothing"),
            ("application/pidf+xml", "", "nothing"),
            (
                "application/pidf+xml",
                "<presence><tuple id='1'>",
                "XML that ends before its root element does",
            ),
            (
                "application/pidf+xml",
                "<presence>\r\n</tuple></presence>",
                "not well-formed XML at line 2, column 1",
            ),
            (
                "application/pidf+xml",
                "<html/>",
                "XML whose root is not that of its Content-Type",
            ),
        ] {
            assert_eq!(words(content_type, body), wanted, "{content_type} {body}");
        }
    }

    #[test]
    fn parts_are_read_together() {
        let body = format!(
            "--b\r\nContent-Type: application/rlmi+xml\r\n\r\n<list uri=\"sip:l@tomt.it\"/>\r\n--b\r\ncontent-type: \
             application/pidf+xml\r\nContent-ID: <1>\r\n\r\n{PIDF}\r\n--b\r\n\r\nno type\r\n--b--\r\nbehind"
        );
        let document = told(
            "multipart/related;type=\"application/rlmi+xml\";boundary=b",
            &body,
        )
        .unwrap()
        .unwrap();
        assert_eq!(document.words(), "open (multipart, 2 tuples)");
        assert_eq!(document.entity.as_deref(), Some("sip:l@tomt.it"));
        assert_eq!(words("multipart/related", &body), "nothing");
        assert_eq!(words("multipart/related;boundary=zz", &body), "nothing");
    }

    #[test]
    fn hostile_documents_are_refused() {
        let bomb = "<?xml version=\"1.0\"?><!DOCTYPE p [<!ENTITY a \"aa\"><!ENTITY b \"&a;&a;\">]><presence>&b;</presence>";
        assert_eq!(
            told("application/pidf+xml", bomb),
            Some(Err(Unreadable::Dtd))
        );
        let deep = "<a>".repeat(60_000);
        assert!(told("application/pidf+xml", &deep).unwrap().is_err());
        let mut nested = String::from("<presence>");
        nested.push_str(&"<tuple>".repeat(10_000));
        nested.push_str(&"</tuple>".repeat(10_000));
        nested.push_str("</presence>");
        assert_eq!(
            words("application/pidf+xml", &nested),
            "no basic status (PIDF, 1 tuple)"
        );
        let mut wide = String::from("<presence>");
        for n in 0..40_000 {
            let _ = write!(wide, "<a/>{}", if n % 2 == 0 { "" } else { " " });
        }
        wide.push_str("</presence>");
        assert_eq!(
            told("application/pidf+xml", &wide),
            Some(Err(Unreadable::TooLong))
        );
        let long = format!("<presence>{}</presence>", " ".repeat(LONGEST));
        assert_eq!(
            told("application/pidf+xml", &long),
            Some(Err(Unreadable::TooLong))
        );
    }

    #[test]
    fn documents_crowded_with_attributes_and_namespaces_are_refused() {
        let attributes: String = (0..8_000).map(|n| format!("a{n}='' ")).collect();
        let declared: String = (0..500).map(|n| format!("xmlns:a{n}='u{n}' ")).collect();
        let allowed = [
            format!("<presence {attributes}/>"),
            format!(
                "<presence {declared}>{}</presence>",
                "<b xmlns:c='d'/>".repeat(500)
            ),
        ];
        for body in &allowed {
            // Without the two limits the likes of this take minutes, which nobody would wait for.
            assert!(told("application/pidf+xml", body).unwrap().is_ok());
        }
        let refused = [
            format!("<presence {attributes}{attributes}/>"),
            format!(
                "<presence {declared}>{}</presence>",
                "<b xmlns:c='d'/>".repeat(600)
            ),
        ];
        for body in &refused {
            assert_eq!(
                told("application/pidf+xml", body),
                Some(Err(Unreadable::TooLong))
            );
        }
    }
}
