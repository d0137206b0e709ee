//! `NameTable`: the names of seeds, when each is looked up, and the addresses that were found. It has no thread and no clock.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::seed::{self, Seed};

/// Maximum number of look-ups at one time. The system's resolver cannot be cancelled, and takes seconds where no server answers.
const MAX_LOOK_UPS: usize = 8;

/// Maximum number of addresses of one name. A name with more is no service of peers.
const MAX_ADDRESSES: usize = 64;

/// Time to the next look-up of a name that was not found: 1, 2, 4 … 60 s.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const MAX_RETRY: Duration = Duration::from_secs(60);

pub(crate) struct NameTable {
    literals: Vec<SocketAddr>,
    names: BTreeMap<Seed, Name>,
    look_ups: usize,
    /// Time between two look-ups of a name that is found.
    period: Duration,
}

struct Name {
    found: Vec<SocketAddr>,
    /// Addresses that earlier look-ups found. They stay while they answer: a name may give some of many at a time.
    former: Vec<SocketAddr>,
    /// When it is looked up next; `None` while it is.
    next: Option<Instant>,
    failures: u32,
    trouble: Option<String>,
}

impl NameTable {
    /// Names are looked up every four intervals, within 1 to 60 s: most names are of services whose instances change, and resolvers
    /// cache the answers.
    pub fn new(interval: Duration) -> Self {
        let period = (interval * 4).clamp(Duration::from_secs(1), Duration::from_secs(60));
        NameTable { literals: Vec::new(), names: BTreeMap::new(), look_ups: 0, period }
    }

    /// Replaces the seeds. What is known of the names that stay is kept; new ones are looked up at once.
    pub fn set(&mut self, seeds: &[Seed], now: Instant) {
        self.literals = seeds.iter().filter_map(Seed::address).collect();
        self.names.retain(|name, _| seeds.contains(name));
        for name in seeds.iter().filter(|seed| seed.address().is_none()) {
            self.names.entry(name.clone()).or_insert_with(|| Name {
                found: Vec::new(),
                former: Vec::new(),
                next: Some(now),
                failures: 0,
                trouble: None,
            });
        }
    }

    /// Has all names looked up at once, those too that are being looked up: the network has changed, and an answer under way may
    /// never come.
    pub fn on_network_change(&mut self, now: Instant) {
        for name in self.names.values_mut() {
            (name.next, name.failures) = (Some(now), 0);
        }
    }

    /// Returns the next name to look up. The caller passes the result to [`on_result`](Self::on_result).
    pub fn take_due(&mut self, now: Instant) -> Option<Seed> {
        if self.look_ups >= MAX_LOOK_UPS {
            return None;
        }
        let due = self.names.iter_mut().filter(|(_, name)| name.next.is_some_and(|next| next <= now));
        let (seed, name) = due.min_by_key(|(_, name)| name.next)?;
        name.next = None;
        self.look_ups += 1;
        Some(seed.clone())
    }

    /// Takes in the result of a look-up. That of a name that is no longer one of the seeds is dropped.
    pub fn on_result(&mut self, seed: &Seed, result: Result<Vec<SocketAddr>, String>, now: Instant) {
        self.look_ups = self.look_ups.saturating_sub(1);
        let Some(name) = self.names.get_mut(seed) else { return };
        let again = match result {
            Ok(addresses) => {
                name.take(seed, addresses);
                self.period
            }
            Err(error) => {
                name.trouble = Some(format!("the seed {seed} cannot be resolved: {error}"));
                let wait = FIRST_RETRY * 2u32.saturating_pow(name.failures.min(6));
                name.failures += 1;
                wait.min(MAX_RETRY)
            }
        };
        // A look-up that a change of the network has made due stays due.
        name.next.get_or_insert(now + again);
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        let next = self.names.values().filter_map(|name| name.next).min();
        next.filter(|_| self.look_ups < MAX_LOOK_UPS)
    }

    /// Returns the addresses of all seeds. Forgets former ones that do not answer.
    pub fn addresses(&mut self, is_answering: impl Fn(&SocketAddr) -> bool) -> Vec<SocketAddr> {
        for name in self.names.values_mut() {
            name.former.retain(&is_answering);
        }
        let found = self.names.values().flat_map(|name| name.found.iter().chain(&name.former));
        self.literals.iter().chain(found).copied().collect()
    }

    /// Returns why the first name that has a trouble has it.
    pub fn trouble(&self) -> Option<&str> {
        self.names.values().find_map(|name| name.trouble.as_deref())
    }
}

impl Name {
    /// Takes over the addresses of a result: unicast ones alone, and so many at most.
    fn take(&mut self, seed: &Seed, addresses: Vec<SocketAddr>) {
        let given = addresses.len();
        let mut usable: Vec<SocketAddr> = Vec::new();
        for address in addresses.into_iter().filter(|address| is_usable(address.ip())) {
            if !usable.contains(&address) {
                usable.push(address);
            }
        }
        let refused = given - usable.len();
        usable.truncate(MAX_ADDRESSES);
        self.failures = 0;
        self.trouble = match (usable.is_empty(), given > MAX_ADDRESSES) {
            (true, _) => Some(format!("the seed {seed} has no unicast address; {refused} were refused")),
            (_, true) => Some(format!("the seed {seed} has {given} addresses; {MAX_ADDRESSES} are used")),
            _ => None,
        };
        let before = std::mem::replace(&mut self.found, usable);
        self.former.extend(before);
        self.former.retain(|address| !self.found.contains(address));
        self.former.truncate(MAX_ADDRESSES);
    }
}

fn is_usable(ip: IpAddr) -> bool {
    seed::check_ip(ip).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const INTERVAL: Duration = Duration::from_secs(15);

    fn seeds(list: &str) -> Vec<Seed> {
        Seed::list(list).expect("a list")
    }

    fn address(last: u8) -> SocketAddr {
        ([192, 0, 2, last], 5).into()
    }

    fn none(_: &SocketAddr) -> bool {
        false
    }

    fn addresses(last: std::ops::RangeInclusive<u8>) -> Vec<SocketAddr> {
        last.map(address).collect()
    }

    /// Looks up what is due until `end`. Returns when each look-up began.
    fn run(
        table: &mut NameTable,
        start: Instant,
        end: Duration,
        look_up: impl Fn(&Seed) -> Result<Vec<SocketAddr>, String>,
    ) -> Vec<u64> {
        let mut times = Vec::new();
        while let Some(next) = table.poll_timeout().filter(|next| *next <= start + end) {
            while let Some(seed) = table.take_due(next) {
                times.push((next - start).as_secs());
                table.on_result(&seed, look_up(&seed), next);
            }
        }
        times
    }

    #[test]
    fn a_name_that_fails_is_looked_up_after_1_2_4_and_at_most_60_s() {
        let (start, mut table) = (Instant::now(), NameTable::new(INTERVAL));
        table.set(&seeds("a:5"), start);
        let times = run(&mut table, start, 200 * SECOND, |_| Err("no such name".into()));
        assert_eq!(times, [0, 1, 3, 7, 15, 31, 63, 123, 183]);
        let trouble = table.trouble().expect("it is not found");
        assert!(trouble.starts_with("the seed a:5 cannot be resolved: "), "{trouble}");
    }

    #[test]
    fn a_network_change_has_all_names_looked_up() {
        let (start, mut table) = (Instant::now(), NameTable::new(INTERVAL));
        table.set(&seeds("a:5,b:5"), start);
        run(&mut table, start, 40 * SECOND, |seed| match seed.host() {
            "a" => Err("no such name".into()),
            _ => Ok(addresses(1..=1)),
        });
        let change = start + 41 * SECOND;
        table.on_network_change(change);
        let names = [table.take_due(change), table.take_due(change)];
        assert!(names.iter().all(Option::is_some));
        // They hang; another change does not wait for them.
        table.on_network_change(change + SECOND);
        assert!(table.take_due(change + SECOND).is_some());
    }

    #[test]
    fn no_more_than_eight_look_ups_run_at_a_time() {
        let (start, mut table) = (Instant::now(), NameTable::new(INTERVAL));
        let list: Vec<String> = (0..20).map(|number| format!("n{number}:5")).collect();
        table.set(&seeds(&list.join(",")), start);
        let due: Vec<Seed> = std::iter::from_fn(|| table.take_due(start)).collect();
        assert_eq!((due.len(), table.poll_timeout()), (MAX_LOOK_UPS, None));
        table.on_result(&due[0], Ok(addresses(1..=1)), start);
        assert_eq!((table.poll_timeout(), table.take_due(start).is_some()), (Some(start), true));
    }

    #[test]
    fn former_addresses_stay_while_they_answer() {
        let (start, mut table) = (Instant::now(), NameTable::new(INTERVAL));
        let name = &seeds("a:5")[0];
        table.set(std::slice::from_ref(name), start);
        table.on_result(name, Ok(addresses(1..=3)), start);
        table.on_result(name, Ok(addresses(3..=5)), start);
        assert_eq!(table.addresses(|_| true), [3, 4, 5, 1, 2].map(address));
        assert_eq!(table.addresses(|one| *one == address(2)), [3, 4, 5, 2].map(address));
        table.on_result(name, Err("no such name".into()), start);
        assert_eq!(table.addresses(|_| true), [3, 4, 5, 2].map(address));
        table.set(&[], start);
        assert_eq!((table.addresses(|_| true), table.trouble()), (Vec::new(), None), "no seed, no address");
    }

    #[test]
    fn of_a_hostile_name_no_more_than_64_unicast_addresses_are_used() {
        let (start, mut table) = (Instant::now(), NameTable::new(INTERVAL));
        let name = &seeds("a:5")[0];
        table.set(std::slice::from_ref(name), start);
        let bad = ["255.255.255.255:5", "224.0.0.251:5", "0.0.0.0:5", "[::]:5", "[ff02::fb]:5"];
        let bad = bad.iter().map(|text| text.parse::<SocketAddr>().expect("an address"));
        let many = (0..3000)
            .map(|number| SocketAddr::from(([10, 0, (number / 250) as u8, (number % 250) as u8], 5)));
        table.on_result(name, Ok(bad.chain(many).collect()), start);
        let used = table.addresses(none);
        assert_eq!(used.len(), MAX_ADDRESSES);
        assert!(used.iter().all(|address| is_usable(address.ip())));
        assert!(table.trouble().is_some_and(|trouble| trouble.contains("3005 addresses")));
    }

    #[test]
    fn a_result_of_a_replaced_name_is_dropped() {
        let (start, mut table) = (Instant::now(), NameTable::new(INTERVAL));
        table.set(&seeds("a:5"), start);
        let due = table.take_due(start).expect("it is due");
        table.set(&seeds("b:5"), start);
        table.on_result(&due, Ok(addresses(1..=1)), start);
        assert_eq!(table.addresses(none), []);
    }
}
