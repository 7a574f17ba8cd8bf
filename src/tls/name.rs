//! Distinguished names as text (RFC 4514).

use crate::base::hex;
use x509_parser::asn1_rs::Tag;
use x509_parser::prelude::FromDer;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

/// A name, last RDN first: `CN=lync01.tomt.it,O=Lab,C=IT` (RFC 4514 §2.1).
pub(super) fn dn_string(name: &X509Name<'_>) -> String {
    let rdns: Vec<String> = name
        .iter()
        .map(|rdn| {
            let parts: Vec<String> = rdn
                .iter()
                .map(|a| {
                    format!(
                        "{}={}",
                        keyword(&a.attr_type().to_id_string()),
                        escaped(&value_text(a))
                    )
                })
                .collect();
            parts.join("+")
        })
        .collect();
    let last_first: Vec<String> = rdns.into_iter().rev().collect();
    last_first.join(",")
}

/// A DER-encoded name as text; in hex when it cannot be read.
pub(super) fn dn_string_of_der(der: &[u8]) -> String {
    match X509Name::from_der(der) {
        Ok((_, name)) => dn_string(&name),
        Err(_) => format!("#{}", hex(der)),
    }
}

/// The value of an attribute, whatever its string type; `#hex` when it is no string (RFC 4514 §2.4).
pub(super) fn value_text(attribute: &AttributeTypeAndValue<'_>) -> String {
    let bytes = attribute.as_slice();
    match attribute.attr_value().tag() {
        Tag::BmpString => {
            let (units, _) = bytes.as_chunks::<2>();
            char::decode_utf16(units.iter().map(|u| u16::from_be_bytes(*u)))
                .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect()
        }
        // T61 and the like are Latin-1 in practice.
        Tag::T61String | Tag::VisibleString | Tag::GeneralString => {
            bytes.iter().copied().map(char::from).collect()
        }
        Tag::NumericString | Tag::PrintableString | Tag::Utf8String | Tag::Ia5String => {
            String::from_utf8_lossy(bytes).into_owned()
        }
        _ => format!("#{}", hex(bytes)),
    }
}

/// Short names of RFC 4514 §3 and the ones OpenSSL and Windows show; others by OID.
fn keyword(oid: &str) -> &str {
    match oid {
        "2.5.4.3" => "CN",
        "2.5.4.4" => "SN",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "street",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.12" => "title",
        "2.5.4.17" => "postalCode",
        "2.5.4.42" => "GN",
        "0.9.2342.19200300.100.1.25" => "DC",
        "0.9.2342.19200300.100.1.1" => "UID",
        "1.2.840.113549.1.9.1" => "emailAddress",
        other => other,
    }
}

/// The escapes of RFC 4514 §2.4; control characters as hex pairs.
fn escaped(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut out = String::new();
    for (at, c) in value.chars().enumerate() {
        match c {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => out.extend(['\\', c]),
            ' ' if at == 0 || at == last => out.push_str("\\ "),
            '#' if at == 0 => out.push_str("\\#"),
            c if c.is_control() => {
                let mut utf8 = [0; 4];
                for b in c.encode_utf8(&mut utf8).bytes() {
                    out.push('\\');
                    out.push_str(&hex(&[b]));
                }
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_and_last_first() {
        // C=IT, CN="a,b" as UTF8String
        let der = [
            0x30, 0x1b, 0x31, 0x0b, 0x30, 9, 6, 3, 0x55, 4, 6, 0x13, 2, b'I', b'T', 0x31, 0x0c,
            0x30, 10, 6, 3, 0x55, 4, 3, 0x0c, 3, b'a', b',', b'b',
        ];
        assert_eq!(dn_string_of_der(&der), "CN=a\\,b,C=IT");
        assert_eq!(dn_string_of_der(&[1, 2, 3]), "#010203");
        assert_eq!(escaped(" #\0x "), "\\ #\\00x\\ ");
    }
}
