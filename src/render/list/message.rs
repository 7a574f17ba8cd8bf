//! Rows of `--list messages`.

use super::{Files, Row};
use crate::dialog::Seen;
use crate::sip::without_passwords;
use serde_json::{Value, json};

/// A SIP message.
pub fn message(seen: &Seen, files: &Files) -> Row {
    let m = &seen.message;
    let at = m.at();
    let text = |t: Option<crate::sip::Text<'_>>| t.map(|t| t.to_str().into_owned());
    let open = |t: String| without_passwords(&t).into_owned();
    let raw = |a: Option<crate::sip::Address<'_>>| text(a.map(|a| a.raw)).map(open);
    let cseq = m.cseq().map(|c| format!("{} {}", c.number, c.method));
    let start_line = open(m.start_line().to_str().into_owned());
    let frames: Vec<u64> = m.frames().map(|f| f.number.get()).collect();
    let defects: Vec<Value> = m
        .defects()
        .iter()
        .map(|d| json!({ "kind": d.kind.name(), "offset": d.offset, "text": d.kind.text() }))
        .collect();
    let names: Vec<&str> = m.defects().iter().map(|d| d.kind.name()).collect();
    Row {
        at,
        cells: vec![
            files.frame(at),
            files.time(at),
            seen.hop.carriage.to_owned(),
            seen.hop.src.to_string(),
            seen.hop.dst.to_string(),
            match (&cseq, m.is_request()) {
                (Some(cseq), false) => format!("{start_line}  [{cseq}]"),
                _ => start_line.clone(),
            },
            names.join(" "),
        ],
        json: json!({
            "file": files.name(at.file),
            "frame": at.number.get(),
            "frames": frames,
            "frame_files": m.frames().map(|f| files.name(f.file)).collect::<Vec<_>>(),
            "time": files.time(at),
            "transport": seen.hop.carriage,
            "src": seen.hop.src.to_string(),
            "dst": seen.hop.dst.to_string(),
            "tcp_stream": seen.hop.stream,
            "start_line": start_line,
            "method": m.method().map(|m| m.to_string()),
            "status": m.status().map(|s| s.0),
            "call_id": text(m.call_id()),
            "cseq": cseq,
            "from": raw(m.from()),
            "to": raw(m.to()),
            "content_length": m.content_length().and_then(Result::ok),
            "length": m.raw().len(),
            "duplicate": m.duplicate,
            "defects": defects,
        }),
    }
}
