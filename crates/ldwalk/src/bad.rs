//! In which ways can an ELF file be damaged?

/// Why a file that starts like ELF cannot be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadElf {
    /// The file ends before something that it says it holds.
    #[error("cut short: its {what} should reach byte {wanted}, the file has {found}")]
    CutShort {
        /// The part that is not there.
        what: &'static str,
        /// Where that part should end, in bytes from the start of the file.
        wanted: u64,
        /// The length of the file in bytes.
        found: u64,
    },
    /// A count or a size that no real file has.
    #[error("its {what} claims the impossible number {count}")]
    Absurd {
        /// The part that claims it.
        what: &'static str,
        /// What it claims.
        count: u64,
    },
    /// An address that no loaded segment covers.
    #[error("its {what} is at address {address:#x}, which no segment loads")]
    Unmapped {
        /// The part that should be there.
        what: &'static str,
        /// The address in the file's own numbering.
        address: u64,
    },
    /// A header field with a value that ELF does not define.
    #[error("its {what} is {found}, which ELF does not define")]
    Undefined {
        /// The field.
        what: &'static str,
        /// Its value.
        found: u64,
    },
    /// A text without the NUL that ends it, or longer than any real one.
    #[error("its {what} does not end")]
    Endless {
        /// The part that should end.
        what: &'static str,
    },
    /// The operating system refused to read it.
    #[error("its {what} cannot be read: {reason}")]
    Unreadable {
        /// The part that was wanted.
        what: &'static str,
        /// The system's reason.
        reason: String,
    },
}

impl BadElf {
    pub(super) fn unreadable(what: &'static str, error: &std::io::Error) -> Self {
        Self::Unreadable { what, reason: path_fault::reason(error) }
    }
}
