//! Rows of `--list dialogs`.

use super::{Files, Row};
use crate::dialog::Call;
use serde_json::json;
use std::collections::BTreeSet;

/// The dialogs of a call.
pub fn dialogs(call: &Call, files: &Files) -> Vec<Row> {
    let kind = call.kind();
    call.legs()
        .into_iter()
        .filter_map(|leg| {
            let first = leg.messages.first()?.at();
            let last = leg.messages.last()?.at();
            let connections: BTreeSet<u32> =
                leg.messages.iter().filter_map(|s| s.hop.stream).collect();
            let places = leg.messages.iter().map(|s| files.name(s.at().file));
            let message_files: Vec<&str> = places.collect();
            let messages: Vec<u64> = leg.messages.iter().map(|s| s.at().number.get()).collect();
            let tag = |tag: &Option<String>| tag.clone().unwrap_or_else(|| String::from("-"));
            let streams: Vec<String> = connections.iter().map(u32::to_string).collect();
            Some(Row {
                at: first,
                cells: vec![
                    files.range(first, last),
                    files.time(first),
                    kind.name().to_owned(),
                    call.id().into_owned(),
                    format!("{} / {}", tag(&leg.from_tag), tag(&leg.to_tag)),
                    if streams.is_empty() {
                        String::from("-")
                    } else {
                        streams.join(" ")
                    },
                    messages.len().to_string(),
                    leg.outcome(),
                ],
                json: json!({
                    "file": files.name(first.file),
                    "call_id": call.id(),
                    "from_tag": leg.from_tag,
                    "to_tag": leg.to_tag,
                    "kind": kind.name(),
                    "first_frame": first.number.get(),
                    "last_frame": last.number.get(),
                    "first_time": files.time(first),
                    "last_time": files.time(last),
                    "last_file": files.name(last.file),
                    "connections": connections,
                    "messages": messages,
                    "message_files": message_files,
                    "outcome": leg.outcome(),
                }),
            })
        })
        .collect()
}
