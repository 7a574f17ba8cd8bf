//! Bytes damaged at random: no panic, bounded facts.

use super::*;

/// xorshift64*: the same cases on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % end.max(1)
    }
}

#[test]
fn damaged_sessions_never_panic_and_stay_bounded() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let clean: Vec<_> = EKU.iter().map(|(d, hex)| (*d, bytes(hex))).collect();
    for _ in 0..3000 {
        let mut flights = clean.clone();
        for _ in 0..=random.below(6) {
            let at = random.below(flights.len());
            let flight = &mut flights[at].1;
            let place = random.below(flight.len());
            match random.below(4) {
                0 => flight.truncate(place),
                1 => flight
                    .drain(place..(place + random.below(20)).min(flight.len()))
                    .for_each(drop),
                _ if flight.is_empty() => {}
                _ => flight[place] = u8::try_from(random.below(256)).unwrap(),
            }
        }
        let mut feed = Feed::new();
        for (direction, flight) in &flights {
            let step = 1 + random.below(flight.len() + 1);
            for part in flight.chunks(step) {
                if random.below(30) == 0 {
                    feed.gap(*direction, u64::try_from(random.below(2000)).unwrap());
                } else {
                    feed.push(*direction, part);
                }
            }
            probe(flight);
            probe_midstream(flight);
        }
        let s = feed.end();
        assert!(
            s.events.len() <= MAX_EVENTS
                && s.alerts.len() <= MAX_ALERTS
                && s.not_understood.len() <= 24
        );
        s.note_caveats(&mut Caveats::new(3));
    }
}
