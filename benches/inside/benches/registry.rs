//! The registry against others: renewing, putting in, expiring.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{
    BatchSize, BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};
use peers_benches::contenders::{BareMap, Contender, Key, Moka, Ours, Tree};
use peers_benches::{EXPIRY, shuffled};

const SIZES: [usize; 2] = [1000, 65_536];
const ORDERS: [&str; 2] = ["random", "sequential"];

/// What is put in is measured for so many at a time.
const INSERTED: [usize; 2] = [1000, 65_536];

/// Moka's entries expire by the real clock: long enough to put them all in, short enough to wait for.
const MOKA_LIFE: Duration = Duration::from_secs(2);
const MOKA_EXPIRED: usize = 65_536;

fn renew(criterion: &mut Criterion) {
    renew_all::<[u8; 16]>(criterion);
    renew_all::<String>(criterion);
}

fn renew_all<K: Key>(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(format!("renew, {}", K::KIND));
    for size in SIZES {
        for order in ORDERS {
            // In the order in which they are asked for: a key that has just come in a datagram is in the cache.
            let keys: Vec<K> = match order {
                "random" => shuffled(size).into_iter().map(K::numbered).collect(),
                _ => (0..size).map(K::numbered).collect(),
            };
            renew_in::<K, BareMap<K>>(&mut group, order, &keys);
            renew_in::<K, Ours<K>>(&mut group, order, &keys);
            renew_in::<K, Tree<K>>(&mut group, order, &keys);
            renew_in::<K, Moka<K>>(&mut group, order, &keys);
        }
    }
}

fn renew_in<K: Key, R: Contender<K>>(group: &mut BenchmarkGroup<'_, WallTime>, order: &str, keys: &[K]) {
    let mut filled = None;
    group.bench_function(BenchmarkId::new(R::NAME, format!("{}/{order}", keys.len())), |bencher| {
        let begin = Instant::now();
        let registry = filled.get_or_insert_with(|| filled_with::<K, R>(keys.len(), begin));
        let (mut next, mut now) = (0, begin);
        bencher.iter(|| {
            if next == keys.len() {
                next = 0;
                now += Duration::from_millis(1);
            }
            registry.renew(&keys[next], now);
            next += 1;
        });
    });
}

fn filled_with<K: Key, R: Contender<K>>(size: usize, now: Instant) -> R {
    let mut registry = R::new(now);
    (0..size).for_each(|number| registry.insert(K::numbered(number), now));
    registry
}

fn insert(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("insert, ids");
    group.sample_size(10);
    for size in INSERTED {
        group.throughput(Throughput::Elements(size as u64));
        insert_in::<BareMap<_>>(&mut group, size);
        insert_in::<Ours<_>>(&mut group, size);
        insert_in::<Tree<_>>(&mut group, size);
        insert_in::<Moka<_>>(&mut group, size);
    }
}

fn insert_in<R: Contender<[u8; 16]>>(group: &mut BenchmarkGroup<'_, WallTime>, size: usize) {
    let keys: Vec<[u8; 16]> = (0..size).map(Key::numbered).collect();
    let now = Instant::now();
    group.bench_function(BenchmarkId::new(R::NAME, format!("{size}/random")), |bencher| {
        let fill = |mut registry: R| {
            keys.iter().for_each(|key| registry.insert(*key, now));
            registry
        };
        bencher.iter_batched(|| R::new(now), fill, BatchSize::PerIteration);
    });
}

fn expire(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("expire all, ids");
    group.sample_size(10);
    for size in SIZES {
        group.throughput(Throughput::Elements(size as u64));
        expire_in(&mut group, size, |begin| filled_with::<_, BareMap<_>>(size, begin));
        expire_in(&mut group, size, |begin| filled_with::<_, Ours<_>>(size, begin));
        expire_in(&mut group, size, |begin| filled_with::<_, Tree<_>>(size, begin));
    }
    group.throughput(Throughput::Elements(MOKA_EXPIRED as u64));
    expire_in(&mut group, MOKA_EXPIRED, |begin| {
        let mut cache = Moka::expiring_after(MOKA_LIFE);
        (0..MOKA_EXPIRED).for_each(|number| cache.insert(Key::numbered(number), begin));
        std::thread::sleep(MOKA_LIFE);
        cache
    });
}

fn expire_in<R: Contender<[u8; 16]>>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    size: usize,
    fill: impl Fn(Instant) -> R,
) {
    group.bench_function(BenchmarkId::new(R::NAME, format!("{size}/at once")), |bencher| {
        let begin = Instant::now();
        let expire = |mut registry: R| {
            assert_eq!(black_box(&mut registry).expire(begin + EXPIRY), 0);
            registry
        };
        bencher.iter_batched(|| fill(begin), expire, BatchSize::PerIteration);
    });
}

criterion_group!(benches, renew, insert, expire);
criterion_main!(benches);
