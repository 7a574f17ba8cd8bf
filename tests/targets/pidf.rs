//! Presence documents of every kind.

use super::input::{Input, at};
use sipdiag::presence;
use sipdiag::sip::Message;

/// The kinds that are read.
pub const TYPES: [&str; 7] = [
    "application/pidf+xml",
    "application/xpidf+xml",
    "application/msrtc-event-categories+xml",
    "text/xml+msrtc.pidf",
    "application/rlmi+xml",
    "multipart/related;type=\"application/rlmi+xml\";boundary=\"b\"",
    "application/cpim-pidf+xml",
];

/// The last byte chooses the kind; the rest is the document.
pub fn run(data: &[u8]) {
    let (choice, document) = Input::with_choice(data);
    let kind = TYPES[usize::from(choice) % TYPES.len()];
    let head = format!(
        "NOTIFY sip:a@b SIP/2.0\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        document.len()
    );
    let bytes = [head.as_bytes(), document].concat();
    let Some(message) = Message::parse(&bytes, at(1)) else {
        panic!("a message that is always the same is read");
    };
    match presence::read(&message) {
        Some(Ok(document)) => {
            assert!(!document.words().is_empty());
            assert!(document.entity.is_none_or(|e| e.chars().count() <= 256));
        }
        Some(Err(why)) => assert!(!why.to_string().is_empty()),
        None => {}
    }
}
