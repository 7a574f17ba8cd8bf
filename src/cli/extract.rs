//! `--extract`: makes the extract, and looks whether it says the same.

use super::analysis::{Read, Reading};
use super::{input, redact};
use sipdiag::Report;
use sipdiag::base::FileIndex;
use sipdiag::capture::{Capture, Merge};
use sipdiag::extract::{self, Count, Extent, statements};
use sipdiag::tls::Secrets;
use std::collections::BTreeSet;
use std::io::Cursor;
use zeroize::Zeroizing;

/// Bytes of packets in an extract: what can still be attached somewhere.
const MOST: u64 = 256 << 20;

/// An extract.
#[derive(Debug)]
pub(super) struct Extract {
    pub(super) bytes: Vec<u8>,
    /// Rules whose findings it does not give, or gives in addition, and `the verdict` where that is another one.
    pub(super) differs: BTreeSet<&'static str>,
}

/// Makes an extract as small as can be that gives the same findings and the same verdict.
pub(super) fn make(reading: &Reading, read: &Read, with_secrets: bool) -> anyhow::Result<Extract> {
    let redacts = reading.config.redact.is_some();
    let key_log = if with_secrets && !redacts {
        key_log(read)
    } else {
        Zeroizing::new(String::new())
    };
    let mut best: Option<Extract> = None;
    for extent in Extent::EACH {
        reading.progress.pass("extracting", &reading.captures);
        let mut captures = input::open(
            &reading.captures,
            false,
            &reading.config.limits,
            &read.clocks,
            reading.names,
            &reading.progress,
        )?;
        let (bytes, count): (Vec<u8>, Count) = extract::write(
            &mut captures,
            &read.report,
            extent,
            (&key_log, MOST),
            &reading.config.limits,
            reading.config.redact.as_ref(),
            Vec::new(),
        )?;
        if count.cut && best.is_some() {
            break;
        }
        let differs = difference(reading, read, &bytes, false)?;
        let done = differs.is_empty();
        let better = best
            .as_ref()
            .is_none_or(|known| differs.len() < known.differs.len());
        if better {
            best = Some(Extract { bytes, differs });
        }
        if done {
            break;
        }
    }
    reading.progress.clear();
    let best = best.ok_or_else(|| anyhow::anyhow!("the extract would be larger than 256 MiB"))?;
    redacted(reading, read, with_secrets, best)
}

/// With pseudonyms, where they are wanted: the packets are rewritten, and looked at once more.
fn redacted(
    reading: &Reading,
    read: &Read,
    with_secrets: bool,
    extract: Extract,
) -> anyhow::Result<Extract> {
    let Some(redaction) = &reading.config.redact else {
        return Ok(extract);
    };
    let secrets = with_secrets.then_some(&read.secrets);
    let made = extract::redact(&extract.bytes, redaction, secrets, &reading.config.limits)?;
    let look = redact::Look::new(Some(redaction));
    look.at("the extract", &made.bytes)?;
    look.at("the extract behind a cipher", &made.sealed)?;
    let bytes = made.bytes;
    let differs = difference(reading, read, &bytes, true)?;
    Ok(Extract { bytes, differs })
}

/// Refuses what can be read only once.
pub(super) fn check(reading: &Reading) -> anyhow::Result<()> {
    if input::can_be_read_again(&reading.captures)
        || reading
            .captures
            .iter()
            .any(|c| !c.exists() && c.as_os_str() != "-")
    {
        return Ok(());
    }
    anyhow::bail!(
        "--extract reads the captures a second time, which standard input and pipes do not allow; save it to a file and give that"
    )
}

/// The secrets of the TLS sessions of the report.
fn key_log(read: &Read) -> Zeroizing<String> {
    let sessions = read.report.connections.iter();
    let randoms: BTreeSet<[u8; 32]> = sessions
        .filter_map(|c| c.tls.as_ref()?.client_hello.as_ref())
        .map(|hello| hello.random)
        .collect();
    read.secrets.key_log_of(&randoms)
}

/// The rules on which the extract says something else than the captures.
fn difference(
    reading: &Reading,
    read: &Read,
    bytes: &[u8],
    is_redacted: bool,
) -> anyhow::Result<BTreeSet<&'static str>> {
    let again = analyze(reading, read, bytes, is_redacted)?;
    let (before, after) = (statements(&read.report), statements(&again));
    let rules = before.symmetric_difference(&after).map(|(rule, ..)| *rule);
    let verdict = (read.report.verdict != again.verdict).then_some("the verdict");
    Ok(rules.chain(verdict).collect())
}

fn analyze(
    reading: &Reading,
    read: &Read,
    bytes: &[u8],
    is_redacted: bool,
) -> anyhow::Result<Report> {
    let mut config = reading.config.clone();
    if is_redacted {
        // What opens it is in it, or nothing does.
        config.for_redacted();
        config.secrets = Secrets::default();
    } else {
        config.secrets = read.secrets.clone();
    }
    (config.charts, config.extract) = (false, false);
    let source = Box::new(Cursor::new(bytes));
    let capture = Capture::open(source, "extract", FileIndex(0), false, &config.limits)?;
    let mut captures = Merge::new(vec![capture]);
    let mut analyzer = sipdiag::Analyzer::new(config);
    analyzer.read(&mut captures);
    Ok(analyzer.finish(captures.summaries()))
}
