//! `NetworkMonitor`: a socket that is readable when the system has reported a change of interfaces or addresses.

use std::ffi::c_void;
use std::io;
use std::ptr;

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::NetworkManagement::IpHelper::{
    CancelMibChangeNotify2, MIB_IPINTERFACE_ROW, MIB_NOTIFICATION_TYPE, MIB_UNICASTIPADDRESS_ROW,
    NotifyIpInterfaceChange, NotifyUnicastIpAddressChange,
};
use windows_sys::Win32::Networking::WinSock::AF_UNSPEC;

use crate::sys::Descriptor;
use crate::sys::call_error::{CallError, Named};
use crate::sys::waker::Waker;

pub struct NetworkMonitor {
    /// What is reported of interfaces, and of addresses. Ended before the waker that they set is freed.
    subscriptions: Vec<Subscription>,
    waker: Box<Waker>,
}

struct Subscription(HANDLE);

// SAFETY: any thread may cancel a subscription.
unsafe impl Send for Subscription {}
// SAFETY: a subscription is changed by nothing but its drop.
unsafe impl Sync for Subscription {}

impl NetworkMonitor {
    pub fn subscribe() -> Result<Self, CallError> {
        let waker = Box::new(Waker::new().named("socket(change notifications)")?);
        let context: *const c_void = (&raw const *waker).cast();
        let (mut interfaces, mut addresses) = (ptr::null_mut(), ptr::null_mut());
        let mut monitor = NetworkMonitor { subscriptions: Vec::new(), waker };
        // SAFETY: the callback takes a waker, which lives until the subscription has ended. The handle can be written.
        let code = unsafe {
            NotifyIpInterfaceChange(AF_UNSPEC, Some(on_interface), context, false, &raw mut interfaces)
        };
        check(code).named("NotifyIpInterfaceChange")?;
        monitor.subscriptions.push(Subscription(interfaces));
        // SAFETY: as above.
        let code = unsafe {
            NotifyUnicastIpAddressChange(AF_UNSPEC, Some(on_address), context, false, &raw mut addresses)
        };
        check(code).named("NotifyUnicastIpAddressChange")?;
        monitor.subscriptions.push(Subscription(addresses));
        Ok(monitor)
    }

    /// Takes the reports that wait. True: it is called when there are some.
    pub fn drain(&self) -> io::Result<bool> {
        self.waker.clear().map(|()| true)
    }

    /// An error if another part of the program has closed its socket.
    pub fn check(&self) -> io::Result<()> {
        self.waker.check()
    }

    pub fn descriptor(&self) -> Descriptor {
        self.waker.descriptor()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // SAFETY: the handle comes from a subscription, and is cancelled once. Callbacks under way have ended afterwards.
        unsafe { CancelMibChangeNotify2(self.0) };
    }
}

unsafe extern "system" fn on_interface(
    waker: *const c_void,
    _: *const MIB_IPINTERFACE_ROW,
    _: MIB_NOTIFICATION_TYPE,
) {
    // SAFETY: the context of the subscription is a waker, which outlives it.
    wake(unsafe { &*waker.cast() });
}

unsafe extern "system" fn on_address(
    waker: *const c_void,
    _: *const MIB_UNICASTIPADDRESS_ROW,
    _: MIB_NOTIFICATION_TYPE,
) {
    // SAFETY: the context of the subscription is a waker, which outlives it.
    wake(unsafe { &*waker.cast() });
}

/// Runs on a thread of the system, which takes no error.
fn wake(waker: &Waker) {
    // The node looks at the interfaces before each announcement as well.
    let _ = waker.set();
}

fn check(code: u32) -> io::Result<()> {
    if code == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(code as i32)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_monitor_ends_while_it_is_subscribed() {
        match NetworkMonitor::subscribe() {
            Ok(monitor) => assert!(monitor.check().is_ok()),
            // Wine has no such reports in some versions.
            Err(failed) => assert!(failed.call.starts_with("Notify"), "{failed}"),
        }
    }
}
