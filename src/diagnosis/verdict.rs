//! One word for the whole capture.

use super::{Part, Placed};
use crate::finding::Severity;

/// The verdict of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Something fails, and why is known.
    Failing,
    /// It works, but not as it should.
    Degraded,
    /// The expected exchanges were seen to succeed, and nothing was hidden.
    Healthy,
    /// Too little could be seen for a verdict.
    Inconclusive,
}

impl Verdict {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Degraded => "degraded",
            Self::Healthy => "healthy",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// What the capture allowed to see.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    /// SIP transactions that ended with 2xx.
    pub successes: u64,
    /// SIP requests that failed or were never answered; users' own states (busy, offline) do not count.
    pub failures: u64,
    /// TLS sessions whose application data was not read.
    pub unread_sessions: u64,
    /// Matters that the capture left open.
    pub undecided: u64,
    /// Something in scope was not seen: bytes lost, frames cut, limits hit.
    pub hidden: bool,
}

/// Errors make it failing, warnings degraded; healthy only where success was seen and nothing was hidden.
pub fn verdict(placed: &[Placed], seen: Seen) -> Verdict {
    let worst = placed
        .iter()
        .filter(|p| p.part == Part::Root)
        .map(|p| p.finding.severity)
        .max();
    match worst {
        Some(Severity::Error) => Verdict::Failing,
        Some(Severity::Warning) => Verdict::Degraded,
        _ if seen.successes > 0
            && seen.unread_sessions == 0
            && seen.undecided == 0
            && seen.failures == 0
            && !seen.hidden =>
        {
            Verdict::Healthy
        }
        _ => Verdict::Inconclusive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn healthy_needs_success_and_full_sight() {
        let good = Seen {
            successes: 1,
            ..Seen::default()
        };
        assert_eq!(verdict(&[], good), Verdict::Healthy);
        for spoiled in [
            Seen {
                successes: 0,
                ..good
            },
            Seen {
                failures: 1,
                ..good
            },
            Seen {
                unread_sessions: 1,
                ..good
            },
            Seen {
                undecided: 1,
                ..good
            },
            Seen {
                hidden: true,
                ..good
            },
        ] {
            assert_eq!(verdict(&[], spoiled), Verdict::Inconclusive);
        }
    }
}
