//! `peers_config_t`: the options of `peers_start`, in a struct that can grow.

use std::str::FromStr;

use crate::config::{Clock, Config, Network};
use crate::error::quoted;
use crate::ffi::constants::*;
use crate::ffi::status::Failure;
pub use crate::ffi::structs::peers_config_t;
use crate::ffi::{input, log, numbers, sized};
use crate::seed::Seed;
use peers_proto::Mode;

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
    if !raw.value.is_null() && raw.value_len == 0 {
        let detail = "value is set, but value_len is 0; give the number of bytes, or NULL for none";
        return Err(Failure::new(PEERS_ERR_INVALID, detail));
    }
    // SAFETY: as above.
    config.value = unsafe { input::bytes(raw.value, raw.value_len, "value") }?.to_owned();
    // SAFETY: as above, for the keys.
    config.keys = unsafe { input::keys(raw.keys, raw.keys_count) }?;
    // SAFETY: as above, for the function.
    config.log = unsafe { log::logger(raw.log, raw.log_context, raw.log_level) }?;
    numbers::read(raw, &mut config)?;
    config.mode = parse_mode(raw.mode)?;
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

fn parse_group<T: FromStr>(text: &str, field: &str, right: &str) -> Result<T, Failure> {
    text.parse()
        .map_err(|_| Failure::new(PEERS_ERR_INVALID, format!("{field} {} is not {right}", quoted(text))))
}

fn parse_network(text: &str) -> Result<Network, Failure> {
    match text.strip_prefix("memory:") {
        Some(name) if !name.is_empty() => Ok(Network::Memory(name.to_owned())),
        _ => Err(Failure::new(
            PEERS_ERR_INVALID,
            format!(
                "network {} is not known; it is \"memory:NAME\", or NULL for the local network",
                quoted(text)
            ),
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
    let unknown = FLAGS.iter().fold(flags, |rest, (flag, _)| rest & !flag);
    if unknown != 0 {
        let known: Vec<_> = FLAGS.iter().map(|(flag, name)| format!("{name} ({flag:#x})")).collect();
        let known = known.join(", ");
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
    config.observer = flags & PEERS_OBSERVER != 0;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;
    use std::mem::offset_of;

    use super::*;
    use crate::ffi::sized::SizedStruct;

    fn empty() -> peers_config_t {
        // SAFETY: zero is a value of each field.
        let zero: peers_config_t = unsafe { std::mem::zeroed() };
        peers_config_t { struct_size: size_of::<peers_config_t>(), ..zero }
    }

    #[test]
    fn everything_is_copied_during_the_call() {
        let texts = ["kitchen", "", "eth*", "memory:here", "239.9.9.9", "ff12::9", "10.0.0.1:7,[::1]:8"];
        let texts = texts.map(|text| CString::new(text).expect("no NUL is in it"));
        let [name, cluster, interfaces, network, group_v4, group_v6, seeds] = &texts;
        let (value, keys) = (vec![1_u8, 0, 2], [[7_u8; 32], [8; 32]].concat());
        let raw = peers_config_t {
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
        };
        // SAFETY: all pointers are to what lives longer, and is as long as they say.
        let config = unsafe { read(&raw) }.ok().expect("each field is in its range");
        drop((texts, value, keys));
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
}
