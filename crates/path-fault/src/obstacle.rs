//! What an error of the operating system says of a path.

use std::io;

use nix::errno::Errno;

/// What stands between us and a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// It is not there, or what stands before it is a file.
    Missing,
    /// Permissions.
    Closed,
    /// Links that lead to each other.
    Loop,
    /// A name or a path that no system opens.
    TooLong,
    /// A file server, a disk or a FUSE daemon that does not answer.
    FileSystem,
    /// Too many open files, or no memory.
    Limit,
    /// Anything else.
    Other,
}

impl Obstacle {
    /// Which one it is.
    #[must_use]
    pub fn of(error: &io::Error) -> Self {
        let Some(number) = error.raw_os_error() else {
            return if error.kind() == io::ErrorKind::NotFound { Self::Missing } else { Self::Other };
        };
        match Errno::from_raw(number) {
            Errno::ENOENT | Errno::ENOTDIR => Self::Missing,
            Errno::EACCES | Errno::EPERM => Self::Closed,
            Errno::ELOOP => Self::Loop,
            Errno::ENAMETOOLONG => Self::TooLong,
            Errno::EIO
            | Errno::ESTALE
            | Errno::ENOTCONN
            | Errno::ETIMEDOUT
            | Errno::EHOSTDOWN
            | Errno::EHOSTUNREACH
            | Errno::ENETDOWN
            | Errno::ENETUNREACH
            | Errno::ECONNREFUSED
            | Errno::ECONNRESET
            | Errno::ECONNABORTED
            | Errno::ECOMM
            | Errno::EREMOTEIO
            | Errno::ESHUTDOWN
            | Errno::ENODEV
            | Errno::ENXIO
            | Errno::ENOMEDIUM
            | Errno::EUCLEAN
            | Errno::EBADMSG
            | Errno::EPROTO
            | Errno::EKEYEXPIRED
            | Errno::EKEYREVOKED
            | Errno::EKEYREJECTED
            | Errno::ENOKEY => Self::FileSystem,
            Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM | Errno::EAGAIN => Self::Limit,
            _ => Self::Other,
        }
    }

    /// Whether another try may end otherwise.
    #[must_use]
    pub fn may_pass(self) -> bool {
        matches!(self, Self::FileSystem | Self::Limit)
    }
}

/// An operating system's reason without Rust's `(os error N)`, in lower case.
#[must_use]
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}
