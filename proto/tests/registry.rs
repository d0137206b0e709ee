//! The rules of the expiring map: each entry has a deadline of its own, and a renewal is effective at once.

#![allow(clippy::disallowed_methods)] // a test has to begin at some time

use std::collections::HashMap;
use std::time::{Duration, Instant};

use peers_proto::{ExpiringMap, Full};

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn live(map: &ExpiringMap<String, u32>, now: Instant) -> Vec<(String, u32)> {
    let mut live: Vec<_> = map.iter(now).map(|(key, value, _)| (key.clone(), *value)).collect();
    live.sort();
    live
}

fn expired(map: &mut ExpiringMap<String, u32>, now: Instant) -> Vec<String> {
    map.handle_timeout(now).into_iter().map(|expired| expired.key).collect()
}

#[test]
fn each_entry_expires_at_its_own_deadline_in_order() {
    let start = Instant::now();
    let mut map = ExpiringMap::new(10);
    for (key, ttl) in [("long", 3600), ("short", 1), ("middle", 35)] {
        map.insert(key.to_owned(), 0, secs(ttl), start).expect("there is room");
    }
    assert_eq!(map.poll_timeout(), Some(start + secs(1)));
    assert_eq!(expired(&mut map, start + secs(1)), ["short"]);
    assert_eq!(map.poll_timeout(), Some(start + secs(35)));
    assert_eq!(expired(&mut map, start + secs(34)), [""; 0]);
    assert_eq!(expired(&mut map, start + secs(4000)), ["middle", "long"]);
    assert_eq!(map.poll_timeout(), None);
}

#[test]
fn a_call_removes_256_entries_and_wants_another_call() {
    let (start, count) = (Instant::now(), 5000);
    let mut map = ExpiringMap::new(count);
    for number in 0..count {
        map.insert(number, (), secs(35), start).expect("there is room");
    }
    // Of the entries left, one is renewed and one removed.
    let late = start + secs(35);
    let mut gone: Vec<usize> = map.handle_timeout(late).into_iter().map(|expired| expired.key).collect();
    assert_eq!((gone.len(), map.poll_timeout()), (256, Some(late)));
    let mut waiting = (0..count).filter(|number| !gone.contains(number));
    let (renewed, removed) = (waiting.next().expect("most are left"), waiting.next().expect("most are left"));
    map.renew(&renewed, secs(1), late);
    map.remove(&removed);
    for _ in 0..19 {
        gone.extend(map.handle_timeout(late).into_iter().map(|expired| expired.key));
    }
    assert_eq!((gone.len(), map.len()), (count - 2, 1));
    assert_eq!(map.poll_timeout(), Some(late + secs(1)));
    assert_eq!(map.handle_timeout(late + secs(1)).len(), 1);
    assert_eq!(map.poll_timeout(), None);
}

#[test]
fn a_deadline_is_exact_to_the_nanosecond() {
    let start = Instant::now();
    let mut map = ExpiringMap::new(10);
    map.insert("key".to_owned(), 1, secs(35), start).expect("there is room");
    let deadline = start + secs(35);
    let just_before = deadline - Duration::from_nanos(1);
    assert_eq!(expired(&mut map, just_before), [""; 0]);
    assert_eq!(live(&map, just_before).len(), 1);
    assert_eq!(live(&map, deadline), []);
    assert_eq!(expired(&mut map, deadline), ["key"]);
}

#[test]
fn an_insertion_that_races_the_expiry_wins() {
    let start = Instant::now();
    let mut map = ExpiringMap::new(10);
    map.insert("key".to_owned(), 1, secs(35), start).expect("there is room");
    let deadline = start + secs(35);
    assert!(map.insert("key".to_owned(), 2, secs(35), deadline).is_ok());
    assert_eq!(expired(&mut map, deadline), [""; 0]);
    assert_eq!(live(&map, deadline), [("key".to_owned(), 2)]);
}

#[test]
fn a_shorter_renewal_brings_the_deadline_forward() {
    let start = Instant::now();
    let mut map = ExpiringMap::new(10);
    map.insert("key".to_owned(), 1, secs(3600), start).expect("there is room");
    map.renew("key", secs(2), start);
    assert_eq!(map.poll_timeout(), Some(start + secs(2)));
    assert_eq!(expired(&mut map, start + secs(2)), ["key"]);
}

#[test]
fn a_renewal_moves_the_deadline() {
    let start = Instant::now();
    let mut map = ExpiringMap::new(10);
    map.insert("key".to_owned(), 1, secs(35), start).expect("there is room");
    map.renew("key", secs(35), start + secs(15));
    assert_eq!(map.poll_timeout(), Some(start + secs(50)), "no wake-up at the old deadline");
    assert_eq!(expired(&mut map, start + secs(49)), [""; 0]);
}

#[test]
fn a_full_map_refuses_new_keys_and_keeps_its_entries() {
    let start = Instant::now();
    let mut map = ExpiringMap::new(2);
    for key in ["a", "b"] {
        map.insert(key.to_owned(), 1, secs(35), start).expect("there is room");
    }
    assert_eq!(map.insert("c".to_owned(), 1, secs(35), start), Err(Full));
    assert!(map.insert("a".to_owned(), 2, secs(35), start).is_ok());
    assert_eq!(map.remove(&"b".to_owned()).map(|removed| removed.value), Some(1));
    assert_eq!(map.remove(&"b".to_owned()), None);
    assert!(map.insert("c".to_owned(), 1, secs(35), start).is_ok());
    assert_eq!(live(&map, start), [("a".to_owned(), 2), ("c".to_owned(), 1)]);
}

/// Runs the map beside a plain map of deadlines, with the same random operations and time steps.
#[test]
fn it_agrees_with_a_plain_map_under_any_run() {
    for seed in 1..=40 {
        let mut random = Random(seed);
        let mut now = Instant::now();
        let mut map = ExpiringMap::new(64);
        let mut model: HashMap<String, (u32, Instant)> = HashMap::new();
        for step in 0..3000 {
            let key = format!("key{}", random.below(80));
            match random.below(10) {
                0..=5 => {
                    // From a millisecond to hours.
                    let ttl = Duration::from_millis(1 << random.below(24))
                        + Duration::from_micros(random.below(999));
                    let value = step;
                    let fits = model.contains_key(&key) || model.len() < 64;
                    assert_eq!(
                        map.insert(key.clone(), value, ttl, now).is_ok(),
                        fits,
                        "seed {seed} step {step}"
                    );
                    if fits {
                        model.insert(key, (value, now + ttl));
                    }
                }
                6 => assert_eq!(
                    map.remove(&key).map(|removed| removed.value),
                    model.remove(&key).map(|(value, _)| value),
                    "seed {seed}"
                ),
                _ => {
                    now += Duration::from_millis(1 << random.below(20));
                    let mut gone = expired(&mut map, now);
                    let mut expected: Vec<_> = model
                        .iter()
                        .filter(|(_, (_, deadline))| *deadline <= now)
                        .map(|(key, _)| key.clone())
                        .collect();
                    model.retain(|_, (_, deadline)| now < *deadline);
                    gone.sort();
                    expected.sort();
                    assert_eq!(gone, expected, "seed {seed} step {step}");
                    let next = model.values().map(|(_, deadline)| *deadline).min();
                    assert_eq!(map.poll_timeout(), next, "seed {seed} step {step}");
                }
            }
            let mut expected: Vec<_> = model
                .iter()
                .filter(|(_, (_, deadline))| now < *deadline)
                .map(|(key, (value, _))| (key.clone(), *value))
                .collect();
            expected.sort();
            assert_eq!(live(&map, now), expected, "seed {seed} step {step}");
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014): the same run for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}
