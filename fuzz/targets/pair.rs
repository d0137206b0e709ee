//! Two nodes, and an adversary that carries every datagram between them. Each lists the other again an expiry after the
//! adversary ends, and all limits hold meanwhile.

#![no_main]

use libfuzzer_sys::fuzz_target;
use peers_fuzz::pair::{Case, Run};

fuzz_target!(|case: Case| Run::all(&case));
