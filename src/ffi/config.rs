//! `peers_config_t`: the options of `peers_start`, in a struct that can grow.

use std::ffi::{c_char, c_void};
use std::fmt::Display;
use std::mem::{offset_of, size_of};
use std::str::FromStr;
use std::time::Duration;

use crate::config::{Clock, Config, Network};
use crate::ffi::input;
use crate::ffi::log;
pub use crate::ffi::log::peers_log_fn;
use crate::ffi::sized::{self, SizedStruct};
use crate::ffi::status::{Failure, PEERS_ERR_INVALID, PEERS_ERR_UNSUPPORTED};
use crate::seed::Seed;
use peers_proto::Mode;

/// Flag of `peers_config_t`: the node's time stands still until `peers_advance` moves it.
///
/// For tests. Such a node has no thread: it runs inside the calls made on it, so every run is the same. It needs
/// a memory network.
pub const PEERS_MANUAL_CLOCK: u32 = 1;
/// Flag of `peers_config_t`: the node neither sends nor hears by IPv4, and `group_v4` is not used.
pub const PEERS_NO_IPV4: u32 = 2;
/// Flag of `peers_config_t`: the node neither sends nor hears by IPv6, and `group_v6` is not used.
pub const PEERS_NO_IPV6: u32 = 4;
/// Flag of `peers_config_t`: the node sends no legacy beacon, "multitastic:NAME", and ignores those of others.
pub const PEERS_NO_LEGACY: u32 = 8;

/// Mode of `peers_config_t`: peers are found by multicast, on the local network; with `seeds`, by these as well.
pub const PEERS_MODE_MULTICAST: u32 = 1;
/// Mode of `peers_config_t`: peers are found by unicast, with seeds and with those who have this node for a seed. Joined to
/// PEERS_MODE_MULTICAST by `|` both ways go together; alone, no multicast is sent, and none heard.
pub const PEERS_MODE_SEEDS: u32 = 2;
/// Mode of `peers_config_t`, which goes with no other: the nodes are a cluster whose members know of one another by the SWIM
/// protocol, over unicast alone. Any one seed that answers is enough to join. For more than some 200 nodes. A library that is
/// built without the cargo feature "swim" gives PEERS_ERR_UNSUPPORTED.
pub const PEERS_MODE_SWIM: u32 = 4;

/// The options of `peers_start`. Begin with `PEERS_CONFIG_INIT`, then set what you need; in every field zero
/// (or NULL) means the default.
///
/// `peers_start` copies what it needs: nothing here has to outlive the call. Texts are NUL-terminated UTF-8.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct peers_config_t {
    /// `sizeof(peers_config_t)`, which `PEERS_CONFIG_INIT` sets. It tells the library which fields the caller
    /// was compiled with.
    pub struct_size: usize,
    /// The name this node announces: 1 to 255 bytes, no control characters. Default: the host name. It need not be
    /// unique: two processes of one name, on one host or on two, are two peers, which `id` tells apart.
    pub name: *const c_char,
    /// Only nodes of the same cluster list each other: at most 255 bytes, no control characters. Default: "". The
    /// nodes of a cluster with a name send no legacy beacon, which has no cluster.
    pub cluster: *const c_char,
    /// Bytes announced with the name: a version, a role, a path, whatever the peers should know. NULL for none, and
    /// then `value_len` is 0. `peers_set_value` replaces it.
    pub value: *const c_void,
    /// Number of bytes in `value`. Name, cluster and value share one datagram: there is room for 1050 bytes less those
    /// of the name and the cluster, so always for 540; with PEERS_MODE_SWIM for 128 bytes less.
    pub value_len: usize,
    /// The interfaces to use: comma-separated names, `*` stands for any characters ("eth*,wlan0"). Default: every
    /// interface that is up and can multicast, or loopback when there is none. On Windows the names are those that the
    /// system shows: "Ethernet", "Wi-Fi*".
    pub interfaces: *const c_char,
    /// Where the node lives. Default: the local network. "memory:NAME" is a network inside this process, shared
    /// by the nodes that give the same NAME, for tests.
    pub network: *const c_char,
    /// The IPv4 multicast group, 224.0.0.0 to 239.255.255.255. Default: "239.2.3.4".
    pub group_v4: *const c_char,
    /// The IPv6 multicast group. Default: "ff12::ef02:304". A system without IPv6 is no error: IPv4 remains.
    pub group_v6: *const c_char,
    /// The secrets of the cluster: `keys_count` times 32 bytes, one key after the other, from a good source of randomness
    /// (`head -c 32 /dev/urandom`). With keys every datagram is sealed (XChaCha20-Poly1305): only nodes that have one of
    /// them list each other, and nobody else can read names and values, speak for a node or end it. The first seals and
    /// all open; `peers_set_keys` replaces them. Such a node sends no legacy beacon. NULL for none.
    ///
    /// The library reads keys from here alone, from no file and no environment. It wipes its copies when they are not
    /// needed any more; wipe yours after the call.
    pub keys: *const c_void,
    /// Number of keys, 1 to 8; 0 for none, and then `keys` is NULL.
    pub keys_count: usize,
    /// Where to find peers that multicast does not reach: comma-separated `host:port`, at most 1024, with a name, an IPv4 address
    /// or an IPv6 address in brackets, and the `unicast_port` of the nodes there ("10.0.1.5:49002,peers.example:49002").
    /// Default: none.
    ///
    /// Two nodes list each other if one has the other for a seed, whose mode has seeds as well; with PEERS_MODE_SWIM, if seeds have
    /// joined both to one cluster. Names are resolved on a thread of their own, and again every minute (with a shorter `interval_ms`, every four of these); a name with several addresses is several seeds. One that
    /// cannot be resolved shows in `peers_health`. A seed that is no node costs a datagram an interval and is not listed.
    /// `peers_set_seeds` replaces them.
    pub seeds: *const c_char,
    /// Called with each line of the node's log. Default: NULL, nothing is logged.
    pub log: peers_log_fn,
    /// Passed to `log` as it is. It has to hold until `peers_free` has returned, or `peers_start` has failed.
    pub log_context: *mut c_void,
    /// The most detailed level passed to `log`: PEERS_LOG_ERROR to PEERS_LOG_DEBUG. Default: PEERS_LOG_INFO.
    pub log_level: u32,
    /// Milliseconds between two announcements, 10 to 3600000 (an hour). Default: 15000.
    pub interval_ms: u32,
    /// Milliseconds after which a peer that was not heard is gone: longer than `interval_ms`, at most 86400000
    /// (a day). Default: 35000. It is announced, and holds at the others. Also the silence after which the node's own
    /// sockets are opened anew.
    pub expiry_ms: u32,
    /// The most entries the registry holds. A newcomer beyond it is refused and counted. Default: 65536.
    pub max_peers: u32,
    /// `PEERS_MANUAL_CLOCK`, `PEERS_NO_IPV4`, `PEERS_NO_IPV6` and `PEERS_NO_LEGACY`, joined by `|`, or 0. One of
    /// IPv4 and IPv6 has to stay on. A flag that the library does not know gives PEERS_ERR_UNSUPPORTED.
    pub flags: u32,
    /// How many routers an announcement may cross (the multicast TTL or hop limit), 1 to 255. Default: 1, the local network.
    pub hops: u32,
    /// The UDP port of both groups, 1 to 65535. Default: 49001. The processes of a host share it.
    pub port: u32,
    /// The port at which this program offers its service, 1 to 65535, announced with the name: `port` in the peers'
    /// lists. Default: none.
    pub service_port: u32,
    /// By which ways peers are found: PEERS_MODE_MULTICAST, PEERS_MODE_SEEDS, both joined by `|`, or PEERS_MODE_SWIM. Default:
    /// PEERS_MODE_MULTICAST, and PEERS_MODE_SEEDS too if there are `seeds`.
    pub mode: u32,
    /// The UDP port of the node's own socket, 1 to 65535, from which it sends and by which it is reached alone: that a firewall
    /// can be opened for it, and others can have this node for a seed. One node of a host can have it, and with multicast it
    /// is not `port`. Default: the system chooses. On a memory network it has no meaning.
    pub unicast_port: u32,
}

// No padding at the end: a field that a later version adds must make the struct longer, or an older caller's garbage
// would be read as that field.
const _: () =
    assert!(size_of::<peers_config_t>() == offset_of!(peers_config_t, unicast_port) + size_of::<u32>());

// SAFETY: `repr(C)`, and zero is a value of each field: a NULL pointer, no function, or the number 0.
unsafe impl SizedStruct for peers_config_t {
    const INIT: &'static str = "PEERS_CONFIG_INIT";
    const NAME: &'static str = "peers_config_t";
    const BOUNDARIES: &'static [usize] = &[
        offset_of!(peers_config_t, name),
        offset_of!(peers_config_t, cluster),
        offset_of!(peers_config_t, value),
        offset_of!(peers_config_t, value_len),
        offset_of!(peers_config_t, interfaces),
        offset_of!(peers_config_t, network),
        offset_of!(peers_config_t, group_v4),
        offset_of!(peers_config_t, group_v6),
        offset_of!(peers_config_t, keys),
        offset_of!(peers_config_t, keys_count),
        offset_of!(peers_config_t, seeds),
        offset_of!(peers_config_t, log),
        offset_of!(peers_config_t, log_context),
        offset_of!(peers_config_t, log_level),
        offset_of!(peers_config_t, interval_ms),
        offset_of!(peers_config_t, expiry_ms),
        offset_of!(peers_config_t, max_peers),
        offset_of!(peers_config_t, flags),
        offset_of!(peers_config_t, hops),
        offset_of!(peers_config_t, port),
        offset_of!(peers_config_t, service_port),
        offset_of!(peers_config_t, mode),
        offset_of!(peers_config_t, unicast_port),
    ];
}

/// Returns the configuration at `pointer`, or the defaults for NULL.
///
/// # Safety
/// `pointer` is NULL, or points to a struct of at least its own `struct_size` bytes whose pointers are as
/// documented.
pub(super) unsafe fn read(pointer: *const peers_config_t) -> Result<Config, Failure> {
    if pointer.is_null() {
        return Ok(Config::default());
    }
    // SAFETY: the caller vouches for the struct.
    let raw = unsafe { sized::read(pointer) }?;
    // SAFETY: the caller vouches for the texts.
    unsafe { translate(&raw) }
}

/// # Safety
/// The pointers of `raw` are as documented at `peers_config_t`.
unsafe fn translate(raw: &peers_config_t) -> Result<Config, Failure> {
    let mut config = Config::default();
    // SAFETY: the caller of `read` vouches for the texts and the value.
    unsafe { read_texts(raw, &mut config) }?;
    // SAFETY: as above.
    config.value = unsafe { input::bytes(raw.value, raw.value_len, "value") }?.to_owned();
    // SAFETY: as above, for the keys.
    config.keys = unsafe { input::keys(raw.keys, raw.keys_count) }?;
    // SAFETY: as above, for the function.
    config.log = unsafe { log::logger(raw.log, raw.log_context, raw.log_level) }?;
    read_numbers(raw, &mut config)?;
    apply_flags(raw.flags, &mut config)?;
    Ok(config)
}

/// # Safety
/// `raw`'s texts are NULL or NUL-terminated.
unsafe fn read_texts(raw: &peers_config_t, config: &mut Config) -> Result<(), Failure> {
    // SAFETY: each is one of `raw`'s texts.
    let text = |pointer, what| unsafe { input::optional_text(pointer, what) };
    if let Some(name) = text(raw.name, "name")? {
        config.name = Some(name.to_owned());
    }
    if let Some(cluster) = text(raw.cluster, "cluster")? {
        config.cluster = cluster.to_owned();
    }
    if let Some(interfaces) = text(raw.interfaces, "interfaces")? {
        config.interfaces = Some(interfaces.to_owned());
    }
    if let Some(seeds) = text(raw.seeds, "seeds")? {
        config.seeds = Seed::list(seeds)?;
    }
    if let Some(network) = text(raw.network, "network")? {
        config.network = parse_network(network)?;
    }
    if let Some(group) = text(raw.group_v4, "group_v4")? {
        config.group_v4 = Some(parse_group(group, "group_v4", "an IPv4 address such as 239.2.3.4")?);
    }
    if let Some(group) = text(raw.group_v6, "group_v6")? {
        config.group_v6 = Some(parse_group(group, "group_v6", "an IPv6 address such as ff12::ef02:304")?);
    }
    Ok(())
}

fn read_numbers(raw: &peers_config_t, config: &mut Config) -> Result<(), Failure> {
    if raw.interval_ms != 0 {
        config.interval = Duration::from_millis(raw.interval_ms.into());
    }
    if raw.expiry_ms != 0 {
        config.expiry = Duration::from_millis(raw.expiry_ms.into());
    }
    if raw.max_peers != 0 {
        config.max_peers = raw.max_peers as usize;
    }
    if raw.hops != 0 {
        config.hops = narrow(raw.hops, "hops", u8::MAX)?;
    }
    if raw.port != 0 {
        config.port = narrow(raw.port, "port", u16::MAX)?;
    }
    config.service_port = narrow(raw.service_port, "service_port", u16::MAX)?;
    config.unicast_port = narrow(raw.unicast_port, "unicast_port", u16::MAX)?;
    config.mode = parse_mode(raw.mode)?;
    Ok(())
}

/// The number in the type that holds no more than `most`.
fn narrow<T: TryFrom<u32> + Display>(number: u32, what: &str, most: T) -> Result<T, Failure> {
    T::try_from(number)
        .map_err(|_| Failure::new(PEERS_ERR_INVALID, format!("{what} is {number}; it is 1 to {most}")))
}

fn parse_group<T: FromStr>(text: &str, field: &str, right: &str) -> Result<T, Failure> {
    text.parse().map_err(|_| Failure::new(PEERS_ERR_INVALID, format!("{field} '{text}' is not {right}")))
}

fn parse_network(text: &str) -> Result<Network, Failure> {
    match text.strip_prefix("memory:") {
        Some(name) if !name.is_empty() => Ok(Network::Memory(name.to_owned())),
        _ => Err(Failure::new(
            PEERS_ERR_INVALID,
            format!("network '{text}' is not known; it is \"memory:NAME\", or NULL for the local network"),
        )),
    }
}

fn parse_mode(mode: u32) -> Result<Mode, Failure> {
    const BOTH: u32 = PEERS_MODE_MULTICAST | PEERS_MODE_SEEDS;
    match mode {
        0 | PEERS_MODE_MULTICAST => Ok(Mode::Multicast),
        PEERS_MODE_SEEDS => Ok(Mode::Seeds),
        BOTH => Ok(Mode::MulticastAndSeeds),
        PEERS_MODE_SWIM if cfg!(feature = "swim") => Ok(Mode::Swim),
        PEERS_MODE_SWIM => Err(Failure::new(
            PEERS_ERR_UNSUPPORTED,
            "mode is PEERS_MODE_SWIM, which this library is built without; build it with the cargo feature \"swim\"",
        )),
        _ => Err(Failure::new(
            PEERS_ERR_UNSUPPORTED,
            format!(
                "mode is {mode:#x}, which is not known; it is PEERS_MODE_MULTICAST (0x1), PEERS_MODE_SEEDS (0x2), both joined by |, \
                 or PEERS_MODE_SWIM (0x4)"
            ),
        )),
    }
}

fn apply_flags(flags: u32, config: &mut Config) -> Result<(), Failure> {
    const KNOWN: [(u32, &str); 4] = [
        (PEERS_MANUAL_CLOCK, "PEERS_MANUAL_CLOCK"),
        (PEERS_NO_IPV4, "PEERS_NO_IPV4"),
        (PEERS_NO_IPV6, "PEERS_NO_IPV6"),
        (PEERS_NO_LEGACY, "PEERS_NO_LEGACY"),
    ];
    let unknown = KNOWN.iter().fold(flags, |rest, (flag, _)| rest & !flag);
    if unknown != 0 {
        let known = KNOWN.map(|(flag, name)| format!("{name} ({flag:#x})")).join(", ");
        let detail = format!("flags is {flags:#x}, of which {unknown:#x} is not known; there are {known}");
        return Err(Failure::new(PEERS_ERR_UNSUPPORTED, detail));
    }
    if flags & PEERS_MANUAL_CLOCK != 0 {
        config.clock = Clock::Manual;
    }
    if flags & PEERS_NO_IPV4 != 0 {
        config.group_v4 = None;
    }
    if flags & PEERS_NO_IPV6 != 0 {
        config.group_v6 = None;
    }
    if flags & PEERS_NO_LEGACY != 0 {
        config.legacy = false;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;
    use std::sync::Mutex;

    use super::*;
    use crate::ffi::status::{PEERS_ERR_NULL, PEERS_ERR_SIZE, PEERS_ERR_UTF8};
    use crate::log::Level;

    fn empty() -> peers_config_t {
        // SAFETY: zero is a value of each field.
        let zero: peers_config_t = unsafe { std::mem::zeroed() };
        peers_config_t { struct_size: size_of::<peers_config_t>(), ..zero }
    }

    fn read_config(raw: &peers_config_t) -> Result<Config, (i32, String)> {
        // SAFETY: the tests set pointers to what lives longer, and as long as they say.
        unsafe { read(raw) }.map_err(|failure| (failure.status, failure.detail))
    }

    #[test]
    fn null_and_an_empty_struct_mean_the_defaults() {
        // SAFETY: NULL is allowed.
        assert_eq!(unsafe { read(std::ptr::null()) }.ok(), Some(Config::default()));
        assert_eq!(read_config(&empty()), Ok(Config::default()));
    }

    #[test]
    fn everything_is_copied_during_the_call() {
        let texts = ["kitchen", "", "eth*", "memory:here", "239.9.9.9", "ff12::9", "10.0.0.1:7,[::1]:8"];
        let texts = texts.map(|text| CString::new(text).expect("no NUL is in it"));
        let [name, cluster, interfaces, network, group_v4, group_v6, seeds] = &texts;
        let (value, keys) = (vec![1_u8, 0, 2], [[7_u8; 32], [8; 32]].concat());
        let config = read_config(&peers_config_t {
            name: name.as_ptr(),
            cluster: cluster.as_ptr(),
            interfaces: interfaces.as_ptr(),
            network: network.as_ptr(),
            group_v4: group_v4.as_ptr(),
            group_v6: group_v6.as_ptr(),
            seeds: seeds.as_ptr(),
            value: value.as_ptr().cast(),
            value_len: value.len(),
            keys: keys.as_ptr().cast(),
            keys_count: 2,
            ..empty()
        });
        drop((texts, value, keys));
        let config = config.expect("each field is in its range");
        assert_eq!(config.name.as_deref(), Some("kitchen"));
        assert_eq!(config.interfaces.as_deref(), Some("eth*"));
        assert_eq!(config.network, Network::Memory("here".into()));
        assert_eq!(config.group_v4, Some([239, 9, 9, 9].into()));
        assert_eq!(
            config.seeds.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["10.0.0.1:7", "[::1]:8"]
        );
        assert_eq!(config.value, [1, 0, 2]);
        assert_eq!(config.keys, [[7; 32], [8; 32]].map(|key| key.as_slice().try_into().expect("32 bytes")));
    }

    #[test]
    fn the_struct_of_an_older_caller_ends_at_any_field() {
        let raw = peers_config_t { hops: 3, port: 4, ..empty() };
        for size in peers_config_t::BOUNDARIES {
            // As much memory as the caller says, and no more.
            // SAFETY: the struct has no padding, so each of its bytes is written.
            let bytes = unsafe { std::slice::from_raw_parts((&raw const raw).cast::<u8>(), *size) };
            let mut older: Box<[u8]> = bytes.into();
            older[..size_of::<usize>()].copy_from_slice(&size.to_ne_bytes());
            // SAFETY: the memory has as many bytes as it says.
            let config = unsafe { read(older.as_ptr().cast()) }.ok().expect("a field begins there");
            let has = |field| *size > field;
            assert_eq!(config.hops, if has(offset_of!(peers_config_t, hops)) { 3 } else { 1 }, "{size}");
            assert_eq!(config.port, if has(offset_of!(peers_config_t, port)) { 4 } else { 49001 }, "{size}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let (latin, seeds) = (c"caf\xe9", c"nowhere");
        for (raw, status, detail) in [
            (peers_config_t { struct_size: 3, ..empty() }, PEERS_ERR_SIZE, "struct_size is 3"),
            (peers_config_t { name: latin.as_ptr(), ..empty() }, PEERS_ERR_UTF8, "the byte at index 3"),
            (peers_config_t { seeds: seeds.as_ptr(), ..empty() }, PEERS_ERR_INVALID, "nowhere"),
            (
                peers_config_t { value_len: 1, ..empty() },
                PEERS_ERR_NULL,
                "value is NULL, but its length is 1",
            ),
            (
                peers_config_t { keys_count: 1, ..empty() },
                PEERS_ERR_NULL,
                "keys is NULL, but keys_count is 1",
            ),
            (peers_config_t { hops: 256, ..empty() }, PEERS_ERR_INVALID, "hops is 256; it is 1 to 255"),
            (peers_config_t { flags: 64, ..empty() }, PEERS_ERR_UNSUPPORTED, "0x40"),
            (peers_config_t { mode: 6, ..empty() }, PEERS_ERR_UNSUPPORTED, "mode is 0x6"),
            (peers_config_t { log_level: 5, ..empty() }, PEERS_ERR_INVALID, "log_level is 5"),
        ] {
            let (got, words) = read_config(&raw).expect_err("it cannot be read");
            assert_eq!(got, status, "{words}");
            assert!(words.contains(detail), "{words:?} does not say {detail:?}");
        }
    }

    #[test]
    fn the_log_function_gets_lines_with_its_context() {
        unsafe extern "C" fn keep(level: i32, message: *const c_char, context: *mut c_void) {
            // SAFETY: the test passes this as the context, and the library a text.
            let (lines, line) = unsafe {
                (&*context.cast::<Mutex<Vec<(i32, CString)>>>(), std::ffi::CStr::from_ptr(message))
            };
            lines.lock().expect("no holder panics").push((level, line.to_owned()));
        }
        let lines = Mutex::new(Vec::<(i32, CString)>::new());
        let context = (&raw const lines).cast_mut().cast();
        let raw = peers_config_t { log: Some(keep), log_context: context, ..empty() };
        let logger = read_config(&raw).expect("it can be read").log.expect("there is a function");
        logger.write(Level::Warn, "a line");
        drop(logger);
        assert_eq!(lines.into_inner().expect("no holder panics"), [(2, c"a line".to_owned())]);
    }
}
