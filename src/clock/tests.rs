use super::sample::Sample;

#[test]
fn two_samples_choose_the_same_facts_and_stay_bounded() {
    let (mut small, mut large) = (Sample::new(64), Sample::new(64));
    let name = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    for n in 0..100_000 {
        large.note(name(n), n);
        assert!(large.len() <= 64);
        if n >= 95_000 {
            small.note(name(n), n);
        }
    }
    let common: Vec<_> = small.common(&large).collect();
    assert!(common.len() >= 2, "{}", common.len());
    assert!(common.iter().all(|(_, a, b)| a == b));
}

#[test]
fn what_was_not_kept_is_not_said_to_be_missing() {
    let mut sample = Sample::new(2);
    for name in [0, 1, 2, 3, 4] {
        sample.note(name, ());
    }
    assert!(!sample.lacks(1), "odd names are not kept any more");
    assert!(sample.lacks(8));
}
