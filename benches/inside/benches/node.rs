//! The node of the core: one announcement of a known peer, and the list of all.

use std::hint::black_box;
use std::time::Instant;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use peers_benches::announcements::Crowd;
use peers_benches::contenders::{BareMap, Contender, Key, Moka};

const CROWDS: [usize; 3] = [10, 1000, 65_536];
const LISTS: [usize; 3] = [10, 1000, 10_000];

fn intake(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("known announcement");
    for peers in CROWDS {
        group.throughput(Throughput::Elements(peers as u64));
        let mut crowd = Crowd::new(peers);
        group.bench_function(BenchmarkId::new("peers", format!("{peers}/sequential")), |bencher| {
            bencher.iter(|| crowd.announce_all());
        });
        crowd.shuffle();
        group.bench_function(BenchmarkId::new("peers", format!("{peers}/random")), |bencher| {
            bencher.iter(|| crowd.announce_all());
        });
    }
}

fn list(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("list inside");
    for peers in LISTS {
        group.throughput(Throughput::Elements(peers as u64));
        let crowd = Crowd::new(peers);
        group.bench_function(BenchmarkId::new("peers", format!("{peers}/unchanged")), |bencher| {
            bencher.iter(|| black_box(crowd.node.peers(crowd.now)));
        });

        let now = Instant::now();
        let (mut map, mut cache) = (BareMap::new(now), Moka::new(now));
        for number in 0..peers {
            map.insert(<[u8; 16]>::numbered(number), now);
            cache.insert(<[u8; 16]>::numbered(number), now);
        }
        group.bench_function(BenchmarkId::new("bare map", format!("{peers}/unchanged")), |bencher| {
            bencher.iter(|| black_box(map.contents()));
        });
        group.bench_function(BenchmarkId::new("moka", format!("{peers}/unchanged")), |bencher| {
            bencher.iter(|| black_box(cache.contents()));
        });
    }
}

criterion_group!(benches, intake, list);
criterion_main!(benches);
