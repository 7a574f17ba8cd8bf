//! Date: the sender's clock (RFC 3261 §20.17, RFC 1123).

use super::super::Text;
use crate::base::Timestamp;

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// Reads `Tue, 24 Oct 2017 13:28:50 GMT`; `None` for anything else, other time zones too.
pub(in crate::sip) fn timestamp(value: Text<'_>) -> Option<Timestamp> {
    let text = value.to_str().to_ascii_lowercase();
    let (_, rest) = text.split_once(',')?;
    let mut words = rest.split_ascii_whitespace();
    let day: i64 = words.next()?.parse().ok()?;
    let month_name = words.next()?;
    let month = MONTHS.iter().position(|m| *m == month_name)?;
    let month = i64::try_from(month).ok()?.checked_add(1)?;
    let year: i64 = words.next()?.parse().ok()?;
    let mut clock = words.next()?.split(':').map(str::parse::<i64>);
    let (hour, minute, second) = (
        clock.next()?.ok()?,
        clock.next()?.ok()?,
        clock.next()?.ok()?,
    );
    let in_range = (1970..=9999).contains(&year)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second);
    if !in_range || words.next()? != "gmt" {
        return None;
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    Some(Timestamp::from_nanos(seconds.checked_mul(1_000_000_000)?))
}

/// Days since 1970-01-01 of a Gregorian date; the ranges are checked by the caller.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that the leap day is the last (a well-known scheme).
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_become_capture_time() {
        let at = |t: &str| timestamp(Text::new(t.as_bytes())).map(Timestamp::seconds);
        assert_eq!(at("Mon, 03 Mar 2014 18:56:14 GMT"), Some(0x5314_d04e));
        assert_eq!(at("Thu, 1 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(at("Thu, 29 Feb 2024 23:59:59 GMT"), Some(1_709_251_199));
        assert_eq!(at("Fri, 01 Jan 2010 16:00:00 EST"), None);
        assert_eq!(at(""), None);
        assert_eq!(at("x, 99 Jan 9999999999999999999 1:2:3 GMT"), None);
    }
}
