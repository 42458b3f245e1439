//! What did Spack install, with what, and which module belongs to it? Read from its files, without Spack.
//!
//! - [`Database`]: every install of a tree, from `.spack-db/index.json` (versions 5 to 9);
//! - [`read_spec`]: one install, from `PREFIX/.spack/spec.json`;
//! - [`Lock`]: what an environment should hold, from `spack.lock` (versions 4 to 8);
//! - [`Mirror`]: what a build cache in a local folder holds (layouts 2 and 3);
//! - [`Owner`]: the record to which a modulefile belongs; [`Branch`]: where in the hierarchy it lies;
//! - [`Packages`]: which packages are compilers and MPIs, which the caller knows;
//! - [`behind`]: the installs behind a view;
//! - [`Trees`]: where all of these are.
//!
//! ```
//! use spack_db::{Database, Packages, Standing};
//!
//! # let tree = tempfile::tempdir()?;
//! # std::fs::create_dir(tree.path().join(".spack-db"))?;
//! # std::fs::write(tree.path().join(".spack-db/index.json"), r#"{"database": {"version": "8", "installs": {
//! #     "abcdefghijklmnopqrstuvwxyz234567": {"spec": {"name": "zlib", "version": "1.3.1",
//! #         "hash": "abcdefghijklmnopqrstuvwxyz234567"}, "path": "/opt/spack/zlib", "installed": true,
//! #         "explicit": true, "ref_count": 0}}}}"#)?;
//! # let tree = tree.path();
//! // `tree` is the folder that holds `.spack-db`.
//! let database = Database::read(tree, &Packages::default())?;
//! for record in &database.records {
//!     println!("{}@{} in {:?}", record.name, record.version, record.prefix);
//! }
//! let zlib = database.by_short_hash("abcdefg").expect("installed");
//! assert_eq!((&*zlib.name, zlib.standing()), ("zlib", Standing::Wanted));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Keys that are not known are passed over and a newer version is a warning, because a stack is often newer than its
//! tester. A file that is cut short is an error of one line:
//!
//! ```
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("spack.lock");
//! use spack_db::{Lock, Packages};
//!
//! std::fs::write(&path, r#"{"_meta": {"#)?;
//! let error = Lock::read(&path, &Packages::default()).unwrap_err();
//! assert!(error.to_string().starts_with("a Spack lock file is cut short"));
//! assert!(error.hint.is_some());
//! # Ok::<(), std::io::Error>(())
//! ```

mod branch;
mod database;
mod gzip;
mod lock;
mod mirror;
mod node;
mod owner;
mod packages;
mod pushed;
mod read;
mod record;
mod spec;
mod trees;
mod view;

pub use branch::Branch;
pub use database::Database;
pub use lock::{Lock, Root};
pub use mirror::{Cached, Layout, Mirror};
pub use owner::{Evidence, Owner, is_generated, named_paths, names_spec};
pub use packages::Packages;
pub use pushed::State;
pub use read::ReadError;
pub use record::{Record, Standing, Tool};
pub use spec::{built_with, read_spec};
pub use trees::{Tree, Trees};
pub use view::behind;

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
