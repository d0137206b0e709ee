//! Structs that begin with their size: a caller compiled with an older or a newer header fits this library.

use std::mem::{MaybeUninit, size_of};

use crate::ffi::constants::PEERS_ERR_SIZE;
use crate::ffi::status::Failure;

/// Largest `struct_size` that is accepted. A struct of a later version stays far below it; a larger number is an
/// uninitialised struct, which must not make the library read or write so far.
const LARGEST: usize = 4096;

/// A struct of the header that begins with its `struct_size`.
///
/// # Safety
/// The struct is `repr(C)`, its first field is the `usize` `struct_size`, and all bytes zero are a value of it.
pub(super) unsafe trait SizedStruct: Copy {
    /// Name of the macro that initialises it.
    const INIT: &'static str;
    /// Name of the type in C.
    const NAME: &'static str;
    /// Offset of each field behind `struct_size`: the sizes that the struct had, or may have had, in older versions.
    const BOUNDARIES: &'static [usize];
}

/// Returns a copy of the struct, in which each field that the caller does not have is zero.
///
/// # Safety
/// `pointer` points to `struct_size` readable bytes, of which the first are the `struct_size`.
pub(super) unsafe fn read<T: SizedStruct>(pointer: *const T) -> Result<T, Failure> {
    let known = size_of::<T>();
    // SAFETY: the struct begins with its size, whatever its length.
    let size = unsafe { size_of_struct(pointer) };
    check_range::<T>(size, 1)?;
    if size < known && !T::BOUNDARIES.contains(&size) {
        return wrong(size, format!("it ends inside a field; this library's {} has {known} bytes", T::NAME));
    }
    // SAFETY: the caller vouches for `size` bytes, and each index is below it.
    let is_set = |at: &usize| unsafe { *pointer.cast::<u8>().add(*at) != 0 };
    if let Some(at) = (known..size).find(is_set) {
        return wrong(
            size,
            format!("a field at byte {at} is set that this library, with {known} bytes, does not know"),
        );
    }
    let mut copy = MaybeUninit::<T>::zeroed();
    // SAFETY: both hold at least the bytes copied, and they do not overlap.
    unsafe { pointer.cast::<u8>().copy_to_nonoverlapping(copy.as_mut_ptr().cast(), size.min(known)) };
    // SAFETY: zeros are a value of the struct, and the caller's bytes up to a boundary are whole fields.
    Ok(unsafe { copy.assume_init() })
}

/// Checks the size of a struct that [`write`] will fill as far as `least` bytes at least, and returns it.
///
/// # Safety
/// `pointer` points to a readable `struct_size`.
pub(super) unsafe fn size_to_fill<T: SizedStruct>(pointer: *const T, least: usize) -> Result<usize, Failure> {
    // SAFETY: the caller vouches for it.
    let size = unsafe { size_of_struct(pointer) };
    check_range::<T>(size, least)?;
    Ok(size)
}

/// Writes as many bytes of `value` as the caller's struct has, and zero to what a longer one has more.
///
/// # Safety
/// `pointer` points to `size` writable bytes.
pub(super) unsafe fn write<T: SizedStruct>(value: &T, pointer: *mut T, size: usize) {
    let filled = size.min(size_of::<T>());
    let to = pointer.cast::<u8>();
    // SAFETY: the caller vouches for `size` bytes, of which `filled` are the first; `value` has as many, and is no part
    // of the caller's memory.
    unsafe {
        std::ptr::from_ref(value).cast::<u8>().copy_to_nonoverlapping(to, filled);
        to.add(filled).write_bytes(0, size - filled);
    }
}

/// # Safety
/// `pointer` points to a readable `struct_size`, aligned or not.
unsafe fn size_of_struct<T: SizedStruct>(pointer: *const T) -> usize {
    // SAFETY: the caller vouches for it.
    unsafe { pointer.cast::<usize>().read_unaligned() }
}

fn check_range<T: SizedStruct>(size: usize, least: usize) -> Result<(), Failure> {
    match (least..=LARGEST).contains(&size) {
        true => Ok(()),
        false => wrong(size, format!("begin with {}, which sets it to {}", T::INIT, size_of::<T>())),
    }
}

fn wrong<R>(size: usize, why: String) -> Result<R, Failure> {
    Err(Failure::new(PEERS_ERR_SIZE, format!("struct_size is {size}: {why}")))
}

#[cfg(test)]
mod tests {
    use std::mem::offset_of;

    use super::*;

    #[repr(C)]
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Sample {
        struct_size: usize,
        first: u64,
        second: u32,
        third: u32,
    }

    const FULL: usize = size_of::<Sample>();

    // SAFETY: `repr(C)`, and each field is a number.
    unsafe impl SizedStruct for Sample {
        const INIT: &'static str = "SAMPLE_INIT";
        const NAME: &'static str = "sample_t";
        const BOUNDARIES: &'static [usize] =
            &[offset_of!(Sample, first), offset_of!(Sample, second), offset_of!(Sample, third)];
    }

    /// Memory of `len` bytes, which begins with `struct_size` and goes on with bytes that count from 1. It is as long as
    /// that and no longer, so that Miri sees each access beyond it.
    fn memory(struct_size: usize, len: usize) -> Box<[u8]> {
        let size = struct_size.to_ne_bytes();
        let rest = (1..=u8::MAX).cycle();
        size.into_iter().chain(rest).take(len).collect()
    }

    fn read_sample(memory: &[u8]) -> Result<Sample, String> {
        // SAFETY: the tests make the memory at least as long as it says, or the size is refused.
        unsafe { read::<Sample>(memory.as_ptr().cast()) }.map_err(|failure| failure.detail)
    }

    fn number<const LEN: usize>(memory: &[u8], at: usize) -> [u8; LEN] {
        memory[at..at + LEN].try_into().expect("the slice has this length")
    }

    #[test]
    fn the_fields_that_an_older_struct_does_not_have_are_zero() {
        let size = offset_of!(Sample, second);
        let memory = memory(size, size);
        let sample = read_sample(&memory).expect("it ends where a field begins");
        assert_eq!(sample.first, u64::from_ne_bytes(number(&memory, offset_of!(Sample, first))));
        assert_eq!((sample.struct_size, sample.second, sample.third), (size, 0, 0));
        let size = offset_of!(Sample, first);
        let alone = read_sample(&self::memory(size, size)).expect("it has its size and no more");
        assert_eq!(alone, Sample { struct_size: size, first: 0, second: 0, third: 0 });
    }

    #[test]
    fn a_newer_struct_fits_if_its_further_fields_are_zero() {
        let mut newer = memory(FULL + 8, FULL + 8);
        let error = read_sample(&newer).expect_err("its further fields are set");
        assert!(error.contains(&format!("a field at byte {FULL} is set")), "{error}");
        newer[FULL..].fill(0);
        assert_eq!(read_sample(&newer).map(|sample| sample.struct_size), Ok(FULL + 8));
        newer[FULL + 7] = 1;
        let error = read_sample(&newer).expect_err("its last byte is set");
        assert!(error.contains(&format!("a field at byte {} is set", FULL + 7)), "{error}");
    }

    fn written(size: usize) -> Box<[u8]> {
        let sample = Sample { struct_size: size, first: 7, second: 8, third: 9 };
        let mut memory = memory(size, size);
        let pointer: *mut Sample = memory.as_mut_ptr().cast();
        // SAFETY: the memory has as many bytes as its size says.
        let size = unsafe { size_to_fill(pointer, offset_of!(Sample, first)) }.ok().expect("in range");
        // SAFETY: as above.
        unsafe { write(&sample, pointer, size) };
        memory
    }

    #[test]
    fn a_struct_is_filled_as_far_as_the_caller_has_it() {
        let size = offset_of!(Sample, second);
        let older = written(size);
        assert_eq!(usize::from_ne_bytes(number(&older, 0)), size);
        assert_eq!(u64::from_ne_bytes(number(&older, offset_of!(Sample, first))), 7);
        let exact = written(FULL);
        assert_eq!(u32::from_ne_bytes(number(&exact, offset_of!(Sample, third))), 9);
        let newer = written(FULL + 12);
        assert_eq!(usize::from_ne_bytes(number(&newer, 0)), FULL + 12);
        // 32-bit Arm has padding in front of it.
        let first = offset_of!(Sample, first);
        assert_eq!(newer[first..FULL], exact[first..]);
        assert_eq!(newer[FULL..], [0; 12]);
        assert_eq!(written(LARGEST)[FULL..], vec![0; LARGEST - FULL]);
    }
}
