//! Hosts on one link: network namespaces, each with an `eth0` that is a veth into a common bridge. There can be more
//! links, and more cards in a host.
//!
//! Each namespace is held open by a process of its own and is gone, with all in it, when that process ends. Root
//! makes them directly; an ordinary user makes them inside a user namespace, where the system allows that.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};

/// A link with a bridge, to which hosts are joined.
pub struct World {
    hub: Namespace,
}

pub struct Host<'a> {
    world: &'a World,
    namespace: Namespace,
    number: u8,
}

struct Namespace {
    holder: Child,
    in_user_namespace: bool,
}

impl World {
    /// An error in words where this machine does not allow or lacks what it takes.
    pub fn new() -> Result<World, String> {
        let hub = Namespace::hold(Command::new("unshare").arg("-n"), false)
            .or_else(|_| Namespace::hold(Command::new("unshare").arg("-Urn"), true))?;
        let world = World { hub };
        world.try_add_link("bridge")?;
        Ok(world)
    }

    /// One more link, of that name, that no host has a card on yet.
    pub fn add_link(&self, name: &str) {
        self.try_add_link(name).expect("the hub can have one more bridge");
    }

    /// From now on every host hears what others say to each other, as on a link without a switch.
    pub fn hear_everything(&self) {
        self.try_ip("link set bridge type bridge ageing_time 0").expect("the bridge can be changed");
    }

    /// A host with loopback up and `eth0` up at 192.0.2.`number`. Its system has IPv6 turned off: what is heard by both
    /// may be listed at either address.
    pub fn host(&self, number: u8) -> Host<'_> {
        let host = self.host_without_network(number);
        host.plug_in();
        host
    }

    /// A host that has loopback alone, and no IPv6.
    pub fn host_without_network(&self, number: u8) -> Host<'_> {
        let host = self.bare_host(number);
        host.sysctl("net.ipv6.conf.all.disable_ipv6=1");
        host
    }

    /// A host at 192.0.2.`number` and fe80::`number`. With "nodad" as `checks` the latter is usable at once, with
    /// "" when the system has found that nobody else has it.
    pub fn host_with_ipv6(&self, number: u8, checks: &str) -> Host<'_> {
        let host = self.bare_host(number);
        host.sysctl("net.ipv6.icmp.ratemask=");
        host.insert_card();
        host.ip("link set eth0 addrgenmode none");
        host.ip("link set eth0 up");
        host.ip(format!("addr add fe80::{number}/64 dev eth0 {checks}").trim_end());
        host
    }

    fn bare_host(&self, number: u8) -> Host<'_> {
        let mut unshare = self.hub.command("unshare");
        let namespace =
            Namespace::hold(unshare.arg("-n"), self.hub.in_user_namespace).expect("one more namespace");
        let host = Host { world: self, namespace, number };
        host.ip("link set lo up");
        // The system counts the ICMP messages of all namespaces together: a flood at one host silences the others.
        host.sysctl("net.ipv4.icmp_ratemask=0");
        host
    }

    fn try_add_link(&self, name: &str) -> Result<(), String> {
        self.try_ip(&format!("link add {name} type bridge mcast_snooping 0"))?;
        self.try_ip(&format!("link set {name} up"))
    }

    fn try_ip(&self, arguments: &str) -> Result<(), String> {
        let output = run(self.hub.command("ip").args(arguments.split(' ')))?;
        match output.status.success() {
            true => Ok(()),
            false => Err(format!("ip {arguments}: {}", String::from_utf8_lossy(&output.stderr))),
        }
    }
}

impl Host<'_> {
    /// Gives the host its `eth0`, with address and default route.
    pub fn plug_in(&self) {
        self.insert_card();
        self.ip("link set eth0 up");
        self.ip("route add default dev eth0");
    }

    /// The first half of `plug_in`: `eth0` is there with its address, but down.
    pub fn insert_card(&self) {
        self.insert_bare_card();
        self.ip(&format!("addr add 192.0.2.{}/24 dev eth0", self.number));
    }

    /// An `eth0` that has no address and is down.
    pub fn insert_bare_card(&self) {
        self.insert("eth0", "bridge");
    }

    /// One more card on another link, up, with an address of `network`, the first three numbers of it.
    pub fn add_card(&self, card: &str, link: &str, network: &str) {
        self.insert(card, link);
        self.ip(&format!("addr add {network}.{}/24 dev {card}", self.number));
        self.ip(&format!("link set {card} up"));
    }

    fn insert(&self, card: &str, link: &str) {
        let (port, holder) = (format!("{card}-{}", self.number), self.namespace.holder.id());
        let world = |arguments: String| self.world.try_ip(&arguments).expect("the hub can be changed");
        world(format!("link add {port} type veth peer name {card} netns {holder}"));
        world(format!("link set {port} master {link} up"));
    }

    /// Takes `eth0` to a namespace of its own and back: it has the index it had, for that was free there, and at the
    /// end its address. The system has forgotten of which groups it was a member.
    pub fn take_card_away_and_back(&self) {
        let drawer = self.world.bare_host(0);
        self.ip(&format!("link set eth0 netns {}", drawer.namespace.holder.id()));
        drawer.ip(&format!("link set eth0 netns {}", self.namespace.holder.id()));
        self.ip(&format!("addr add 192.0.2.{}/24 dev eth0", self.number));
        self.ip("link set eth0 up");
    }

    /// Takes `eth0` away, as when a network card is pulled.
    pub fn unplug(&self) {
        self.ip("link delete eth0");
    }

    pub fn sysctl(&self, setting: &str) {
        self.configure("sysctl", &format!("-q -w {setting}"));
    }

    /// A bridge with as many ports, all up, as a host of containers has.
    pub fn add_bridge(&self, name: &str, ports: usize) {
        self.ip(&format!("link add {name} type bridge mcast_snooping 0"));
        for number in 1..=ports {
            let port = format!("{name}p{number}");
            self.add_pair(&port);
            self.ip(&format!("link set {port} master {name}"));
        }
        self.ip(&format!("link set {name} up"));
    }

    /// A card `name`, up, on a cable to `name`x of the same host.
    pub fn add_pair(&self, name: &str) {
        self.ip(&format!("link add {name} type veth peer name {name}x"));
        self.ip(&format!("link set {name} up"));
        self.ip(&format!("link set {name}x up"));
    }

    /// As `ip`; false if the system refuses it.
    pub fn try_ip(&self, arguments: &str) -> bool {
        run(self.command("ip").args(arguments.split(' '))).expect("nsenter runs").status.success()
    }

    pub fn ip(&self, arguments: &str) {
        self.configure("ip", arguments);
    }

    /// The groups of which `card` is a member.
    pub fn groups(&self, card: &str) -> String {
        let output = run(self.command("ip").args(["maddr", "show", "dev", card])).expect("nsenter runs");
        String::from_utf8(output.stdout).expect("ip prints text")
    }

    /// What becomes of the UDP datagrams of the group's port on their way in or out ("input", "output").
    pub fn firewall(&self, way: &str, verdict: &str) {
        self.firewall_rule(way, &format!("udp dport 49001 {verdict}"));
    }

    /// As `firewall`, with a whole rule of nft's instead of those that were there.
    pub fn firewall_rule(&self, way: &str, rule: &str) {
        self.configure("nft", "flush ruleset");
        self.configure("nft", "add table inet test");
        self.configure(
            "nft",
            &format!("add chain inet test {way} {{ type filter hook {way} priority 0 ; }}"),
        );
        self.configure("nft", &format!("add rule inet test {way} {rule}"));
    }

    pub fn configure(&self, tool: &str, arguments: &str) {
        let output = run(self.command(tool).args(arguments.split(' '))).expect("nsenter runs");
        assert!(output.status.success(), "{tool} {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// A command that runs on this host.
    pub fn command(&self, program: &str) -> Command {
        self.namespace.command(program)
    }
}

impl Namespace {
    /// Runs `unshare` with a holder that says when the namespace is there, and waits for its end of input.
    fn hold(unshare: &mut Command, in_user_namespace: bool) -> Result<Namespace, String> {
        let holder = unshare
            .args(["sh", "-c", "echo ready; exec cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("unshare: {error}"))?;
        let mut namespace = Namespace { holder, in_user_namespace };
        let mut line = String::new();
        let stdout = namespace.holder.stdout.as_mut().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).map_err(|error| error.to_string())?;
        if line == "ready\n" {
            return Ok(namespace);
        }
        let mut complaint = String::new();
        let _ = namespace.holder.stderr.as_mut().expect("it is piped").read_to_string(&mut complaint);
        Err(complaint)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-t", &self.holder.id().to_string(), "-n"]);
        if self.in_user_namespace {
            command.args(["-U", "--preserve-credentials"]);
        }
        command.args(["--", program]);
        command
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

fn run(command: &mut Command) -> Result<Output, String> {
    command.output().map_err(|error| format!("{command:?}: {error}"))
}
