//! The process id. Every call of the library needs it, and the C library makes a system call each time.
//!
//! It is kept in a page that the kernel wipes in a forked child (MADV_WIPEONFORK, since Linux 4.14). That works for forks without
//! handlers (pthread_atfork), too: `_Fork`, and the bare system call.

use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};

use once_cell::race::OnceBox;

/// `None` if the system has no such pages. Made without a lock, because a fork could come meanwhile.
static KEPT: OnceBox<Option<&'static AtomicU32>> = OnceBox::new();

/// As `std::process::id`.
pub fn id() -> u32 {
    let Some(kept) = KEPT.get_or_init(|| Box::new(wiped_page())) else { return std::process::id() };
    match kept.load(Ordering::Relaxed) {
        0 => {
            let id = std::process::id();
            kept.store(id, Ordering::Relaxed);
            id
        }
        id => id,
    }
}

/// Returns a number that is zero, and zero again in each forked child.
fn wiped_page() -> Option<&'static AtomicU32> {
    // The system rounds it up to a page.
    let len = size_of::<AtomicU32>();
    let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a new mapping overlaps no other memory. It is aligned to a page, and zero. It stays mapped until the process ends;
    // if the advice is refused, it is unmapped before a reference to it exists.
    unsafe {
        let page = libc::mmap(ptr::null_mut(), len, access, kind, -1, 0);
        if page == libc::MAP_FAILED {
            return None;
        }
        if libc::madvise(page, len, libc::MADV_WIPEONFORK) != 0 {
            libc::munmap(page, len);
            return None;
        }
        Some(&*page.cast::<AtomicU32>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_fork_has_another_id() {
        assert_eq!(id(), std::process::id());
        // SAFETY: the child only reads memory, makes system calls, and ends.
        let child = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) } as libc::pid_t;
        if child == 0 {
            let is_right = id() == std::process::id();
            // SAFETY: as above.
            unsafe { libc::_exit(i32::from(!is_right)) };
        }
        assert!(child > 0);
        let mut status = -1;
        // SAFETY: `status` outlives the call.
        let waited = unsafe { libc::waitpid(child, &mut status, 0) };
        assert_eq!((waited, status), (child, 0), "the child has its parent's id");
    }
}
