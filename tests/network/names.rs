//! Seeds that have names: what a hosts file or a name server tells is found, and what they do not tell is waited for by
//! nobody.

use std::fs;
use std::path::PathBuf;

use nix::sys::signal::Signal;

use crate::nodes::{HOURS, LONG_LIFE, counted, expect_counted, expect_state, listing, script, state, world};
use crate::routed::{PORT, add_ipv6, far, near, route_ipv6, route_near, router, seed_watch};
use support::program::Program;
use support::world::{Host, World};

/// Which files of the system's say what a name means.
const FILES: [&str; 3] = ["hosts", "resolv.conf", "nsswitch.conf"];

/// Runs a program that sees these files instead. Before it says so the shell blocks signals now and then, as the program will.
const WITH_FILES: &str = "
for file in hosts resolv.conf nsswitch.conf; do
    test ! -e /etc/$file || mount --bind \"$1/$file\" /etc/$file || exit
done
shift && echo ready && exec \"$@\"";

const SERVER: &str = "192.0.2.254";

/// What the names mean on the hosts of one test.
struct Names {
    folder: PathBuf,
}

impl Names {
    fn new(test: &str) -> Names {
        let names = Names { folder: support::scratch().join(test) };
        fs::create_dir_all(&names.folder).expect("the scratch folder can be written");
        for (file, text) in FILES.iter().zip(["", "", "hosts: files dns\n"]) {
            names.write(file, text);
        }
        names
    }

    /// In place: programs that run see it.
    fn write(&self, file: &str, text: &str) {
        fs::write(self.folder.join(file), text).expect("the scratch folder can be written");
    }

    /// Looks names up at the name server of the world: each look-up waits so many seconds for an answer, so many times.
    fn look_up_at_server(&self, timeout: u32, attempts: u32) {
        let options = format!("options timeout:{timeout} attempts:{attempts}");
        self.write("resolv.conf", &format!("nameserver {SERVER}\n{options}\n"));
    }

    /// A node whose name for a seed, and port, is that.
    fn watch(&self, host: &Host<'_>, name: &str, options: &[&str]) -> Program {
        let mut command = host.command("unshare");
        command.args(["-m", "sh", "-c", WITH_FILES, "sh"]).arg(&self.folder).arg(support::example("watch"));
        let options = [&["--mode", "seeds", "--name", name], options].concat();
        let mut watch = Program::start(command.args(["--interval", "200"]).args(LONG_LIFE).args(options));
        watch.expect(["ready"]);
        watch
    }

    /// The name server of the world, which knows what is in the file "served" when it is started, or gets SIGHUP.
    fn serve(&self, host: &Host<'_>) -> Program {
        let mut command = host.command("dnsmasq");
        command.args(["--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", "--user=root"]);
        command.args(["--no-resolv", "--no-hosts", "--local=/test/", "--bind-interfaces"]);
        command.arg(format!("--listen-address={SERVER}")).arg("--log-facility=/dev/null");
        command.arg(format!("--addn-hosts={}", self.folder.join("served").display()));
        Program::start(&mut command)
    }
}

/// A name server that never answers.
fn silent_server(host: &Host<'_>) -> Program {
    let mut server = script(host, "silent.py", &[SERVER, "53"]);
    server.expect(["listening"]);
    server
}

fn world_with_name_server(test: &str) -> Option<World> {
    world(test).filter(|_| support::has_tool("dnsmasq", test))
}

#[test]
fn a_seed_is_found_once_its_name_is_in_the_hosts_file() {
    let test = "a_seed_is_found_once_its_name_is_in_the_hosts_file";
    let Some(world) = world(test) else { return };
    let (_router, here, there) = (router(&world), near(&world, 1), far(&world, 2));
    let names = Names::new(test);
    let mut seed = seed_watch(&there, "seed", &LONG_LIFE);
    let mut guest = names.watch(&here, "guest", &["--seeds", "seed.test:49002"]);
    expect_state(&mut guest, "Degraded Resolver the seed seed.test:49002 cannot be resolved: ");
    names.write("hosts", "198.51.100.2 seed.test\n");
    guest.expect(["joined seed 198.51.100.2"]);
    seed.expect(["joined guest 192.0.2.1"]);
    assert_eq!(listing(&mut guest), ["seed 198.51.100.2 Unicast"]);
    assert_eq!(state(&mut guest), "Running");

    // Who was found stays found.
    names.write("hosts", "");
    expect_state(&mut guest, "Degraded Resolver ");
    assert_eq!(listing(&mut guest), ["seed 198.51.100.2 Unicast"]);
    guest.never_printed("left");
}

#[test]
fn a_seed_that_has_an_address_of_each_family_is_one_peer() {
    let test = "a_seed_that_has_an_address_of_each_family_is_one_peer";
    let Some(world) = world(test) else { return };
    let (router, here, there) = (router(&world), near(&world, 1), far(&world, 2));
    route_ipv6(&router);
    add_ipv6(&here, "2001:db8:1", 1);
    add_ipv6(&there, "2001:db8:2", 2);
    let mut six = seed_watch(&there, "six", &["--ipv6-only"]);
    let names = Names::new(test);
    names.write("hosts", "198.51.100.2 seed.test\n2001:db8:2::2 seed.test\n");
    let mut guest = names.watch(&here, "guest", &["--seeds", "[2001:db8:2::2]:49002"]);
    guest.expect(["joined six 2001:db8:2::2"]);
    six.expect(["joined guest 2001:db8:1::1"]);
    six.signal(Signal::SIGTERM);
    guest.expect(["left six (goodbye)"]);
    six.expect_end();
    guest.kill();

    let mut seed = seed_watch(&there, "seed", &LONG_LIFE);
    let mut guest = names.watch(&here, "guest", &["--seeds", "seed.test:49002"]);
    let address = guest.address_of("seed");
    let seen_as = seed.address_of("guest");
    // A life and more.
    expect_counted(&mut seed, "received", 60);
    assert_eq!(listing(&mut guest), [format!("seed {address} Unicast")]);
    assert_eq!(listing(&mut seed), [format!("guest {seen_as} Unicast")]);
    // Each learns the other address of the other, and keeps to the first.
    guest.expect_listed("seed", &[&address]);
    seed.expect_listed("guest", &[&seen_as]);
    for node in [&mut guest, &mut seed] {
        node.never_printed("left");
    }
}

#[test]
fn each_address_of_a_name_is_a_seed() {
    let test = "each_address_of_a_name_is_a_seed";
    let Some(world) = world_with_name_server(test) else { return };
    let (router, here) = (router(&world), near(&world, 1));
    let hosts = [2, 3, 4].map(|number| far(&world, number));
    let mut seeds = [0, 1, 2].map(|at| seed_watch(&hosts[at], &format!("seed-{at}"), &LONG_LIFE));
    let names = Names::new(test);
    names.write("resolv.conf", &format!("nameserver {SERVER}\n"));
    // Its own is among them, as where the name is of a service and the node one of its instances.
    let served = "192.0.2.1 seeds.test\n198.51.100.2 seeds.test\n198.51.100.3 seeds.test\n";
    names.write("served", served);
    let server = names.serve(&router);
    let mut guest = names.watch(&here, "guest", &["--seeds", "seeds.test:49002", "--unicast-port", PORT]);
    guest.expect(["joined seed-0 198.51.100.2", "joined seed-1 198.51.100.3"]);
    expect_state(&mut guest, "Running");

    guest.never_printed("joined");
    names.write("served", &format!("{served}198.51.100.4 seeds.test\n"));
    server.signal(Signal::SIGHUP);
    guest.expect(["joined seed-2 198.51.100.4"]);
    for seed in &mut seeds {
        seed.expect(["joined guest 192.0.2.1"]);
    }
    assert_eq!(
        listing(&mut guest),
        ["seed-0 198.51.100.2 Unicast", "seed-1 198.51.100.3 Unicast", "seed-2 198.51.100.4 Unicast"]
    );

    // Who is known goes on being spoken to.
    server.kill();
    expect_state(&mut guest, "Degraded Resolver the seed seeds.test:49002 cannot be resolved: ");
    guest.never_printed("left");
}

#[test]
fn a_look_up_of_replaced_seeds_is_dropped() {
    let test = "a_look_up_of_replaced_seeds_is_dropped";
    let Some(world) = world(test) else { return };
    let (router, here, there) = (router(&world), near(&world, 1), far(&world, 2));
    let mut silent = silent_server(&router);
    let names = Names::new(test);
    names.look_up_at_server(1, 1);
    names.write("seeds", "seeds.test:49002");
    let file = names.folder.join("seeds");
    let mut guest = names.watch(&here, "guest", &["--seed-file", file.to_str().expect("it is UTF-8")]);
    silent.line("asked ");
    names.write("seeds", "198.51.100.2:49002");
    guest.signal(Signal::SIGHUP);
    guest.expect(["took new seeds"]);
    guest.expect_no_thread("peers-look-up");
    assert_eq!(state(&mut guest), "Running");
    // It is still asked for.
    let _seed = seed_watch(&there, "seed", &LONG_LIFE);
    guest.expect(["joined seed 198.51.100.2"]);
}

#[test]
fn a_node_ends_at_once_though_a_name_server_never_answers() {
    let test = "a_node_ends_at_once_though_a_name_server_never_answers";
    let Some(world) = world(test) else { return };
    let (router, here, there) = (router(&world), near(&world, 1), far(&world, 2));
    let mut silent = silent_server(&router);
    let names = Names::new(test);
    // One look takes two minutes and a half, which is longer than any test waits.
    names.look_up_at_server(30, 5);
    let mut seed = seed_watch(&there, "seed", &HOURS);
    let seeds = ["--seeds", "seeds.test:49002,198.51.100.2:49002"];
    let mut guest = names.watch(&here, "guest", &[&HOURS[..], &seeds].concat());
    // What needs no name does not wait for one.
    guest.expect(["joined seed 198.51.100.2"]);
    seed.expect(["joined guest 192.0.2.1"]);
    silent.line("asked ");
    assert_eq!(state(&mut guest), "Running");
    guest.signal(Signal::SIGTERM);
    seed.expect(["left guest (goodbye)"]);
    guest.expect_end();
}

#[test]
fn a_name_server_that_never_answers_delays_no_other_name() {
    let test = "a_name_server_that_never_answers_delays_no_other_name";
    let Some(world) = world(test) else { return };
    let (router, here, there) = (router(&world), near(&world, 1), far(&world, 2));
    let mut silent = silent_server(&router);
    let names = Names::new(test);
    // One look takes two minutes and a half, which is longer than any test waits.
    names.look_up_at_server(30, 5);
    names.write("hosts", "198.51.100.2 good.test\n");
    let mut seed = seed_watch(&there, "seed", &HOURS);
    let hanging: Vec<String> = (0..4).map(|number| format!("hangs-{number}.test:49002")).collect();
    let seeds = format!("{},good.test:49002", hanging.join(","));
    let mut guest = names.watch(&here, "guest", &[&HOURS[..], &["--seeds", &seeds]].concat());
    guest.expect(["joined seed 198.51.100.2"]);
    seed.expect(["joined guest 192.0.2.1"]);
    silent.line("asked ");
}

#[test]
fn a_name_is_looked_up_again_when_the_network_comes_up() {
    let test = "a_name_is_looked_up_again_when_the_network_comes_up";
    let Some(world) = world_with_name_server(test) else { return };
    let (router, there) = (router(&world), far(&world, 2));
    let here = world.host_without_network(1);
    let mut seed = seed_watch(&there, "seed", &HOURS);
    let names = Names::new(test);
    names.look_up_at_server(1, 1);
    names.write("served", "198.51.100.2 seed.test\n");
    let _server = names.serve(&router);
    let mut early = names.watch(&here, "early", &[&HOURS[..], &["--seeds", "seed.test:49002"]].concat());
    expect_state(&mut early, "Degraded Resolver ");
    here.insert_card();
    here.ip("link set eth0 up");
    route_near(&here);
    early.expect(["joined seed 198.51.100.2"]);
    seed.expect(["joined early 192.0.2.1"]);
    expect_state(&mut early, "Running");
}

#[test]
fn an_address_that_a_name_no_longer_gives_stays_while_it_answers() {
    let test = "an_address_that_a_name_no_longer_gives_stays_while_it_answers";
    let Some(world) = world_with_name_server(test) else { return };
    let (router, here) = (router(&world), near(&world, 1));
    let hosts = [2, 3].map(|number| far(&world, number));
    let mut seeds = [0, 1].map(|at| seed_watch(&hosts[at], &format!("seed-{at}"), &LONG_LIFE));
    let names = Names::new(test);
    names.write("resolv.conf", &format!("nameserver {SERVER}\n"));
    names.write("served", "198.51.100.2 seeds.test\n");
    let server = names.serve(&router);
    let mut guest = names.watch(&here, "guest", &["--seeds", "seeds.test:49002"]);
    guest.expect(["joined seed-0 198.51.100.2"]);
    names.write("served", "198.51.100.3 seeds.test\n");
    server.signal(Signal::SIGHUP);
    guest.expect(["joined seed-1 198.51.100.3"]);
    // A life and more.
    let before = counted(&mut guest, "received");
    expect_counted(&mut guest, "received", before + 60);
    guest.never_printed("left");
    let [gone, stays] = &mut seeds;
    gone.expect(["joined guest 192.0.2.1"]);
    stays.expect(["joined guest 192.0.2.1"]);
    gone.signal(Signal::SIGTERM);
    guest.expect(["left seed-0 (goodbye)"]);
}
