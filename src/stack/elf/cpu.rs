//! Which x86-64 level does this node's CPU reach?
//!
//! The levels are those of the x86-64 psABI; glibc's loader compares them with a file's property note and picks
//! `glibc-hwcaps` folders by them.

/// The level of this CPU: 1 to 4; 0 where it is no x86-64.
#[must_use]
pub fn level() -> u8 {
    #[cfg(target_arch = "x86_64")]
    {
        macro_rules! all {
            ($($feature:tt),+) => { $(std::arch::is_x86_feature_detected!($feature))&&+ };
        }
        let second = all!("cmpxchg16b", "popcnt", "sse3", "sse4.1", "sse4.2", "ssse3");
        let third = second && all!("avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "lzcnt", "movbe");
        let fourth = third && all!("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl");
        1 + u8::from(second) + u8::from(third) + u8::from(fourth)
    }
    #[cfg(not(target_arch = "x86_64"))]
    0
}
