//! How programs of the loaded MPI are started.

use std::path::PathBuf;

use crate::stack::launcher::Profile;
use crate::stack::starter::Starter;

/// The launcher of the loaded MPI.
#[derive(Clone, Debug)]
pub struct MpiLauncher {
    /// The program.
    pub program: PathBuf,
    /// How it is to be called.
    pub profile: Profile,
    /// What a scheduler has to do with it, in an allocation.
    pub starter: Option<Starter>,
}

impl MpiLauncher {
    /// What stands for `{mpirun}`: the program and its words before `-n`, for the step of this name.
    #[must_use]
    pub fn words(&self, step: &str, node: Option<&str>) -> Vec<String> {
        let scheduler = self.starter.as_ref().and_then(|starter| Some((starter.program.as_ref()?, starter)));
        let (program, words) = match scheduler {
            Some((program, starter)) => (program, starter.method.words(step, node)),
            None => (&self.program, self.profile.args.clone()),
        };
        std::iter::once(program.to_string_lossy().into_owned()).chain(words).collect()
    }

    /// What it is called: `mpirun`, or the scheduler's method in its place (`srun-pmix`).
    #[must_use]
    pub fn name(&self) -> String {
        match &self.starter {
            Some(starter) if starter.program.is_some() => starter.method.name.clone(),
            _ => self.program.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        }
    }
}
