//! What a process has used, as /proc tells it, and what UDP and TCP of its host have counted: the same for every system.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What one process and its children, such as a daemon of its own, have used until now.
#[derive(Clone, Copy, Default)]
pub struct Usage {
    /// Times that one of its threads has begun to wait.
    pub wake_ups: f64,
    pub cpu: Duration,
    pub resident_mb: f64,
    /// Its share of the memory that it has in common with others, and its own.
    pub proportional_mb: f64,
    /// Memory that was written, and that no other process has in common with them.
    pub private_mb: f64,
}

/// Datagrams and TCP segments of all sockets of a process's host.
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
        let mut total = Usage::default();
        for member in [vec![process], children(process)?].concat() {
            let used = Usage::of_one(member)?;
            total.wake_ups += used.wake_ups;
            total.cpu += used.cpu;
            total.resident_mb += used.resident_mb;
            total.proportional_mb += used.proportional_mb;
            total.private_mb += used.private_mb;
        }
        Ok(total)
    }

    fn of_one(process: u32) -> Result<Usage, String> {
        let folder = folder(process);
        let (mut wake_ups, mut nanoseconds) = (0.0, 0.0);
        for task in tasks(&folder)? {
            // A thread may have ended since the folder was listed.
            let (Ok(status), Ok(times)) = (read(&task.join("status")), read(&task.join("schedstat"))) else {
                continue;
            };
            wake_ups += number_after(&status, "voluntary_ctxt_switches:")?;
            // Its first number is the time on a core.
            nanoseconds += numbers(&times).first().copied().unwrap_or_default();
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
            private_mb: megabytes("smaps_rollup", "Private_Dirty:")?,
        })
    }
}

impl Datagrams {
    pub fn of(process: u32) -> Result<Datagrams, String> {
        let table = read(&folder(process).join("net/snmp"))?;
        Ok(Datagrams {
            taken: counter(&table, "Udp", "InDatagrams")? + counter(&table, "Tcp", "InSegs")?,
            sent: counter(&table, "Udp", "OutDatagrams")? + counter(&table, "Tcp", "OutSegs")?,
            dropped: counter(&table, "Udp", "RcvbufErrors")?,
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

/// The value in a table that has a line of names and a line of values for each protocol.
fn counter(table: &str, protocol: &str, name: &str) -> Result<u64, String> {
    let mut rows = table.lines().filter_map(|line| line.strip_prefix(protocol)?.strip_prefix(": "));
    let (Some(names), Some(values)) = (rows.next(), rows.next()) else {
        return Err(format!("/proc/net/snmp has no table of {protocol}"));
    };
    let column = names.split(' ').position(|found| found == name);
    let value = column.and_then(|column| values.split(' ').nth(column)?.parse().ok());
    value.ok_or_else(|| format!("/proc/net/snmp does not tell {protocol} {name}"))
}

fn folder(process: u32) -> PathBuf {
    PathBuf::from(format!("/proc/{process}"))
}

fn children(process: u32) -> Result<Vec<u32>, String> {
    let mut found = Vec::new();
    for task in tasks(&folder(process))? {
        found
            .extend(read(&task.join("children"))?.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
    }
    Ok(found)
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
