//! What is served to probes for the time of a run: a Python package index, and a CRAN-like repository.
//!
//! Ours unless a real one is given. A real one is tried once, before any case: the tools would hide why it fails.

use std::path::Path;
use std::time::Duration;

use crate::error::Error;
use crate::pod::reach;
use crate::run::cran;
use crate::run::index::Index;
use crate::suite::Service;

/// How long each answer of a real index may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// A project that every index of Python packages has.
const EVERYWHERE: &str = "six";

/// How the tools are told to reach an index: certificates, and names of hosts to trust.
const ACCESS: [&str; 7] = [
    "PIP_CERT",
    "PIP_CLIENT_CERT",
    "PIP_TRUSTED_HOST",
    "UV_NATIVE_TLS",
    "UV_SYSTEM_CERTS",
    "UV_INSECURE_HOST",
    "PDM_PYPI_VERIFY_SSL",
];

/// Real servers, in the place of ours.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// A simple index of Python packages.
    pub index: Option<String>,
    /// A CRAN mirror.
    pub cran: Option<String>,
}

impl Given {
    /// What the flags say; what they do not say, the environment does.
    #[must_use]
    pub fn or_environment(index: Option<&String>, cran: Option<&String>) -> Self {
        let set = |name| std::env::var(name).ok().filter(|url| !url.trim().is_empty());
        let index = index.cloned().or_else(|| set("STACKPROBE_INDEX_URL")).or_else(|| set("PIP_INDEX_URL"));
        Self {
            index: index.filter(|url| !url.trim().is_empty()),
            cran: cran.cloned().or_else(|| set("STACKPROBE_CRAN")),
        }
    }
}

/// Why a service cannot be had. Never the fault of the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unserved {
    /// Whose fault it is: `pod` or `site`.
    pub fault: &'static str,
    /// The id of the diagnosis.
    pub id: &'static str,
    /// What was found.
    pub what: String,
    /// What to do about it.
    pub hint: String,
}

/// What a probe finds in its environment for a service.
type Variables = Vec<(&'static str, String)>;

/// What is served until this is dropped.
#[derive(Debug, Default)]
pub struct Services {
    index: Option<Index>,
    environment: Vec<(Service, Result<Variables, Unserved>)>,
}

impl Services {
    /// Starts what of `needed` is ours below `folder`, and tries what is `given`.
    #[must_use]
    pub fn start(needed: &[Service], given: &Given, folder: &Path) -> Self {
        let mut services = Self::default();
        for service in needed {
            let environment = match service {
                Service::Index => services.index(given.index.as_deref()),
                Service::Cran => repository(given.cran.as_deref(), folder),
            };
            services.environment.push((*service, environment));
        }
        services
    }

    /// What a probe that asks for `service` finds in its environment.
    ///
    /// # Errors
    /// Why it cannot be had.
    pub fn environment(&self, service: Service) -> Result<&[(&'static str, String)], &Unserved> {
        let found = self.environment.iter().find(|(other, _)| *other == service);
        found.map_or(Ok(&[]), |(_, environment)| environment.as_deref())
    }

    fn index(&mut self, real: Option<&str>) -> Result<Vec<(&'static str, String)>, Unserved> {
        if let Some(url) = real {
            reach::index(url, EVERYWHERE, PATIENCE).map_err(|unreachable| of(&unreachable))?;
        }
        let index = Index::serve().map_err(|error| local("index-local", &error))?;
        let own = index.url();
        self.index = Some(index);
        let url = real.map_or_else(|| own.clone(), |url| format!("{}/", url.trim_end_matches('/')));
        let mut environment = vec![("STACKPROBE_INDEX_URL", url), ("STACKPROBE_SOURCES_URL", own)];
        // Variables of the tools are taken away from toolchains; how to reach a real index comes back.
        let access = ACCESS.into_iter().filter(|_| real.is_some());
        environment.extend(access.filter_map(|name| Some((name, std::env::var(name).ok()?))));
        Ok(environment)
    }
}

fn repository(real: Option<&str>, folder: &Path) -> Result<Vec<(&'static str, String)>, Unserved> {
    if let Some(url) = real {
        reach::cran(url, PATIENCE).map_err(|unreachable| of(&unreachable))?;
    }
    let own = cran::lay_out(&folder.join("cran")).map_err(|error| local("cran-local", &error))?;
    let url = real.map_or_else(|| own.clone(), |url| url.trim_end_matches('/').to_owned());
    Ok(vec![("STACKPROBE_CRAN", url), ("STACKPROBE_CRAN_SOURCES", own)])
}

fn of(unreachable: &reach::Unreachable) -> Unserved {
    let fault = unreachable.fault;
    Unserved { fault: "site", id: fault.id(), what: unreachable.what.clone(), hint: fault.hint().to_owned() }
}

fn local(id: &'static str, error: &Error) -> Unserved {
    let fault = error.faults.first();
    Unserved {
        fault: "pod",
        id,
        what: fault.map(|fault| fault.what.clone()).unwrap_or_default(),
        hint: fault.and_then(|fault| fault.hint.clone()).unwrap_or_default(),
    }
}
