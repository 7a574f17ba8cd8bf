//! `--extract`: makes the extract, and looks whether it says the same.

use super::analysis::{Read, Reading};
use super::{input, output, redact};
use sipdiag::Report;
use sipdiag::base::FileIndex;
use sipdiag::capture::{Capture, Merge};
use sipdiag::extract::{self, Count, Extent, statements};
use sipdiag::tls::Secrets;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use zeroize::Zeroizing;

/// Bytes of packets in an extract: what can still be attached somewhere.
const MOST: u64 = 256 << 20;
/// The same with pseudonyms: what the connections in it said is in memory while it is rewritten.
const MOST_REDACTED: u64 = 24 << 20;
/// The same where secrets go in: what they open is in memory twice more.
const MOST_RESEALED: u64 = 12 << 20;

/// An extract.
#[derive(Debug)]
pub(super) struct Extract {
    /// Temporary: it has no name.
    file: File,
    /// Rules whose findings it does not give, or gives in addition, and `the verdict` where that is another one.
    differs: BTreeSet<&'static str>,
    /// Those of them that were so before pseudonyms went in.
    differed: BTreeSet<&'static str>,
    /// It ends early, behind that many mebibytes of packets.
    cut: Option<u64>,
    /// More packets, which may give what it does not, are more than that many mebibytes.
    too_large: Option<u64>,
}

impl Extract {
    /// What it does not tell, and why, in one line; `None` where it tells all.
    pub(super) fn difference(&self, with_secrets: bool) -> Option<String> {
        let size = match (self.cut, self.too_large) {
            (Some(most), _) => Some(format!(
                "it ends behind {most} MiB of packets; there are more"
            )),
            (None, Some(most)) => Some(format!("more packets would be more than {most} MiB")),
            (None, None) => None,
        };
        let rules: Vec<&str> = self.differs.iter().copied().collect();
        if rules.is_empty() {
            return self.cut.and(size);
        }
        let pseudonyms = match with_secrets {
            true => "signatures of redacted certificates do not verify",
            false => {
                "what a cipher protects is zero in a redacted extract, unless --with-secrets encrypts it again under made-up secrets; \
                 signatures of its certificates do not verify"
            }
        };
        let redacted = !self.differs.is_subset(&self.differed);
        let why: Vec<&str> = size
            .as_deref()
            .into_iter()
            .chain(redacted.then_some(pseudonyms))
            .collect();
        let why = match why.is_empty() {
            true => String::new(),
            false => format!(" ({})", why.join("; ")),
        };
        let rules = rules.join(", ");
        Some(format!(
            "the packets alone do not give the same: {rules}{why}"
        ))
    }

    /// Writes it where it is wanted. What the temporary file says is told as that.
    pub(super) fn copy(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        output::copy(&self.file, out)
    }
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
        let out = BufWriter::new(tempfile::tempfile().map_err(output::temporary)?);
        let most = match (redacts, with_secrets) {
            (false, _) => MOST,
            (true, false) => MOST_REDACTED,
            (true, true) => MOST_RESEALED,
        };
        let (out, count): (_, Count) = extract::write(
            &mut captures,
            &read.report,
            extent,
            (&key_log, most),
            &reading.config.limits,
            reading.config.redact.as_ref(),
            out,
        )
        .map_err(output::temporary)?;
        let file = written(out)?;
        let cut = count.cut.then_some(most >> 20);
        if let (Some(best), Some(_)) = (&mut best, cut) {
            best.too_large = cut;
            break;
        }
        let differs = difference(reading, read, &file, false)?;
        let done = differs.is_empty();
        let better = best
            .as_ref()
            .is_none_or(|known| differs.len() < known.differs.len());
        if better {
            best = Some(Extract {
                file,
                differed: differs.clone(),
                differs,
                cut,
                too_large: None,
            });
        }
        if done {
            break;
        }
    }
    reading.progress.clear();
    let best = best.ok_or_else(|| anyhow::anyhow!("the extract is missing"))?;
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
    let out = BufWriter::new(tempfile::tempfile().map_err(output::temporary)?);
    let (out, sealed) = extract::redact(
        &mut || Ok(Box::new(output::again(&extract.file)?)),
        redaction,
        secrets,
        &reading.config.limits,
        out,
    )
    .map_err(output::temporary)?;
    let file = written(out)?;
    let look = redact::Look::new(Some(redaction));
    look.at("the extract behind a cipher", &sealed)?;
    drop(sealed);
    look.in_packets(
        "the extract",
        &output::again(&file).map_err(output::temporary)?,
    )?;
    drop(look);
    let differs = difference(reading, read, &file, true)?;
    Ok(Extract {
        file,
        differs,
        ..extract
    })
}

/// The temporary file with all that was written to it.
fn written(out: BufWriter<File>) -> anyhow::Result<File> {
    let file = out.into_inner().map_err(io::IntoInnerError::into_error);
    Ok(file.map_err(output::temporary)?)
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
    file: &File,
    is_redacted: bool,
) -> anyhow::Result<BTreeSet<&'static str>> {
    let report = analyze(reading, read, file, is_redacted)?;
    let (before, after) = (statements(&read.report), statements(&report));
    let rules = before.symmetric_difference(&after).map(|(rule, ..)| *rule);
    let verdict = (read.report.verdict != report.verdict).then_some("the verdict");
    Ok(rules.chain(verdict).collect())
}

fn analyze(
    reading: &Reading,
    read: &Read,
    file: &File,
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
    let source = Box::new(output::again(file).map_err(output::temporary)?);
    let capture = Capture::open(source, "extract", FileIndex(0), false, &config.limits)?;
    let mut captures = Merge::new(vec![capture]);
    let mut analyzer = sipdiag::Analyzer::new(config);
    analyzer.read(&mut captures);
    Ok(analyzer.finish(captures.summaries()))
}
