//! Interface Description Block: link type and clock of the packets that name it.

use crate::base::{LinkType, Timestamp};

const NANOS: i128 = 1_000_000_000;

/// One interface of a section.
#[derive(Debug, Clone)]
pub(super) struct Interface {
    pub(super) link: LinkType,
    /// Bytes kept of a packet; 0 for all.
    pub(super) snaplen: u32,
    clock: Clock,
    /// `if_tsoffset` in nanoseconds.
    offset: i128,
    /// Drops of the last statistics block; those of one interface count from the start of the capture.
    pub(super) drops: u64,
}

/// Units of a time stamp to nanoseconds.
#[derive(Debug, Clone, Copy)]
enum Clock {
    /// 10^-n with n up to 9: this many nanoseconds each.
    Times(u32),
    /// 10^-n with n above 9: this many make a nanosecond.
    Per(i128),
    /// 2^-n.
    Binary(u32),
}

impl Interface {
    /// `resolution` as in `if_tsresol` (§4.2): a power of ten, or with the upper bit a power of two. `offset` in seconds.
    pub(super) fn new(link: LinkType, snaplen: u32, resolution: u8, offset: i64) -> Self {
        let power = u32::from(resolution & 0x7f);
        let clock = if resolution & 0x80 != 0 {
            Clock::Binary(power)
        } else if let Some(missing) = 9u32.checked_sub(power) {
            Clock::Times(10u32.saturating_pow(missing))
        } else {
            Clock::Per(10i128.saturating_pow(power.saturating_sub(9)))
        };
        Self {
            link,
            snaplen,
            clock,
            offset: i128::from(offset).saturating_mul(NANOS),
            drops: 0,
        }
    }

    /// A time stamp of this interface. Times outside of the years 1677 to 2262 are the nearest of these.
    pub(super) fn time(&self, high: u32, low: u32) -> Timestamp {
        let units = i128::from(u64::from(high) << 32 | u64::from(low));
        let nanos = match self.clock {
            Clock::Times(each) => units.saturating_mul(i128::from(each)),
            Clock::Per(units_each) => units.checked_div(units_each).unwrap_or(0),
            Clock::Binary(power) => units.saturating_mul(NANOS).checked_shr(power).unwrap_or(0),
        };
        let nanos = nanos.saturating_add(self.offset);
        let bound = nanos.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        Timestamp::from_nanos(i64::try_from(bound).unwrap_or(i64::MAX))
    }

    /// Decimal digits of a second's fraction that this clock can tell; 9 at most.
    pub(super) fn digits(&self) -> u8 {
        match self.clock {
            Clock::Times(each) => 9u8.saturating_sub(u8::try_from(each.ilog10()).unwrap_or(9)),
            Clock::Per(_) => 9,
            // log10(2) = 0.30103
            Clock::Binary(power) => {
                u8::try_from(power.saturating_mul(30_103).div_ceil(100_000).min(9)).unwrap_or(9)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(resolution: u8, offset: i64, units: u64) -> i64 {
        let interface = Interface::new(LinkType(1), 0, resolution, offset);
        let high = u32::try_from(units >> 32).unwrap();
        interface
            .time(high, u32::try_from(units & 0xffff_ffff).unwrap())
            .nanos()
    }

    #[test]
    fn time_stamps_of_every_resolution_become_nanoseconds() {
        assert_eq!(time(6, 0, 1_340_954_905_298_858), 1_340_954_905_298_858_000);
        assert_eq!(
            time(9, 0, 1_340_954_905_298_858_001),
            1_340_954_905_298_858_001
        );
        assert_eq!(time(0, 0, 4_337_000_000), 4_337_000_000_000_000_000);
        assert_eq!(time(12, 0, 1_500_999), 1_500);
        assert_eq!(time(0x80 | 10, 0, 1_536), 1_500_000_000);
        assert_eq!(time(0x80 | 127, 0, u64::MAX), 0);
        assert_eq!(time(6, -3_600, 3_600_000_001), 1_000);
        assert_eq!(time(127, 0, u64::MAX), 0);
    }

    #[test]
    fn times_that_cannot_be_are_the_nearest_that_can() {
        assert_eq!(time(0, 0, u64::MAX), i64::MAX);
        assert_eq!(time(6, i64::MIN, 0), i64::MIN);
    }

    #[test]
    fn digits_follow_the_clock() {
        let digits = |r| Interface::new(LinkType(1), 0, r, 0).digits();
        assert_eq!((digits(0), digits(3), digits(6), digits(9)), (0, 3, 6, 9));
        assert_eq!(
            (digits(12), digits(0x80 | 10), digits(0x80 | 127)),
            (9, 4, 9)
        );
    }
}
