//! The page of defects.

use crate::support::{golden, project};
use sipdiag::sip::DefectKind;
use std::fmt::Write as _;

/// `docs/defects.md` has each defect as the program knows it.
#[test]
fn the_page_of_defects_is_fresh() {
    let mut page = String::from(
        "# Defects of messages\n\n\
         A message that is not as it must be is shown all the same, with its defects: `--list messages` has their names, \
         `--list messages --format json` also the offset into the message and the text. The report counts the messages that have \
         any; none of them alone changes the verdict, because both sides live with many of them.\n\n\
         Only what a grammar or a rule of the RFC forbids is a defect. What an application may refuse (a scheme, an option or a \
         body it does not know) is none.\n\n\
         | defect | what is wrong | how it must be | who is to blame |\n|---|---|---|---|\n",
    );
    for kind in DefectKind::ALL {
        let blame = match kind {
            kind if kind.of_capture() => "the capture: bytes are missing",
            kind if kind.of_limits() => "a limit of this program ([limits](limits.md))",
            _ => "the sender",
        };
        let source = match kind.source() {
            "" => "-",
            source => source,
        };
        let _ = writeln!(
            page,
            "| `{}` | {} | {source} | {blame} |",
            kind.name(),
            kind.meaning()
        );
    }
    page.push_str("\nWritten by `UPDATE=1 cargo test --test main page_of_defects`.\n");
    golden::all([golden::check(&project("docs/defects.md"), &page)]);
}
