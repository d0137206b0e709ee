//! Calls of the C ABI in any order, with handles that are live, stale, forged and NULL, and inputs of any length: each gives
//! the status that is documented, and outputs are written on success alone.

#![no_main]

use libfuzzer_sys::fuzz_target;
use peers_fuzz::calls::Call;
use peers_fuzz::program::Program;

fuzz_target!(|calls: Vec<Call>| Program::all(&calls));
