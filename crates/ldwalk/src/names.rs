//! Which library names are the same? Each is kept once and compared as a number.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// A library's name (`libm.so.6`) within one [`Names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Name(u32);

#[derive(Debug, Default)]
struct Table {
    numbers: HashMap<Arc<str>, Name>,
    texts: Vec<Arc<str>>,
}

/// Every name that was met.
#[derive(Debug, Default)]
pub(super) struct Names(RwLock<Table>);

impl Names {
    /// The number of `text`.
    pub(super) fn name(&self, text: &str) -> Name {
        if let Some(&name) = self.0.read().unwrap_or_else(PoisonError::into_inner).numbers.get(text) {
            return name;
        }
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(&name) = table.numbers.get(text) {
            return name;
        }
        let name = Name(u32::try_from(table.texts.len()).unwrap_or(u32::MAX));
        let text: Arc<str> = text.into();
        table.texts.push(Arc::clone(&text));
        table.numbers.insert(text, name);
        name
    }

    /// The text of `name`.
    pub(super) fn text(&self, name: Name) -> Arc<str> {
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        usize::try_from(name.0).ok().and_then(|at| table.texts.get(at)).cloned().unwrap_or_default()
    }
}
