//! What does glibc's loader take this node's CPU for?
//!
//! The levels are those of the x86-64 psABI; the loader compares them with a file's property note and picks
//! `glibc-hwcaps` folders by them. Until 2.36 it also gave some CPUs a platform of its own, which `$PLATFORM` stands for.

/// A CPU as the loader sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cpu {
    /// The x86-64 level: 1 to 4; 0 where it is no x86-64.
    pub(super) level: u8,
    /// The platform that glibc before 2.37 overrides the kernel's answer by.
    pub(super) platform: Option<&'static str>,
}

impl Cpu {
    /// The one of this node.
    pub(super) fn here() -> Self {
        Self::of(&std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default(), features_here())
    }

    /// One that `/proc/cpuinfo` describes so, and whose features programs can use up to this level.
    fn of(cpuinfo: &str, usable: u8) -> Self {
        let value = |key: &str| {
            let mut lines = cpuinfo.lines().filter_map(|line| line.split_once(':'));
            lines.find(|(name, _)| name.trim() == key).map_or("", |(_, value)| value.trim())
        };
        let has = |feature: &str| value("flags").split_ascii_whitespace().any(|flag| flag == feature);
        let model = (value("cpu family"), value("model"));
        // glibc uses no AVX on Zhaoxin's first ones, whose AVX is slow.
        let slow = [("6", "15"), ("6", "25"), ("7", "27"), ("7", "59")].contains(&model);
        let level = match value("vendor_id") {
            "CentaurHauls" | "Shanghai" if slow => usable.min(2),
            _ => usable,
        };
        let phi = ["avx512cd", "avx512er", "avx512pf"].into_iter().all(has);
        let platform = match value("vendor_id") {
            "GenuineIntel" if phi && level >= 3 => Some("xeon_phi"),
            "GenuineIntel" if level >= 3 => Some("haswell"),
            _ => None,
        };
        Self { level, platform }
    }
}

/// The level of this CPU: 1 to 4; 0 where it is no x86-64.
#[must_use]
pub fn level() -> u8 {
    Cpu::here().level
}

fn features_here() -> u8 {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn cpu(vendor: &str, family: u8, model: u8, flags: &str, usable: u8) -> Cpu {
        let info = format!(
            "processor\t: 0\nvendor_id\t: {vendor}\ncpu family\t: {family}\nmodel\t\t: {model}\n\
             model name\t: model of GenuineIntel\nflags\t\t: fpu {flags} avx2 fma\n\nprocessor\t: 1\nvendor_id\t: x\n"
        );
        Cpu::of(&info, usable)
    }

    /// glibc's `init_cpu_features`, as it was from 2.26 to 2.36: vendor before features.
    #[test]
    fn only_intels_have_a_platform_of_their_own() {
        let zen = "avx512f avx512cd avx512bw avx512dq avx512vl";
        let phi = "avx512f avx512cd avx512er avx512pf";
        for (vendor, family, model, flags, usable, level, platform) in [
            ("GenuineIntel", 6, 60, "", 3, 3, Some("haswell")),
            ("GenuineIntel", 6, 85, zen, 4, 4, Some("haswell")),
            // Hybrid ones: no AVX-512 on either kind of core.
            ("GenuineIntel", 6, 154, "hybrid_cpu", 3, 3, Some("haswell")),
            ("GenuineIntel", 6, 87, phi, 3, 3, Some("xeon_phi")),
            ("GenuineIntel", 6, 87, "avx512f avx512cd avx512er", 3, 3, Some("haswell")),
            // Sandy Bridge, or a hypervisor that hides AVX2.
            ("GenuineIntel", 6, 42, "", 2, 2, None),
            ("GenuineIntel", 6, 87, phi, 2, 2, None),
            ("AuthenticAMD", 25, 17, zen, 4, 4, None),
            ("AuthenticAMD", 23, 49, "", 3, 3, None),
            ("HygonGenuine", 24, 1, "", 3, 3, None),
            ("CentaurHauls", 7, 59, "", 3, 2, None),
            ("  Shanghai  ", 7, 27, "", 3, 2, None),
            ("  Shanghai  ", 7, 91, "", 3, 3, None),
            ("CentaurHauls", 6, 15, "", 1, 1, None),
            ("GenuineIntel", 7, 59, "", 3, 3, Some("haswell")),
            ("TCGTCGTCGTCG", 15, 107, "", 3, 3, None),
            ("KVMKVMKVM", 6, 85, zen, 4, 4, None),
        ] {
            let told = cpu(vendor, family, model, flags, usable);
            assert_eq!(told, Cpu { level, platform }, "{vendor} {family} {model} {flags} {usable}");
        }
        assert_eq!(Cpu::of("", 4), Cpu { level: 4, platform: None }, "no /proc");
    }
}
