//! Keys are nowhere in a program's memory after they were replaced, or their node was freed.

// A program is waited for.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};

use support::compile;

/// As in the program.
fn key(number: u32) -> [u8; 32] {
    std::array::from_fn(|at| ((at as u32 + 1) * 37 * number + (at * at) as u32) as u8)
}

/// How often each key is in the memory of a process that can be written.
fn copies(pid: u32) -> [usize; 2] {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).expect("the process lives");
    let memory = File::open(format!("/proc/{pid}/mem")).expect("it is our own child");
    let mut copies = [0; 2];
    for map in maps.lines().filter(|map| map.contains(" rw")) {
        let (range, _) = map.split_once(' ').expect("it begins with a range");
        let (begin, end) = range.split_once('-').expect("it has a begin and an end");
        let address = |digits| u64::from_str_radix(digits, 16).expect("it is an address");
        let mut bytes = vec![0; (address(end) - address(begin)) as usize];
        if memory.read_exact_at(&mut bytes, address(begin)).is_ok() {
            for (copies, number) in copies.iter_mut().zip(1..) {
                *copies += bytes.windows(32).filter(|window| *window == key(number)).count();
            }
        }
    }
    copies
}

#[test]
fn keys_are_wiped_when_they_are_replaced_or_freed() {
    let mut command = Command::new(compile(Path::new("tests/c/wiped.c")));
    let mut program = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it was built");
    let mut lines = BufReader::new(program.stdout.take().expect("it is a pipe")).lines();
    let mut go_on = program.stdin.take().expect("it is a pipe");
    let mut copies_at = |place: &str| {
        let line = lines.next().expect("it goes on").expect("it prints text");
        assert_eq!(line, place);
        let copies = copies(program.id());
        go_on.write_all(b"\n").expect("it reads");
        copies
    };
    let [first, second] = copies_at("started");
    assert!(first > 0 && second == 0, "{first} copies of the first key, {second} of the second");
    let [first, second] = copies_at("replaced");
    assert!(first == 0 && second > 0, "{first} copies of the first key, {second} of the second");
    assert_eq!(copies_at("freed"), [0, 0]);
    assert!(program.wait().expect("it is a child").success());
}
