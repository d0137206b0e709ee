//! A member of a cluster: whatever others say to it, what is listed, told and sent stays within its rules.

#![no_main]

use libfuzzer_sys::fuzz_target;
use peers_fuzz::members::{Case, Run};

fuzz_target!(|case: Case| Run::all(&case));
