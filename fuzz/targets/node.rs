//! The node as a whole: whatever it hears, is told and lives through, what is listed, told and sent stays within its rules.

#![no_main]

use libfuzzer_sys::fuzz_target;
use peers_fuzz::case::Case;
use peers_fuzz::run::Run;

fuzz_target!(|case: Case| Run::all(&case));
