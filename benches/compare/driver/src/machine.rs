//! The machine, as /proc describes it.

use std::fs;
use std::thread;
use std::time::SystemTime;

use serde::Serialize;

#[derive(Serialize)]
pub struct Machine {
    cpu: String,
    cores: usize,
    memory_mib: u64,
    kernel: String,
    /// When the measurements began, in seconds since 1970.
    time: u64,
    /// Processes that wanted to run when the measurements began: much more than 0 spoils them.
    load: String,
}

impl Machine {
    pub fn here() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let (cpus, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
        let field = |text: &str, name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.map_or("unknown", |rest| rest.trim_start_matches([' ', '\t', ':']).trim_end()).to_owned()
        };
        let kib: u64 = field(&memory, "MemTotal").trim_end_matches(" kB").parse().unwrap_or(0);
        Machine {
            cpu: field(&cpus, "model name"),
            cores: thread::available_parallelism().map_or(0, usize::from),
            memory_mib: kib / 1024,
            time: SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs()),
            kernel: format!("Linux {}", read("/proc/sys/kernel/osrelease").trim_end()),
            load: read("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned(),
        }
    }
}
