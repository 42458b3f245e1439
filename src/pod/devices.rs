//! Devices that everything takes for granted.

use std::os::unix::fs::FileTypeExt;

use crate::error::{Error, Kind};

const NULL: &str = "/dev/null";

/// Makes sure of `/dev/null`. Where it is missing and `/dev` can be written, the first to open it for writing makes a
/// plain file of that name, which then holds what everybody after that wanted to be rid of.
///
/// # Errors
/// If it is missing, or is not a device.
pub fn null_is_there() -> Result<(), Error> {
    let hint = "a container runtime makes /dev/null: is a volume mounted over /dev?";
    match std::fs::metadata(NULL) {
        Ok(found) if found.file_type().is_char_device() => Ok(()),
        Ok(_) => {
            Err(Error::new(Kind::Unfit, format!("`{NULL}` is not a device but a plain file")).hint(hint))
        }
        Err(error) => Err(Error::io(Kind::Unfit, "open", NULL.as_ref(), &error).hint(hint)),
    }
}
