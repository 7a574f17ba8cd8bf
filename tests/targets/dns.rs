//! DNS messages, read and rewritten.

use super::input::{Input, at};
use sipdiag::base::Endpoint;
use sipdiag::dns::{Lookups, identity};
use sipdiag::redact::Pseudonyms;

/// Messages, each: who sends (one byte), length, bytes.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let mut lookups = Lookups::default();
    let mut pseudonyms = Pseudonyms::new(b"a key");
    let client = Endpoint::new([10, 1, 1, 10].into(), 40000);
    let server = Endpoint::new([10, 1, 1, 1].into(), 53);
    let mut number = 0;
    while !input.is_empty() {
        number += 1;
        let (src, dst, longer) = match input.u8() & 3 {
            0 => (client, server, false),
            1 => (server, client, false),
            2 => (client, server, true),
            _ => (server, client, true),
        };
        let message = input.counted();
        let _ = identity(message);
        lookups.message(src, dst, at(number), message, longer);
        let mut rewritten = message.to_vec();
        pseudonyms.dns(&mut rewritten);
        assert_eq!(rewritten.len(), message.len());
    }
    for lookup in lookups.all() {
        let _ = (
            lookup.first(),
            lookup.last(),
            lookup.latency(),
            lookup.failed(),
        );
        assert!(!lookup.asked.is_empty());
        let _ = lookups.addresses(&lookup.name);
        let _ = lookups.failed_address(lookup.client, &lookup.name);
    }
    assert!(lookups.messages() <= number);
}
