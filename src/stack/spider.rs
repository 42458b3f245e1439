//! The whole hierarchy out of one process: Lmod's own `spider -o spider-json`.
//!
//! Keyed by modulefile, so a module that stands in several branches of the hierarchy is several entries, each with the
//! chains of parents that make it visible.

use std::path::{Path, PathBuf};

use crate::stack::environment::Environment;
use crate::stack::lmod::{Call, Lmod};
use crate::suite::module_name::Module;

mod answer;

use answer::{packages, raw, shown, unfit};

/// One modulefile as spider found it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Found {
    /// Its full name.
    pub module: Module,
    /// The modulefile.
    pub file: PathBuf,
    /// Every chain of modules that must be loaded before it is visible; empty for Core.
    pub parents: Vec<Vec<Module>>,
    /// What it says of itself with `family()`.
    pub family: Option<String>,
    /// Whether it is left out of `avail`.
    pub hidden: bool,
    /// Whether a `.modulerc` or `.version` names it as the default of its name.
    pub default: bool,
    /// Whether it says anything of itself, by `whatis` or `help`.
    pub described: bool,
    /// The folders that it puts on `PATH`.
    pub paths: Vec<PathBuf>,
    /// It is visible only on a condition that spider does not meet: lists of the whole stack do not show it.
    pub conditional: bool,
    /// Why it cannot even be looked at: its name, or what spider met in it.
    pub fault: Option<String>,
}

impl Found {
    /// A modulefile of which nothing else is known.
    #[must_use]
    pub fn bare(module: Module, file: PathBuf) -> Self {
        Self {
            module,
            file,
            parents: Vec::new(),
            family: None,
            hidden: false,
            default: false,
            described: true,
            paths: Vec::new(),
            conditional: false,
            fault: None,
        }
    }

    /// The entry of `MODULEPATH` that it stands in: the folder above all parts of its name.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        let parts = self.module.to_string().split('/').count();
        self.file.ancestors().nth(parts).unwrap_or(Path::new("")).to_path_buf()
    }
}

/// Asks spider for everything below `roots`, which is a `MODULEPATH`.
#[must_use]
pub fn ask(lmod: &Lmod, base: &Environment, roots: &str) -> Call {
    let spider = lmod.command().with_file_name("spider");
    lmod.call([spider.into_os_string(), "-o".into(), "spider-json".into(), roots.into()], base)
}

/// What Lua does before spider, for a hierarchy that it does not get through: writes down every file that is opened,
/// leaves those out that it is told to, and ends when one of them takes seconds of CPU time. Tcl is translated by a
/// program or, in some builds of Lmod, by a library.
const AROUND: &str = r#"
local log, open, popen, began = os.getenv("STACKPROBE_OPENED"), io.open, io.popen, os.clock()
local out = {}
for line in io.lines(os.getenv("STACKPROBE_LEFT_OUT")) do out[line] = true end
local function note(text)
   local f = open(log, "a")
   if f then f:write(text, "\n"); f:close() end
   began = os.clock()
end
io.open = function(name, mode, ...)
   if type(name) == "string" and (mode == nil or mode:sub(1, 1) == "r") then
      if out[name] then return nil, name .. ": left out", 2 end
      note(name)
   end
   return open(name, mode, ...)
end
io.popen = function(command, ...)
   for name in pairs(out) do
      if command:find(name, 1, true) then return popen("true", ...) end
   end
   note(command)
   return popen(command, ...)
end
local load = require
require = function(name, ...)
   local lib = load(name, ...)
   if name == "tcl2lua" and type(lib) == "table" and lib.runTCLprog then
      local run = lib.runTCLprog
      return setmetatable({runTCLprog = function(program, arguments, ...)
         for file in pairs(out) do
            if tostring(arguments):find(file, 1, true) then return "", true end
         end
         note(tostring(program) .. " " .. tostring(arguments))
         return run(program, arguments, ...)
      end}, {__index = lib})
   end
   return lib
end
debug.sethook(function() if os.clock() - began > 3 then os.exit(3) end end, "", 10000000)
"#;

/// Asks as [`ask`] does, without the modulefiles that stand in `left_out`, a line each, and has every file written
/// into `opened` that is opened, or the command that reads it.
#[must_use]
pub fn ask_around(lmod: &Lmod, base: &Environment, roots: &str, left_out: &Path, opened: &Path) -> Call {
    let mut call = ask(lmod, base, roots);
    for name in ["LUA_INIT_5_1", "LUA_INIT_5_2", "LUA_INIT_5_3", "LUA_INIT_5_4"] {
        call.environment.unset(name);
    }
    call.environment.set("LUA_INIT", AROUND);
    call.environment.set("STACKPROBE_LEFT_OUT", left_out);
    call.environment.set("STACKPROBE_OPENED", opened);
    call
}

/// Reads the answer; entries in order of name, then file.
///
/// # Errors
/// A text that is not what spider writes.
pub fn read(json: &[u8]) -> Result<Vec<Found>, String> {
    let packages = packages(json)?;
    let mut found: Vec<Found> = packages
        .into_values()
        .flatten()
        .map(|(file, entry)| Found {
            fault: unfit(&entry.full_name),
            module: Module::new(&shown(&entry.full_name)),
            file: raw(&file),
            parents: entry
                .parents
                .0
                .iter()
                .map(|chain| chain.0.iter().map(|name| Module::new(name)).collect())
                .collect(),
            family: entry.family,
            hidden: entry.hidden,
            // Lmod sorts a marked default before all others by this sign.
            default: entry.weight.starts_with('^'),
            described: !entry.whatis.0.is_empty() || entry.help.is_some_and(|help| !help.trim().is_empty()),
            paths: entry.paths.0,
            conditional: false,
        })
        .collect();
    found.sort_by(|left, right| (&left.module, &left.file).cmp(&(&right.module, &right.file)));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_for_each_file_with_its_parents() {
        let found = read(
            br#"{"openmpi":{"/m/gcc/openmpi/5.lua":{"fullName":"openmpi/5","parentAA":[["gcc/12"]],"family":"mpi",
                "hidden":false,"pathA":{"/o/bin":1},"wV":"^x","whatis":["Name : openmpi"]}},
                "gcc":{"/m/Core/gcc/12.lua":{"fullName":"gcc/12","pathA":[],"parentAA":{},"hidden":true}}}"#,
        )
        .unwrap();
        assert_eq!(found.len(), 2);
        assert!(found[1].default && found[1].described && !found[0].default && !found[0].described);
        assert!(found[0].hidden && found[0].parents.is_empty() && found[0].paths.is_empty());
        assert_eq!(found[1].parents, [[Module::new("gcc/12")]]);
        assert_eq!(found[1].family.as_deref(), Some("mpi"));
        assert!(read(b"nonsense").is_err() && read(b"").is_err());
        assert!(
            read(b"[]\n").unwrap().is_empty() && read(b"{}").unwrap().is_empty(),
            "Lua has one empty table"
        );
    }

    #[test]
    fn what_modulefiles_print_and_are_called_does_not_keep_the_others_from_being_read() {
        let entry = |name: &[u8]| {
            [
                &b"{\"b\":{\"/m/"[..],
                name,
                b".lua\":{\"fullName\":\"",
                name,
                b"\",\"whatis\":[\"\x01\"],\"wV\":\"1\xe2.*\"}}}\n",
            ]
            .concat()
        };
        for (before, after) in
            [(&b""[..], &b""[..]), (b"hello {\"x\": there ", b""), (b"", b"bye"), (b"xx\n", b"{}")]
        {
            let found = read(&[before, &entry(b"b/1"), after].concat()).unwrap();
            assert_eq!(
                (found.len(), found[0].module.to_string(), found[0].fault.clone()),
                (1, "b/1".into(), None)
            );
        }
        for (name, words) in [
            ("b/1\u{20ac}".as_bytes(), "not ASCII"),
            (b"b/1\xff", "no UTF-8"),
            (b"b/1\x01x", "control"),
            (b"b/1\n2", "control"),
            (b"b/1:2", "colon"),
        ] {
            let found = read(&entry(name)).unwrap();
            assert!(found[0].fault.as_ref().unwrap().contains(words), "{found:?}");
            let file = [&b"/m/"[..], name, b".lua"].concat();
            assert_eq!(found[0].file.as_os_str().as_encoded_bytes(), file, "{found:?}");
        }
    }
}
