//! What a process has used, as /proc tells it, and what the UDP of its host has counted: the same for every system.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What one process has used until now.
#[derive(Clone, Copy)]
pub struct Usage {
    /// Times that one of its threads has begun to wait.
    pub wake_ups: f64,
    pub cpu: Duration,
    pub resident_mb: f64,
    /// Its share of the memory that it has in common with others, and its own.
    pub proportional_mb: f64,
}

/// Datagrams of all sockets of a process's host.
#[derive(Clone, Copy)]
pub struct Datagrams {
    /// Taken out of a socket.
    pub taken: u64,
    pub sent: u64,
    /// Thrown away because the socket's queue was full.
    pub dropped: u64,
}

/// Bytes that left by the host's card or went around by its loopback, Ethernet's heads included.
pub fn link_bytes(process: u32) -> Result<u64, String> {
    let table = read(&folder(process).join("net/dev"))?;
    // The ninth number of a card's line.
    let sent = |card: &str| {
        let line = table.lines().find_map(|line| line.trim().strip_prefix(card));
        line.and_then(|numbers| numbers.split_whitespace().nth(8)?.parse::<u64>().ok()).unwrap_or(0)
    };
    Ok(sent("eth0:") + sent("lo:"))
}

impl Usage {
    pub fn of(process: u32) -> Result<Usage, String> {
        let folder = folder(process);
        let tasks = tasks(&folder)?;
        let (mut wake_ups, mut nanoseconds) = (0.0, 0.0);
        for task in &tasks {
            wake_ups += number_after(&read(&task.join("status"))?, "voluntary_ctxt_switches:")?;
            // Its first number is the time on a core.
            nanoseconds += numbers(&read(&task.join("schedstat"))?).first().copied().unwrap_or_default();
        }
        // The system says kB and means 1024 bytes.
        let megabytes = |file: &str, field: &str| -> Result<f64, String> {
            Ok(number_after(&read(&folder.join(file))?, field)? * 1024.0 / 1e6)
        };
        Ok(Usage {
            wake_ups,
            cpu: Duration::from_nanos(nanoseconds as u64),
            resident_mb: megabytes("status", "VmRSS:")?,
            proportional_mb: megabytes("smaps_rollup", "Pss:")?,
        })
    }
}

impl Datagrams {
    pub fn of(process: u32) -> Result<Datagrams, String> {
        let table = read(&folder(process).join("net/snmp"))?;
        let mut rows = table.lines().filter_map(|line| line.strip_prefix("Udp: "));
        let (Some(names), Some(values)) = (rows.next(), rows.next()) else {
            return Err("/proc/net/snmp has no table of UDP".into());
        };
        let values: Vec<&str> = values.split(' ').collect();
        let value = |name: &str| {
            let column = names.split(' ').position(|found| found == name);
            let value = column.and_then(|column| values.get(column)?.parse().ok());
            value.ok_or_else(|| format!("/proc/net/snmp does not tell {name}"))
        };
        Ok(Datagrams {
            taken: value("InDatagrams")?,
            sent: value("OutDatagrams")?,
            dropped: value("RcvbufErrors")?,
        })
    }

    pub fn since(self, before: Datagrams) -> Datagrams {
        Datagrams {
            taken: self.taken - before.taken,
            sent: self.sent - before.sent,
            dropped: self.dropped - before.dropped,
        }
    }
}

/// Bytes that wait in the sockets of the process's host.
pub fn queued(process: u32) -> Result<u64, String> {
    let table = read(&folder(process).join("net/udp"))?;
    // The fifth word is tx_queue:rx_queue, in hexadecimal.
    let waiting = table.lines().skip(1).filter_map(|line| {
        let (_, received) = line.split_whitespace().nth(4)?.split_once(':')?;
        u64::from_str_radix(received, 16).ok()
    });
    Ok(waiting.sum())
}

fn folder(process: u32) -> PathBuf {
    PathBuf::from(format!("/proc/{process}"))
}

fn tasks(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries =
        fs::read_dir(folder.join("task")).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(entries.filter_map(|entry| Some(entry.ok()?.path())).collect())
}

/// The number in the line that begins with `field`.
fn number_after(text: &str, field: &str) -> Result<f64, String> {
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|line| numbers(line).first().copied()).ok_or_else(|| format!("/proc does not tell {field}"))
}

fn numbers(text: &str) -> Vec<f64> {
    text.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
