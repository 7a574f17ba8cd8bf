//! Says what the stores had no room for.

use crate::base::{CaveatKind, Caveats, Unkept};
use crate::connection::Connections;
use crate::dialog::{History, Tally};
use crate::dns::Lookups;
use crate::host::Hosts;

/// Of what is compared over the whole capture. `forgotten`: requests that the history has no room for.
pub(super) fn compared(
    connections: &Connections,
    hosts: &Hosts,
    tally: &Tally,
    (history, forgotten): (&History, Unkept),
    caveats: &mut Caveats,
) {
    for (unkept, text) in [
        (
            connections.unkept(),
            "very many failed connections of other services: further ones were not compared",
        ),
        (
            hosts.unkept(),
            "very many hosts or domains: messages and connections of further ones did not tell what these are",
        ),
        (
            tally.unkept(),
            "very many pairs of hosts: requests between further ones are not counted by direction",
        ),
        (
            forgotten,
            "very many users: of requests of further ones it is not known whether they came out otherwise later",
        ),
        (
            history.unregistered(),
            "very many hosts that register: when further ones did is not known",
        ),
    ] {
        unkept.note(text, caveats);
    }
}

/// What of DNS was not read or not kept.
pub(super) fn names(names: &Lookups, caveats: &mut Caveats) {
    let (malformed, first) = names.malformed();
    if malformed > 0 {
        let text = "datagrams on port 53 that are no DNS messages";
        caveats.note_many(CaveatKind::OtherProtocol, first, text, malformed);
    }
    if names.dropped() > 0 {
        let text = "very many DNS questions: later ones were not looked at";
        caveats.note_many(CaveatKind::FindingsDropped, None, text, names.dropped());
    }
    if names.shortened() > 0 {
        let text = "of a DNS answer only the first record was kept: very many long answers";
        caveats.note_many(CaveatKind::FindingsDropped, None, text, names.shortened());
    }
}
